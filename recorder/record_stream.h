/*
 * A source of scheduling records in order of time: a ring of perf_event_open or one of tracefs. The collector
 * merges them. Whoever has one puts it first in its own struct.
 */
#ifndef EXECTRACE_RECORDER_RECORD_STREAM_H
#define EXECTRACE_RECORDER_RECORD_STREAM_H

#include "recorder/sched_pairing.h"

/* What one record of the kernel may say: a switch takes one thread off a CPU and puts another one on. */
#define RECORD_STREAM_MAX_MEANINGS 2

struct record_stream;

struct record_stream_kind {
    /* Looks what the kernel has written meanwhile. True: there is a record, and next_time is its time. */
    bool (*refresh)(struct record_stream *stream);

    /*
     * Decodes the next record; how many of records[RECORD_STREAM_MAX_MEANINGS] were filled in. 0: it tells us
     * nothing. What the records borrow stays valid until the next call on this stream.
     */
    unsigned (*read)(struct record_stream *stream, struct sched_record *records);

    /* Leaves the record behind. True: there is another one. */
    bool (*advance)(struct record_stream *stream);
};

struct record_stream {
    const struct record_stream_kind *kind;
    uint64_t next_time; /* CLOCK_MONOTONIC ns; valid while there is a record */
};

#endif
