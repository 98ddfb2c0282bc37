/*
 * The list of locks that the calling thread holds: those whose waiters could not tell their holder otherwise
 * (state_holders.h). Called by the wrappers on the thread that has taken or is about to release the lock;
 * keeps errno.
 */
#ifndef EXECTRACE_HOLDS_H
#define EXECTRACE_HOLDS_H

#include "tracepoints/guard.h"
#include "tracepoints/threads.h"

/* Taken. `site` as in wait_begin(). While a session records only. */
static inline void holds_add(const void *object, const void *site)
{
    struct thread_block *thread;

    if (threads_is_tracer_code(site) || !(thread = guard_enter()))
        return;
    for (uint32_t i = 0; i < STATE_HOLD_COUNT; i++) {
        if (thread->holds->objects[i] != 0)
            continue;
        __atomic_store_n(&thread->holds->objects[i], (uint64_t)(uintptr_t)object, __ATOMIC_RELAXED);
        thread->hold_count++;
        break;
    }
    guard_leave();
}

/* Has the thread a list that a release has to look at? */
static inline bool holds_has_any(void)
{
    const struct thread_block *thread = guard_words.block;

    return unlikely(thread != NULL) && thread->hold_count != 0;
}

/* About to be released; recording or not. True: it was in the list, once more often than now. */
static inline bool holds_remove(const void *object)
{
    struct thread_block *thread = guard_words.block;

    if (!holds_has_any())
        return false;
    for (uint32_t i = 0; i < STATE_HOLD_COUNT; i++) {
        if (thread->holds->objects[i] != (uint64_t)(uintptr_t)object)
            continue;
        __atomic_store_n(&thread->holds->objects[i], 0, __ATOMIC_RELAXED);
        thread->hold_count--;
        return true;
    }
    return false;
}

#endif
