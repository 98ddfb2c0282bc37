/* Waits and wakes: see waits.h. Runs on the waiting or releasing thread. */
#include "tracepoints/waits.h"

#include <string.h>

#include "tracepoints/clock.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/threads.h"

/* Marks the object, unless this thread waits for another already (a signal handler interrupted that wait). */
static void mark(struct wait *wait, struct thread_block *thread, uint64_t frame)
{
    if (thread->mark.line != NULL && thread->mark.frame <= frame)
        waiters_unmark(&thread->mark); /* longjmp left that wait */
    if (thread->mark.line != NULL)
        return;
    waiters_mark(&thread->mark, wait->object, wait->start_ns, frame);
    wait->is_marked = true;
}

void wait_begin(struct wait *wait, enum exectrace_wait_kind kind, uint64_t object, const void *site)
{
    int saved_errno = errno;
    struct state_operation operation = {.operation = EXECTRACE_OPERATION_SYNC};
    struct thread_block *thread;

    if (threads_is_tracer_code(site) || !(thread = guard_enter()))
        return;
    guard_hold_cancel_inside(thread, &thread->slot->operation);
    wait->start_ns = clock_now_ns();
    wait->object = object;
    wait->site = site;
    wait->kind = (uint8_t)kind;
    wait->is_marked = false;
    wait->stack = stacks_take_early(thread, wait->start_ns);
    sync_sums_flush_old(thread, wait->start_ns);
    operation.kind = (uint8_t)kind;
    operation.fd = -1;
    operation.stack = wait->stack;
    operation.object = object;
    operation.start_ns = wait->start_ns;
    operation.leaf_pc = (uint64_t)(uintptr_t)site;
    operation_begin(thread, &operation, &wait->outer);
    mark(wait, thread, operation.frame);
    wait->is_open = true;
    guard_leave();
    errno = saved_errno;
}

/* Takes the operation and the mark back. The guard is on. */
static void close_wait(struct wait *wait, struct thread_block *thread)
{
    guard_hold_cancel_inside(thread, &wait->outer);
    wait->is_open = false;
    if (wait->is_marked)
        waiters_unmark(&thread->mark);
    operation_end(thread, &wait->outer);
}

/* Who released the object during the wait. */
static bool find_release(const struct wait *wait, const struct thread_block *thread,
                         struct waiter_release *release)
{
    return waiters_find_release(wait->object, wait->start_ns, release) && release->tid != thread->tid;
}

/* A wait of at least the threshold. */
static void emit(const struct wait *wait, struct thread_block *thread, enum exectrace_wait_outcome outcome,
                 uint64_t now_ns, uint64_t duration_ns)
{
    struct waiter_release release = {.tid = 0};
    uint32_t stack = stacks_renew(thread, wait->stack, now_ns);
    bool is_woken = find_release(wait, thread, &release);
    bool is_compact = duration_ns <= UINT32_MAX && wait->object <= EXECTRACE_WHAT_OBJECT_LIMIT;
    uint64_t what = EXECTRACE_WHAT(wait->kind, outcome, wait->object);
    /* The waker read its clock a little before the waiter did, maybe on another CPU. */
    uint64_t since_wake_ns = is_woken && now_ns > release.time_ns ? now_ns - release.time_ns : 0;

    if (since_wake_ns > duration_ns)
        since_wake_ns = duration_ns;
    if (is_woken && is_compact && TRACING(exectrace_sync, wait_woken))
        lttng_ust_do_tracepoint(exectrace_sync, wait_woken, what, (uint32_t)duration_ns,
                                (uint32_t)since_wake_ns, EXECTRACE_WHO(release.tid, release.stack, stack));
    else if (!is_woken && is_compact && TRACING(exectrace_sync, wait_short))
        lttng_ust_do_tracepoint(exectrace_sync, wait_short, what, (uint32_t)duration_ns, stack);
    else
        lttng_ust_tracepoint(exectrace_sync, wait, wait->kind, (uint8_t)outcome, wait->object, duration_ns,
                             stack, is_woken ? release.tid : 0, is_woken ? release.stack : 0, since_wake_ns);
}

static void record(const struct wait *wait, struct thread_block *thread, enum exectrace_wait_outcome outcome)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t duration_ns = now_ns > wait->start_ns ? now_ns - wait->start_ns : 0; /* see clock.h */

    if (duration_ns >= settings.wait_threshold_ns)
        emit(wait, thread, outcome, now_ns, duration_ns);
    else
        sync_sums_add(thread, wait->kind, wait->object, wait->stack, now_ns, duration_ns);
}

void wait_end(struct wait *wait, enum exectrace_wait_outcome outcome)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (!wait->is_open || !(thread = guard_enter()))
        return;
    close_wait(wait, thread);
    record(wait, thread, outcome);
    guard_leave();
    errno = saved_errno;
}

void wait_forget(struct wait *wait)
{
    struct thread_block *thread;

    if (!wait->is_open || !(thread = guard_enter()))
        return;
    close_wait(wait, thread);
    guard_leave();
}

void wait_abandoned(struct wait *wait)
{
    wait_end(wait, EXECTRACE_OUTCOME_CANCELLED);
}

enum exectrace_wait_outcome wait_outcome(int error)
{
    switch (error) {
    case 0:
    case EOWNERDEAD:
        return EXECTRACE_OUTCOME_ACQUIRED;
    case ETIMEDOUT:
        return EXECTRACE_OUTCOME_TIMED_OUT;
    case EINTR:
        return EXECTRACE_OUTCOME_INTERRUPTED;
    default:
        return EXECTRACE_OUTCOME_ERROR;
    }
}

bool wait_time_is_valid(clockid_t clock, const struct timespec *until)
{
    return (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) && until->tv_nsec >= 0 &&
           until->tv_nsec < 1000000000;
}

void wake_waiters_of(struct thread_block *thread, enum exectrace_wait_kind kind, uint64_t object)
{
    uint64_t since_ns = waiters_oldest_ns(object);
    struct waiter_release release = {.tid = thread->tid};

    if (since_ns == 0)
        return;
    release.time_ns = clock_now_ns();
    if (release.time_ns >= since_ns + settings.wait_threshold_ns)
        release.stack = stacks_take_to_tell(thread, release.time_ns);
    if (!waiters_tell_release(object, &release))
        lttng_ust_tracepoint(exectrace_sync, wake, (uint8_t)kind, object, release.stack);
}

void wake_marked(enum exectrace_wait_kind kind, uint64_t object, const void *site)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (threads_is_tracer_code(site) || !(thread = guard_enter()))
        return;
    wake_waiters_of(thread, kind, object);
    guard_leave();
    errno = saved_errno;
}

void wake_elsewhere(enum exectrace_wait_kind kind, const void *object, const void *site)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (!TRACING(exectrace_sync, wake) || threads_is_tracer_code(site) || !(thread = guard_enter()))
        return;
    lttng_ust_do_tracepoint(exectrace_sync, wake, (uint8_t)(kind | EXECTRACE_WAKE_SHARED),
                            wait_object(object), stacks_take(thread, clock_now_ns()));
    guard_leave();
    errno = saved_errno;
}
