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

#include "tracepoints/holds.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/shared_objects.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

/* In glibc's __data.__kind: what PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT and PTHREAD_PROCESS_SHARED set.
 */
#define ROBUST_KIND 16
#define PRIO_INHERIT_KIND 32
#define PSHARED_KIND 128u
/* Set for PTHREAD_MUTEX_NORMAL where it is asked for by name, by C11's mtx_init, too; plain all the same. */
#define NO_ELISION_KIND 512u

/* How often an adaptive mutex is looked at before its waiter sleeps, as in glibc. */
#define MIN_SPINS 10
#define MAX_SPINS 100

#define OWNER_READ_ATTEMPTS 100u

/* glibc's states of __data.__lock. */
enum { LOCK_FREE = 0, LOCK_TAKEN = 1, LOCK_CONTENDED = 2 };

/* The default type or the normal one, private to the process. */
static inline bool is_plain(const pthread_mutex_t *mutex)
{
    return ((unsigned)__atomic_load_n(&mutex->__data.__kind, __ATOMIC_RELAXED) & ~NO_ELISION_KIND) ==
           PTHREAD_MUTEX_TIMED_NP;
}

/* The type, as far as it says how a mutex is waited for. */
static inline unsigned type_of(const pthread_mutex_t *mutex)
{
    return (unsigned)mutex->__data.__kind & ~(PSHARED_KIND | NO_ELISION_KIND);
}

/*
 * A plain mutex is taken and released here, with the operations that glibc itself does: calling the real
 * functions for it would cost more than all the rest. The calling thread's id as owner, or 0 where its own
 * functions must do it: a type other than plain, a libc that we do not know, or a thread's first time here.
 */
static inline int32_t plain_owner(const pthread_mutex_t *mutex)
{
    return is_plain(mutex) ? guard_words.lock_owner : 0;
}

/* Kinds that are waited for inside libc: robust, priority-inheriting or -protecting, elided. */
static bool is_waited_for_by_libc(const pthread_mutex_t *mutex)
{
    return type_of(mutex) > PTHREAD_MUTEX_ADAPTIVE_NP;
}

/* What all wrappers do with the result of taking a mutex. */
static int taken(const pthread_mutex_t *mutex, int result, const void *site)
{
    if (unlikely(is_waited_for_by_libc(mutex)) && (result == 0 || result == EOWNERDEAD))
        holds_add(mutex, site);
    return result;
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
    if (mutex_is_awaited_elsewhere(mutex) && unlock_releases(mutex))
        wake_elsewhere(EXECTRACE_WAIT_MUTEX, mutex, site);
}

/*
 * Is this mutex one that can be waited for here: of a libc that we know, and none of which libc's function
 * says that the calling thread has it already?
 */
static bool can_wait_here(const pthread_mutex_t *mutex)
{
    unsigned type = type_of(mutex);
    bool has_check = type == PTHREAD_MUTEX_RECURSIVE_NP || type == PTHREAD_MUTEX_ERRORCHECK_NP;

    return !is_waited_for_by_libc(mutex) && guard_words.lock_owner != 0 &&
           !(has_check && mutex->__data.__owner == guard_words.lock_owner);
}

/* Who took the mutex says so a moment later. */
static int32_t holder_of(const pthread_mutex_t *mutex)
{
    int32_t owner = 0;

    for (uint32_t i = 0; i < OWNER_READ_ATTEMPTS && owner == 0; i++)
        owner = __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED);
    return owner;
}

/* Of a mutex that is waited for inside libc; later holders list it (holds.h). */
static int32_t holder_at_start(const pthread_mutex_t *mutex)
{
    bool has_tid_in_lock = (mutex->__data.__kind & (ROBUST_KIND | PRIO_INHERIT_KIND)) != 0;

    return has_tid_in_lock ? (int32_t)((unsigned)__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) &
                                       FUTEX_TID_MASK)
                           : __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED);
}

/* The time until which a mutex is waited for. */
struct limit {
    clockid_t clock;
    const struct timespec *until; /* NULL: for ever */
};

/* Sleeps until the mutex may be free. */
static long sleep_for_mutex(pthread_mutex_t *mutex, const struct limit *limit)
{
    int operation = FUTEX_WAIT_BITSET;

    if (((unsigned)mutex->__data.__kind & PSHARED_KIND) == 0)
        operation |= FUTEX_PRIVATE_FLAG;
    if (limit->until != NULL && limit->until->tv_sec < 0) /* which the kernel would not take */
        return -ETIMEDOUT;
    if (limit->until != NULL && limit->clock == CLOCK_REALTIME)
        operation |= FUTEX_CLOCK_REALTIME;
    return raw_syscall6(SYS_futex, (long)(uintptr_t)&mutex->__data.__lock, operation, LOCK_CONTENDED,
                        (long)(uintptr_t)limit->until, 0, FUTEX_BITSET_MATCH_ANY);
}

/* An adaptive mutex is spun for, at first. True: taken. */
static bool spin_for_mutex(pthread_mutex_t *mutex)
{
    int spins = mutex->__data.__spins, limit = spins * 2 + MIN_SPINS, count = 0, state;

    if (limit > MAX_SPINS)
        limit = MAX_SPINS;
    do {
        __builtin_ia32_pause();
        state = __atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED);
        if (state == LOCK_FREE && __atomic_compare_exchange_n(&mutex->__data.__lock, &state, LOCK_TAKEN,
                                                              false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            break;
    } while (++count < limit);
    mutex->__data.__spins = (short)(spins + (count - spins) / 8);
    return count < limit;
}

/*
 * Waits as glibc does, and says before each sleep who holds the mutex: threads that come later take it, too,
 * and when it is never released again, the last of them is to blame. 0 or ETIMEDOUT.
 */
static int wait_for_mutex(pthread_mutex_t *mutex, const struct wait *wait, const struct limit *limit)
{
    unsigned type = type_of(mutex);

    if (type != PTHREAD_MUTEX_ADAPTIVE_NP || !spin_for_mutex(mutex)) {
        while (__atomic_exchange_n(&mutex->__data.__lock, LOCK_CONTENDED, __ATOMIC_ACQUIRE) != LOCK_FREE) {
            wait_is_held_by(wait, holder_of(mutex));
            if (sleep_for_mutex(mutex, limit) == -ETIMEDOUT)
                return ETIMEDOUT;
        }
    }
    if (type == PTHREAD_MUTEX_RECURSIVE_NP)
        mutex->__data.__count = 1;
    mutex->__data.__owner = guard_words.lock_owner;
    mutex->__data.__nusers++;
    return 0;
}

static int lock_in_libc(pthread_mutex_t *mutex, const struct limit *limit)
{
    return limit->until == NULL ? real.pthread_mutex_lock(mutex)
                                : real.pthread_mutex_clocklock(mutex, limit->clock, limit->until);
}

static __attribute__((noinline)) int lock_slowly(pthread_mutex_t *mutex, const struct limit *limit,
                                                 const void *site)
{
    WAIT_SCOPE(wait);
    int result;

    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(mutex), site);
    if (can_wait_here(mutex)) {
        result = wait_for_mutex(mutex, &wait, limit);
    } else {
        wait_is_held_by(&wait, holder_at_start(mutex));
        result = lock_in_libc(mutex, limit);
    }
    wait_end(&wait, wait_outcome(result));
    if (result == 0 || result == EOWNERDEAD) /* other waiters sleep on, and do not see it */
        holds_add(mutex, site);
    return result;
}

static const struct limit no_limit = {.until = NULL};

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

/* Tries, then waits. Not for robust mutexes that are free. */
static int lock_or_wait(pthread_mutex_t *mutex, const struct limit *limit, const void *site)
{
    int result = try_lock(mutex);

    threads_learn_lock_owner();
    return result != EBUSY ? taken(mutex, result, site) : lock_slowly(mutex, limit, site);
}

/* All but plain mutexes. */
static __attribute__((noinline)) int lock_any(pthread_mutex_t *mutex, const void *site)
{
    threads_learn_lock_owner();
    if (!waits_are_recorded())
        return real.pthread_mutex_lock(mutex);
    return is_robust_and_free(mutex) ? taken(mutex, real.pthread_mutex_lock(mutex), site)
                                     : lock_or_wait(mutex, &no_limit, site);
}

static __attribute__((noinline)) int unlock_any(pthread_mutex_t *mutex, const void *site)
{
    if (waits_are_recorded())
        wake_waiters(mutex, site);
    holds_remove(mutex);
    return real.pthread_mutex_unlock(mutex);
}

WRAPPER int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int32_t owner = plain_owner(mutex);
    int state = LOCK_FREE;

    if (unlikely(owner == 0))
        return waits_are_recorded() || is_plain(mutex) ? lock_any(mutex, __builtin_return_address(0))
                                                       : real.pthread_mutex_lock(mutex);
    if (likely(__atomic_compare_exchange_n(&mutex->__data.__lock, &state, LOCK_TAKEN, false, __ATOMIC_ACQUIRE,
                                           __ATOMIC_RELAXED))) {
        mutex->__data.__owner = owner;
        mutex->__data.__nusers++;
        return 0;
    }
    if (waits_are_recorded())
        return lock_slowly(mutex, &no_limit, __builtin_return_address(0));
    return real.pthread_mutex_lock(mutex);
}

/* Somebody waits in the kernel, so somebody may be marked; or the caller has waited, which leaves this state,
 * too. */
static __attribute__((noinline)) void unlock_contended(pthread_mutex_t *mutex, const void *site)
{
    holds_remove(mutex);
    if (waits_are_recorded())
        wake_waiters(mutex, site);
}

WRAPPER int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (unlikely(plain_owner(mutex) == 0))
        return waits_are_recorded() || holds_has_any() ? unlock_any(mutex, __builtin_return_address(0))
                                                       : real.pthread_mutex_unlock(mutex);
    if (unlikely(__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) == LOCK_CONTENDED))
        unlock_contended(mutex, __builtin_return_address(0));
    mutex->__data.__owner = 0;
    mutex->__data.__nusers--;
    if (unlikely(__atomic_exchange_n(&mutex->__data.__lock, LOCK_FREE, __ATOMIC_RELEASE) == LOCK_CONTENDED))
        raw_syscall3(SYS_futex, (long)(uintptr_t)&mutex->__data.__lock, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
    return 0;
}

WRAPPER int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (likely(!is_waited_for_by_libc(mutex)) || !waits_are_recorded())
        return real.pthread_mutex_trylock(mutex);
    return taken(mutex, real.pthread_mutex_trylock(mutex), __builtin_return_address(0));
}

WRAPPER int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    const struct limit limit = {.clock = CLOCK_REALTIME, .until = until};

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.pthread_mutex_timedlock(mutex, until);
    if (is_robust_and_free(mutex))
        return taken(mutex, real.pthread_mutex_timedlock(mutex, until), __builtin_return_address(0));
    return lock_or_wait(mutex, &limit, __builtin_return_address(0));
}

WRAPPER int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                    const struct timespec *restrict until)
{
    const struct limit limit = {.clock = clock, .until = until};

    if (!waits_are_recorded() || !wait_time_is_valid(clock, until))
        return real.pthread_mutex_clocklock(mutex, clock, until);
    if (is_robust_and_free(mutex))
        return taken(mutex, real.pthread_mutex_clocklock(mutex, clock, until), __builtin_return_address(0));
    return lock_or_wait(mutex, &limit, __builtin_return_address(0));
}

/* How C11's functions say what POSIX's do. */
static int c11_result(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ETIMEDOUT:
        return thrd_timedout;
    default:
        return thrd_error;
    }
}

/* C11: mtx_t is a pthread_mutex_t, but libc's mtx_* do not come through the wrappers above. */
WRAPPER int mtx_lock(mtx_t *mutex)
{
    return waits_are_recorded()
               ? c11_result(lock_or_wait((pthread_mutex_t *)mutex, &no_limit, __builtin_return_address(0)))
               : real.mtx_lock(mutex);
}

WRAPPER int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    const struct limit limit = {.clock = CLOCK_REALTIME, .until = until};

    if (!waits_are_recorded() || !wait_time_is_valid(CLOCK_REALTIME, until))
        return real.mtx_timedlock(mutex, until);
    return c11_result(lock_or_wait((pthread_mutex_t *)mutex, &limit, __builtin_return_address(0)));
}

WRAPPER int mtx_unlock(mtx_t *mutex)
{
    if (waits_are_recorded())
        wake_waiters((const pthread_mutex_t *)mutex, __builtin_return_address(0));
    holds_remove(mutex);
    return real.mtx_unlock(mutex);
}

/* Nothing in a spin lock says who has it. */
static int spin_taken(pthread_spinlock_t *lock, int result, const void *site)
{
    if (result == 0)
        holds_add((const void *)lock, site);
    return result;
}

static RECORDING int recording_spin_lock(pthread_spinlock_t *lock, const void *site)
{
    int result = real.pthread_spin_trylock(lock);

    if (result != EBUSY)
        return spin_taken(lock, result, site);

    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_SPIN, wait_object((const void *)lock), site);
    result = real.pthread_spin_lock(lock);
    wait_end(&wait, wait_outcome(result));
    return spin_taken(lock, result, site);
}

WRAPPER int pthread_spin_lock(pthread_spinlock_t *lock)
{
    return waits_are_recorded() ? recording_spin_lock(lock, __builtin_return_address(0))
                                : real.pthread_spin_lock(lock);
}

WRAPPER int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    int result = real.pthread_spin_trylock(lock);

    return waits_are_recorded() ? spin_taken(lock, result, __builtin_return_address(0)) : result;
}

WRAPPER int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_SPIN, (const void *)lock, __builtin_return_address(0));
    holds_remove((const void *)lock);
    return real.pthread_spin_unlock(lock);
}
