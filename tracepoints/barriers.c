/*
 * Wrappers of barriers and of one-time initialisation, POSIX and C11; called on any thread of the program.
 */
#include <pthread.h>
#include <threads.h>

#include "tracepoints/holds.h"
#include "tracepoints/real.h"
#include "tracepoints/waits.h"

/* glibc's pthread_barrier_t (since 2.25), read only to see whether the caller is the last to arrive, and
 * whether threads of other processes may wait. */
struct barrier_layout {
    unsigned arrived;       /* in all rounds */
    unsigned current_round; /* `arrived` when the round began */
    unsigned count;
    int is_shared;
};

/* A once call in progress; lives in the wrapper's frame. */
struct once_scope {
    struct once_scope *outer; /* what `once_scope` was before */
    const void *object;
    const void *site; /* return address in the caller */
    void (*routine)(void);
    struct wait wait;
};

/* The calling thread's innermost once call whose routine it has not entered. */
static __thread struct once_scope *once_scope;

static bool is_last_to_arrive(const pthread_barrier_t *barrier)
{
    const struct barrier_layout *layout = (const struct barrier_layout *)(const void *)barrier;

    return __atomic_load_n(&layout->arrived, __ATOMIC_RELAXED) + 1 -
               __atomic_load_n(&layout->current_round, __ATOMIC_RELAXED) >=
           layout->count;
}

static bool is_shared(const pthread_barrier_t *barrier)
{
    return ((const struct barrier_layout *)(const void *)barrier)->is_shared != 0;
}

WRAPPER int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    WAIT_SCOPE(wait);
    int result;

    if (!waits_are_recorded())
        return real.pthread_barrier_wait(barrier);
    if (is_last_to_arrive(barrier)) {
        wake(EXECTRACE_WAIT_BARRIER, barrier, __builtin_return_address(0));
        if (is_shared(barrier))
            wake_elsewhere(EXECTRACE_WAIT_BARRIER, barrier, __builtin_return_address(0));
        return real.pthread_barrier_wait(barrier);
    }
    wait_begin(&wait, EXECTRACE_WAIT_BARRIER, wait_object(barrier), __builtin_return_address(0));
    result = real.pthread_barrier_wait(barrier);
    wait_end(&wait,
             result == PTHREAD_BARRIER_SERIAL_THREAD ? EXECTRACE_OUTCOME_ACQUIRED : wait_outcome(result));
    return result;
}

/* The routine is running. */
struct once_run {
    const void *object;
    const void *site;
};

/* When the routine is left, also by an exception or a cancellation: others go on. */
static void release_once(struct once_run *run)
{
    holds_remove(run->object);
    wake(EXECTRACE_WAIT_ONCE, run->object, run->site);
}

/* Runs in the place of the program's routine on the thread that was chosen to run it: that one did not wait.
 */
static void run_once_routine(void)
{
    struct once_scope *scope = once_scope;
    struct once_run run
        __attribute__((unused, cleanup(release_once))) = {.object = scope->object, .site = scope->site};

    wait_forget(&scope->wait);
    holds_add(scope->object, scope->site);
    once_scope = scope->outer;
    scope->routine();
}

/* Done is the only state in which nobody waits; glibc has kept its value (2) since the first version. */
static bool once_is_done(const void *once)
{
    return (__atomic_load_n((const int *)once, __ATOMIC_ACQUIRE) & 2) != 0;
}

static void enter_once(struct once_scope *scope, const void *once, void (*routine)(void), const void *site)
{
    scope->outer = once_scope;
    scope->object = once;
    scope->site = site;
    scope->routine = routine;
    scope->wait.is_open = false;
    wait_begin(&scope->wait, EXECTRACE_WAIT_ONCE, wait_object(once), site);
    once_scope = scope;
}

static void leave_once(struct once_scope *scope)
{
    once_scope = scope->outer;
    wait_abandoned(&scope->wait);
}

static __attribute__((noinline)) int once_slowly(pthread_once_t *once, void (*routine)(void),
                                                 const void *site)
{
    struct once_scope scope __attribute__((cleanup(leave_once)));
    int result;

    enter_once(&scope, once, routine, site);
    result = real.pthread_once(once, run_once_routine);
    wait_end(&scope.wait, wait_outcome(result));
    return result;
}

WRAPPER int pthread_once(pthread_once_t *once, void (*routine)(void))
{
    if (!waits_are_recorded() || once_is_done(once))
        return real.pthread_once(once, routine);
    return once_slowly(once, routine, __builtin_return_address(0));
}

/* C11's once_flag is a pthread_once_t, but libc's call_once does not come through the wrapper above. */
WRAPPER void call_once(once_flag *once, void (*routine)(void))
{
    struct once_scope scope __attribute__((cleanup(leave_once))) = {.outer = once_scope};

    if (!waits_are_recorded() || once_is_done(once)) {
        real.call_once(once, routine);
        return;
    }
    enter_once(&scope, once, routine, __builtin_return_address(0));
    real.call_once(once, run_once_routine);
    wait_end(&scope.wait, EXECTRACE_OUTCOME_ACQUIRED);
}
