/*
 * Who waits for what, process-wide: a waiter marks its object with the time its wait began before it blocks;
 * a thread that releases a marked object leaves word there of when and who it is, for the waiter's event.
 * Lock-free; any thread, also in signal handlers.
 *
 * The table has a cache line per hash value. Two objects in one line: the one that came first keeps it while
 * it has waiters, the other goes unmarked (its wakes are missing, nothing worse). Waiters beyond the places
 * of a line share one more, which has the time of the latest of them: an idle pool of many threads is seen,
 * and many threads that hammer one lock do not look as if one had waited long.
 *
 * The word of a release stays until the next one. It names its object by 20 bits of a hash, so that the
 * line's next object does not take it for its own.
 */
#ifndef EXECTRACE_WAITERS_H
#define EXECTRACE_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#define WAITER_LINE_COUNT 2048u /* a power of two; 128 KiB, touched as used */
#define WAITER_PLACE_COUNT 3u   /* the next place number is the shared one */

struct waiter_line {
    uint64_t object;
    uint32_t count;                        /* of all waiters */
    uint32_t shared_count;                 /* of those beyond the places */
    uint64_t since_ns[WAITER_PLACE_COUNT]; /* 0: free place */
    uint64_t shared_since_ns;
    uint64_t
        release_ns; /* of the latest release, the word's sequence number; WAITER_RELEASE_BUSY: see there */
    uint64_t release_who; /* EXECTRACE_WHO(thread, stack, hash of the object) */
} __attribute__((aligned(64)));

/* Set in release_ns while a thread writes the word. */
#define WAITER_RELEASE_BUSY (UINT64_C(1) << 63)

/* Who released an object last. */
struct waiter_release {
    uint64_t time_ns;
    int32_t tid;
    uint32_t stack; /* 0: not taken */
};

/* A mark in the table. Kept in the thread's block. */
struct waiter_mark {
    struct waiter_line *line; /* NULL: nothing is marked */
    uint64_t frame;           /* of the waiting wrapper, as in struct state_operation */
    uint32_t place;
};

extern struct waiter_line waiter_lines[WAITER_LINE_COUNT] __attribute__((visibility("hidden")));

static inline struct waiter_line *waiters_line_of(uint64_t object)
{
    return &waiter_lines[(object * UINT64_C(0x9e3779b97f4a7c15)) >> 53];
}

/* Might somebody wait for `object`? All that a release nobody waits for costs. */
static inline bool waiters_has_any(const void *object)
{
    const struct waiter_line *line = waiters_line_of((uint64_t)(uintptr_t)object);

    return __builtin_expect(__atomic_load_n(&line->count, __ATOMIC_RELAXED) != 0 &&
                                __atomic_load_n(&line->object, __ATOMIC_RELAXED) ==
                                    (uint64_t)(uintptr_t)object,
                            0);
}

/* Marks `object`; `mark` must be unused. */
void waiters_mark(struct waiter_mark *mark, uint64_t object, uint64_t now_ns, uint64_t frame);

void waiters_unmark(struct waiter_mark *mark);

/* When the longest of the present waits for `object` began; 0: nobody waits. */
uint64_t waiters_oldest_ns(uint64_t object);

/*
 * Just before a release of `object` by the calling thread. False: another thread is leaving word at this
 * moment (or was left by longjmp from a signal handler while it did), nothing was stored.
 */
bool waiters_tell_release(uint64_t object, const struct waiter_release *release);

/* The latest release of `object`, if it was not before `since_ns`. */
bool waiters_find_release(uint64_t object, uint64_t since_ns, struct waiter_release *release);

/* The child of a fork: the other threads' marks are void. */
void waiters_reset(void);

#endif
