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

/*
 * How to sample about `hz` times a second, less often where the kernel's tick is slower. False: the tick does
 * not come through that interrupt, not to all CPUs, or tracefs may not be read.
 */
bool tick_samples_find(unsigned hz, struct tick_samples *samples);

#endif
