/*
 * CPUs whose idle task does not tell its switches: on some virtual machines the tracepoints are silent in its
 * context. The switches of such a CPU are recorded as perf events, too, which the kernel writes in the
 * context of the thread that is put on it.
 */
#ifndef EXECTRACE_RECORDER_SILENT_CPUS_H
#define EXECTRACE_RECORDER_SILENT_CPUS_H

#include "recorder/perf_events.h"
#include "recorder/tracefs_ring.h"

#include <glib.h>

struct watched_cpu;

struct silent_cpus {
    struct perf_events *perf;    /* borrowed */
    struct watched_cpu *watched; /* owned array, one per CPU */
};

/* Borrows perf, opened for the whole machine, which must outlive it. */
void silent_cpus_init(struct silent_cpus *cpus, struct perf_events *perf);

/*
 * Finds silent CPUs before the program runs: sleeps a little on each CPU that this thread may use. Takes all
 * records out of the rings. On the main thread; the functions that follow are for whoever drains the rings.
 */
void silent_cpus_try_all(struct silent_cpus *cpus, struct tracefs_ring *rings, unsigned ring_count);

/* A thread of ours is on a CPU that it was not told to have been put on. Now and then is bearable. */
void silent_cpus_count_missed(struct silent_cpus *cpus, uint16_t cpu);

/*
 * Whether perf is to tell the switches of a silent CPU, which the ring has counted in passed_ns: perf tells a
 * switch for 1 us. That is little beside what it takes to wake an idle CPU, and much beside a switch from
 * thread to thread. So it is not to when the CPU switches often and is rarely idle.
 */
bool silent_cpus_are_worth_telling(const struct tracefs_ring *ring, uint64_t passed_ns);

/* Decides that for the time to come, and sets the rings' counts to 0. */
void silent_cpus_adapt(struct silent_cpus *cpus, struct tracefs_ring *rings, unsigned ring_count,
                       uint64_t passed_ns);

/* Whether the switches of this CPU have been recorded by perf, too. */
bool silent_cpus_has(const struct silent_cpus *cpus, int cpu);

/* Fine on a zeroed struct. */
void silent_cpus_clear(struct silent_cpus *cpus);

#endif
