/*
 * Which slices one track already holds, as far as it matters for the next: viewers need slices that nest,
 * and formats that write beginnings and ends apart need to know which of two that touch was written first.
 * Slices mostly come by the time they end, a few come late.
 */
#ifndef VIEWER_EXPORT_LANE_H
#define VIEWER_EXPORT_LANE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* More than this many slices that nothing encloses yet are forgotten, oldest first. */
#define LANE_MAX_SPANS 256

struct lane_span {
    int64_t start_ns, end_ns;
    int64_t inner_end_ns; /* after it nothing is inside yet */
};

/* All zero: an empty lane. */
struct lane {
    struct lane_span *spans; /* disjoint, by time */
    uint32_t count, capacity;
};

/*
 * Adds the slice when it is disjoint from the others, encloses some, or is enclosed by one and behind all
 * that is in there. inner_end_ns: the end of the last slice inside it, or its start. False, and nothing is
 * added: it would cut across another or might, begins together with one that was written before it, or ends
 * where one begins that was written before it.
 */
bool lane_add(struct lane *lane, int64_t start_ns, int64_t end_ns, int64_t *inner_end_ns);
/* The last slice that begins before end_ns is full up to there: nothing more fits into it. */
void lane_fill(struct lane *lane, int64_t end_ns);
/* Adds the slice when it overlaps no other; touching is fine. For tracks where nothing nests. */
bool lane_add_disjoint(struct lane *lane, int64_t start_ns, int64_t end_ns);
/* The same for what of the slice is free, of which it says the range: before the next of the others. */
bool lane_add_free_part(struct lane *lane, int64_t *start_ns, int64_t *end_ns);
void lane_clear(struct lane *lane);

#endif
