/*
 * Stack unwinder of the traced program. Called by stacks.c on the thread whose stack it reads.
 *
 * Takes no lock, allocates nothing, asks the dynamic loader nothing that could block: an unwinder that takes
 * the loader's lock inside a lock wrapper can deadlock the program. Async-signal-safe. Never reads memory
 * that it does not know to be mapped; stops, rather than guess, where it cannot go on.
 */
#ifndef EXECTRACE_UNWIND_H
#define EXECTRACE_UNWIND_H

#include <stdbool.h>
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

/*
 * Walks that a thread remembers. A walk is decided by where it starts and by the words of the stack that it
 * reads: as long as these are the same, so is the stack, and reading them costs a fifth of walking. Only
 * walks that stay on the thread's own stack, whose words can always be read, are remembered.
 */
#define UNWIND_TRAIL_COUNT 4u
#define UNWIND_TRAIL_WORDS 112u

struct unwind_trail {
    uint64_t pc, rsp, rbp; /* where the walk started; pc 0: no walk */
    uint32_t generation;   /* of the code, see unwind_forget_code() */
    uint32_t number;       /* the caller's; 0: not to be remembered */
    uint16_t word_count;
    bool needs_rbp;                       /* the walk depends on the first rbp */
    uint32_t offsets[UNWIND_TRAIL_WORDS]; /* from rsp, in words */
    uint64_t words[UNWIND_TRAIL_WORDS];
};

/* Zeroed memory remembers nothing. */
struct unwind_trails {
    uint32_t next; /* the one that the next walk takes */
    struct unwind_trail trails[UNWIND_TRAIL_COUNT];
};

/*
 * As unwind_take(). When the stack is one of `trails`, the number that the caller gave it is stored in
 * `*number` and 0 is returned. Else `*number` is 0, and the caller may give the new one a number by
 * unwind_remember().
 */
uint32_t unwind_take_new(uint64_t *pcs, uint32_t max, uint64_t stack_low, uint64_t stack_high,
                         struct unwind_trails *trails, uint32_t *number);

/* The stack that unwind_take_new() has just stored is `number` (not 0) from now on. */
void unwind_remember(struct unwind_trails *trails, uint32_t number);

/* Forgets the trails: another stack has come to their place. */
void unwind_forget_trails(struct unwind_trails *trails);

/* Forgets what is known of the code: an object was unloaded and another may come to its place. */
void unwind_forget_code(void);

#endif
