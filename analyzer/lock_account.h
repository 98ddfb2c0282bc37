/*
 * Synchronisation objects: who waited for them, how long, and who held them. For reports.
 */
#ifndef ANALYZER_LOCK_ACCOUNT_H
#define ANALYZER_LOCK_ACCOUNT_H

#include "analyzer/filter.h"
#include "analyzer/id_map.h"

/* Objects beyond are summed up in one row, with object 0. */
#define LOCK_ACCOUNT_MAX (1u << 16)
/* Pairs of stacks of all objects together; each object has its first one in any case. Waits of further pairs
 * are in no pair. */
#define LOCK_ACCOUNT_MAX_PAIRS (1u << 17)

struct lock_pair {
    uint32_t waiter_stack, holder_stack; /* holder_stack 0: not known who held it */
    uint32_t waiter, holder;             /* the latest threads with these stacks */
    bool is_idle;
    uint64_t count, total_ns;
};

struct lock_sum {
    uint32_t process;
    uint64_t object;
    uint32_t wait_kind;
    uint64_t count, total_ns, longest_ns; /* of all waits */
    uint64_t idle_count, idle_ns;         /* the idle ones among them */
    uint64_t longest_busy_ns;             /* of the others */
    uint64_t open_count;                  /* waits that had not ended */
    uint64_t timeout_count;
    /* The longest time a known holder kept it while somebody waited; 0: not known. */
    uint64_t longest_hold_ns;
    uint64_t owner_changes;  /* contended acquisitions by another thread than the latest owner */
    uint32_t waiter_threads; /* how many different ones */
    /* After lock_account_list(): not idle first, then heaviest. */
    struct lock_pair *pairs; /* owned */
    uint32_t pair_count;     /* at least 1, but for a sum without waits */

    /* to find the above */
    uint32_t pair_capacity;
    struct id_map pair_index; /* stacks and whether idle -> number in pairs; until lock_account_list() */
    uint32_t owner;
    int64_t acquired_ns;
    uint32_t last_waiter;
    struct id_map waiters; /* set of threads; empty while there is but one */
};

/* Of the waits that were not idle. */
static inline uint64_t lock_sum_busy_ns(const struct lock_sum *sum)
{
    return sum->total_ns - sum->idle_ns;
}

struct lock_account;

struct lock_account *lock_account_new(struct trace_model *model, struct filter *filter);
void lock_account_free(struct lock_account *account);
/*
 * struct lock_sum *, longest total of waits that were not idle first. The caller frees the array; the sums
 * are the account's.
 */
GPtrArray *lock_account_list(struct lock_account *account);

#endif
