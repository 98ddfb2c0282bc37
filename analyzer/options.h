/* The analyzer's command line. */
#ifndef ANALYZER_OPTIONS_H
#define ANALYZER_OPTIONS_H

#include "analyzer/filter.h"
#include "analyzer/profile_builders.h"
#include "analyzer/report.h"

struct analyzer_options {
    const char *trace;                  /* borrowed from argv; NULL with events_file */
    const char *events_file;            /* events as text instead of a trace; "-": standard input */
    const struct profile_kind *profile; /* NULL: a report */
    const struct report_kind *report;   /* NULL: a profile, or the events themselves */
    bool is_events_report;
    enum report_format format;
    const char *output; /* NULL: standard output */
    struct filter_options filter;
    enum symbolize_mode symbolize;
    const char *sysroot;
    unsigned workers;
    uint32_t max_samples; /* of a profile; 0: no limit */
};

enum options_verdict {
    OPTIONS_RUN,
    OPTIONS_DONE, /* help or version were printed */
    OPTIONS_BAD,  /* error says why: exit status 2 */
};

enum options_verdict analyzer_options_parse(struct analyzer_options *options, int argc, char **argv,
                                            GError **error);
void analyzer_options_clear(struct analyzer_options *options);

#endif
