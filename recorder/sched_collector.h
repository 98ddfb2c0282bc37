/*
 * Scheduling of the program as the kernel sees it: rings of the kernel, one or two per CPU, drained by a
 * thread of the recorder, merged by time and emitted as exectrace_sched events.
 */
#ifndef EXECTRACE_RECORDER_SCHED_COLLECTOR_H
#define EXECTRACE_RECORDER_SCHED_COLLECTOR_H

#include "recorder/recorder_events.h"

#include <sys/types.h>

/* As many samples as cost next to nothing with the source that is used. */
#define SCHED_COLLECTOR_DEFAULT_HZ G_MAXUINT

struct sched_collector_options {
    bool is_running; /* the process runs already: recording starts at once, not at its exec */
    bool follow_children;
    bool with_wakeups;   /* use the scheduler's tracepoints where the kernel lets us */
    unsigned sample_hz;  /* 0: no samples of running threads; or SCHED_COLLECTOR_DEFAULT_HZ */
    uint64_t ring_bytes; /* per CPU; 0: as large as useful and allowed */
};

struct sched_collector;

/*
 * Opens the kernel's events on process `pid`: one that has not called exec yet (recording starts at its
 * exec), or one that runs, with all its threads. Starts the thread that drains the rings. Borrows events,
 * which must outlive the collector. NULL with error when the kernel does not allow it; the recording can go
 * on without scheduling.
 */
struct sched_collector *sched_collector_new(pid_t pid, const struct sched_collector_options *options,
                                            const struct recorder_events *events, GError **error);

/*
 * Returns when everything that the kernel knew until the call has been emitted. Threads that are off their
 * CPU at that moment are told of when they are back. Not after sched_collector_stop.
 */
void sched_collector_flush(struct sched_collector *collector);

/*
 * Ends the recording: stops the kernel's events, drains the rings to the last record and ends the thread.
 * Returns how many records the kernel lost because a ring was full.
 */
uint64_t sched_collector_stop(struct sched_collector *collector);

/* When process pid ended; 0: not known. Only after sched_collector_stop. */
uint64_t sched_collector_process_end(const struct sched_collector *collector, int32_t pid);

/* Frees a collector that was stopped; fine on NULL. */
void sched_collector_free(struct sched_collector *collector);

/* Bytes of the ring per CPU that the kernel gave. */
uint64_t sched_collector_ring_bytes(const struct sched_collector *collector);

#endif
