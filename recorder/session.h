/*
 * The LTTng session of one recording. Wraps lttng-ctl, which only its helper kernel_tracer.c uses besides.
 * All functions are called on the main thread. Errors are one sentence, ready to be printed.
 */
#ifndef EXECTRACE_RECORDER_SESSION_H
#define EXECTRACE_RECORDER_SESSION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct session;

enum session_kernel_tracer {
    SESSION_KERNEL_NEVER = 0,
    SESSION_KERNEL_IF_ALLOWED,
    SESSION_KERNEL_REQUIRED, /* no session without */
};

struct session_options {
    const char *output; /* absolute path of an existing directory; or NULL when url is set */
    const char *url;    /* net://HOST..., see lttng-create(1); or NULL */
    bool is_restricted; /* only recorder and processes named to session_track are recorded */
    bool is_snapshot;   /* keep the latest events in memory; written by session_take_snapshot only */
    enum session_kernel_tracer kernel_tracer; /* a channel for kernel_tracer.h's events */
    uint64_t buffer_bytes;                    /* of the program's channel, per CPU; 0: chosen */
};

/* Events that LTTng had to drop because a channel's buffers were full. */
struct session_loss {
    uint64_t program_events;  /* channel `exectrace`: the traced program */
    uint64_t recorder_events; /* channels `sched` and `metric`, and the kernel's */
    uint64_t buffer_bytes;    /* of channel `exectrace`, per CPU */
};

/*
 * Creates and starts the session: channel `exectrace` (contexts vpid and vtid) for the program, channel
 * `sched` for the recorder. A session daemon must run. Nothing is left behind on failure.
 */
struct session *session_new(const struct session_options *options, GError **error);

/* Whether it has a channel for the kernel's scheduler. */
bool session_has_kernel_tracer(const struct session *session);

/* Has the kernel's scheduler recorded from now on; only when session_has_kernel_tracer. */
bool session_start_kernel_tracer(struct session *session, GError **error);

/* Waits until the session daemon knows the process and its exectrace events. False: not within the limit. */
bool session_wait_for_process(pid_t pid, unsigned limit_ms);

/* Adds a process to a restricted session. */
bool session_track(struct session *session, pid_t pid, GError **error);

/*
 * Writes what is in the buffers of a snapshot session to a new directory `name`-DATE-TIME-NUMBER below its
 * output. Returns when it is written. False with error when it could not be.
 */
bool session_take_snapshot(struct session *session, const char *name, GError **error);

/*
 * Stops tracing, waits until the daemon has written everything (at most about half a minute), reads what was
 * lost and destroys the session. Frees it in any case. False with error when something of that failed.
 */
bool session_finish(struct session *session, struct session_loss *loss, GError **error);

/* Its name, by which a relay daemon stores it. Borrowed. */
const char *session_name(const struct session *session);

/* Whether a session daemon answers; LTTNG_HOME and the user decide which. */
bool session_daemon_answers(void);

/*
 * Destroys sessions of recorders that are gone (killed), counts the sessions that remain.
 * -1 when the daemon does not answer.
 */
int session_clean_and_count(void);

#endif
