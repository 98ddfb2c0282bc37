/*
 * Reports: what the model's facts add up to, as text for people or as CSV and JSON for programs. One file
 * report_*.c per kind; main.c picks from the table, hangs the report behind the filter, and has it written
 * when the trace has ended.
 */
#ifndef ANALYZER_REPORT_H
#define ANALYZER_REPORT_H

#include <stdio.h>
#include "analyzer/filter.h"
#include "analyzer/symbols.h"

/* Of the machine formats: goes up when a column changes its meaning or goes away, not when one is added. */
#define REPORT_VERSION 1

enum report_format { REPORT_TEXT, REPORT_CSV, REPORT_JSON };

/* What a report may ask for; all borrowed. */
struct report_context {
    struct trace_model *model;
    struct filter *filter;
    struct symbol_table *symbols;
    const char *trace;   /* as the user named it */
    const char *program; /* argv[0] */
};

struct report_kind {
    const char *name;        /* as after -report= */
    const char *description; /* one line for --help */
    /* Makes the report and hangs its observers behind context->filter. */
    void *(*begin)(const struct report_context *context);
    void (*write)(void *report, enum report_format format, FILE *out);
    void (*free)(void *report);
    /* It asks the model for more than what its observers get: all threads, say. */
    bool needs_all_events;
};

/* All kinds by number, the default first; NULL after the last. */
const struct report_kind *report_kind_at(size_t number);
/* NULL: no such kind. */
const struct report_kind *report_kind_find(const char *name);

#endif
