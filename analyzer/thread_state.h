/*
 * The states of one thread over time: scheduling events in, state intervals out. Pure: no tables, no clock.
 *
 * Two kinds of sources feed a timeline, the first one seen decides:
 *  - kernel switches (thread_timeline_switch_in/_out and wake-ups as they happen);
 *  - complete off-CPU intervals (thread_timeline_off_cpu), told when they end; wake-ups told before that are
 *    kept until then. Without measured wake-ups, the wake of a traced thread that ended a wait bounds the
 *    runnable part (thread_timeline_released); such borders are marked derived.
 *
 * The intervals of a timeline touch, in time order, from its start to its end. Only runnable ones may have no
 * length.
 */
#ifndef ANALYZER_THREAD_STATE_H
#define ANALYZER_THREAD_STATE_H

#include "analyzer/trace_model.h"

/* Wake-ups remembered while a thread is on a CPU as far as is known. */
#define THREAD_TIMELINE_WAKEUPS 4

enum timeline_source { TIMELINE_NO_SOURCE = 0, TIMELINE_KERNEL, TIMELINE_OFF_CPU };

struct timeline_wakeup {
    int64_t time_ns;
    uint32_t waker; /* thread index, 0: not known */
};

struct thread_timeline {
    /* the state that goes on */
    int64_t since_ns;
    enum thread_state state;
    int32_t cpu;
    uint32_t waker;
    uint32_t stack;
    bool is_preempted;
    bool is_derived;

    enum timeline_source source;
    bool is_birth_seen;
    /* Of a thread whose state is not known: it may run since before the trace. time 0: none */
    struct timeline_wakeup first_wakeup;
    /* TIMELINE_OFF_CPU: the latest off-CPU interval, held back until it is known who ended it */
    bool has_off;
    bool is_off_preempted;
    bool is_off_derived;
    int64_t off_ns, on_ns;
    uint32_t off_stack;
    struct timeline_wakeup off_wakeup; /* time 0: none */
    uint32_t wakeup_count;
    struct timeline_wakeup wakeups[THREAD_TIMELINE_WAKEUPS];
};

/* The interval's thread is filled in by the sink. */
struct state_sink {
    void (*interval)(void *self, struct state_interval *interval);
    void *self;
};

/* is_birth_seen: the thread began then; else it may have been there before. */
void thread_timeline_init(struct thread_timeline *timeline, int64_t start_ns, bool is_birth_seen);

/* The kernel put the thread on a CPU. */
void thread_timeline_switch_in(struct thread_timeline *timeline, int64_t time_ns, int32_t cpu,
                               const struct state_sink *sink);
/* The kernel took the thread off its CPU; stack: where, 0 if not known. */
void thread_timeline_switch_out(struct thread_timeline *timeline, int64_t time_ns, int32_t cpu,
                                bool is_preempted, uint32_t stack, const struct state_sink *sink);
/* The state of a thread that is not on a CPU, from a state dump. Ignored when something is known. */
void thread_timeline_found(struct thread_timeline *timeline, int64_t time_ns, enum thread_state state,
                           const struct state_sink *sink);
/* The thread became runnable. Only the first wake-up since it last ran counts. */
void thread_timeline_wakeup(struct thread_timeline *timeline, int64_t time_ns, uint32_t waker,
                            bool is_off_cpu_source, const struct state_sink *sink);
/* There are no switches in the trace: nobody knows when a thread that was woken ran. */
void thread_timeline_forget_wakeups(struct thread_timeline *timeline);
/* Would a wake-up now end a sleep, as far as is known? */
bool thread_timeline_may_sleep(const struct thread_timeline *timeline);
/* One off-CPU interval; reason: enum exectrace_off_reason. */
void thread_timeline_off_cpu(struct thread_timeline *timeline, const struct event *event,
                             const struct state_sink *sink);
/*
 * A wait from start_ns to now has ended, with this stack. wake_ns: when a traced thread released it, 0 if
 * not known.
 */
void thread_timeline_released(struct thread_timeline *timeline, int64_t start_ns, int64_t wake_ns,
                              uint32_t waker, uint32_t stack, const struct state_sink *sink);
/* Scheduling data were lost: what goes on is not known from its beginning on. */
void thread_timeline_lost(struct thread_timeline *timeline, int64_t time_ns, const struct state_sink *sink);
/* The thread or the trace (is_open) ended. */
void thread_timeline_end(struct thread_timeline *timeline, int64_t time_ns, bool is_open,
                         const struct state_sink *sink);

#endif
