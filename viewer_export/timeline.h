/*
 * From the model's facts to what a viewer shows: which track, which slices nest, which arrow belongs to
 * which wait, what a blocked thread was blocked on.
 */
#ifndef VIEWER_EXPORT_TIMELINE_H
#define VIEWER_EXPORT_TIMELINE_H

#include "viewer_export/exporter.h"

struct timeline;

/*
 * Facts of model from now on go to exporter. All borrowed; tracks is filled here. Times count from the
 * trace's first event; what began earlier (the recording came later than the program) is shown from there on.
 */
struct timeline *timeline_new(const struct trace_model *model, struct track_table *tracks);
void timeline_free(struct timeline *timeline);
/* Where facts go; may be changed between two facts, NULL: nowhere. */
void timeline_set_exporter(struct timeline *timeline, const struct exporter *exporter, void *self);
/* What is left out so that an export does not become too large. Before the first fact. */
struct timeline_limits {
    int64_t min_duration_ns; /* of waits, calls and spans */
    bool leaves_out_states, leaves_out_curves;
    int64_t curve_average_ns; /* see timeline_average_ns(); 0: curves are exact as long as that is possible */
};
struct timeline_left_out {
    uint64_t count; /* of waits, calls and spans */
    int64_t total_ns;
    uint64_t state_count, point_count; /* of states, of the points of curves */
};
void timeline_set_limits(struct timeline *timeline, const struct timeline_limits *limits);
struct timeline_left_out timeline_left_out(const struct timeline *timeline);
/* To be added to the model. */
struct trace_observer timeline_observer(struct timeline *timeline);
/* After trace_model_finish(): hands out what was held back. */
void timeline_finish(struct timeline *timeline);
/* Curves with very many steps are averages over this long; 0: all are exact. */
int64_t timeline_average_ns(const struct timeline *timeline);
/* Slices without a place, see place_slice(). */
uint64_t timeline_undrawn_count(const struct timeline *timeline);

#endif
