/*
 * Open addressing over an array of sums. Runs for every fact of a trace, on the main thread.
 */
#include "analyzer/profile_sums.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 512u
#define CACHE_LINE_BYTES 64

struct sum_table {
    const struct trace_model *model; /* borrowed */
    struct sum *sums;                /* aligned to cache lines */
    uint32_t count, capacity, max_count;
    uint32_t *slots;     /* index into sums plus 1; 0: free */
    uint32_t slot_count; /* a power of two, at least twice as many as sums */
    enum sum_detail detail;
    bool is_estimated;
    struct sum pending; /* what sum_table_add() was given last */
    bool has_pending;
    uint32_t pending_at; /* its sum, most likely: index into sums plus 1; 0: none */
};

static struct sum *new_sums(uint32_t capacity)
{
    struct sum *sums = aligned_alloc(CACHE_LINE_BYTES, capacity * sizeof *sums);

    G_STATIC_ASSERT(sizeof *sums == CACHE_LINE_BYTES);
    if (!sums)
        g_error("out of memory");
    return sums;
}

struct sum_table *sum_table_new(const struct trace_model *model, uint32_t max_sums, bool is_estimated)
{
    struct sum_table *table = g_new0(struct sum_table, 1);

    table->model = model;
    table->max_count = max_sums;
    table->is_estimated = is_estimated;
    table->capacity = FIRST_CAPACITY;
    table->sums = new_sums(table->capacity);
    table->slot_count = FIRST_CAPACITY * 2;
    table->slots = g_new0(uint32_t, table->slot_count);
    return table;
}

void sum_table_free(struct sum_table *table)
{
    if (!table)
        return;

    free(table->sums);
    g_free(table->slots);
    g_free(table);
}

static uint32_t hash_key(const struct sum_key *key)
{
    /* Odd numbers without pattern; the products do not wait for one another. */
    static const uint64_t factors[] = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9),
                                       UINT64_C(0x94d049bb133111eb), UINT64_C(0xd6e8feb86659fd93),
                                       UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db)};
    uint64_t words[G_N_ELEMENTS(factors)], hash = 0;

    G_STATIC_ASSERT(sizeof *key == sizeof words);
    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i += 2) {
        __uint128_t product = (__uint128_t)(words[i] ^ factors[i]) * (words[i + 1] ^ factors[i + 1]);
        hash ^= (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

/* The slot of this key, or the free slot where it belongs. */
static uint32_t *find_slot(const struct sum_table *table, const struct sum_key *key)
{
    uint32_t mask = table->slot_count - 1, at = hash_key(key) & mask;

    while (table->slots[at] != 0) {
        if (memcmp(&table->sums[table->slots[at] - 1].key, key, sizeof *key) == 0)
            break;
        at = (at + 1) & mask;
    }
    return &table->slots[at];
}

static void grow(struct sum_table *table)
{
    struct sum *sums = new_sums(table->capacity * 2);

    memcpy(sums, table->sums, table->count * sizeof *sums);
    free(table->sums);
    table->sums = sums;
    table->capacity *= 2;

    g_free(table->slots);
    table->slot_count *= 2;
    table->slots = g_new0(uint32_t, table->slot_count);
    for (uint32_t i = 0; i < table->count; i++)
        *find_slot(table, &table->sums[i].key) = i + 1;
}

static struct sum_key without_details(const struct sum_table *table, const struct sum_key *full)
{
    struct sum_key key = *full;

    /* Whether it is a lock hangs on the object. */
    if (table->detail >= SUM_WITHOUT_OBJECTS && !(key.flags & SUM_MAYBE_LOCK))
        key.object = 0;
    if (table->detail >= SUM_WITHOUT_PEERS)
        key.peer = NULL;
    if (table->detail >= SUM_WITHOUT_THREADS && !(key.flags & SUM_BY_PROCESS)) {
        key.thread = trace_model_thread(table->model, key.thread)->process;
        key.flags |= SUM_BY_PROCESS;
    }
    return key;
}

static struct sum *find_or_make(struct sum_table *table, const struct sum_key *key)
{
    uint32_t *slot = find_slot(table, key);

    if (*slot == 0) {
        if (table->count == table->capacity) {
            grow(table);
            slot = find_slot(table, key);
        }
        table->sums[table->count++] = (struct sum){.key = *key};
        *slot = table->count;
    }
    return &table->sums[*slot - 1];
}

static void add_up(const struct sum_table *table, struct sum *to, const struct sum *from)
{
    for (size_t i = 0; i < G_N_ELEMENTS(to->exact); i++) {
        if (table->is_estimated)
            to->estimated[i] += from->estimated[i];
        else
            to->exact[i] += from->exact[i];
    }
}

/* Puts all sums under keys with one detail less; in place, for the sums become fewer. */
static void drop_detail(struct sum_table *table)
{
    uint32_t count = table->count;

    table->detail++;
    table->count = 0;
    memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    for (uint32_t i = 0; i < count; i++) {
        struct sum sum = table->sums[i];
        struct sum_key key = without_details(table, &sum.key);

        add_up(table, find_or_make(table, &key), &sum);
    }
}

struct sum *sum_table_find(struct sum_table *table, const struct sum_key *full)
{
    struct sum_key key = without_details(table, full);

    while (table->count >= table->max_count && table->detail < SUM_WITHOUT_THREADS &&
           *find_slot(table, &key) == 0) {
        drop_detail(table);
        key = without_details(table, full);
    }
    return find_or_make(table, &key);
}

void sum_table_add(struct sum_table *table, const struct sum_key *key, int64_t count, int64_t delay_ns)
{
    sum_table_settle(table);
    table->pending = (struct sum){.exact = {count, delay_ns}, .key = *key};
    table->has_pending = true;

    table->pending_at = table->slots[hash_key(key) & (table->slot_count - 1)];
    if (table->pending_at != 0)
        __builtin_prefetch(&table->sums[table->pending_at - 1], 1);
}

void sum_table_settle(struct sum_table *table)
{
    if (!table->has_pending)
        return;

    const struct sum_key *key = &table->pending.key;
    struct sum *sum = table->pending_at != 0 ? &table->sums[table->pending_at - 1] : NULL;
    if (!sum || memcmp(&sum->key, key, sizeof *key) != 0)
        sum = sum_table_find(table, key);
    sum->exact[0] += table->pending.exact[0];
    sum->exact[1] += table->pending.exact[1];
    table->has_pending = false;
}

enum sum_detail sum_table_detail(const struct sum_table *table)
{
    return table->detail;
}

uint32_t sum_table_count(const struct sum_table *table)
{
    return table->count;
}

const struct sum *sum_table_at(const struct sum_table *table, uint32_t index)
{
    return &table->sums[index];
}
