/*
 * New processes of a process that ran before it was recorded: its library does not wait for us, so the kernel
 * tells of them (sched_collector.h), a little late.
 */
#ifndef EXECTRACE_RECORDER_NEWCOMERS_H
#define EXECTRACE_RECORDER_NEWCOMERS_H

#include "recorder/recorder_events.h"

#include <sys/types.h>

/*
 * The table of events to give to the collector: passes everything on to `events` (borrowed), and notes
 * processes that begin. There is one list per process; newcomers_clear ends it. NULL with error.
 */
const struct recorder_events *newcomers_watch(const struct recorder_events *events, GError **error);

/* Readable when there is one; -1 when nobody watches. */
int newcomers_fd(void);

/* The next one; 0: there is none. Main thread. */
pid_t newcomers_next(void);

/* When nobody emits any more. */
void newcomers_clear(void);

#endif
