/*
 * Wrappers of read-write locks; called on any thread of the program. Tried first, as mutexes are (mutexes.c).
 * The timed functions refuse a bad time even when the lock is free: such a call goes straight to the real
 * one.
 */
#include <pthread.h>

#include "tracepoints/real.h"
#include "tracepoints/waits.h"

WRAPPER int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_rwlock_rdlock(lock);
    result = real.pthread_rwlock_tryrdlock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_RWLOCK_READ, wait_object(lock), __builtin_return_address(0));
    result = real.pthread_rwlock_rdlock(lock);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_rwlock_wrlock(lock);
    result = real.pthread_rwlock_trywrlock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_RWLOCK_WRITE, wait_object(lock), __builtin_return_address(0));
    result = real.pthread_rwlock_wrlock(lock);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.pthread_rwlock_timedrdlock(lock, until);
    result = real.pthread_rwlock_tryrdlock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_RWLOCK_READ, wait_object(lock), __builtin_return_address(0));
    result = real.pthread_rwlock_timedrdlock(lock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.pthread_rwlock_timedwrlock(lock, until);
    result = real.pthread_rwlock_trywrlock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_RWLOCK_WRITE, wait_object(lock), __builtin_return_address(0));
    result = real.pthread_rwlock_timedwrlock(lock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                       const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.pthread_rwlock_clockrdlock(lock, clock, until);
    result = real.pthread_rwlock_tryrdlock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_RWLOCK_READ, wait_object(lock), __builtin_return_address(0));
    result = real.pthread_rwlock_clockrdlock(lock, clock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                       const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.pthread_rwlock_clockwrlock(lock, clock, until);
    result = real.pthread_rwlock_trywrlock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_RWLOCK_WRITE, wait_object(lock), __builtin_return_address(0));
    result = real.pthread_rwlock_clockwrlock(lock, clock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    /* A release wakes readers and writers alike; the kind says which of them releases. */
    if (waits_are_recorded())
        wake(lock->__data.__cur_writer != 0 ? EXECTRACE_WAIT_RWLOCK_WRITE : EXECTRACE_WAIT_RWLOCK_READ, lock,
             __builtin_return_address(0));
    return real.pthread_rwlock_unlock(lock);
}
