/*
 * Wakes per object, in two generations: when the young one is full it becomes the old one, and what was in
 * the old one and not used since is gone. Used by the model only.
 */
#include "analyzer/wake_table.h"
#include "analyzer/id_map.h"
#include <glib.h>

enum { MAX_LATENESS_NS = 50000 };

struct object {
    struct wake last;
    struct wake before; /* the latest one by a thread other than last's */
    bool is_lock_like;
    uint32_t waiter_count;                /* ever; the newest overwrites the oldest */
    uint32_t waiters[WAKE_TABLE_WAITERS]; /* noted until is_lock_like */
};

struct generation {
    struct id_map index; /* hash of process and object -> number in objects */
    GArray *objects;
};

struct wake_table {
    struct generation young, old;
    /* What was asked for last: a wait that names its waker asks twice. */
    uint64_t last_object;
    uint32_t last_process, last_number; /* last_number: in young.objects plus 1; 0: nothing was asked for */
};

struct wake_table *wake_table_new(void)
{
    struct wake_table *table = g_new0(struct wake_table, 1);

    table->young.objects = g_array_new(FALSE, TRUE, sizeof(struct object));
    table->old.objects = g_array_new(FALSE, TRUE, sizeof(struct object));
    return table;
}

void wake_table_free(struct wake_table *table)
{
    if (!table)
        return;

    id_map_clear(&table->young.index);
    id_map_clear(&table->old.index);
    g_array_unref(table->young.objects);
    g_array_unref(table->old.objects);
    g_free(table);
}

static void age(struct wake_table *table)
{
    struct generation gone = table->old;

    table->old = table->young;
    id_map_clear(&gone.index);
    g_array_set_size(gone.objects, 0);
    table->young = gone;
}

/* Number in young.objects. */
static guint find_number(struct wake_table *table, uint32_t process, uint64_t object)
{
    uint64_t key = id_map_hash(object) ^ id_map_hash((uint64_t)process << 32 | 0x9e37);
    uint64_t *number = id_map_find(&table->young.index, key);
    if (number)
        return (guint)*number;

    struct object found = {0};
    bool is_new;
    number = id_map_find(&table->old.index, key);
    if (number)
        found = g_array_index(table->old.objects, struct object, *number);
    if (table->young.objects->len >= WAKE_TABLE_OBJECTS)
        age(table);
    *id_map_add(&table->young.index, key, &is_new) = table->young.objects->len;
    g_array_append_val(table->young.objects, found);
    return table->young.objects->len - 1;
}

static struct object *find_object(struct wake_table *table, uint32_t process, uint64_t object)
{
    if (table->last_number == 0 || table->last_object != object || table->last_process != process) {
        table->last_number = find_number(table, process, object) + 1;
        table->last_object = object;
        table->last_process = process;
    }
    return &g_array_index(table->young.objects, struct object, table->last_number - 1);
}

static bool has_waited(const struct object *object, uint32_t thread)
{
    for (uint32_t i = 0; i < MIN(object->waiter_count, WAKE_TABLE_WAITERS); i++) {
        if (object->waiters[i] == thread)
            return true;
    }
    return false;
}

bool wake_table_add(struct wake_table *table, uint32_t process, uint64_t object, const struct wake *wake)
{
    struct object *found = find_object(table, process, object);

    if (found->last.thread != wake->thread)
        found->before = found->last;
    found->last = *wake;
    found->is_lock_like = found->is_lock_like || has_waited(found, wake->thread);
    return found->is_lock_like;
}

struct wake wake_table_wait(struct wake_table *table, uint32_t process, uint64_t object, uint32_t thread,
                            int64_t start_ns, int64_t end_ns, bool *is_lock_like)
{
    struct object *found = find_object(table, process, object);
    const struct wake *wake = found->last.thread == thread ? &found->before : &found->last;

    if (found->last.thread == thread || found->before.thread == thread)
        found->is_lock_like = true;
    if (!found->is_lock_like && !has_waited(found, thread))
        found->waiters[found->waiter_count++ % WAKE_TABLE_WAITERS] = thread;
    *is_lock_like = found->is_lock_like;
    /* An event is recorded a little after its operation's end was taken, so starts come that much late. */
    start_ns -= MIN((end_ns - start_ns) / 2, MAX_LATENESS_NS);
    if (wake->thread == thread || wake->time_ns < start_ns || wake->time_ns > end_ns)
        return (struct wake){0};
    return *wake;
}

bool wake_table_is_lock_like(struct wake_table *table, uint32_t process, uint64_t object)
{
    return find_object(table, process, object)->is_lock_like;
}
