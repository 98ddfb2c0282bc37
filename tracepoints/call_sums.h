/*
 * System calls below the threshold, summed per thread, call number and kind of descriptor, so that totals
 * stay exact without an event each. A thread's sums live in its struct thread_block and are touched by that
 * thread only (and by the exit of the process). All functions run with the guard on; they may emit
 * exectrace_syscall:summary.
 */
#ifndef EXECTRACE_CALL_SUMS_H
#define EXECTRACE_CALL_SUMS_H

#include <stdint.h>

struct thread_block;

#define CALL_SUMS_COUNT 16u /* a power of two */

struct call_sum {
    uint16_t number;
    uint8_t fd_kind;
    uint32_t count; /* 0: free */
    uint32_t errors;
    uint64_t total_ns;
    uint64_t shortest_ns;
    uint64_t longest_ns;
};

/* Zeroed memory is an empty table. */
struct call_sums {
    uint64_t oldest_ns; /* when the first sum in the table began; 0: empty */
    /* Bit (number mod 64): whether the thread's last such call was not as long, or as short, as calls of
     * that number usually are. See call_begin() in calls.c. */
    uint64_t unusual;
    struct call_sum sums[CALL_SUMS_COUNT];
};

/*
 * Adds one call that ended at `now_ns`. A sum in the way is emitted; a table whose oldest sum began a tenth
 * of a second ago is emitted as a whole.
 */
void call_sums_add(struct thread_block *thread, uint16_t number, uint8_t fd_kind, uint64_t now_ns,
                   uint64_t duration_ns, int is_error);

/* Emits what is summed and empties the table: at thread exit, process exit, in a fork's parent. Muted. */
void call_sums_flush(struct thread_block *thread);

/* Forgets what is summed without emitting it: the child of a fork. */
void call_sums_reset(struct thread_block *thread);

#endif
