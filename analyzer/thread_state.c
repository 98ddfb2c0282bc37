/* Thread states from scheduling events; called by the model for every such event. */
#include "analyzer/thread_state.h"
#include "tracepoints/contract.h"

void thread_timeline_init(struct thread_timeline *timeline, int64_t start_ns, bool is_birth_seen)
{
    *timeline = (struct thread_timeline){
        .since_ns = start_ns, .state = THREAD_UNKNOWN, .cpu = -1, .is_birth_seen = is_birth_seen};
}

/*
 * Hands out what went on until end_ns and begins the state `next` there. Being runnable for no time at all
 * counts too: clocks are coarse, and a wake-up is a wake-up.
 */
static void advance(struct thread_timeline *timeline, int64_t end_ns, enum thread_state next, bool is_open,
                    const struct state_sink *sink)
{
    if (end_ns > timeline->since_ns || (end_ns == timeline->since_ns && timeline->state == THREAD_RUNNABLE)) {
        struct state_interval interval = {
            .start_ns = timeline->since_ns,
            .end_ns = end_ns,
            .state = timeline->state,
            .cpu = timeline->state == THREAD_RUNNING ? timeline->cpu : -1,
            .is_preempted = timeline->state == THREAD_RUNNABLE && timeline->is_preempted,
            .is_derived = timeline->is_derived,
            .is_open = is_open,
            .waker_thread = timeline->state == THREAD_RUNNABLE ? timeline->waker : 0,
            .stack = timeline->state == THREAD_RUNNABLE ? timeline->stack : 0,
        };
        sink->interval(sink->self, &interval);
        timeline->since_ns = end_ns;
    }
    timeline->state = next;
    timeline->is_preempted = false;
    timeline->is_derived = false;
    timeline->waker = 0;
}

/* Hands out the off-CPU interval that was held back; the thread runs since its end. */
static void flush_off(struct thread_timeline *timeline, const struct state_sink *sink)
{
    if (!timeline->has_off)
        return;

    timeline->has_off = false;
    int32_t cpu = timeline->cpu;
    bool is_woken = timeline->off_wakeup.time_ns > 0;
    timeline->state = timeline->is_off_preempted ? THREAD_RUNNABLE : THREAD_BLOCKED;
    timeline->is_preempted = timeline->is_off_preempted;
    timeline->is_derived = is_woken && timeline->is_off_derived;
    timeline->stack = timeline->off_stack;
    if (is_woken) {
        advance(timeline, timeline->off_wakeup.time_ns, THREAD_RUNNABLE, false, sink);
        timeline->waker = timeline->off_wakeup.waker;
        timeline->is_derived = timeline->is_off_derived;
    }
    advance(timeline, timeline->on_ns, THREAD_RUNNING, false, sink);
    timeline->cpu = cpu;
    timeline->stack = 0;
}

static void become_runnable(struct thread_timeline *timeline, struct timeline_wakeup wakeup,
                            const struct state_sink *sink)
{
    uint32_t stack = timeline->stack;

    advance(timeline, wakeup.time_ns, THREAD_RUNNABLE, false, sink);
    timeline->waker = wakeup.waker;
    timeline->stack = stack;
}

/* The thread did not run since the wake-up that was kept: see thread_timeline_wakeup(). */
static void settle_first_wakeup(struct thread_timeline *timeline, const struct state_sink *sink)
{
    if (timeline->first_wakeup.time_ns != 0)
        become_runnable(timeline, timeline->first_wakeup, sink);
    timeline->first_wakeup.time_ns = 0;
}

void thread_timeline_switch_in(struct thread_timeline *timeline, int64_t time_ns, int32_t cpu,
                               const struct state_sink *sink)
{
    if (timeline->source == TIMELINE_OFF_CPU)
        return;
    settle_first_wakeup(timeline, sink);
    timeline->source = TIMELINE_KERNEL;
    /* Still running as far as is known: the switch away from it was lost. */
    if (timeline->state == THREAD_RUNNING)
        timeline->state = THREAD_UNKNOWN;
    advance(timeline, time_ns, THREAD_RUNNING, false, sink);
    timeline->cpu = cpu;
    timeline->stack = 0;
}

void thread_timeline_switch_out(struct thread_timeline *timeline, int64_t time_ns, int32_t cpu,
                                bool is_preempted, uint32_t stack, const struct state_sink *sink)
{
    if (timeline->source == TIMELINE_OFF_CPU)
        return;
    bool is_first = timeline->source == TIMELINE_NO_SOURCE;
    timeline->source = TIMELINE_KERNEL;
    timeline->first_wakeup.time_ns = 0;
    if (is_first && timeline->state == THREAD_UNKNOWN) {
        /* Nothing was switched on this CPU before, or we would know of it: it ran there all the time. */
        timeline->state = THREAD_RUNNING;
        timeline->cpu = cpu;
        timeline->is_derived = true;
    } else if (timeline->state != THREAD_RUNNING || timeline->cpu != cpu) {
        timeline->state = THREAD_UNKNOWN;
    }
    advance(timeline, time_ns, is_preempted ? THREAD_RUNNABLE : THREAD_BLOCKED, false, sink);
    timeline->is_preempted = is_preempted;
    timeline->cpu = -1;
    timeline->stack = stack;
}

void thread_timeline_found(struct thread_timeline *timeline, int64_t time_ns, enum thread_state state,
                           const struct state_sink *sink)
{
    if (timeline->source == TIMELINE_NO_SOURCE && timeline->state == THREAD_UNKNOWN &&
        timeline->first_wakeup.time_ns == 0)
        advance(timeline, time_ns, state, false, sink);
}

static void remember_wakeup(struct thread_timeline *timeline, struct timeline_wakeup wakeup)
{
    if (timeline->wakeup_count == THREAD_TIMELINE_WAKEUPS) {
        for (uint32_t i = 1; i < THREAD_TIMELINE_WAKEUPS; i++)
            timeline->wakeups[i - 1] = timeline->wakeups[i];
        timeline->wakeup_count--;
    }
    timeline->wakeups[timeline->wakeup_count++] = wakeup;
}

void thread_timeline_wakeup(struct thread_timeline *timeline, int64_t time_ns, uint32_t waker,
                            bool is_off_cpu_source, const struct state_sink *sink)
{
    struct timeline_wakeup wakeup = {time_ns, waker};

    if (timeline->source == TIMELINE_OFF_CPU ||
        (timeline->source == TIMELINE_NO_SOURCE && is_off_cpu_source)) {
        remember_wakeup(timeline, wakeup);
        return;
    }
    /* It may run since before the trace; what comes next tells. */
    if (timeline->source == TIMELINE_NO_SOURCE && timeline->state == THREAD_UNKNOWN) {
        if (timeline->first_wakeup.time_ns == 0)
            timeline->first_wakeup = wakeup;
        return;
    }
    bool is_woken = timeline->state == THREAD_RUNNABLE && !timeline->is_preempted;
    if (timeline->state != THREAD_RUNNING && !is_woken)
        become_runnable(timeline, wakeup, sink);
}

void thread_timeline_forget_wakeups(struct thread_timeline *timeline)
{
    if (timeline->source != TIMELINE_NO_SOURCE)
        return;
    timeline->state = THREAD_UNKNOWN;
    timeline->first_wakeup.time_ns = 0;
}

bool thread_timeline_may_sleep(const struct thread_timeline *timeline)
{
    return timeline->state == THREAD_BLOCKED ||
           (timeline->state == THREAD_UNKNOWN && timeline->first_wakeup.time_ns == 0);
}

/* The first wake-up at or after the thread went off its CPU; those before it found it running. */
static struct timeline_wakeup take_wakeup(struct thread_timeline *timeline, int64_t off_ns)
{
    struct timeline_wakeup found = {0};

    for (uint32_t i = 0; i < timeline->wakeup_count && found.time_ns == 0; i++) {
        if (timeline->wakeups[i].time_ns >= off_ns)
            found = timeline->wakeups[i];
    }
    timeline->wakeup_count = 0;
    return found;
}

/* What was before the first off-CPU interval: a thread that was born in the trace ran, others nobody saw. */
static void begin_off_cpu_source(struct thread_timeline *timeline, const struct event *event)
{
    timeline->source = TIMELINE_OFF_CPU;
    timeline->state = THREAD_UNKNOWN;
    timeline->first_wakeup.time_ns = 0;
    if (event->off_cpu.reason == EXECTRACE_OFF_START || !timeline->is_birth_seen)
        return;
    timeline->state = THREAD_RUNNING;
    timeline->cpu = event->off_cpu.prev_cpu;
    timeline->is_derived = true;
}

/* Off its CPU until the end of the trace; blocked since off_ns as far as is known yet. */
static void begin_open_off(struct thread_timeline *timeline, int64_t off_ns, bool is_preempted,
                           const struct state_sink *sink)
{
    struct timeline_wakeup wakeup = take_wakeup(timeline, off_ns);

    timeline->is_preempted = is_preempted;
    if (is_preempted) {
        timeline->state = THREAD_RUNNABLE;
    } else if (wakeup.time_ns > 0) {
        advance(timeline, wakeup.time_ns, THREAD_RUNNABLE, false, sink);
        timeline->waker = wakeup.waker;
    }
}

/*
 * It lost its CPU while it could run, or it was woken before it had left its CPU: then it could run all the
 * time as well, and no wake-up found it off its CPU.
 */
static bool could_run_all_the_time(const struct event *event)
{
    return event->off_cpu.reason == EXECTRACE_OFF_PREEMPTED ||
           (event->off_cpu.reason == EXECTRACE_OFF_BLOCKED && event->off_cpu.waker_tid >= 0 &&
            event->off_cpu.runnable_ns >= event->off_cpu.off_ns);
}

void thread_timeline_off_cpu(struct thread_timeline *timeline, const struct event *event,
                             const struct state_sink *sink)
{
    /* A damaged trace may say anything. */
    int64_t off_ns = event->off_cpu.off_ns < (uint64_t)(event->time_ns - timeline->since_ns)
                         ? event->time_ns - (int64_t)event->off_cpu.off_ns
                         : timeline->since_ns;
    uint32_t reason = event->off_cpu.reason;

    if (timeline->source == TIMELINE_KERNEL)
        return;
    flush_off(timeline, sink);
    if (timeline->source == TIMELINE_NO_SOURCE)
        begin_off_cpu_source(timeline, event);
    if (reason == EXECTRACE_OFF_START && timeline->is_birth_seen)
        off_ns = timeline->since_ns;
    if (off_ns < timeline->since_ns)
        off_ns = timeline->since_ns;
    advance(timeline, off_ns, THREAD_BLOCKED, false, sink);
    if (reason == EXECTRACE_OFF_OPEN || reason == EXECTRACE_OFF_OPEN_PREEMPTED) {
        begin_open_off(timeline, off_ns, reason == EXECTRACE_OFF_OPEN_PREEMPTED, sink);
        return;
    }
    timeline->has_off = true;
    timeline->is_off_preempted = could_run_all_the_time(event);
    timeline->is_off_derived = false;
    timeline->off_ns = off_ns;
    timeline->on_ns = event->time_ns > off_ns ? event->time_ns : off_ns;
    timeline->off_stack = 0;
    timeline->off_wakeup = take_wakeup(timeline, off_ns);
    if (timeline->is_off_preempted)
        timeline->off_wakeup.time_ns = 0;
    if (reason == EXECTRACE_OFF_START)
        timeline->off_wakeup.time_ns = off_ns;
    timeline->cpu = event->cpu;
}

void thread_timeline_released(struct thread_timeline *timeline, int64_t start_ns, int64_t wake_ns,
                              uint32_t waker, uint32_t stack, const struct state_sink *sink)
{
    if (!timeline->has_off)
        return;
    /* Its middle: an event is recorded a little after its operation's end was taken, so starts come late. */
    if (timeline->off_ns + (timeline->on_ns - timeline->off_ns) / 2 >= start_ns) {
        timeline->off_stack = stack;
        if (timeline->off_wakeup.time_ns == 0 && wake_ns > timeline->off_ns && wake_ns < timeline->on_ns &&
            !timeline->is_off_preempted) {
            timeline->off_wakeup = (struct timeline_wakeup){wake_ns, waker};
            timeline->is_off_derived = true;
        }
    }
    flush_off(timeline, sink);
}

void thread_timeline_lost(struct thread_timeline *timeline, int64_t time_ns, const struct state_sink *sink)
{
    flush_off(timeline, sink);
    timeline->first_wakeup.time_ns = 0;
    if (timeline->source != TIMELINE_NO_SOURCE && timeline->since_ns < time_ns)
        timeline->state = THREAD_UNKNOWN;
}

void thread_timeline_end(struct thread_timeline *timeline, int64_t time_ns, bool is_open,
                         const struct state_sink *sink)
{
    flush_off(timeline, sink);
    settle_first_wakeup(timeline, sink);
    advance(timeline, time_ns, THREAD_UNKNOWN, is_open, sink);
}
