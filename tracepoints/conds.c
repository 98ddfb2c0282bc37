/*
 * Wrappers of condition variables, POSIX and C11; called on any thread of the program. A wait runs from the
 * call to its return and includes getting the mutex back. It also releases the mutex, for which somebody may
 * wait.
 *
 * The functions have a symbol version of 2.2.5 with another layout of pthread_cond_t; exports.map gives both
 * versions, and the old ones go straight to libc.
 */
#include <pthread.h>
#include <threads.h>

#include "tracepoints/real.h"
#include "tracepoints/waits.h"

/* The wait itself is the caller's; this is what comes before it. */
static void begin(struct wait *wait, const void *cond, const void *mutex, const void *site)
{
    wait_begin(wait, EXECTRACE_WAIT_COND, wait_object(cond), site);
    wake(EXECTRACE_WAIT_MUTEX, mutex);
}

WRAPPER int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_cond_wait(cond, mutex);

    WAIT_SCOPE(wait);
    begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.pthread_cond_wait(cond, mutex);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                   const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_cond_timedwait(cond, mutex, until);

    WAIT_SCOPE(wait);
    begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.pthread_cond_timedwait(cond, mutex, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                   clockid_t clock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_cond_clockwait(cond, mutex, clock, until);

    WAIT_SCOPE(wait);
    begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.pthread_cond_clockwait(cond, mutex, clock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_cond_signal(pthread_cond_t *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond);
    return real.pthread_cond_signal(cond);
}

WRAPPER int pthread_cond_broadcast(pthread_cond_t *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond);
    return real.pthread_cond_broadcast(cond);
}

WRAPPER int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    int result;

    if (!waits_are_recorded())
        return real.cnd_wait(cond, mutex);

    WAIT_SCOPE(wait);
    begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.cnd_wait(cond, mutex);
    wait_end(&wait, result == thrd_success ? EXECTRACE_OUTCOME_ACQUIRED : EXECTRACE_OUTCOME_ERROR);
    return result;
}

WRAPPER int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.cnd_timedwait(cond, mutex, until);

    WAIT_SCOPE(wait);
    begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.cnd_timedwait(cond, mutex, until);
    wait_end(&wait, result == thrd_success    ? EXECTRACE_OUTCOME_ACQUIRED
                    : result == thrd_timedout ? EXECTRACE_OUTCOME_TIMED_OUT
                                              : EXECTRACE_OUTCOME_ERROR);
    return result;
}

WRAPPER int cnd_signal(cnd_t *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond);
    return real.cnd_signal(cond);
}

WRAPPER int cnd_broadcast(cnd_t *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond);
    return real.cnd_broadcast(cond);
}
