/*
 * One timeline that is being written: filter, tracks, timeline, exporter and output of one file. With -split
 * several are fed by the same model.
 */
#ifndef VIEWER_EXPORT_PART_H
#define VIEWER_EXPORT_PART_H

#include "viewer_export/measure.h"
#include "viewer_export/options.h"
#include "viewer_export/timeline.h"

/* What all parts of one reading share; borrowed by them. */
struct part_source {
    const struct options *options;
    struct trace_model *model;
    struct symbol_table *symbols;
    struct stack_texts *stacks;
    int64_t start_ns, end_ns; /* of the trace; 0: not known (see filter_options_need_range()) */
    GArray *corrections;      /* see filter_take_corrections(); NULL: none */
};

struct part {
    struct filter_options filter_options; /* the options' own, maybe with another range; contents borrowed */
    struct filter *filter;
    struct track_table *tracks;
    struct timeline *timeline;
    GPtrArray *notes;
    struct export_context context;
    struct output *output;
    const struct exporter *exporter;
    void *exporter_self;
    struct measure *measure; /* owned; NULL unless the part only measures */
};

/* from_ns, to_ns: the range, absolute; 0: as the options say. Takes output. */
struct part *part_new(const struct part_source *source, int64_t from_ns, int64_t to_ns,
                      struct output *output);
/* The same, only to measure; its output keeps nothing. */
struct part *part_new_measure(const struct part_source *source);
/* After trace_model_finish(). */
void part_end(struct part *part);
/* Closes the output, if the part has one. False: it could not be written. */
bool part_close(struct part *part, GError **error);
/* Removes what part_close() did not complete. Accepts NULL. */
void part_free(struct part *part);

#endif
