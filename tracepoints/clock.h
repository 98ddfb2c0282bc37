/*
 * The one clock of the traced program: CLOCK_MONOTONIC in nanoseconds, the clock LTTng-UST stamps events
 * with. Read through the vdso (about 25 ns); safe in signal handlers.
 */
#ifndef EXECTRACE_CLOCK_H
#define EXECTRACE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
