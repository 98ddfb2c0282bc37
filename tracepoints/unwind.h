/*
 * Stack unwinder of the traced program. Called by stacks.c on the thread itself; async-signal-safe.
 */
#ifndef EXECTRACE_UNWIND_H
#define EXECTRACE_UNWIND_H

#include <stdint.h>

struct thread_block;

/*
 * Stores the return addresses of the calling thread's stack, leaf first, at most `max`; frames of
 * libexectrace.so are left out. Returns how many. Stops, rather than guess, where it cannot go on.
 */
uint32_t unwind_take(const struct thread_block *thread, uint64_t *pcs, uint32_t max);

#endif
