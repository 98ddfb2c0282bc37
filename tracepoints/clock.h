/*
 * The one clock of the traced program: CLOCK_MONOTONIC in nanoseconds, the clock LTTng-UST stamps events
 * with. Safe in signal handlers and before the constructor.
 *
 * Where the kernel itself keeps time with the CPU's time stamp counter, so do we between two readings of the
 * real clock, which are a tenth of a second apart at most: 15 ns instead of the vdso's 30, two of them in
 * every wrapped call. The two clocks differ by less than a microsecond.
 */
#ifndef EXECTRACE_CLOCK_H
#define EXECTRACE_CLOCK_H

#include <stdint.h>
#include <x86intrin.h>

/* From ticks to nanoseconds. Owned by clock.c. */
struct clock_scale {
    uint32_t sequence; /* odd while it is changed */
    uint64_t base_ticks;
    uint64_t base_ns;
    uint64_t ns_per_tick; /* times 2^32 */
    uint64_t limit_ticks; /* the scale holds for so many ticks from the base on; 0: it is not known yet */
};

extern struct clock_scale clock_scale __attribute__((visibility("hidden")));

/* Reads the real clock, and sets the scale anew if it can be done now. */
uint64_t clock_read_ns(void);

/* From the constructor: finds out whether the counter can be trusted. Until then the real clock is read. */
void clock_init(void);

static inline uint64_t clock_now_ns(void)
{
    uint32_t sequence = __atomic_load_n(&clock_scale.sequence, __ATOMIC_ACQUIRE);
    uint64_t base_ns = __atomic_load_n(&clock_scale.base_ns, __ATOMIC_RELAXED);
    uint64_t ns_per_tick = __atomic_load_n(&clock_scale.ns_per_tick, __ATOMIC_RELAXED);
    uint64_t limit_ticks = __atomic_load_n(&clock_scale.limit_ticks, __ATOMIC_RELAXED);
    uint64_t elapsed = __rdtsc() - __atomic_load_n(&clock_scale.base_ticks, __ATOMIC_RELAXED);

    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__builtin_expect(elapsed < limit_ticks && (sequence & 1) == 0 &&
                             __atomic_load_n(&clock_scale.sequence, __ATOMIC_RELAXED) == sequence,
                         1))
        return base_ns + (elapsed * ns_per_tick >> 32);
    return clock_read_ns();
}

#endif
