/* The idle rule; called by blocking.c for every operation. */
#include "analyzer/idle.h"
#include "tracepoints/contract.h"

/* So often a thread may come back to a place further in before its outermost one is given up. */
enum { MAX_RIVAL_VISITS = 4 };

bool idle_may_be_habit(uint32_t wait_kind, const struct call_traits *call)
{
    switch (wait_kind) {
    case 0:
        return call->is_habit;
    case EXECTRACE_WAIT_COND:
    case EXECTRACE_WAIT_SEMAPHORE:
    case EXECTRACE_WAIT_FUTEX:
        return true;
    default:
        return false;
    }
}

static bool may_be_habit(const struct blocking *operation, const struct idle_clues *clues)
{
    if (!idle_may_be_habit(operation->wait_kind, clues->call))
        return false;
    if (operation->wait_kind == 0)
        return !(clues->call->is_sleep && clues->is_lock_holder);
    return !clues->is_main_thread && !clues->is_lock_like;
}

static void hand_out_held(struct idle_habit *habit, bool is_idle, const struct blocking_sink *sink)
{
    if (!habit->held)
        return;
    habit->held->is_idle = is_idle;
    sink->operation(sink->self, habit->held);
    g_clear_pointer(&habit->held, g_free);
}

/*
 * What stands for the place of an operation, 0 if nothing does: its stack, and what it is, since one call of
 * `syscall` may make several. Kernel traces mostly have no stacks: there it is the name of the call.
 */
static uint64_t place_of(const struct blocking *operation, uint32_t *depth)
{
    uint32_t what = operation->wait_kind != 0
                        ? operation->wait_kind
                        : EXECTRACE_WAIT_KIND_END + 1 + (uint32_t)operation->call_number;

    if (*depth > 0)
        return (uint64_t)what << 32 | operation->stack;
    if (operation->source != FACT_KERNEL || operation->stack != 0)
        return 0;
    *depth = 1;
    return (uintptr_t)operation->call_name;
}

/* One function may wait for work in two places: with a limit and without. */
static bool is_at_habit(const struct idle_habit *habit, const struct blocking *operation, uint64_t place,
                        uint32_t depth)
{
    return habit->place == place ||
           (operation->wait_kind != 0 && operation->object != 0 && depth == habit->depth &&
            operation->wait_kind == habit->wait_kind && operation->object == habit->object);
}

/* Another place becomes the outermost one; the operation there is held back. */
static void begin_habit(struct idle_habit *habit, const struct blocking *operation, uint64_t place,
                        uint32_t depth, const struct blocking_sink *sink)
{
    hand_out_held(habit, false, sink);
    *habit = (struct idle_habit){
        .place = place, .depth = depth, .wait_kind = operation->wait_kind, .object = operation->object};
    habit->held = g_memdup2(operation, sizeof *operation);
}

/* A wait further in than the place that the thread has not come back to: is it time to give that one up? */
static bool does_rival_win(struct idle_habit *habit, uint64_t place, const struct idle_clues *clues)
{
    if (!habit->held)
        return false;
    if (clues->is_lock(habit->held, clues->user))
        return true;
    if (habit->rival_place != place)
        habit->rival_visits = 0;
    habit->rival_place = place;
    return ++habit->rival_visits >= MAX_RIVAL_VISITS;
}

/* An operation that may be a habit at a place: labels it, or holds it back (false) until the thread comes
 * again. */
static bool label_habit(struct idle_habit *habit, struct blocking *operation, uint64_t place, uint32_t depth,
                        const struct idle_clues *clues, const struct blocking_sink *sink)
{
    if (is_at_habit(habit, operation, place, depth)) {
        hand_out_held(habit, true, sink);
        operation->is_idle = true;
    } else if (operation->is_open) {
        operation->is_idle = habit->place == 0 || depth <= habit->depth;
    } else if (habit->place == 0 || depth < habit->depth || does_rival_win(habit, place, clues)) {
        begin_habit(habit, operation, place, depth, sink);
        return false;
    }
    return true;
}

void idle_habit_add(struct idle_habit *habit, struct blocking *operation, const struct idle_clues *clues,
                    const struct blocking_sink *sink)
{
    uint32_t depth = clues->depth;
    uint64_t place = place_of(operation, &depth);

    if (operation->wait_kind == 0 && clues->call->is_event_loop) {
        operation->is_idle = true;
    } else if (place != 0 && may_be_habit(operation, clues)) {
        /* Short ones at the place of a habit that has been shown. */
        if (operation->is_summary)
            operation->is_idle = is_at_habit(habit, operation, place, depth) && !habit->held;
        else if (!label_habit(habit, operation, place, depth, clues, sink))
            return;
    } else if (place != 0 && is_at_habit(habit, operation, place, depth)) {
        /* What looked like a habit is none. */
        hand_out_held(habit, false, sink);
        *habit = (struct idle_habit){0};
    }
    sink->operation(sink->self, operation);
}

void idle_habit_end(struct idle_habit *habit, const struct blocking_sink *sink)
{
    hand_out_held(habit, false, sink);
}
