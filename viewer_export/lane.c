/* Nesting of slices. Used by timeline.c only; pure. */
#include "viewer_export/lane.h"

#include <string.h>

static void push(struct lane *lane, int64_t start_ns, int64_t end_ns)
{
    if (lane->count == LANE_MAX_SPANS) {
        lane->count /= 2;
        memmove(lane->spans, lane->spans + lane->count, lane->count * sizeof(*lane->spans));
    }
    if (lane->count == lane->capacity) {
        lane->capacity = lane->capacity ? lane->capacity * 2 : 4;
        lane->spans = g_renew(struct lane_span, lane->spans, lane->capacity);
    }
    lane->spans[lane->count++] = (struct lane_span){.start_ns = start_ns, .end_ns = end_ns};
}

bool lane_add(struct lane *lane, int64_t start_ns, int64_t end_ns, int64_t *inner_end_ns)
{
    uint32_t kept = lane->count;
    while (kept > 0 && lane->spans[kept - 1].start_ns > start_ns)
        kept--;
    if (kept > 0) {
        const struct lane_span *before = &lane->spans[kept - 1];
        bool is_point = before->start_ns == before->end_ns;
        if (before->end_ns > start_ns || (before->start_ns == start_ns && !is_point))
            return false;
    }
    *inner_end_ns = kept < lane->count ? lane->spans[lane->count - 1].end_ns : start_ns;
    lane->count = kept;
    push(lane, start_ns, end_ns);
    return true;
}

bool lane_add_disjoint(struct lane *lane, int64_t start_ns, int64_t end_ns)
{
    if (lane->count > 0 && lane->spans[lane->count - 1].end_ns > start_ns)
        return false;
    lane->count = 0;
    push(lane, start_ns, end_ns);
    return true;
}

void lane_clear(struct lane *lane)
{
    g_free(lane->spans);
    *lane = (struct lane){0};
}
