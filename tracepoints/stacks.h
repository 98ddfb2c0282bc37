/*
 * Call stacks: unwinds the calling thread and gives the stack a number that exectrace_stack:define explains.
 *
 * stacks_take() is called by wrappers between guard_enter() and guard_leave(), on the thread itself. Frames
 * of libexectrace.so are skipped, so the leaf is the return address in the wrapper's caller. Lock-free,
 * async-signal-safe, no malloc. The definition (and the modules of its PCs) is emitted before it returns
 * when it was not emitted in this epoch (a second; a session that starts and a fork begin a new one), and of
 * those that events are written with now and then besides.
 */
#ifndef EXECTRACE_STACKS_H
#define EXECTRACE_STACKS_H

#include <stdint.h>

#include "tracepoints/guard.h"

#define STACKS_MAX_DEPTH 128u

/* The calling thread's stack number, for an event that is written at once; 0 when stacks are off or the table
 * of stacks is full. */
uint32_t stacks_take(struct thread_block *thread, uint64_t now_ns);

/* The same before an operation that may be too short for an event. Else stacks_renew() follows. */
uint32_t stacks_take_early(struct thread_block *thread, uint64_t now_ns);

/* The same for a word to those who wait (waiters.h), of which there may be many for one event. */
uint32_t stacks_take_to_tell(struct thread_block *thread, uint64_t now_ns);

/*
 * For the event of an operation that has ended, whose stack was taken when it began: defines that stack again
 * when its epoch is over (a session may have started since). Called from the same wrapper. Returns `stack`.
 */
uint32_t stacks_renew(struct thread_block *thread, uint32_t stack, uint64_t now_ns);

/* An object was unloaded: forgets what is known of the code that is gone. Guard on. */
void stacks_object_unloaded(void);

/* Every stack and module is to be defined again: a session has started, or this is a fork's child. */
void stacks_new_epoch(void);

/* From the constructor. max_depth: 0 to STACKS_MAX_DEPTH frames. */
void stacks_init(uint32_t max_depth);

#endif
