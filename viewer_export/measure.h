/*
 * How large an export would become, and from what: an exporter that passes everything on to another one whose
 * output goes nowhere, and counts bytes by time and by duration. With that, -split and -max-size know where
 * to cut before they write.
 */
#ifndef VIEWER_EXPORT_MEASURE_H
#define VIEWER_EXPORT_MEASURE_H

#include "viewer_export/timeline.h"

struct measure;

struct measure *measure_new(const struct exporter *exporter, const struct export_context *context);
void measure_free(struct measure *measure);
/* To be given to a timeline together with measure as self. Valid as long as measure. */
const struct exporter *measure_exporter(struct measure *measure);

/* After end(). */
uint64_t measure_total_bytes(const struct measure *measure);
/*
 * What to leave out so that the rest fits into limit_bytes: the shortest waits, calls and spans; the curves
 * when they take more than a quarter, the states when they take more than half. Names of tracks are not
 * counted: how many remain depends on what is left out.
 */
struct timeline_limits measure_limits(const struct measure *measure, uint64_t limit_bytes);
/*
 * Times at which to cut so that each piece has about limit_bytes: int64_t, relative, increasing; empty when
 * all fits into one piece. Free with g_array_unref().
 */
GArray *measure_cuts(const struct measure *measure, uint64_t limit_bytes);

#endif
