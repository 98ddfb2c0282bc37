/*
 * Waits below the threshold, summed per thread, kind, object and stack. A thread's table lives in its
 * struct thread_block and is touched by that thread only (and by the exit of the process).
 */
#ifndef EXECTRACE_SYNC_SUMS_H
#define EXECTRACE_SYNC_SUMS_H

#include <stdint.h>

struct thread_block;

#define SYNC_SUMS_COUNT 64u /* a power of two */

struct sync_sum {
    uint64_t object; /* 0: free */
    uint64_t total_ns;
    uint64_t longest_ns;
    uint64_t last_ns; /* when the last of the waits ended */
    uint32_t count;
    uint32_t stack;
    uint8_t kind;
};

/* Zeroed memory is an empty table. */
struct sync_sums {
    uint64_t oldest_ns; /* when the first sum in the table began; 0: empty */
    const void *probes; /* the tracepoint's, when the first sum began: changes with sessions */
    struct sync_sum sums[SYNC_SUMS_COUNT];
};

/*
 * Adds one wait. A sum in its place is emitted; a table older than a second, or of before a session began or
 * ended, is emitted as a whole: no sum is of more than one session, and its age tells of which.
 */
void sync_sums_add(struct thread_block *thread, uint8_t kind, uint64_t object, uint32_t stack,
                   uint64_t now_ns, uint64_t duration_ns);

/* Emits the table as a whole if it is older than a second: before a wait that may be long. */
void sync_sums_flush_old(struct thread_block *thread, uint64_t now_ns);

/* Emits what is summed and empties the table: at thread exit and process exit. Muted. */
void sync_sums_flush(struct thread_block *thread);

/* Forgets what is summed without emitting it: the child of a fork. */
void sync_sums_reset(struct thread_block *thread);

#endif
