/*
 * Synchronisation objects: who waited for them, how long, and who held them. For reports.
 */
#ifndef ANALYZER_LOCK_ACCOUNT_H
#define ANALYZER_LOCK_ACCOUNT_H

#include "analyzer/filter.h"

/* Objects beyond are summed up in one row, with object 0. */
#define LOCK_ACCOUNT_MAX (1u << 16)
/* Pairs of stacks kept per object: the heaviest ones, with their exact sums once they are in. */
#define LOCK_ACCOUNT_PAIRS 8

struct lock_pair {
    uint32_t waiter_stack, holder_stack; /* holder_stack 0: not known who held it */
    uint32_t waiter, holder;             /* the latest threads with these stacks */
    uint64_t count, total_ns;
};

struct lock_sum {
    uint32_t process;
    uint64_t object;
    uint32_t wait_kind;
    uint64_t count; /* waits, the idle ones not among them */
    uint64_t total_ns, longest_ns;
    uint64_t idle_count, idle_ns;
    uint64_t open_count; /* waits that had not ended */
    uint64_t timeout_count;
    /* The longest time a known holder kept it while somebody waited; 0: not known. */
    uint64_t longest_hold_ns;
    uint64_t owner_changes;  /* contended acquisitions by another thread than the latest owner */
    uint32_t waiter_threads; /* how many different ones, up to 64 */
    struct lock_pair pairs[LOCK_ACCOUNT_PAIRS]; /* heaviest first after lock_account_list() */

    /* to find the above */
    uint32_t owner;
    int64_t acquired_ns;
    uint64_t waiter_bits;
};

struct lock_account;

struct lock_account *lock_account_new(struct trace_model *model, struct filter *filter);
void lock_account_free(struct lock_account *account);
/* struct lock_sum *, longest total wait first, objects with only idle waits last. The caller frees the array;
 * the sums are the account's. */
GPtrArray *lock_account_list(struct lock_account *account);

#endif
