/*
 * A CPU's ring of a trace instance: reads its pages and decodes the scheduling tracepoints in them.
 * Only sched_collector.c uses it; one thread at a time.
 */
#ifndef EXECTRACE_RECORDER_TRACEFS_RING_H
#define EXECTRACE_RECORDER_TRACEFS_RING_H

#include "recorder/record_stream.h"
#include "recorder/sched_tracepoints.h"
#include "recorder/trace_page.h"

struct tracefs_ring {
    struct record_stream stream; /* first: the collector knows it by this */
    int fd;                      /* owned */
    uint16_t cpu;
    const struct sched_tracepoints *tracepoints; /* borrowed */
    uint8_t *bytes;                              /* owned: the page that is being read */
    uint32_t page_bytes;
    struct trace_page page;
    int32_t running_tid;    /* the thread on the CPU; -1: not known */
    uint64_t running_since; /* at the latest */
    uint64_t read_count;    /* pages read, */
    uint64_t switch_count;  /* switches, */
    uint64_t idle_count;    /* and those to the idle task, since the owner set these to 0 */
    bool has_event;         /* page is at an event that was not handed out yet */
    uint64_t lost_count;    /* not 0: events before that one were lost, and that was not handed out yet */
};

/* Takes fd. */
void tracefs_ring_init(struct tracefs_ring *ring, int fd, int cpu,
                       const struct sched_tracepoints *tracepoints, uint32_t page_bytes);

/* Fine on a zeroed struct. */
void tracefs_ring_clear(struct tracefs_ring *ring);

#endif
