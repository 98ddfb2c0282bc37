/*
 * LTTng's kernel tracer as the source of scheduling: a channel of the kernel in the recording's own session.
 * Its events go from the kernel into the trace without passing through us. They are those of the whole
 * machine: LTTng's trackers choose by the thread that runs, so they would lose the switches to the program's
 * threads and the wake-ups from elsewhere. The analyzer leaves the other programs out.
 *
 * The session daemon must be root's; root may, and members of the group `tracing`. Called by session.c.
 */
#ifndef EXECTRACE_RECORDER_KERNEL_TRACER_H
#define EXECTRACE_RECORDER_KERNEL_TRACER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* For humans, and for the event exectrace_sched:source. */
#define KERNEL_TRACER_DESCRIPTION "LTTng's kernel tracer: sched_switch, sched_waking, sched_wakeup_new"

struct kernel_tracer_channel {
    uint64_t subbuffer_bytes; /* a power of two, per CPU */
    uint64_t subbuffer_count; /* likewise */
    unsigned switch_timer_us; /* how often a half-full sub-buffer is written; 0: never */
    bool is_snapshot;         /* overwrite the oldest events */
};

/*
 * Adds the channel to a session that has not been started; nothing is recorded yet. False with error, one
 * sentence, when the daemon cannot trace the kernel for us; the session can be used without.
 */
bool kernel_tracer_add_channel(const char *session_name, const struct kernel_tracer_channel *settings,
                               GError **error);

/* Switches the scheduler's events on, also while the session runs. */
bool kernel_tracer_start(const char *session_name, GError **error);

/* Events lost because the channel's buffers were full. */
uint64_t kernel_tracer_lost_count(const char *session_name);

#endif
