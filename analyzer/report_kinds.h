/* The kinds of reports, for the table in report.c. */
#ifndef ANALYZER_REPORT_KINDS_H
#define ANALYZER_REPORT_KINDS_H

#include "analyzer/report.h"

extern const struct report_kind report_summary;
extern const struct report_kind report_threads;

#endif
