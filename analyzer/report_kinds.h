/* The kinds of reports, for the table in report.c. */
#ifndef ANALYZER_REPORT_KINDS_H
#define ANALYZER_REPORT_KINDS_H

#include "analyzer/report.h"

extern const struct report_kind report_summary;
extern const struct report_kind report_threads;
extern const struct report_kind report_locks;
extern const struct report_kind report_sched;
extern const struct report_kind report_syscalls;
extern const struct report_kind report_net;
extern const struct report_kind report_heap;
extern const struct report_kind report_loss;

#endif
