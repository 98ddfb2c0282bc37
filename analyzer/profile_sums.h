/*
 * A table of sums under small keys: what a profile builder fills for every fact of a trace. Internal to the
 * builders.
 */
#ifndef ANALYZER_PROFILE_SUMS_H
#define ANALYZER_PROFILE_SUMS_H

#include "analyzer/trace_model.h"

enum sum_flag {
    SUM_FD_KIND = 0xff,
    SUM_IDLE = 1 << 8,
    SUM_OPEN = 1 << 9,
    SUM_EXACT = 1 << 10,
    SUM_DERIVED = 1 << 11,
    SUM_FREED = 1 << 12,      /* of memory */
    SUM_MAYBE_LOCK = 1 << 13, /* counts as a lock when its object turns out to be used like one */
    SUM_BY_PROCESS = 1 << 14, /* `thread` is the index of a process */
    SUM_BY_WAKER = 1 << 15,   /* `outer_stack` is the index of the thread that woke */
};

/* No padding: hashed and compared as bytes. */
struct sum_key {
    uint32_t stack, outer_stack, thread, flags;
    const char *kind;    /* static or interned by the model, as are the next two */
    const char *syscall; /* NULL: none */
    const char *peer;    /* NULL: none */
    uint64_t object;     /* 0: none */
};

/* Fills one cache line: what a fact costs here is mostly the way to memory. */
struct sum {
    union {
        int64_t exact[2];    /* count, nanoseconds */
        double estimated[2]; /* objects, bytes */
    };
    struct sum_key key;
};

/* What keys tell apart. When there are too many sums the table goes on to the next. */
enum sum_detail {
    SUM_ALL_DETAILS,
    SUM_WITHOUT_OBJECTS,
    SUM_WITHOUT_PEERS,
    SUM_WITHOUT_THREADS, /* only their process; the last, at which the number is no longer limited */
};

struct sum_table;

/* Borrows the model. is_estimated: which of a sum's forms is in use. */
struct sum_table *sum_table_new(const struct trace_model *model, uint32_t max_sums, bool is_estimated);
void sum_table_free(struct sum_table *table);
/* The sum for this key, made when there is none. Valid until the next call. */
struct sum *sum_table_find(struct sum_table *table, const struct sum_key *key);
/*
 * Adds to the exact sum for this key, with the next call or sum_table_settle(): by then the sum has come into
 * the cache.
 */
void sum_table_add(struct sum_table *table, const struct sum_key *key, int64_t count, int64_t delay_ns);
/* Adds what is still to be added. To be called before the sums are looked at. */
void sum_table_settle(struct sum_table *table);
enum sum_detail sum_table_detail(const struct sum_table *table);
uint32_t sum_table_count(const struct sum_table *table);
/* In the order in which they were made. */
const struct sum *sum_table_at(const struct sum_table *table, uint32_t index);

#endif
