/*
 * The command line of `recorder`. Everything here is set once, by main.c, before anything is created.
 */
#ifndef EXECTRACE_RECORDER_OPTIONS_H
#define EXECTRACE_RECORDER_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* With --snapshot: when one is written beside those that are asked for by a signal. Each includes the former.
 */
enum snapshot_moment {
    SNAPSHOT_NEVER = 0, /* no flight recorder: everything is written all the time */
    SNAPSHOT_ON_SIGNAL,
    SNAPSHOT_ON_FAILURE, /* the program crashed, or ended with a status other than 0 */
    SNAPSHOT_AT_END,
};

struct recorder_options {
    char *output;           /* directory of the trace; NULL: choose a new one and say its name */
    char *url;              /* where the trace goes instead, for lttng-relayd; or NULL */
    char **program;         /* borrowed from argv: the program and its arguments, NULL at the end */
    int32_t attach_pid;     /* record this process, which runs already; 0: run the program */
    uint64_t duration_ns;   /* with attach_pid: for how long; 0: until it ends or recorder is told to stop */
    bool follow_children;   /* record the children of the program too */
    bool wait_for_children; /* go on until the last recorded process has ended */
    enum snapshot_moment snapshot;
    bool is_quiet; /* say nothing but errors */

    bool with_wakeups;            /* wake-ups too, where the kernel lets us see them */
    bool with_sched;              /* scheduling */
    bool with_kernel_tracer;      /* from LTTng's kernel tracer, whatever else there is */
    unsigned sample_hz;           /* where running threads are, samples a second; see sched_collector.h */
    uint64_t ring_bytes;          /* kernel ring per CPU; 0: what the limits allow */
    uint64_t buffer_bytes;        /* LTTng buffers of the program, per CPU; 0: chosen from memory and CPUs */
    uint64_t metrics_interval_ns; /* how often metrics are sampled; 0: never */
    unsigned start_limit_ms;      /* how long the program waits for LTTng at its start, at most */

    /* Values of the library's environment variables (contract.h); NULL: leave what is there. */
    char *wait_threshold_ns;
    char *syscall_threshold_ns;
    char *alloc;
    char *stacks;
};

enum options_result {
    OPTIONS_RUN,   /* go on */
    OPTIONS_DONE,  /* --help or --version was printed: exit 0 */
    OPTIONS_WRONG, /* error is set */
};

/*
 * Reads argv. Options may have one dash or two; the first word that is no option is the program.
 * On OPTIONS_RUN the caller owns what options points to (options_clear), except `program`.
 */
enum options_result options_parse(struct recorder_options *options, int argc, char **argv, GError **error);

/* Frees the contents; fine on a zeroed struct. */
void options_clear(struct recorder_options *options);

/* "64K", "2M", "1G" or plain bytes, 1 to 2^40. False: not a size; *bytes untouched. */
bool options_parse_size(const char *text, uint64_t *bytes);

/* "50us", "2ms", "1s", "100ns" or plain nanoseconds, up to an hour. False: not a duration. */
bool options_parse_duration(const char *text, uint64_t *duration_ns);

#define OPTIONS_ERROR (g_quark_from_static_string("recorder-options"))

#endif
