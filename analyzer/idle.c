/* The idle rule; called by blocking.c for every operation. */
#include "analyzer/idle.h"
#include <string.h>
#include "tracepoints/contract.h"

static const char *const event_loop_calls[] = {
    "epoll_wait",      "epoll_pwait",   "epoll_pwait2", "accept", "accept4",
    "rt_sigtimedwait", "rt_sigsuspend", "sigtimedwait", "pause",
};

static const char *const habit_calls[] = {
    "poll", "ppoll", "select", "pselect6", "nanosleep", "clock_nanosleep",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static bool may_be_habit(const struct blocking *operation, bool is_main_thread, bool is_lock_like)
{
    switch (operation->wait_kind) {
    case 0:
        return is_one_of(operation->call_name, habit_calls, G_N_ELEMENTS(habit_calls));
    case EXECTRACE_WAIT_COND:
    case EXECTRACE_WAIT_SEMAPHORE:
    case EXECTRACE_WAIT_FUTEX:
        return !is_main_thread && !is_lock_like;
    default:
        return false;
    }
}

static void hand_out_held(struct idle_habit *habit, bool is_idle, const struct blocking_sink *sink)
{
    if (!habit->held)
        return;
    habit->held->is_idle = is_idle;
    sink->operation(sink->self, habit->held);
    g_clear_pointer(&habit->held, g_free);
}

void idle_habit_add(struct idle_habit *habit, struct blocking *operation, uint32_t depth, bool is_main_thread,
                    bool is_lock_like, const struct blocking_sink *sink)
{
    bool is_call = operation->wait_kind == 0;

    if (is_call && is_one_of(operation->call_name, event_loop_calls, G_N_ELEMENTS(event_loop_calls))) {
        operation->is_idle = true;
    } else if (depth > 0 && !operation->is_summary && may_be_habit(operation, is_main_thread, is_lock_like)) {
        if (operation->is_open && habit->stack != operation->stack) {
            operation->is_idle = habit->stack == 0 || depth <= habit->depth;
        } else if (habit->stack == operation->stack) {
            habit->visits++;
            hand_out_held(habit, true, sink);
            operation->is_idle = true;
        } else if (habit->stack == 0 || depth < habit->depth) {
            hand_out_held(habit, false, sink);
            *habit = (struct idle_habit){.stack = operation->stack, .depth = depth, .visits = 1};
            habit->held = g_memdup2(operation, sizeof *operation);
            return;
        }
    } else if (operation->is_summary && habit->visits > 1 && habit->stack == operation->stack) {
        operation->is_idle = true;
    }
    sink->operation(sink->self, operation);
}

void idle_habit_end(struct idle_habit *habit, const struct blocking_sink *sink)
{
    hand_out_held(habit, false, sink);
}
