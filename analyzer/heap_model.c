/*
 * Allocations and what frees them. Part of the model, called by its dispatch.
 *
 * Live allocations are kept by (process, address), or, in traces without process ids, by (thread, address).
 * At most HEAP_MAX_LIVE are kept; further ones are handed out as allocations and never as freed.
 */
#include "analyzer/model_internal.h"
#include <math.h>

enum { HEAP_MAX_LIVE = 1 << 20 };

struct live_allocation {
    double objects, bytes;
    uint32_t stack;
    uint32_t owner_thread;
    uint32_t next_free; /* in the list of free places; number + 1 */
};

struct heap_table {
    struct id_map live; /* hash of scope and address -> number in allocations */
    GArray *allocations;
    uint32_t first_free; /* number + 1; 0: none */
    double carry;        /* what earlier samples are short of the objects they stand for, -0.5 to 0.5 */
};

struct heap_table *heap_table_new(void)
{
    struct heap_table *table = g_new0(struct heap_table, 1);

    table->allocations = g_array_new(FALSE, FALSE, sizeof(struct live_allocation));
    return table;
}

void heap_table_free(struct heap_table *table)
{
    if (!table)
        return;

    id_map_clear(&table->live);
    g_array_unref(table->allocations);
    g_free(table);
}

static uint64_t key_of(const struct thread_record *record, uint64_t address)
{
    uint64_t scope =
        record->thread.process != 0 ? (uint64_t)record->thread.process << 32 : (uint64_t)record->thread.index;

    return id_map_hash(scope) ^ address;
}

static uint32_t take_place(struct heap_table *table)
{
    if (table->first_free == 0) {
        g_array_set_size(table->allocations, table->allocations->len + 1);
        return table->allocations->len - 1;
    }
    uint32_t number = table->first_free - 1;
    table->first_free = g_array_index(table->allocations, struct live_allocation, number).next_free;
    return number;
}

static void free_address(struct trace_model *model, const struct thread_record *record, int64_t time_ns,
                         uint64_t address)
{
    struct heap_table *table = model->heap;
    uint64_t key = key_of(record, address);
    const uint64_t *number = id_map_find(&table->live, key);
    if (!number)
        return;

    struct live_allocation *live = &g_array_index(table->allocations, struct live_allocation, *number);
    struct heap_sample sample = {
        .time_ns = time_ns,
        .thread = record->thread.index,
        .owner_thread = live->owner_thread,
        .stack = live->stack,
        .objects = live->objects,
        .bytes = live->bytes,
        .is_free = true,
        .address = address,
    };
    live->next_free = table->first_free;
    table->first_free = (uint32_t)*number + 1;
    id_map_remove(&table->live, key);
    model_emit_heap(model, &sample);
}

static void allocate(struct trace_model *model, const struct thread_record *record,
                     const struct heap_sample *sample)
{
    struct heap_table *table = model->heap;
    bool is_new;

    /*
     * The same address again: its free was lost. Of LTTng's own wrapper nothing says that it was one, so
     * there the old allocation stays in the sums, as other readers of such traces have it.
     */
    if (model_process_at(model, record->thread.process)->has_library)
        free_address(model, record, sample->time_ns, sample->address);
    uint64_t *known = id_map_find(&table->live, key_of(record, sample->address));
    if (known || table->live.count < HEAP_MAX_LIVE) {
        uint32_t number = known ? (uint32_t)*known : take_place(table);
        g_array_index(table->allocations, struct live_allocation, number) =
            (struct live_allocation){.objects = sample->objects,
                                     .bytes = sample->bytes,
                                     .stack = sample->stack,
                                     .owner_thread = sample->owner_thread};
        *id_map_add(&table->live, key_of(record, sample->address), &is_new) = number;
    }
    model_emit_heap(model, sample);
}

static struct heap_sample new_sample(struct trace_model *model, const struct thread_record *record,
                                     const struct event *event)
{
    return (struct heap_sample){
        .time_ns = event->time_ns,
        .thread = record->thread.index,
        .owner_thread = record->thread.index,
        .stack = model_event_stack(model, record->thread.process, event),
        .objects = 1,
    };
}

/*
 * How many objects a sample stands for: a whole number, so that what reports and profiles round to is the
 * same however they add up. What rounding takes from one sample the next one gets.
 */
static double objects_of(struct heap_table *table, const struct event *event)
{
    if (event->alloc.size == 0)
        return 1;
    double wanted = (double)event->alloc.weight_bytes / (double)event->alloc.size + table->carry;
    double objects = round(wanted);

    table->carry = wanted - objects;
    return objects;
}

void heap_alloc(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct heap_sample sample = new_sample(model, record, event);

    if (event->alloc.address == 0)
        return;
    sample.address = event->alloc.address;
    sample.bytes = (double)event->alloc.weight_bytes;
    sample.objects = objects_of(model->heap, event);
    allocate(model, record, &sample);
}

void heap_free(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    free_address(model, record, event->time_ns, event->alloc.address);
}

void heap_stock_realloc(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct heap_sample sample = new_sample(model, record, event);

    /* realloc(p, size) that failed leaves p as it was. */
    if (event->stock_realloc.new_address == 0 && event->stock_realloc.size > 0)
        return;
    if (event->stock_realloc.old_address != 0)
        free_address(model, record, event->time_ns, event->stock_realloc.old_address);
    if (event->stock_realloc.new_address == 0)
        return;
    sample.address = event->stock_realloc.new_address;
    sample.bytes = (double)event->stock_realloc.size;
    allocate(model, record, &sample);
}
