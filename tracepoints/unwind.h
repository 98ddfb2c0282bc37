/*
 * Stack unwinder of the traced program. Called by stacks.c on the thread whose stack it reads.
 *
 * Takes no lock, allocates nothing, asks the dynamic loader nothing that could block: an unwinder that takes
 * the loader's lock inside a lock wrapper can deadlock the program. Async-signal-safe. Never reads memory
 * that it does not know to be mapped; stops, rather than guess, where it cannot go on.
 */
#ifndef EXECTRACE_UNWIND_H
#define EXECTRACE_UNWIND_H

#include <stdint.h>

/*
 * Frames of code in [start, end) are left out from now on: libexectrace.so itself. Before the first walk.
 */
void unwind_skip_code(const void *start, const void *end);

/*
 * Stores the return addresses of the calling thread's stack, leaf first, at most `max`. [stack_low,
 * stack_high) is readable memory from any stack pointer inside it upwards; 0, 0 when nothing is known.
 * Returns how many.
 */
uint32_t unwind_take(uint64_t *pcs, uint32_t max, uint64_t stack_low, uint64_t stack_high);

/* Forgets what is known of the code: an object was unloaded and another may come to its place. */
void unwind_forget_code(void);

#endif
