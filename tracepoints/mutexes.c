/*
 * Wrappers of mutexes and spin locks, POSIX and C11; called on any thread of the program.
 *
 * A lock is tried first: when that succeeds, nothing was waited for and nothing is recorded. Trying answers
 * as locking does for recursive, robust (EOWNERDEAD, ENOTRECOVERABLE) and priority-inheriting mutexes;
 * whatever it cannot answer itself it calls EBUSY (also an error-checking mutex that the caller owns), and
 * then the real lock function decides.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <threads.h>

#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

/* In glibc's __data.__kind: what PTHREAD_MUTEX_ROBUST and PTHREAD_PROCESS_SHARED set. */
#define ROBUST_KIND 16
#define PSHARED_KIND 128u

#define OWNER_READ_ATTEMPTS 100u

/* glibc's states of __data.__lock. */
enum { LOCK_FREE = 0, LOCK_TAKEN = 1, LOCK_CONTENDED = 2 };

/*
 * A plain mutex (the default type, private to the process) is taken and released here, with the operations
 * that glibc itself does: calling the real functions for it would cost more than all the rest. The calling
 * thread's id as owner, or 0 where its own functions must do it: a type other than plain, a libc that we do
 * not know, or a thread's first time here.
 */
static inline int32_t plain_owner(const pthread_mutex_t *mutex)
{
    return __atomic_load_n(&mutex->__data.__kind, __ATOMIC_RELAXED) == PTHREAD_MUTEX_TIMED_NP
               ? guard_words.lock_owner
               : 0;
}

/* Does unlocking really release? Not for the inner levels of a recursive mutex, nor for one not owned. */
static bool unlock_releases(const pthread_mutex_t *mutex)
{
    int type = mutex->__data.__kind & 3;

    if (type != PTHREAD_MUTEX_RECURSIVE && type != PTHREAD_MUTEX_ERRORCHECK)
        return true;
    return guard_words.block != NULL && mutex->__data.__owner == guard_words.block->tid &&
           mutex->__data.__count <= 1;
}

static void wake_waiters(const pthread_mutex_t *mutex, const void *site)
{
    if (waiters_has_any(mutex) && unlock_releases(mutex))
        wake_marked(EXECTRACE_WAIT_MUTEX, wait_object(mutex), site);
}

/*
 * Is this mutex one that can be waited for here: plain, recursive or error-checking, nothing more than these,
 * of a libc that we know, and not the calling thread's own?
 */
static bool can_wait_here(const pthread_mutex_t *mutex)
{
    int kind = mutex->__data.__kind;

    return ((unsigned)kind & ~PSHARED_KIND) <= PTHREAD_MUTEX_ERRORCHECK_NP && guard_words.lock_owner != 0 &&
           (mutex->__data.__owner != guard_words.lock_owner || kind == PTHREAD_MUTEX_TIMED_NP);
}

/* Who took the mutex says so a moment later. */
static int32_t holder_of(const pthread_mutex_t *mutex)
{
    int32_t owner = 0;

    for (uint32_t i = 0; i < OWNER_READ_ATTEMPTS && owner == 0; i++)
        owner = __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED);
    return owner;
}

/*
 * Waits as glibc does, and says before each sleep who holds the mutex: threads that come later take it, too,
 * and when it is never released again, the last of them is to blame.
 */
static void wait_for_mutex(pthread_mutex_t *mutex, const struct wait *wait)
{
    int flag = ((unsigned)mutex->__data.__kind & PSHARED_KIND) != 0 ? 0 : FUTEX_PRIVATE_FLAG;

    while (__atomic_exchange_n(&mutex->__data.__lock, LOCK_CONTENDED, __ATOMIC_ACQUIRE) != LOCK_FREE) {
        wait_is_held_by(wait, holder_of(mutex));
        raw_syscall6(SYS_futex, (long)(uintptr_t)&mutex->__data.__lock, FUTEX_WAIT | flag, LOCK_CONTENDED, 0,
                     0, 0);
    }
    if (((unsigned)mutex->__data.__kind & ~PSHARED_KIND) == PTHREAD_MUTEX_RECURSIVE_NP)
        mutex->__data.__count = 1;
    mutex->__data.__owner = guard_words.lock_owner;
    mutex->__data.__nusers++;
}

static __attribute__((noinline)) int lock_slowly(pthread_mutex_t *mutex, const void *site)
{
    WAIT_SCOPE(wait);
    int result = 0;

    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), site);
    if (can_wait_here(mutex))
        wait_for_mutex(mutex, &wait);
    else
        result = real.pthread_mutex_lock(mutex);
    wait_end(&wait, wait_outcome(result));
    return result;
}

/*
 * Trying a robust mutex that is beyond recovery leaves it locked in glibc (2.36 at least), so those are
 * looked at instead: the owner's id in the lock word. One that is taken in between is waited for unseen.
 */
static bool is_robust(const pthread_mutex_t *mutex)
{
    return (mutex->__data.__kind & ROBUST_KIND) != 0;
}

static bool is_robust_and_free(const pthread_mutex_t *mutex)
{
    return is_robust(mutex) &&
           (__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) & FUTEX_TID_MASK) == 0;
}

/* Takes the mutex if that needs no waiting. Robust ones have been looked at. */
static int try_lock(pthread_mutex_t *mutex)
{
    return is_robust(mutex) ? EBUSY : real.pthread_mutex_trylock(mutex);
}

/* All but plain mutexes. */
static __attribute__((noinline)) int lock_any(pthread_mutex_t *mutex, const void *site)
{
    int result;

    threads_learn_lock_owner();
    if (!waits_are_recorded() || is_robust_and_free(mutex))
        return real.pthread_mutex_lock(mutex);
    result = try_lock(mutex);
    return result != EBUSY ? result : lock_slowly(mutex, site);
}

static __attribute__((noinline)) int unlock_any(pthread_mutex_t *mutex, const void *site)
{
    if (waits_are_recorded())
        wake_waiters(mutex, site);
    return real.pthread_mutex_unlock(mutex);
}

WRAPPER int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int32_t owner = plain_owner(mutex);
    int state = LOCK_FREE;

    if (unlikely(owner == 0))
        return lock_any(mutex, __builtin_return_address(0));
    if (likely(__atomic_compare_exchange_n(&mutex->__data.__lock, &state, LOCK_TAKEN, false, __ATOMIC_ACQUIRE,
                                           __ATOMIC_RELAXED))) {
        mutex->__data.__owner = owner;
        mutex->__data.__nusers++;
        return 0;
    }
    if (waits_are_recorded())
        return lock_slowly(mutex, __builtin_return_address(0));
    return real.pthread_mutex_lock(mutex);
}

/* Somebody waits in the kernel, so somebody may be marked. */
static __attribute__((noinline)) void unlock_contended(pthread_mutex_t *mutex, const void *site)
{
    if (waits_are_recorded())
        wake_waiters(mutex, site);
}

WRAPPER int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (unlikely(plain_owner(mutex) == 0))
        return unlock_any(mutex, __builtin_return_address(0));
    if (unlikely(__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) == LOCK_CONTENDED))
        unlock_contended(mutex, __builtin_return_address(0));
    mutex->__data.__owner = 0;
    mutex->__data.__nusers--;
    if (unlikely(__atomic_exchange_n(&mutex->__data.__lock, LOCK_FREE, __ATOMIC_RELEASE) == LOCK_CONTENDED))
        raw_syscall3(SYS_futex, (long)(uintptr_t)&mutex->__data.__lock, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
    return 0;
}

WRAPPER int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || is_robust_and_free(mutex))
        return real.pthread_mutex_timedlock(mutex, until);
    result = try_lock(mutex);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.pthread_mutex_timedlock(mutex, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                    const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until) || is_robust_and_free(mutex))
        return real.pthread_mutex_clocklock(mutex, clock, until);
    result = try_lock(mutex);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.pthread_mutex_clocklock(mutex, clock, until);
    wait_end(&wait, wait_outcome(result));
    return result;
}

/* C11: mtx_t is a pthread_mutex_t, but libc's mtx_* do not come through the wrappers above. */
WRAPPER int mtx_lock(mtx_t *mutex)
{
    int result;

    if (!waits_are_recorded())
        return real.mtx_lock(mutex);
    result = real.mtx_trylock(mutex);
    if (result != thrd_busy)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), __builtin_return_address(0));
    result = real.mtx_lock(mutex);
    wait_end(&wait, result == thrd_success ? EXECTRACE_OUTCOME_ACQUIRED : EXECTRACE_OUTCOME_ERROR);
    return result;
}

WRAPPER int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.mtx_timedlock(mutex, until);
    result = real.mtx_trylock(mutex);
    if (result != thrd_busy)
        return result;

    WAIT_SCOPE(wait);
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
        wake_waiters((const pthread_mutex_t *)mutex, __builtin_return_address(0));
    return real.mtx_unlock(mutex);
}

WRAPPER int pthread_spin_lock(pthread_spinlock_t *lock)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_spin_lock(lock);
    result = real.pthread_spin_trylock(lock);
    if (result != EBUSY)
        return result;

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_SPIN, wait_object((const void *)lock), __builtin_return_address(0));
    result = real.pthread_spin_lock(lock);
    wait_end(&wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_SPIN, (const void *)lock, __builtin_return_address(0));
    return real.pthread_spin_unlock(lock);
}
