/*
 * Batches of events and their arena. Pure; a batch belongs to one thread at a time.
 */
#include "analyzer/event_batch.h"

#include <string.h>
#include <glib.h>

#define ARENA_BLOCK_BYTES ((size_t)64 * 1024)
#define ARENA_FULL_BYTES ((size_t)256 * 1024)
#define FULL_SKIPPED 2048

struct event_arena_block {
    struct event_arena_block *next;
    size_t size, used;
    uint64_t memory[];
};

struct event_batch *event_batch_new(unsigned limit)
{
    struct event_batch *batch = g_malloc(sizeof *batch);

    g_assert(limit > 0 && limit <= EVENT_BATCH_CAPACITY);
    batch->limit = limit;
    batch->count = 0;
    batch->blocks = NULL;
    batch->arena_used_bytes = 0;
    batch->skipped_count = 0;
    return batch;
}

static void free_blocks(struct event_arena_block *block)
{
    while (block) {
        struct event_arena_block *next = block->next;
        g_free(block);
        block = next;
    }
}

void event_batch_free(struct event_batch *batch)
{
    if (!batch)
        return;

    free_blocks(batch->blocks);
    g_free(batch);
}

void event_batch_clear(struct event_batch *batch)
{
    batch->count = 0;
    batch->arena_used_bytes = 0;
    batch->skipped_count = 0;
    if (!batch->blocks)
        return;

    free_blocks(batch->blocks->next);
    batch->blocks->next = NULL;
    batch->blocks->used = 0;
    if (batch->blocks->size > ARENA_BLOCK_BYTES)
        g_clear_pointer(&batch->blocks, g_free);
}

bool event_batch_is_full(const struct event_batch *batch)
{
    return batch->count == batch->limit || batch->arena_used_bytes >= ARENA_FULL_BYTES ||
           batch->skipped_count >= FULL_SKIPPED;
}

struct event *event_batch_add(struct event_batch *batch)
{
    g_assert(batch->count < batch->limit);
    struct event *event = &batch->events[batch->count++];
    event_batch_prefetch(event + 2, true);
    memset(event, 0, sizeof *event);
    event->pid = event->tid = event->cpu = -1;
    return event;
}

void *event_batch_alloc(struct event_batch *batch, size_t size)
{
    struct event_arena_block *block = batch->blocks;

    size = (size + 7) & ~(size_t)7;
    if (!block || block->size - block->used < size) {
        size_t block_size = MAX(size, ARENA_BLOCK_BYTES);
        block = g_malloc(sizeof *block + block_size);
        block->size = block_size;
        block->used = 0;
        block->next = batch->blocks;
        batch->blocks = block;
    }
    void *memory = (char *)block->memory + block->used;
    block->used += size;
    batch->arena_used_bytes += size;
    return memory;
}

const char *event_batch_copy_text(struct event_batch *batch, const char *text, size_t limit)
{
    size_t length = strnlen(text, limit);
    char *copy = event_batch_alloc(batch, length + 1);

    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}
