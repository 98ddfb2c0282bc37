/* The command line of viewer_export. */
#ifndef VIEWER_EXPORT_OPTIONS_H
#define VIEWER_EXPORT_OPTIONS_H

#include <glib.h>
#include "analyzer/filter.h"
#include "analyzer/symbols.h"
#include "viewer_export/exporter.h"

enum {
    STATUS_FINE = 0,
    STATUS_FAILURE = 1,
    STATUS_USAGE = 2,
};

struct options {
    const char *trace;  /* borrowed from argv */
    const char *output; /* borrowed from argv; "-": standard output */
    const struct exporter *exporter;
    bool is_gzip;
    enum symbolize_mode symbolize;
    const char *sysroot; /* NULL: "/" */
    uint32_t frame_limit;
    struct filter_options filter;
    bool is_open;            /* serve the timeline to ui.perfetto.dev; output may be NULL then */
    uint64_t split_bytes;    /* 0: one file */
    uint64_t max_size_bytes; /* 0: no limit */
    bool is_progress;
};

/*
 * True: go on. False: the program ends with *status; --help and --version were answered, or a sentence about
 * the mistake was printed.
 */
bool options_parse(struct options *options, int argc, char **argv, int *status);
void options_clear(struct options *options);

#endif
