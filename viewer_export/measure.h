/*
 * How large an export would become, and from what: an exporter that passes everything on to another one whose
 * output goes nowhere, and counts bytes by time and by duration. With that, -split and -max-size know where
 * to cut before they write.
 */
#ifndef VIEWER_EXPORT_MEASURE_H
#define VIEWER_EXPORT_MEASURE_H

#include "viewer_export/exporter.h"

struct measure;

struct measure *measure_new(const struct exporter *exporter, const struct export_context *context);
void measure_free(struct measure *measure);
/* To be given to a timeline together with measure as self. Valid as long as measure. */
const struct exporter *measure_exporter(struct measure *measure);

/* After end(). */
uint64_t measure_total_bytes(const struct measure *measure);
/*
 * The shortest duration such that waits, calls and spans of at least that long fit into limit_bytes, beside
 * what is not cut (0: all fit). Names of tracks are not counted: how many remain depends on what is left out.
 * *keeps_states: whether the states fit too; they get at most half.
 */
int64_t measure_min_duration_ns(const struct measure *measure, uint64_t limit_bytes, bool *keeps_states);
/*
 * Times at which to cut so that each piece has about limit_bytes: int64_t, relative, increasing; empty when
 * all fits into one piece. Free with g_array_unref().
 */
GArray *measure_cuts(const struct measure *measure, uint64_t limit_bytes);

#endif
