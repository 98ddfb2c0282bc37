/*
 * K-way merge by time: a heap of (time, order, source). Pure.
 *
 * Equal times come out by order: a number that an event keeps however its stream is shared out to workers
 * (the stream's), so the output does not depend on how many workers there are.
 */
#ifndef ANALYZER_EVENT_MERGE_H
#define ANALYZER_EVENT_MERGE_H

#include <stdbool.h>
#include <stdint.h>

struct event_merge_entry {
    int64_t time_ns;
    uint32_t order;
    uint32_t source;
};

struct event_merge {
    struct event_merge_entry *entries; /* owned; heap, smallest first */
    uint32_t count, capacity;
};

/* capacity: the greatest number of sources at a time. */
void event_merge_init(struct event_merge *merge, uint32_t capacity);
void event_merge_clear(struct event_merge *merge);
/* A source that is not in the merge has an event at time_ns. */
void event_merge_add(struct event_merge *merge, uint32_t source, int64_t time_ns, uint32_t order);
/* The source with the earliest event. The merge must not be empty. */
static inline uint32_t event_merge_first(const struct event_merge *merge)
{
    return merge->entries[0].source;
}
/*
 * True when an event of the first source at time_ns would still be the first of all: then the source goes on
 * without telling the merge.
 */
static inline bool event_merge_stays_first(const struct event_merge *merge, int64_t time_ns)
{
    return (merge->count < 2 || time_ns < merge->entries[1].time_ns) &&
           (merge->count < 3 || time_ns < merge->entries[2].time_ns);
}
/* The first source goes on to an event at time_ns, not before its last one. */
void event_merge_advance_first(struct event_merge *merge, int64_t time_ns, uint32_t order);
/* The first source has no more events. */
void event_merge_remove_first(struct event_merge *merge);

#endif
