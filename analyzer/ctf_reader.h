/*
 * Reads CTF traces with babeltrace2 (and is its only user): decodes the streams on worker threads, merges
 * them by time and hands events to one callback on the caller's thread.
 */
#ifndef ANALYZER_CTF_READER_H
#define ANALYZER_CTF_READER_H

#include <glib.h>
#include "analyzer/event_needs.h"

/* What only the reader knows about a trace. */
struct ctf_reader_facts {
    unsigned trace_count, stream_count;
    uint64_t step_back_count; /* events earlier than their predecessor in the stream; they got its time */
};

struct ctf_reader_options {
    const char *path;                /* any folder at or above the metadata files; NULL is a bug */
    unsigned workers;                /* 0: as many as CPUs */
    const struct event_needs *needs; /* borrowed; NULL: all events */
    bool is_progress;                /* progress line on stderr, only if that is a terminal */
    struct ctf_reader_facts *facts;  /* filled when reading has ended; NULL: not wanted */
    void (*on_breakdown)(void);      /* before babeltrace2 ends the process; in a signal handler; or NULL */
};

/*
 * Reads every trace at or below the path. Events the tracer lost are no error: they are handed out as
 * EVENT_LOST. Events that are not needed come as EVENT_SKIPPED: their number, from time to time. False:
 * nothing could be read, or a stream not to its end (what could be read was handed out, the stream ended with
 * EVENT_LOST of an unknown number); error then is one sentence.
 *
 * While it runs, an abort or crash inside babeltrace2 ends the process with one sentence on stderr and status
 * 1, and RLIMIT_DATA and the handlers of SIGPROF and of the crash signals are the reader's (ctf_guard.h).
 */
bool ctf_reader_run(const struct ctf_reader_options *options, event_sink sink, void *self, GError **error);

#endif
