/*
 * Wrappers of read-write locks; called on any thread of the program. Tried first, as mutexes are (mutexes.c).
 * The timed functions refuse a bad time even when the lock is free: such a call goes straight to the real
 * one.
 */
#include <pthread.h>

#include "tracepoints/holds.h"
#include "tracepoints/real.h"
#include "tracepoints/shared_objects.h"
#include "tracepoints/waits.h"

/* What all wrappers do with the result of taking a lock. */
static RECORDING int taken(const pthread_rwlock_t *lock, int result, const void *site)
{
    if (result == 0)
        holds_add(lock, site);
    return result;
}

/* A lock that is not free is waited for. A writer that has it is known by name, readers only by their lists.
 */
static void begin(struct wait *wait, enum exectrace_wait_kind kind, const pthread_rwlock_t *lock,
                  const void *site)
{
    wait_begin(wait, kind, wait_object(lock), site);
    wait_is_held_by(wait, __atomic_load_n(&lock->__data.__cur_writer, __ATOMIC_RELAXED));
}

static int end(struct wait *wait, const pthread_rwlock_t *lock, int result, const void *site)
{
    wait_end(wait, wait_outcome(result));
    return taken(lock, result, site);
}

WRAPPER int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return waits_are_recorded()
               ? taken(lock, real.pthread_rwlock_tryrdlock(lock), __builtin_return_address(0))
               : real.pthread_rwlock_tryrdlock(lock);
}

WRAPPER int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return waits_are_recorded()
               ? taken(lock, real.pthread_rwlock_trywrlock(lock), __builtin_return_address(0))
               : real.pthread_rwlock_trywrlock(lock);
}

static RECORDING int recording_rdlock(pthread_rwlock_t *lock, const void *site)
{
    int result = real.pthread_rwlock_tryrdlock(lock);

    if (result != EBUSY)
        return taken(lock, result, site);

    WAIT_SCOPE(wait);
    begin(&wait, EXECTRACE_WAIT_RWLOCK_READ, lock, site);
    result = real.pthread_rwlock_rdlock(lock);
    return end(&wait, lock, result, site);
}

WRAPPER int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return waits_are_recorded() ? recording_rdlock(lock, __builtin_return_address(0))
                                : real.pthread_rwlock_rdlock(lock);
}

static RECORDING int recording_wrlock(pthread_rwlock_t *lock, const void *site)
{
    int result = real.pthread_rwlock_trywrlock(lock);

    if (result != EBUSY)
        return taken(lock, result, site);

    WAIT_SCOPE(wait);
    begin(&wait, EXECTRACE_WAIT_RWLOCK_WRITE, lock, site);
    result = real.pthread_rwlock_wrlock(lock);
    return end(&wait, lock, result, site);
}

WRAPPER int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return waits_are_recorded() ? recording_wrlock(lock, __builtin_return_address(0))
                                : real.pthread_rwlock_wrlock(lock);
}

WRAPPER int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.pthread_rwlock_timedrdlock(lock, until);
    result = real.pthread_rwlock_tryrdlock(lock);
    if (result != EBUSY)
        return taken(lock, result, __builtin_return_address(0));

    WAIT_SCOPE(wait);
    begin(&wait, EXECTRACE_WAIT_RWLOCK_READ, lock, __builtin_return_address(0));
    result = real.pthread_rwlock_timedrdlock(lock, until);
    return end(&wait, lock, result, __builtin_return_address(0));
}

WRAPPER int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.pthread_rwlock_timedwrlock(lock, until);
    result = real.pthread_rwlock_trywrlock(lock);
    if (result != EBUSY)
        return taken(lock, result, __builtin_return_address(0));

    WAIT_SCOPE(wait);
    begin(&wait, EXECTRACE_WAIT_RWLOCK_WRITE, lock, __builtin_return_address(0));
    result = real.pthread_rwlock_timedwrlock(lock, until);
    return end(&wait, lock, result, __builtin_return_address(0));
}

WRAPPER int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                       const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.pthread_rwlock_clockrdlock(lock, clock, until);
    result = real.pthread_rwlock_tryrdlock(lock);
    if (result != EBUSY)
        return taken(lock, result, __builtin_return_address(0));

    WAIT_SCOPE(wait);
    begin(&wait, EXECTRACE_WAIT_RWLOCK_READ, lock, __builtin_return_address(0));
    result = real.pthread_rwlock_clockrdlock(lock, clock, until);
    return end(&wait, lock, result, __builtin_return_address(0));
}

WRAPPER int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                       const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.pthread_rwlock_clockwrlock(lock, clock, until);
    result = real.pthread_rwlock_trywrlock(lock);
    if (result != EBUSY)
        return taken(lock, result, __builtin_return_address(0));

    WAIT_SCOPE(wait);
    begin(&wait, EXECTRACE_WAIT_RWLOCK_WRITE, lock, __builtin_return_address(0));
    result = real.pthread_rwlock_clockwrlock(lock, clock, until);
    return end(&wait, lock, result, __builtin_return_address(0));
}

/* A release wakes readers and writers alike; the kind says which of them releases. */
static void wake_waiters(const pthread_rwlock_t *lock, const void *site)
{
    enum exectrace_wait_kind kind =
        lock->__data.__cur_writer != 0 ? EXECTRACE_WAIT_RWLOCK_WRITE : EXECTRACE_WAIT_RWLOCK_READ;

    wake(kind, lock, site);
    if (rwlock_is_awaited_elsewhere(lock))
        wake_elsewhere(kind, lock, site);
}

static RECORDING int recording_unlock(pthread_rwlock_t *lock, const void *site)
{
    if (waits_are_recorded())
        wake_waiters(lock, site);
    holds_remove(lock);
    return real.pthread_rwlock_unlock(lock);
}

WRAPPER int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    return waits_are_recorded() || holds_has_any() ? recording_unlock(lock, __builtin_return_address(0))
                                                   : real.pthread_rwlock_unlock(lock);
}
