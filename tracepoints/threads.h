/*
 * Threads of the traced program: their blocks (guard.h), and the events of their lives. Owned by threads.c;
 * called by the constructor, the destructor and fork in process.c.
 */
#ifndef EXECTRACE_THREADS_H
#define EXECTRACE_THREADS_H

#include <pthread.h>

#include "tracepoints/guard.h"

/* Constructor: the key that tells us of a thread's end. */
void threads_init(void);

/* The newest of all blocks ever made; follow ->next. Those with tid 0 are free. */
struct thread_block *threads_first(void);

/* The child of a fork: only the calling thread is left; binds its block to the child's state mapping. */
void threads_reset_after_fork(void);

/* The kernel's id of the calling thread. */
int32_t threads_own_tid(void);

/* The kernel's id of a thread that has not ended; 0: unknown. */
int32_t threads_tid_of(pthread_t thread);

/* The child of a fork: no thread is being started. thread_start.c. */
void thread_starts_reset_after_fork(void);

/* The calling thread's end is to be noticed. */
void threads_await_end(void);

/* A thread of the program is being started (1), or could not be (-1). */
void threads_count(int32_t change);

/* The same for a thread of LTTng's. */
void threads_count_tracers(int32_t change);

/* How many threads there are beside the calling one that have not ended; UINT32_MAX when that cannot be found
 * out. */
uint32_t thread_names_count_others(void);

/* A session has started: announces the names of all threads. Muted, any thread. thread_names.c. */
void thread_names_announce(void);

/* Announces the name of the calling thread. Inside the guard. thread_names.c. */
void thread_names_announce_own(void);

/* Fills in guard_words.lock_owner where libc is one whose mutexes we know. */
void threads_learn_lock_owner(void);

/*
 * Is `pc` in one of LTTng's libraries? Such code's threads, calls and waits are not the program's, and an
 * event about a lock of its own could need that very lock.
 */
bool threads_look_for_tracer_code(const void *pc);

/* Where all of it lies, so that most questions are answered here; everywhere, until that is known. */
extern struct code_range {
    uintptr_t start;
    uintptr_t bytes;
} threads_tracer_code __attribute__((visibility("hidden")));

static inline bool threads_is_tracer_code(const void *pc)
{
    return unlikely((uintptr_t)pc - threads_tracer_code.start < threads_tracer_code.bytes) &&
           threads_look_for_tracer_code(pc);
}

#endif
