/*
 * Samples on the kernel's own tick: a tracepoint in the timer interrupt that a busy CPU has anyway. A perf
 * clock of the same rate is a second interrupt each time, which cost a program 1 to 2 % on a virtual machine,
 * where interrupts are dear. Called by sched_sources.c on the main thread.
 */
#ifndef EXECTRACE_RECORDER_TICK_SAMPLES_H
#define EXECTRACE_RECORDER_TICK_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

struct tick_samples {
    uint16_t tracepoint_id;
    unsigned period; /* one sample in so many ticks */
};

/* What the kernel says of its tick. Texts are borrowed, and NULL when they are not known. */
struct tick_facts {
    const char *device;        /* what gives the first CPU its ticks */
    const char *tickless_cpus; /* those without a tick while one thread runs alone */
    uint64_t tick_ns;          /* from tick to tick; 0: not known */
    uint16_t tracepoint_id;    /* of the local timer's interrupt; 0: there is none, or it may not be used */
};

/* How to sample about `hz` times a second, given that. False: not on the tick. */
bool tick_samples_choose(const struct tick_facts *facts, unsigned hz, struct tick_samples *samples);

/*
 * How to sample about `hz` times a second, less often where the kernel's tick is slower. False: the tick does
 * not come through that interrupt, not to all CPUs, or tracefs may not be read.
 */
bool tick_samples_find(unsigned hz, struct tick_samples *samples);

#endif
