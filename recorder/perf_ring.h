/*
 * One ring of kernel records (perf_event_open(2)): mapping, and decoding of the record at its tail.
 * Only sched_collector.c uses it; one thread at a time.
 */
#ifndef EXECTRACE_RECORDER_PERF_RING_H
#define EXECTRACE_RECORDER_PERF_RING_H

#include "recorder/record_stream.h"
#include "recorder/sched_tracepoints.h"

/* Records are at most 64 KiB: their size is a 16-bit field. */
#define PERF_RING_MAX_RECORD_BYTES 65536

struct perf_ring {
    struct record_stream stream; /* first: the collector knows it by this */
    int fd;                      /* owned */
    int cpu;                     /* for the owner's use */
    void *mapping;               /* owned: one control page, then the data */
    uint64_t mapping_bytes;
    const uint8_t *bytes;
    uint64_t byte_count;                         /* a power of two */
    uint64_t head;                               /* end of what the kernel had written at the last refresh */
    uint64_t tail;                               /* start of the next record */
    const struct sched_tracepoints *tracepoints; /* borrowed; NULL: the ring of a task clock or dummy */
    uint8_t *scratch; /* owned: a record that wraps around the ring's end, made contiguous */
};

/*
 * Maps the ring of event `fd`; data_bytes is a power of two and a multiple of the page size.
 * tracepoints: borrowed; NULL when the event is none. Takes fd on success. False with errno when the kernel
 * refuses.
 */
bool perf_ring_init(struct perf_ring *ring, int fd, const struct sched_tracepoints *tracepoints,
                    uint64_t data_bytes);

/* Unmaps and closes. Fine on a zeroed struct. */
void perf_ring_clear(struct perf_ring *ring);

#endif
