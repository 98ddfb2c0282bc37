/*
 * Wrappers of mutexes and spin locks, POSIX and C11; called on any thread of the program.
 *
 * A lock is tried first: when that succeeds, nothing was waited for and nothing is recorded. Trying answers
 * as locking does for recursive, robust (EOWNERDEAD, ENOTRECOVERABLE) and priority-inheriting mutexes;
 * whatever it cannot answer itself it calls EBUSY (also an error-checking mutex that the caller owns), and
 * then the real lock function decides.
 */
#include <pthread.h>
#include <threads.h>

#include "tracepoints/real.h"
#include "tracepoints/waits.h"

/* Does unlocking really release? Not for the inner levels of a recursive mutex, nor for one not owned. */
static bool unlock_releases(const pthread_mutex_t *mutex)
{
    int type = mutex->__data.__kind & 3;

    if (type != PTHREAD_MUTEX_RECURSIVE && type != PTHREAD_MUTEX_ERRORCHECK)
        return true;
    return guard_words.block != NULL && mutex->__data.__owner == guard_words.block->tid &&
           mutex->__data.__count <= 1;
}

static void wake_waiters(const pthread_mutex_t *mutex)
{
    if (waiters_has_any(mutex) && unlock_releases(mutex))
        wake_marked(EXECTRACE_WAIT_MUTEX, wait_object(mutex));
}

static __attribute__((noinline)) int lock_slowly(pthread_mutex_t *mutex, const void *site)
{
    WAIT_SCOPE(wait);
    int result;

    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), site);
    result = real.pthread_mutex_lock(mutex);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_mutex_lock(mutex);
    result = real.pthread_mutex_trylock(mutex);
    if (likely(result != EBUSY))
        return result;
    return lock_slowly(mutex, __builtin_return_address(0));
}

WRAPPER int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    WAIT_SCOPE(wait);
    int result;

    if (!waits_are_recorded())
        return real.pthread_mutex_timedlock(mutex, until);
    result = real.pthread_mutex_trylock(mutex);
    if (result != EBUSY)
        return result;
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.pthread_mutex_timedlock(mutex, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                    const struct timespec *restrict until)
{
    WAIT_SCOPE(wait);
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.pthread_mutex_clocklock(mutex, clock, until);
    result = real.pthread_mutex_trylock(mutex);
    if (result != EBUSY)
        return result;
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.pthread_mutex_clocklock(mutex, clock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (waits_are_recorded())
        wake_waiters(mutex);
    return real.pthread_mutex_unlock(mutex);
}

/* C11: mtx_t is a pthread_mutex_t, but libc's mtx_* do not come through the wrappers above. */
WRAPPER int mtx_lock(mtx_t *mutex)
{
    WAIT_SCOPE(wait);
    int result;

    if (!waits_are_recorded())
        return real.mtx_lock(mutex);
    result = real.mtx_trylock(mutex);
    if (result != thrd_busy)
        return result;
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.mtx_lock(mutex);
    wait_end(&wait, result == thrd_success ? EXECTRACE_OUTCOME_ACQUIRED : EXECTRACE_OUTCOME_ERROR);
    return result;
}

WRAPPER int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    WAIT_SCOPE(wait);
    int result;

    if (!waits_are_recorded())
        return real.mtx_timedlock(mutex, until);
    result = real.mtx_trylock(mutex);
    if (result != thrd_busy)
        return result;
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.mtx_timedlock(mutex, until);
    wait_end(&wait, result == thrd_success    ? EXECTRACE_OUTCOME_ACQUIRED
                    : result == thrd_timedout ? EXECTRACE_OUTCOME_TIMED_OUT
                                              : EXECTRACE_OUTCOME_ERROR);
    return result;
}

WRAPPER int mtx_unlock(mtx_t *mutex)
{
    if (waits_are_recorded())
        wake_waiters((const pthread_mutex_t *)mutex);
    return real.mtx_unlock(mutex);
}

WRAPPER int pthread_spin_lock(pthread_spinlock_t *lock)
{
    WAIT_SCOPE(wait);
    int result;

    if (!waits_are_recorded())
        return real.pthread_spin_lock(lock);
    result = real.pthread_spin_trylock(lock);
    if (result != EBUSY)
        return result;
    wait_begin(&wait, EXECTRACE_WAIT_SPIN, wait_object((const void *)lock), __builtin_return_address(0));
    result = real.pthread_spin_lock(lock);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_SPIN, (const void *)lock);
    return real.pthread_spin_unlock(lock);
}
