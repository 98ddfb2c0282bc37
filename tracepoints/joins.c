/*
 * Wrappers of pthread_join and its timed forms, and C11's thrd_join; called on any thread of the program. The
 * object is the kernel's id of the joined thread. Tried first, as mutexes are (mutexes.c); pthread_join is a
 * cancellation point, so a pending cancellation acts before the try.
 */
#include <pthread.h>
#include <threads.h>

#include "tracepoints/real.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

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
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, (uint64_t)threads_tid_of(thread), __builtin_return_address(0));
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
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, (uint64_t)threads_tid_of(thread), __builtin_return_address(0));
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
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, (uint64_t)threads_tid_of(thread), __builtin_return_address(0));
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
    wait_begin(&wait, EXECTRACE_WAIT_JOIN, (uint64_t)threads_tid_of(thread), __builtin_return_address(0));
    result = real.thrd_join(thread, value);
    wait_end(&wait, c11_wait_outcome(result));
    return result;
}
