/*
 * Reads CTF traces with babeltrace2 (and is its only user): decodes the streams on worker threads, merges
 * them by time and hands events to one callback on the caller's thread.
 */
#ifndef ANALYZER_CTF_READER_H
#define ANALYZER_CTF_READER_H

#include <glib.h>
#include "analyzer/event.h"

struct ctf_reader_options {
    const char *path; /* any folder at or above the metadata files; NULL is a bug */
    unsigned workers; /* 0: as many as CPUs */
    bool is_progress; /* progress line on stderr, only if that is a terminal */
};

/*
 * Reads the whole trace. Bad or incomplete data inside a trace is not an error: it is handed out as
 * EVENT_LOST and counted. False: nothing could be read, or not further; error then says what to do.
 */
bool ctf_reader_run(const struct ctf_reader_options *options, event_sink sink, void *self, GError **error);

#endif
