/*
 * System calls below the threshold, summed per thread, call number and kind of descriptor, so that totals
 * stay exact without an event each. A thread's sums live in its struct thread_block and are touched by that
 * thread only (and by the exit of the process). All functions run with the guard on; they may emit
 * exectrace_syscall:summary.
 */
#ifndef EXECTRACE_CALL_SUMS_H
#define EXECTRACE_CALL_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "tracepoints/contract.h"

struct thread_block;

#define CALL_SUMS_COUNT 16u /* a power of two */

struct call_sum {
    uint32_t key; /* of number and kind of descriptor; 0: free */
    uint32_t count;
    uint32_t errors;
    uint64_t total_ns;
    uint64_t shortest_ns;
    uint64_t longest_ns;
};

/* Zeroed memory is an empty table. */
struct call_sums {
    uint64_t due_ns; /* when the table is to be emitted; 0: it is empty */
    /* Bit (number mod 64): whether the thread's last such call was not as long, or as short, as calls of
     * that number usually are. See call_begin() in calls.c. */
    uint64_t unusual;
    struct call_sum sums[CALL_SUMS_COUNT];
};

static inline uint32_t call_sums_key(uint16_t number, enum exectrace_fd_kind fd_kind)
{
    return UINT32_C(1) << 31 | (uint32_t)fd_kind << 16 | number;
}

/* The first place of a key. */
static inline uint32_t call_sums_place(uint32_t key)
{
    return (key * 7u + (key >> 16) * 3u) % CALL_SUMS_COUNT;
}

/*
 * Adds one call that ended at `now_ns`. A sum in the way is emitted; a table whose oldest sum began a tenth
 * of a second ago is emitted as a whole before: so a sum of an earlier session tells by its age that it is
 * one. Keeps errno.
 */
void call_sums_add(struct thread_block *thread, uint32_t key, uint64_t now_ns, uint64_t duration_ns,
                   bool is_error);

/*
 * The same when it is quickly done: the call did not fail, and the table has a place for it and is not due.
 * False: call_sums_add() is needed.
 */
static inline bool call_sums_add_quickly(struct call_sums *sums, uint32_t key, uint64_t now_ns,
                                         uint64_t duration_ns)
{
    struct call_sum *sum = &sums->sums[call_sums_place(key)];

    if (__builtin_expect(sum->key != key || now_ns >= sums->due_ns, 0))
        return false;
    sum->count++;
    sum->total_ns += duration_ns;
    if (duration_ns < sum->shortest_ns)
        sum->shortest_ns = duration_ns;
    if (duration_ns > sum->longest_ns)
        sum->longest_ns = duration_ns;
    return true;
}

/* Emits what is summed and empties the table: at thread exit, process exit, in a fork's parent. Muted. */
void call_sums_flush(struct thread_block *thread);

/* Forgets what is summed without emitting it: the child of a fork. */
void call_sums_reset(struct thread_block *thread);

#endif
