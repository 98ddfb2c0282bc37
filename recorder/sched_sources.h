/*
 * Where the kernel's scheduling records come from, and their opening and closing. There are three sources,
 * from the best to what is left:
 *
 *  - a trace instance (tracefs_instance.h): switches and wake-ups of the whole machine, at a third of what
 *    the same records cost through perf. Forks, names, mappings and samples come from perf events of the
 *    CPUs; so do the switches of those CPUs whose idle task's tracepoints are silent (silent_cpus.h).
 *  - the scheduler's tracepoints through perf, where tracefs may be read but not written. The kernel drops
 *    some of these; so the program's own switches are recorded, too.
 *  - perf events of the program alone, for an ordinary user: switches, no wake-ups.
 *
 * Only sched_collector.c uses them; one thread at a time.
 */
#ifndef EXECTRACE_RECORDER_SCHED_SOURCES_H
#define EXECTRACE_RECORDER_SCHED_SOURCES_H

#include "recorder/perf_events.h"
#include "recorder/sched_collector.h"
#include "recorder/sched_tracepoints.h"
#include "recorder/silent_cpus.h"
#include "recorder/tracefs_instance.h"
#include "recorder/tracefs_ring.h"

#include "tracepoints/contract.h"

struct sched_sources {
    enum exectrace_sched_source kind;
    struct perf_events perf;
    struct sched_tracepoints tracepoints; /* valid when wake-ups are known */

    /* Only with a trace instance. */
    struct tracefs_instance *instance; /* owned; NULL: another source */
    struct tracefs_ring *rings;        /* owned array */
    unsigned ring_count;
    struct silent_cpus silent_cpus;
};

/*
 * Opens the best source that the kernel allows, for process pid; see sched_collector_new. Fills in a zeroed
 * struct, which must not move any more. False with error when there is none.
 */
bool sched_sources_open(struct sched_sources *sources, pid_t pid,
                        const struct sched_collector_options *options, GError **error);

/* Whether one that tells wake-ups could be opened. */
bool sched_sources_tell_wakeups(void);

/* All rings. The caller frees the array; what is in it is borrowed. */
struct record_stream **sched_sources_list(struct sched_sources *sources, unsigned *stream_count);

/* For humans. Caller frees. */
char *sched_sources_describe(const struct sched_sources *sources);

/* Bytes of the ring per CPU that the kernel gave. */
uint64_t sched_sources_ring_bytes(const struct sched_sources *sources);

/* No more records are written; those in the rings stay. */
void sched_sources_stop(const struct sched_sources *sources);

/* Fine on a zeroed struct. */
void sched_sources_close(struct sched_sources *sources);

#endif
