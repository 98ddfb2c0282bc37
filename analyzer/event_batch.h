/*
 * A fixed number of events with the memory that their strings and sequences stand in: what one thread hands
 * to another. Reused: clear keeps the memory.
 */
#ifndef ANALYZER_EVENT_BATCH_H
#define ANALYZER_EVENT_BATCH_H

#include "analyzer/event.h"

#define EVENT_BATCH_CAPACITY 512

struct event_arena_block;

struct event_batch {
    unsigned count, limit;                 /* limit: full with so many, at most EVENT_BATCH_CAPACITY */
    struct event_arena_block *blocks;      /* owned; newest first */
    size_t arena_used_bytes;               /* in all blocks, since the last clear */
    uint64_t skipped_count;                /* events that EVENT_SKIPPED stands for */
    uint32_t orders[EVENT_BATCH_CAPACITY]; /* which stream each event is from, see event_merge.h */
    struct event events[EVENT_BATCH_CAPACITY];
};

struct event_batch *event_batch_new(unsigned limit);
void event_batch_free(struct event_batch *batch);
/* Forgets the events and what they point to. Keeps at most one block of memory. */
void event_batch_clear(struct event_batch *batch);
/*
 * True when no further event fits, when the arena holds more than it should, or when so many events were
 * skipped that who waits for the batch should hear of it.
 */
bool event_batch_is_full(const struct event_batch *batch);
/* The next event, zeroed, pid, tid and cpu -1. The batch must not be full. */
struct event *event_batch_add(struct event_batch *batch);
/*
 * Soon this event of a batch (or what would be beyond its last) is read or written. A batch has just been in
 * the cache of the other thread's CPU: waiting for it event by event is a twentieth of all CPU time.
 */
static inline void event_batch_prefetch(const struct event *event, bool is_to_write)
{
    const char *line = (const char *)event;

    if (is_to_write) {
        __builtin_prefetch(line, 1);
        __builtin_prefetch(line + 64, 1);
    } else {
        __builtin_prefetch(line);
        __builtin_prefetch(line + 64);
    }
}
/* Memory with the alignment of a uint64_t that lives until the batch is cleared. Not zeroed. */
void *event_batch_alloc(struct event_batch *batch, size_t size);
/* Copies at most limit bytes of text (0-terminated or not shorter than limit), and ends them with NUL. */
const char *event_batch_copy_text(struct event_batch *batch, const char *text, size_t limit);

#endif
