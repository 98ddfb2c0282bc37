/*
 * The per-thread guard: decides whether a wrapper records, and owns the thread's working memory.
 *
 * How a wrapper uses it (any thread, any moment, also before our constructor and in signal handlers):
 *
 *     ssize_t read(int fd, void *buffer, size_t count)
 *     {
 *         struct thread_block *thread;
 *
 *         if (!TRACING(exectrace_syscall, call) || !(thread = guard_enter()))
 *             return real.read(fd, buffer, count);
 *         ... bookkeeping before: clock, stack, operation_begin() ...
 *         guard_leave();
 *         result = real.read(fd, buffer, count);          guard off: the call may be cancelled
 *         saved_errno = errno;
 *         if ((thread = guard_enter()) != NULL) {
 *             ... operation_end(), event or sum ...
 *             guard_leave();
 *         }
 *         errno = saved_errno;
 *         return result;
 *     }
 *
 * guard_enter() is NULL when this thread must not record: our own or LTTng's code is running (level > 0), it
 * is one of the tracer's threads, the library is not ready or has finished. Everything below is
 * async-signal-safe; the block comes from mmap, never from malloc.
 *
 * A thread does not leave our code in its middle, where LTTng has locks and reservations that others would
 * wait for: see leaving.c.
 *
 * LTTng writes to a pipe now and then while it emits an event: the wrappers of write and poll make the system
 * call directly when the level is raised, so that no event is a cancellation point.
 */
#ifndef EXECTRACE_GUARD_H
#define EXECTRACE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracepoints/call_sums.h"
#include "tracepoints/clock.h"
#include "tracepoints/contract.h"
#include "tracepoints/state.h"
#include "tracepoints/sync_sums.h"
#include "tracepoints/unwind.h"
#include "tracepoints/waiters.h"

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* Is a session recording this event? One load; include the provider's header first. */
#define TRACING(provider, event) unlikely(lttng_ust_tracepoint_##provider##___##event.state)

enum guard_role {
    GUARD_UNKNOWN = 0, /* not asked yet */
    GUARD_TRACED = 1,
    GUARD_SILENT = 2, /* a thread of the tracer, or one that has ended */
    GUARD_ASYNC = 3,  /* traced, and may be cancelled at any moment but while the level is raised */
};

/* False before the constructor has run and after the destructor has. */
extern bool guard_is_open __attribute__((visibility("hidden")));

#define THREAD_TEXT_BYTES 4096u

/* How a thread's code that was interrupted by a signal handler is to be left by that handler. */
struct leaving {
    void (*leave)(const struct leaving *leaving); /* does not return */
    void *target;
    int value;
    uint64_t mask; /* the handler's signal mask */
};

/* A thread's working memory, from its first recorded operation until it ends. */
struct thread_block {
    int32_t tid; /* 0: the block is free */
    uint32_t slot_index;
    uint64_t start_routine;  /* 0 for the main thread */
    struct state_slot *slot; /* in the state mapping, or own_slot when that is full */
    struct state_slot own_slot;
    struct state_holds *holds; /* beside the slot, or own_holds; holds.h's */
    struct state_holds own_holds;
    uint32_t hold_count; /* places in use */
    int cancel_state;    /* the program's, while cancellation is held off; leaving.c's, as the next one */
    struct leaving leaving;
    uintptr_t
        stack_low; /* [stack_low, stack_high): readable whenever the stack pointer is inside; 0, 0: unknown */
    uintptr_t stack_high;
    struct thread_block *next;        /* all blocks ever made, newest first; they are never given back */
    struct waiter_mark mark;          /* what the thread has marked as waited for */
    uint32_t stack_count;             /* of the thread's events; stacks.c's, as the next one */
    uint64_t told_refresh_ns;         /* when a stack was last defined again that is told to others */
    uint64_t named_ns;                /* when its name was last told, or need not be; process.c's */
    uint64_t pcs[128];                /* the unwinder's output */
    struct unwind_trails trails;      /* stacks.c's */
    char texts[2][THREAD_TEXT_BYTES]; /* strings of annotations that had to be cut */
    struct sync_sums sync_sums;
    struct call_sums call_sums;
};

/* Initial-exec thread-local words; keep it small, static TLS is scarce. */
struct guard_words {
    uint32_t level;       /* > 0: our own code runs */
    uint32_t role;        /* enum guard_role */
    uint32_t exit_rounds; /* how often the thread's key destructor has run */
    int32_t lock_owner;   /* the thread's id, for mutexes.c; 0: not known yet, or libc's locks are not */
    struct thread_block *block;
    int64_t alloc_bytes_left; /* until the next allocation sample */
    union {
        struct {
            uint16_t is_leaving; /* block->leaving is to be done */
            uint16_t is_cancel_held;
        };
        uint32_t on_leave; /* not 0: guard_after_leave() has something to do */
    };
};

extern __thread struct guard_words guard_words
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* First operation of a thread: finds its role and gives it a block. NULL: stays silent. threads.c. */
struct thread_block *guard_attach(void);

static inline struct thread_block *guard_enter(void)
{
    struct guard_words *words = &guard_words;

    if (unlikely(words->level > 0 || !guard_is_open))
        return NULL;
    if (unlikely(words->role != GUARD_TRACED))
        return guard_attach();
    words->level = 1;
    return words->block;
}

/*
 * The level is 0 again, and something has waited for that: cancellation, or a signal handler that left our
 * code by siglongjmp, exit or pthread_exit. May not return. leaving.c.
 */
void guard_after_leave(void);

/* The thread can't be cancelled until the level is 0 again. The level is raised. leaving.c. */
void guard_hold_cancel(struct thread_block *thread);

static inline void guard_leave(void)
{
    guard_words.level = 0;
    if (unlikely(guard_words.on_leave != 0))
        guard_after_leave();
}

/* What the wrapper of vfork raises the level by while the child runs in the parent's memory. */
#define GUARD_VFORK 0x40000000u

static inline bool guard_is_vfork_child(void)
{
    return guard_words.level >= GUARD_VFORK;
}

/* Is our own or LTTng's code running on this thread? */
static inline bool guard_is_raised(void)
{
    return guard_words.level > 0;
}

/*
 * For code of ours that runs outside a wrapper (constructors, fork, thread start): raises the level whatever
 * it is; the returned value goes back to guard_unmute().
 */
static inline uint32_t guard_mute(void)
{
    return guard_words.level++;
}

static inline void guard_unmute(uint32_t level)
{
    guard_words.level = level;
    if (unlikely(guard_words.on_leave != 0) && level == 0)
        guard_after_leave();
}

/*
 * In a signal handler that has interrupted a call of the program's, libc may let the thread be cancelled at
 * any moment, because it does so in that call. `outer` is what the thread's slot holds, or held. The level is
 * raised.
 */
static inline void guard_hold_cancel_inside(struct thread_block *thread, const struct state_operation *outer)
{
    if (unlikely(outer->operation != 0))
        guard_hold_cancel(thread);
}

/*
 * Operation in flight. `saved` keeps what was in flight before (a signal handler may interrupt a blocked
 * call); give it back to operation_end(). An operation whose frame is not above the new one's was left by
 * longjmp and is forgotten.
 */
static inline void operation_store(struct state_slot *slot, const struct state_operation *operation)
{
    uint32_t sequence = slot->sequence | 1;

    __atomic_store_n(&slot->sequence, sequence, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    /* Member by member: a copy as a whole would wait for its members to be written before. */
    slot->operation.operation = operation->operation;
    slot->operation.kind = operation->kind;
    slot->operation.fd_kind = operation->fd_kind;
    slot->operation.number = operation->number;
    slot->operation.fd = operation->fd;
    slot->operation.stack = operation->stack;
    slot->operation.object = operation->object;
    slot->operation.start_ns = operation->start_ns;
    slot->operation.leaf_pc = operation->leaf_pc;
    slot->operation.frame = operation->frame;
    slot->operation.holder_ns = operation->holder_ns;
    __atomic_store_n(&slot->sequence, sequence + 1, __ATOMIC_RELEASE);
}

static inline void operation_begin(struct thread_block *thread, struct state_operation *operation,
                                   struct state_operation *saved)
{
    operation->frame = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    if (likely(thread->slot->operation.operation == 0)) {
        saved->operation = 0;
    } else {
        *saved = thread->slot->operation;
        if (saved->frame <= operation->frame)
            saved->operation = 0;
    }
    operation_store(thread->slot, operation);
}

/* The present operation, a wait, is for what the thread `tid` holds; 0: not known. */
static inline void operation_set_holder(struct thread_block *thread, int32_t tid)
{
    if (thread->slot->operation.operation != EXECTRACE_OPERATION_SYNC)
        return;
    __atomic_store_n(&thread->slot->operation.fd, tid > 0 ? tid : -1, __ATOMIC_RELAXED);
    __atomic_store_n(&thread->slot->operation.holder_ns, clock_now_ns(), __ATOMIC_RELAXED);
}

static inline void operation_end(struct thread_block *thread, const struct state_operation *saved)
{
    if (likely(saved->operation == 0))
        __atomic_store_n(&thread->slot->operation.operation, 0, __ATOMIC_RELEASE);
    else
        operation_store(thread->slot, saved);
}

#endif
