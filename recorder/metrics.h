/*
 * Metrics of the recorded process, sampled from /proc at an interval and emitted as exectrace_metric events.
 */
#ifndef EXECTRACE_RECORDER_METRICS_H
#define EXECTRACE_RECORDER_METRICS_H

#include "recorder/recorder_events.h"

#include <sys/types.h>

/* What is sampled; also the id of the metric's events. */
enum metric {
    METRIC_CPU_SECONDS = 1,
    METRIC_RESIDENT_BYTES,
    METRIC_VIRTUAL_BYTES,
    METRIC_THREADS,
    METRIC_OPEN_FDS,
    METRIC_MAJOR_FAULTS,
    METRIC_END
};

struct metrics;

/*
 * Starts a thread that samples process pid now and every interval. Borrows events, which must outlive it.
 * NULL when there is no descriptor left for it; recording goes on without.
 */
struct metrics *metrics_start(pid_t pid, uint64_t interval_ns, const struct recorder_events *events);

/* Ends the thread. Fine on NULL. */
void metrics_stop(struct metrics *metrics);

/*
 * Reads a line of /proc/PID/stat into values[METRIC_END], but for METRIC_OPEN_FDS.
 * False: it is no such line; values untouched.
 */
bool metrics_parse_stat(const char *line, double *values);

#endif
