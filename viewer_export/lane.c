/* Nesting of slices. Used by timeline.c only; pure. */
#include "viewer_export/lane.h"

#include <string.h>

static void make_room(struct lane *lane)
{
    if (lane->count < lane->capacity)
        return;
    lane->capacity = lane->capacity ? lane->capacity * 2 : 4;
    lane->spans = g_renew(struct lane_span, lane->spans, lane->capacity);
}

/* Puts the slice in the place of the spans from `from` to before `to`. */
static void replace(struct lane *lane, uint32_t from, uint32_t to, struct lane_span span)
{
    make_room(lane);
    memmove(lane->spans + from + 1, lane->spans + to, (lane->count - to) * sizeof(span));
    lane->spans[from] = span;
    lane->count += 1 + from - to;
    if (lane->count > LANE_MAX_SPANS) {
        uint32_t forgotten = lane->count / 2;
        lane->count -= forgotten;
        memmove(lane->spans, lane->spans + forgotten, lane->count * sizeof(span));
    }
}

/* The spans that begin after start_ns and not after end_ns: from *from to before *to. */
static void find_inside(const struct lane *lane, int64_t start_ns, int64_t end_ns, uint32_t *from,
                        uint32_t *to)
{
    *to = lane->count;
    while (*to > 0 && lane->spans[*to - 1].start_ns > end_ns)
        --*to;
    *from = *to;
    while (*from > 0 && lane->spans[*from - 1].start_ns > start_ns)
        --*from;
}

bool lane_add(struct lane *lane, int64_t start_ns, int64_t end_ns, int64_t *inner_end_ns)
{
    uint32_t from, to;
    find_inside(lane, start_ns, end_ns, &from, &to);
    *inner_end_ns = from < to ? lane->spans[to - 1].end_ns : start_ns;
    if (from < to && (*inner_end_ns > end_ns || lane->spans[to - 1].start_ns == end_ns))
        return false;
    if (from > 0) {
        struct lane_span *before = &lane->spans[from - 1];
        if (before->start_ns < start_ns && before->end_ns > end_ns && before->inner_end_ns <= start_ns) {
            before->inner_end_ns = end_ns; /* enclosed, and from == to */
            return true;
        }
        if (before->start_ns == start_ns && (before->end_ns > start_ns || start_ns == end_ns))
            return false;
        if (before->end_ns > start_ns)
            return false;
    }
    replace(lane, from, to,
            (struct lane_span){.start_ns = start_ns, .end_ns = end_ns, .inner_end_ns = *inner_end_ns});
    return true;
}

void lane_fill(struct lane *lane, int64_t end_ns)
{
    uint32_t index = lane->count;
    while (index > 0 && lane->spans[index - 1].start_ns >= end_ns)
        index--;
    if (index > 0)
        lane->spans[index - 1].inner_end_ns = end_ns;
}

bool lane_add_disjoint(struct lane *lane, int64_t start_ns, int64_t end_ns)
{
    uint32_t from, to;
    find_inside(lane, start_ns, end_ns, &from, &to);
    bool touches_next = to == from + 1 && lane->spans[from].start_ns == end_ns;
    if (from < to && !touches_next)
        return false;
    if (from > 0 && lane->spans[from - 1].end_ns > start_ns)
        return false;
    replace(lane, from, from, (struct lane_span){.start_ns = start_ns, .end_ns = end_ns});
    return true;
}

bool lane_add_free_part(struct lane *lane, int64_t *start_ns, int64_t *end_ns)
{
    uint32_t from, to;
    find_inside(lane, *start_ns, *end_ns, &from, &to);
    if (from < to)
        *end_ns = lane->spans[from].start_ns;
    if (from > 0)
        *start_ns = MAX(*start_ns, lane->spans[from - 1].end_ns);
    if (*start_ns >= *end_ns)
        return false;
    replace(lane, from, from, (struct lane_span){.start_ns = *start_ns, .end_ns = *end_ns});
    return true;
}

void lane_clear(struct lane *lane)
{
    g_free(lane->spans);
    *lane = (struct lane){0};
}
