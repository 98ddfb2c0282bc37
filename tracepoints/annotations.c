/*
 * What exectrace.h calls: tasks, regions, logs and counters of the program. Any thread, also signal handlers;
 * keeps errno.
 */
#include "tracepoints/exectrace.h"

#include <errno.h>
#include <string.h>

#include "tracepoints/clock.h"
#include "tracepoints/guard.h"
#include "tracepoints/stacks.h"

#include "tracepoints/provider_user.h"

static uint64_t last_task;

extern const struct exectrace_functions exectrace_functions_1 __attribute__((visibility("default")));

/*
 * A string that is safe to hand to the tracer: not NULL, not endless, and a space when empty: babeltrace2
 * (2.0.4) gives an empty string the contents of an earlier event's. `room` takes what has to be cut.
 */
static const char *limit(char *room, const char *bytes)
{
    if (bytes == NULL || bytes[0] == '\0')
        return " ";
    if (strnlen(bytes, THREAD_TEXT_BYTES) < THREAD_TEXT_BYTES)
        return bytes;
    memcpy(room, bytes, THREAD_TEXT_BYTES - 1);
    room[THREAD_TEXT_BYTES - 1] = '\0';
    return room;
}

static int is_recording(void)
{
    return TRACING(exectrace_user, log) != 0;
}

static uint64_t task_begin(const char *name, uint64_t parent)
{
    int saved_errno = errno;
    struct thread_block *thread;
    uint64_t task;

    if (!TRACING(exectrace_user, task_begin) || !(thread = guard_enter()))
        return 0;
    task = __atomic_add_fetch(&last_task, 1, __ATOMIC_RELAXED);
    lttng_ust_do_tracepoint(exectrace_user, task_begin, task, parent, limit(thread->texts[0], name));
    guard_leave();
    errno = saved_errno;
    return task;
}

static void task_end(uint64_t task)
{
    int saved_errno = errno;

    if (task == 0 || !TRACING(exectrace_user, task_end) || guard_enter() == NULL)
        return;
    lttng_ust_do_tracepoint(exectrace_user, task_end, task);
    guard_leave();
    errno = saved_errno;
}

static void region_begin(uint64_t task, const char *name)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (!TRACING(exectrace_user, region_begin) || !(thread = guard_enter()))
        return;
    lttng_ust_do_tracepoint(exectrace_user, region_begin, task, limit(thread->texts[0], name),
                            stacks_take(thread, clock_now_ns()));
    guard_leave();
    errno = saved_errno;
}

static void region_end(uint64_t task, const char *name)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (!TRACING(exectrace_user, region_end) || !(thread = guard_enter()))
        return;
    lttng_ust_do_tracepoint(exectrace_user, region_end, task, limit(thread->texts[0], name));
    guard_leave();
    errno = saved_errno;
}

static void log_message(uint64_t task, const char *category, const char *message)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (!TRACING(exectrace_user, log) || !(thread = guard_enter()))
        return;
    lttng_ust_do_tracepoint(exectrace_user, log, task, limit(thread->texts[0], category),
                            limit(thread->texts[1], message), stacks_take(thread, clock_now_ns()));
    guard_leave();
    errno = saved_errno;
}

static void set_counter(const char *name, double value)
{
    int saved_errno = errno;
    struct thread_block *thread;

    if (!TRACING(exectrace_user, counter) || !(thread = guard_enter()))
        return;
    lttng_ust_do_tracepoint(exectrace_user, counter, limit(thread->texts[0], name), value);
    guard_leave();
    errno = saved_errno;
}

const struct exectrace_functions exectrace_functions_1 = {
    .size = sizeof(struct exectrace_functions),
    .is_recording = is_recording,
    .task_begin = task_begin,
    .task_end = task_end,
    .region_begin = region_begin,
    .region_end = region_end,
    .log = log_message,
    .counter = set_counter,
};
