/*
 * Which events the facts hang on that the observers want: part of the model, and to be changed with it. Too
 * few here and results change; tests/support/compare_needs.c compares them with those of all events.
 *
 * A reader hands out the first event of each type in each stream in any case, so what hangs on a type being
 * there at all (gaps, the source of scheduling data) need not be listed.
 */
#include "analyzer/call_names.h"
#include "analyzer/model_internal.h"

#define BIT(name) (UINT64_C(1) << EVENT_##name)

/* Processes, threads, modules, stacks, losses: for all facts, and few. */
#define BASE_TYPES                                                                                           \
    (BIT(PROCESS_START) | BIT(MODULE) | BIT(MODULE_BUILD_ID) | BIT(MODULE_UNLOAD) | BIT(OPEN) |              \
     BIT(THREAD_START) | BIT(THREAD_NAME) | BIT(THREAD_EXIT) | BIT(STACK) | BIT(SCHED_EXIT) |                \
     BIT(SCHED_START) | BIT(SCHED_NAME) | BIT(SCHED_LOST) | BIT(SCHED_SOURCE) | BIT(METRIC_DEFINE) |         \
     BIT(KERNEL_THREAD) | BIT(LOST))

/* Waits and who ended them: also what thread states are derived from, and what makes a wait idle. */
#define WAIT_TYPES                                                                                           \
    (BIT(WAIT) | BIT(WAKE) | BIT(STOCK_LOCK_REQ) | BIT(STOCK_LOCK_ACQ) | BIT(STOCK_LOCK_TRYLOCK) |           \
     BIT(STOCK_UNLOCK) | BIT(KERNEL_SWITCH))

#define KERNEL_CALL_TYPES (BIT(KERNEL_SYSCALL_ENTRY) | BIT(KERNEL_SYSCALL_EXIT))
/* Who woke the threads that slept in the kernel's calls. */
#define WAKER_TYPES                                                                                          \
    (BIT(KERNEL_SWITCH) | BIT(SCHED_WAKEUP) | BIT(KERNEL_IRQ_ENTRY) | BIT(KERNEL_IRQ_EXIT) |                 \
     BIT(KERNEL_BLOCK_COMPLETE) | BIT(KERNEL_NET_RECEIVE))
#define STATE_TYPES (WAIT_TYPES | WAKER_TYPES | BIT(CALL) | BIT(OFF_CPU) | BIT(SCHED_SAMPLE))
#define SYNC_TYPES (WAIT_TYPES | BIT(WAIT_SUMMARY) | KERNEL_CALL_TYPES)
#define CALL_TYPES (SYNC_TYPES | BIT(CALL) | BIT(CALL_SUMMARY) | BIT(PEER) | BIT(KERNEL_FD))
#define HEAP_TYPES (BIT(ALLOC) | BIT(FREE) | BIT(STOCK_REALLOC))
#define MARK_TYPES                                                                                           \
    (BIT(USER_TASK_BEGIN) | BIT(USER_TASK_END) | BIT(USER_REGION_BEGIN) | BIT(USER_REGION_END) |             \
     BIT(USER_LOG) | BIT(USER_COUNTER))

/* Calls that can be a thread's habit decide, among others, whether a wait is idle. */
static void need_habits(struct event_needs *needs)
{
    needs->has_calls = true;
    for (uint32_t number = 0; number < EVENT_NEEDS_CALLS; number++)
        if (call_traits_find(call_name(number)).is_habit)
            needs->calls[number / 64] |= UINT64_C(1) << number % 64;
}

static void need_blocking(struct event_needs *needs, uint32_t classes)
{
    if (classes == TRACE_CLASS_BIT(BLOCKING_SYNC)) {
        needs->types |= SYNC_TYPES;
        need_habits(needs);
    } else {
        needs->types |= CALL_TYPES;
    }
}

bool trace_model_needs_all_events(const struct trace_model *model)
{
    return model->needs_all_events;
}

struct event_needs trace_model_needs(const struct trace_model *model)
{
    struct event_needs needs = {.types = BASE_TYPES};

    for (guint i = 0; i < model->observers->len; i++) {
        const struct trace_observer *observer = &g_array_index(model->observers, struct trace_observer, i);
        if (observer->state) {
            needs.types |= STATE_TYPES;
            /* A call's stack is where the thread was when it was taken off its CPU. */
            needs.types_with_context |= KERNEL_CALL_TYPES;
        }
        if (observer->blocking)
            need_blocking(&needs, observer->blocking_classes);
        if (observer->wants_wakers)
            needs.types |= WAKER_TYPES;
        if (observer->heap)
            needs.types |= HEAP_TYPES;
        if (observer->mark)
            needs.types |= MARK_TYPES;
        if (observer->metric)
            needs.types |= BIT(METRIC);
    }
    return needs;
}
