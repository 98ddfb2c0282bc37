/*
 * Which waits are idle: the thread has nothing to do, nobody is in its way. The one place where this is
 * decided, and written down.
 *
 *  1. Waits of an event loop are idle: epoll_wait, epoll_pwait, accept, accept4, sigwait and its family,
 *     pause, sigsuspend.
 *  2. poll, select and their forms, sleeps (nanosleep...), and waits for a condition, a semaphore or a futex
 * are idle when they are the thread's habit: the thread comes back to this very call stack, or as deep to the
 * same object, and this is its outermost such place (no wait of these kinds had fewer frames). A pool worker
 * that waits for work does so at its outermost place, what it waits for while it works lies deeper. For
 * conditions, semaphores and futexes two more things are asked for: the thread is not the main thread, and
 * the object is not used like a lock (a thread that waits for it also wakes it: Python's interpreter lock is
 * such a condition). A sleep is not idle in a thread that holds locks while others wait for them: it may hold
 * one then. A wait that was still open when the recording ended is idle at the thread's outermost place
 * without having come back: a parked worker. It is labelled open as well, so a thread that is stuck there
 * shows.
 *  3. Everything else is contention or work: mutexes, rwlocks, barriers, joins, reads, sends...
 *
 * Where the trace has no stacks (kernel traces), the call's name stands for the place.
 *
 * A thread's outermost place that it does not come back to gives way to one that it keeps coming back to.
 *
 * The first wait at a place is held back until the thread comes back to it, so that it gets the same label.
 */
#ifndef ANALYZER_IDLE_H
#define ANALYZER_IDLE_H

#include "analyzer/call_names.h"
#include "analyzer/trace_model.h"

/* What is known about one thread's habit. All zero at first. */
struct idle_habit {
    uint64_t place;     /* the outermost one so far: a stack and a kind, or a call's name; 0: none */
    uint32_t depth;     /* its frames */
    uint32_t wait_kind; /* and what was waited for there; 0: a call */
    uint64_t object;
    struct blocking *held; /* the first wait there, not handed out yet: the thread has not come back. Owned */
    /* A place further in that it comes back to, while it does not come back to the outermost one. */
    uint64_t rival_place;
    uint32_t rival_visits;
};

/* Where operations go when their label is known. */
struct blocking_sink {
    void (*operation)(void *self, const struct blocking *operation);
    void *self;
};

/* What the rule looks at besides the operation itself. */
struct idle_clues {
    const struct call_traits *call; /* of a system call; NULL for waits */
    uint32_t depth;                 /* frames of the operation's stack; 0: not known, or without a say */
    bool is_main_thread;
    bool is_lock_like;   /* the object is used like a lock */
    bool is_lock_holder; /* the thread has released locks that others waited for */
    /* Is what the held wait waited for used like a lock by now? */
    bool (*is_lock)(const struct blocking *held, void *user);
    void *user;
};

/* Can operations of this kind be a habit at all? If not, the depth has no say. call: NULL for waits. */
bool idle_may_be_habit(uint32_t wait_kind, const struct call_traits *call);
/* Labels an operation that has ended and hands it on, now or later. */
void idle_habit_add(struct idle_habit *habit, struct blocking *operation, const struct idle_clues *clues,
                    const struct blocking_sink *sink);
/* The thread ended: hands out what is held. */
void idle_habit_end(struct idle_habit *habit, const struct blocking_sink *sink);

#endif
