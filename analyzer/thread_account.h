/*
 * Where the time of each thread went: by state, and the blocked part by what blocked it. For reports.
 */
#ifndef ANALYZER_THREAD_ACCOUNT_H
#define ANALYZER_THREAD_ACCOUNT_H

#include "analyzer/filter.h"

/* What a thread was blocked by: the class of the operation it was in. */
enum blocked_by {
    BLOCKED_BY_SYNC,
    BLOCKED_BY_NET,
    BLOCKED_BY_SYSCALL,
    BLOCKED_BY_IDLE,  /* idle waits of any class */
    BLOCKED_BY_OTHER, /* blocked outside every operation that was recorded: page faults, below the threshold
                       */
    BLOCKED_BY_COUNT
};

struct thread_sum {
    int64_t state_ns[4];                  /* by enum thread_state */
    int64_t blocked_ns[BLOCKED_BY_COUNT]; /* adds up to state_ns[THREAD_BLOCKED] */
    uint64_t wait_ns[BLOCKED_BY_COUNT];   /* durations of the operations themselves; none for OTHER */
    uint64_t wait_count[BLOCKED_BY_COUNT];
    uint64_t open_ns; /* of operations that had not ended */
    uint64_t preemption_count;
};

struct thread_account;

struct thread_account *thread_account_new(struct trace_model *model, struct filter *filter);
void thread_account_free(struct thread_account *account);
/* After the trace has ended. Zeros for threads without facts. */
const struct thread_sum *thread_account_get(struct thread_account *account, uint32_t thread);
bool thread_sum_is_empty(const struct thread_sum *sum);
/* Indices of the threads that a report shows (the filter's, without the tracer's own and those without
 * facts), busiest or longest waiting first. The caller frees it. */
GArray *thread_account_list(struct thread_account *account);

#endif
