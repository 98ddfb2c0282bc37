/*
 * Wrappers of condition variables, POSIX and C11; called on any thread of the program. A wait runs from the
 * call to its return and includes getting the mutex back. It also releases the mutex, for which somebody may
 * wait.
 *
 * The functions have a symbol version of 2.2.5 with another layout of pthread_cond_t; exports.map gives both
 * versions.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <threads.h>

#include "tracepoints/holds.h"
#include "tracepoints/real.h"
#include "tracepoints/shared_objects.h"
#include "tracepoints/waits.h"

#define VERSIONED WRAPPER __attribute__((used))

__asm__(".symver new_cond_wait, pthread_cond_wait@@GLIBC_2.3.2, remove");
__asm__(".symver new_cond_timedwait, pthread_cond_timedwait@@GLIBC_2.3.2, remove");
__asm__(".symver new_cond_signal, pthread_cond_signal@@GLIBC_2.3.2, remove");
__asm__(".symver new_cond_broadcast, pthread_cond_broadcast@@GLIBC_2.3.2, remove");
__asm__(".symver old_cond_wait, pthread_cond_wait@GLIBC_2.2.5, remove");
__asm__(".symver old_cond_timedwait, pthread_cond_timedwait@GLIBC_2.2.5, remove");
__asm__(".symver old_cond_signal, pthread_cond_signal@GLIBC_2.2.5, remove");
__asm__(".symver old_cond_broadcast, pthread_cond_broadcast@GLIBC_2.2.5, remove");

int new_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex);
int new_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                       const struct timespec *restrict until);
int new_cond_signal(pthread_cond_t *cond);
int new_cond_broadcast(pthread_cond_t *cond);
int old_cond_wait(void *cond, pthread_mutex_t *mutex);
int old_cond_timedwait(void *cond, pthread_mutex_t *mutex, const struct timespec *until);
int old_cond_signal(void *cond);
int old_cond_broadcast(void *cond);

/* The wait itself is the caller's; this is what comes before it. True: the thread lists the mutex as held. */
static bool begin(struct wait *wait, const void *cond, const void *mutex, const void *site)
{
    wait_begin(wait, EXECTRACE_WAIT_COND, wait_object(cond), site);
    wake(EXECTRACE_WAIT_MUTEX, mutex, site);
    if (mutex_is_awaited_elsewhere(mutex))
        wake_elsewhere(EXECTRACE_WAIT_MUTEX, mutex, site);
    return holds_remove(mutex);
}

/* What comes after it. A thread that was cancelled has the mutex unlisted until it ends or releases it. */
static void end(struct wait *wait, enum exectrace_wait_outcome outcome, const void *mutex, bool was_listed)
{
    wait_end(wait, outcome);
    if (was_listed)
        holds_add(mutex, wait->site);
}

VERSIONED int new_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_cond_wait(cond, mutex);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.pthread_cond_wait(cond, mutex);
    end(&wait, wait_outcome(result), mutex, is_listed);
    return result;
}

VERSIONED int new_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                 const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_cond_timedwait(cond, mutex, until);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.pthread_cond_timedwait(cond, mutex, until);
    end(&wait, wait_outcome(result), mutex, is_listed);
    return result;
}

WRAPPER int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                   clockid_t clock, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.pthread_cond_clockwait(cond, mutex, clock, until);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.pthread_cond_clockwait(cond, mutex, clock, until);
    end(&wait, wait_outcome(result), mutex, is_listed);
    return result;
}

static void wake_waiters(const pthread_cond_t *cond, const void *site)
{
    wake(EXECTRACE_WAIT_COND, cond, site);
    if (cond_is_awaited_elsewhere(cond))
        wake_elsewhere(EXECTRACE_WAIT_COND, cond, site);
}

VERSIONED int new_cond_signal(pthread_cond_t *cond)
{
    if (waits_are_recorded())
        wake_waiters(cond, __builtin_return_address(0));
    return real.pthread_cond_signal(cond);
}

VERSIONED int new_cond_broadcast(pthread_cond_t *cond)
{
    if (waits_are_recorded())
        wake_waiters(cond, __builtin_return_address(0));
    return real.pthread_cond_broadcast(cond);
}

WRAPPER int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    int result;

    if (!waits_are_recorded())
        return real.cnd_wait(cond, mutex);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.cnd_wait(cond, mutex);
    end(&wait, c11_wait_outcome(result), mutex, is_listed);
    return result;
}

WRAPPER int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until)
{
    int result;

    if (!waits_are_recorded())
        return real.cnd_timedwait(cond, mutex, until);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = real.cnd_timedwait(cond, mutex, until);
    end(&wait, c11_wait_outcome(result), mutex, is_listed);
    return result;
}

WRAPPER int cnd_signal(cnd_t *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond, __builtin_return_address(0));
    return real.cnd_signal(cond);
}

WRAPPER int cnd_broadcast(cnd_t *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond, __builtin_return_address(0));
    return real.cnd_broadcast(cond);
}

/*
 * Programs linked before 2003. Nothing else needs these functions, so each is found at its first call; libc's
 * go on to the newer ones by themselves. The object is the old condition's address.
 */
#define OLD_FUNCTION(name, result, ...)                                                                      \
    static result (*find_old_##name(void))(__VA_ARGS__)                                                      \
    {                                                                                                        \
        static result (*found)(__VA_ARGS__);                                                                 \
        result (*function)(__VA_ARGS__) = __atomic_load_n(&found, __ATOMIC_ACQUIRE);                         \
                                                                                                             \
        if (function == NULL) {                                                                              \
            function = dlvsym(RTLD_NEXT, "pthread_cond_" #name, "GLIBC_2.2.5");                              \
            __atomic_store_n(&found, function, __ATOMIC_RELEASE);                                            \
        }                                                                                                    \
        return function;                                                                                     \
    }

OLD_FUNCTION(wait, int, void *, pthread_mutex_t *)
OLD_FUNCTION(timedwait, int, void *, pthread_mutex_t *, const struct timespec *)
OLD_FUNCTION(signal, int, void *)
OLD_FUNCTION(broadcast, int, void *)

VERSIONED int old_cond_wait(void *cond, pthread_mutex_t *mutex)
{
    int result;

    if (!waits_are_recorded())
        return find_old_wait()(cond, mutex);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = find_old_wait()(cond, mutex);
    end(&wait, wait_outcome(result), mutex, is_listed);
    return result;
}

VERSIONED int old_cond_timedwait(void *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    int result;

    if (!waits_are_recorded())
        return find_old_timedwait()(cond, mutex, until);

    WAIT_SCOPE(wait);
    bool is_listed = begin(&wait, cond, mutex, __builtin_return_address(0));
    result = find_old_timedwait()(cond, mutex, until);
    end(&wait, wait_outcome(result), mutex, is_listed);
    return result;
}

VERSIONED int old_cond_signal(void *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond, __builtin_return_address(0));
    return find_old_signal()(cond);
}

VERSIONED int old_cond_broadcast(void *cond)
{
    if (waits_are_recorded())
        wake(EXECTRACE_WAIT_COND, cond, __builtin_return_address(0));
    return find_old_broadcast()(cond);
}
