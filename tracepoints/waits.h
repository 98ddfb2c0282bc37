/*
 * One wait for a lock, a condition or another thread: what every synchronisation wrapper does around the real
 * function, on the waiting thread.
 *
 *     WAIT_SCOPE(wait);
 *
 *     wait_begin(&wait, EXECTRACE_WAIT_MUTEX, mutex, __builtin_return_address(0));
 *     result = real.pthread_mutex_lock(mutex);
 *     wait_end(&wait, wait_outcome(result));
 *
 * When the frame is left before wait_end() (cancellation, pthread_exit, an exception) the wait ends as
 * "cancelled". errno is as the real function left it. All of it does nothing on threads that do not record.
 */
#ifndef EXECTRACE_WAITS_H
#define EXECTRACE_WAITS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

#include "tracepoints/contract.h"
#include "tracepoints/guard.h"
#include "tracepoints/waiters.h"

#include "tracepoints/provider_sync.h"

#define WRAPPER __attribute__((visibility("default")))

/* What a frequent wrapper does while a session records, apart from it: so the wrapper has no frame of its
 * own. */
#define RECORDING __attribute__((noinline))

/* A wait in progress; lives in the wrapper's frame. */
struct wait {
    struct state_operation outer; /* what was in flight before */
    uint64_t object;
    uint64_t start_ns;
    const void *site; /* return address in the caller */
    uint32_t stack;
    uint8_t kind;
    bool is_open; /* begun and not ended */
    bool is_marked;
};

#define WAIT_SCOPE(name) struct wait name __attribute__((cleanup(wait_abandoned))) = {.is_open = false}

/* Is a session recording waits? */
static inline bool waits_are_recorded(void)
{
    return TRACING(exectrace_sync, wait);
}

void wait_begin(struct wait *wait, enum exectrace_wait_kind kind, uint64_t object, const void *site);
void wait_end(struct wait *wait, enum exectrace_wait_outcome outcome);
/* The thread `tid` holds what the wait is for; 0: not known. The guard is off. */
static inline void wait_is_held_by(const struct wait *wait, int32_t tid)
{
    if (wait->is_open && guard_words.block != NULL)
        operation_set_holder(guard_words.block, tid);
}

/* The real function returned without having waited: no event, whatever time has passed. */
void wait_forget(struct wait *wait);
void wait_abandoned(struct wait *wait);

static inline uint64_t wait_object(const void *object)
{
    return (uint64_t)(uintptr_t)object;
}

/* What an error number of pthread_* (or errno of sem_*) says about the wait. */
enum exectrace_wait_outcome wait_outcome(int error);

/* The same of C11's functions. */
static inline enum exectrace_wait_outcome c11_wait_outcome(int result)
{
    return result == thrd_success    ? EXECTRACE_OUTCOME_ACQUIRED
           : result == thrd_timedout ? EXECTRACE_OUTCOME_TIMED_OUT
                                     : EXECTRACE_OUTCOME_ERROR;
}

/* Would the timed functions of glibc take this time and clock? Where they would not, the real one answers. */
bool wait_time_is_valid(clockid_t clock, const struct timespec *until);

/* Leaves word for those who wait for `object` that this thread is about to release it. The guard is on. */
void wake_waiters_of(struct thread_block *thread, enum exectrace_wait_kind kind, uint64_t object);

/* The slow half of wake(): somebody is marked. */
void wake_marked(enum exectrace_wait_kind kind, uint64_t object, const void *site);

/* Just before the calling thread releases or signals `object`; `site` as in wait_begin(). Keeps errno. */
static inline void wake(enum exectrace_wait_kind kind, const void *object, const void *site)
{
    if (waiters_has_any(object))
        wake_marked(kind, (uint64_t)(uintptr_t)object, site);
}

/*
 * The same where threads of other processes wait (shared_objects.h), for whom no word can be left: an event
 * of its own.
 */
void wake_elsewhere(enum exectrace_wait_kind kind, const void *object, const void *site);

#endif
