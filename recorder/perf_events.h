/*
 * The kernel's perf events of one recording, and the rings they write into: opening, and closing.
 * Only sched_sources.c and its users use them; one thread at a time.
 */
#ifndef EXECTRACE_RECORDER_PERF_EVENTS_H
#define EXECTRACE_RECORDER_PERF_EVENTS_H

#include "recorder/perf_ring.h"
#include "recorder/tick_samples.h"

#include <sys/types.h>

struct perf_events {
    struct perf_ring *rings; /* owned array */
    unsigned ring_count;
    unsigned first_program_ring; /* those before are of the whole machine */
    GArray *joined_fds;          /* owned: events that write into another event's ring */
    GArray *sampling_fds;        /* owned: those of them that sample the program */
    int cpu_count;               /* also those that are offline */
    uint64_t ring_bytes;         /* per CPU; a power of two; halved when the kernel refuses */
};

/* Opens nothing yet. ring_bytes: about how much is wanted. */
void perf_events_init(struct perf_events *events, uint64_t ring_bytes);

/* Closes everything; events can be opened again. */
void perf_events_close(struct perf_events *events);

/* Closes, and frees what perf_events_init made. */
void perf_events_clear(struct perf_events *events);

struct perf_program_settings {
    unsigned sample_hz; /* 0: no samples */
    bool is_running; /* the process runs already: its threads that exist join, and recording starts at once */
    bool follow_children;
};

/*
 * Switches, forks, exits, names, mappings and samples of process pid, of the threads that it creates and of
 * its children: all that an ordinary user may have. False with error when the kernel refuses.
 */
bool perf_events_open_program(struct perf_events *events, pid_t pid,
                              const struct perf_program_settings *settings, GError **error);

/* Whether the program is sampled; it is from perf_events_open_program on, when that was asked for. */
void perf_events_set_sampling(const struct perf_events *events, bool is_on);

/* The scheduler's tracepoints on all CPUs; tracepoints is borrowed until perf_events_close. */
bool perf_events_open_tracepoints(struct perf_events *events, const struct sched_tracepoints *tracepoints);

/* Forks, exits, names, mappings and samples of the whole machine; no switches. sample_hz: 0 for none. */
bool perf_events_open_machine(struct perf_events *events, unsigned sample_hz);

/* Adds samples to the rings of perf_events_open_machine, which has been asked for none. */
bool perf_events_add_ticks(struct perf_events *events, const struct tick_samples *samples);

/*
 * Adds the switches of a CPU to its ring of perf_events_open_machine. The event, for perf_events_switch; the
 * owner stays events. -1: the kernel refuses.
 */
int perf_events_add_switches(struct perf_events *events, int cpu);

/* Has one event record, or not. */
void perf_events_switch(int fd, bool is_on);

/* No more records are written. */
void perf_events_stop(const struct perf_events *events);

#define PERF_EVENTS_ERROR (g_quark_from_static_string("recorder-perf-events"))

#endif
