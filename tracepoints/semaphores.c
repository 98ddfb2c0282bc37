/*
 * Wrappers of semaphores, named and unnamed; called on any thread of the program, sem_post also from signal
 * handlers. Tried first, as mutexes are (mutexes.c); since sem_wait is a cancellation point even when it need
 * not wait, a pending cancellation acts before the try.
 */
#include <pthread.h>
#include <semaphore.h>

#include "tracepoints/real.h"
#include "tracepoints/shared_objects.h"
#include "tracepoints/waits.h"

/* Takes the semaphore if that needs no waiting; errno stays as it was either way. */
static bool take_at_once(sem_t *semaphore)
{
    int saved_errno = errno;
    bool is_taken;

    pthread_testcancel();
    is_taken = real.sem_trywait(semaphore) == 0;
    errno = saved_errno;
    return is_taken;
}

static RECORDING int recording_wait(sem_t *semaphore, const void *site)
{
    int result;

    if (take_at_once(semaphore))
        return 0;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_SEMAPHORE, wait_object(semaphore), site);
    result = real.sem_wait(semaphore);
    wait_end(&wait, wait_outcome(result == 0 ? 0 : errno));
    return result;
}

WRAPPER int sem_wait(sem_t *semaphore)
{
    return waits_are_recorded() ? recording_wait(semaphore, __builtin_return_address(0))
                                : real.sem_wait(semaphore);
}

WRAPPER int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.sem_timedwait(semaphore, until);
    if (take_at_once(semaphore))
        return 0;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_SEMAPHORE, wait_object(semaphore), __builtin_return_address(0));
    result = real.sem_timedwait(semaphore, until);
    wait_end(&wait, wait_outcome(result == 0 ? 0 : errno));
    return result;
}

WRAPPER int sem_clockwait(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.sem_clockwait(semaphore, clock, until);
    if (take_at_once(semaphore))
        return 0;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_SEMAPHORE, wait_object(semaphore), __builtin_return_address(0));
    result = real.sem_clockwait(semaphore, clock, until);
    wait_end(&wait, wait_outcome(result == 0 ? 0 : errno));
    return result;
}

static RECORDING int recording_post(sem_t *semaphore, const void *site)
{
    wake(EXECTRACE_WAIT_SEMAPHORE, semaphore, site);
    if (semaphore_is_awaited_elsewhere(semaphore))
        wake_elsewhere(EXECTRACE_WAIT_SEMAPHORE, semaphore, site);
    return real.sem_post(semaphore);
}

WRAPPER int sem_post(sem_t *semaphore)
{
    return waits_are_recorded() ? recording_post(semaphore, __builtin_return_address(0))
                                : real.sem_post(semaphore);
}
