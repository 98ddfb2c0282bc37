/*
 * Wrappers of pthread_join and its timed forms, and C11's thrd_join; called on any thread of the program. The
 * object is the kernel's id of the joined thread. Tried first, as mutexes are (mutexes.c); pthread_join is a
 * cancellation point, so a pending cancellation acts before the try.
 */
#include <pthread.h>
#include <threads.h>

#include "tracepoints/real.h"
#include "tracepoints/waits.h"

/* The id of a thread that has not ended: its CPU clock's number has it in the upper bits. 0: unknown. */
static uint64_t tid_of(pthread_t thread)
{
    clockid_t clock;

    if (pthread_getcpuclockid(thread, &clock) != 0)
        return 0;
    return (uint64_t)(uint32_t) ~(clock >> 3);
}

WRAPPER int pthread_join(pthread_t thread, void **value)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_join(thread, value);
    pthread_testcancel();
    result = real.pthread_tryjoin_np(thread, value);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, tid_of(thread), __builtin_return_address(0));
    result = real.pthread_join(thread, value);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_timedjoin_np(pthread_t thread, void **value, const struct timespec *until)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_timedjoin_np(thread, value, until);
    pthread_testcancel();
    result = real.pthread_tryjoin_np(thread, value);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, tid_of(thread), __builtin_return_address(0));
    result = real.pthread_timedjoin_np(thread, value, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_clockjoin_np(pthread_t thread, void **value, clockid_t clock,
                                 const struct timespec *until)
{
    int result;

    if (!waits_are_recorded() || (until != NULL && !wait_time_is_valid(clock, until)))
        return real.pthread_clockjoin_np(thread, value, clock, until);
    pthread_testcancel();
    result = real.pthread_tryjoin_np(thread, value);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, tid_of(thread), __builtin_return_address(0));
    result = real.pthread_clockjoin_np(thread, value, clock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int thrd_join(thrd_t thread, int *value)
{
    int result;

    if (!waits_are_recorded())
        return real.thrd_join(thread, value);

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, tid_of(thread), __builtin_return_address(0));
    result = real.thrd_join(thread, value);
    wait_end(&wait, result == thrd_success ? EXECTRACE_OUTCOME_ACQUIRED : EXECTRACE_OUTCOME_ERROR);
    return result;
}
