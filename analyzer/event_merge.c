/*
 * The heap behind the merge of streams (in each worker) and of workers (in the caller's thread). Pure.
 */
#include "analyzer/event_merge.h"

#include <glib.h>

void event_merge_init(struct event_merge *merge, uint32_t capacity)
{
    merge->entries = g_new(struct event_merge_entry, MAX(capacity, 1));
    merge->capacity = capacity;
    merge->count = 0;
}

void event_merge_clear(struct event_merge *merge)
{
    g_clear_pointer(&merge->entries, g_free);
    merge->count = merge->capacity = 0;
}

static bool is_before(const struct event_merge_entry *a, const struct event_merge_entry *b)
{
    return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->order < b->order);
}

static void sift_down(struct event_merge *merge, struct event_merge_entry entry)
{
    struct event_merge_entry *entries = merge->entries;
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= merge->count)
            break;
        if (child + 1 < merge->count && is_before(&entries[child + 1], &entries[child]))
            child++;
        if (!is_before(&entries[child], &entry))
            break;
        entries[at] = entries[child];
        at = child;
    }
    entries[at] = entry;
}

void event_merge_add(struct event_merge *merge, uint32_t source, int64_t time_ns, uint32_t order)
{
    struct event_merge_entry entry = {time_ns, order, source};
    struct event_merge_entry *entries = merge->entries;

    g_assert(merge->count < merge->capacity);
    uint32_t at = merge->count++;
    while (at > 0 && is_before(&entry, &entries[(at - 1) / 2])) {
        entries[at] = entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    entries[at] = entry;
}

void event_merge_advance_first(struct event_merge *merge, int64_t time_ns, uint32_t order)
{
    sift_down(merge, (struct event_merge_entry){time_ns, order, merge->entries[0].source});
}

void event_merge_remove_first(struct event_merge *merge)
{
    g_assert(merge->count > 0);
    struct event_merge_entry last = merge->entries[--merge->count];
    if (merge->count > 0)
        sift_down(merge, last);
}
