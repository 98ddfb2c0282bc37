/* The idle rule; called by blocking.c for every operation. */
#include "analyzer/idle.h"
#include "tracepoints/contract.h"

static bool may_be_habit(const struct blocking *operation, const struct call_traits *call,
                         bool is_main_thread, bool is_lock_like)
{
    switch (operation->wait_kind) {
    case 0:
        return call->is_habit;
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

void idle_habit_add(struct idle_habit *habit, struct blocking *operation, const struct call_traits *call,
                    uint32_t depth, bool is_main_thread, bool is_lock_like, const struct blocking_sink *sink)
{
    bool is_call = operation->wait_kind == 0;

    if (is_call && call->is_event_loop) {
        operation->is_idle = true;
    } else if (depth > 0 && !operation->is_summary &&
               may_be_habit(operation, call, is_main_thread, is_lock_like)) {
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
