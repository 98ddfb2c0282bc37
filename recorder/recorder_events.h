/*
 * The events that the recorder itself emits, as a table of functions.
 *
 * The table lives in a module of its own (providers_recorder.c -> exectrace_recorder_probes.so) that is
 * loaded only when the session runs: loading it loads LTTng-UST, whose constructor looks at once for the
 * session daemon in LTTNG_HOME. Whoever emits takes the table as an argument, so tests pass one that
 * collects.
 *
 * Fields, units and meaning: tracepoints/provider_sched.h, provider_metric.h, provider_process.h.
 * All functions may be called on any thread; they never block.
 */
#ifndef EXECTRACE_RECORDER_EVENTS_H
#define EXECTRACE_RECORDER_EVENTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct recorder_open_operation {
    int32_t pid;
    int32_t tid;
    uint8_t kind; /* enum exectrace_wait_kind; 0: a system call */
    uint64_t object;
    uint16_t number;
    int32_t fd;
    uint8_t fd_kind; /* enum exectrace_fd_kind */
    uint64_t duration_ns;
    uint32_t stack;
    uint64_t leaf_pc; /* return address in the caller, when there is no stack */
};

struct recorder_events {
    /* Whether the session daemon has switched our events on; asked after loading. */
    bool (*is_recorded)(void);

    void (*sched_switch)(uint64_t time, uint64_t off_ns, int32_t pid, int32_t tid, uint16_t cpu,
                         uint16_t prev_cpu, uint8_t reason, uint64_t runnable_ns, int32_t waker_tid);
    void (*sched_start)(uint64_t time, int32_t pid, int32_t tid, int32_t parent_pid, int32_t parent_tid);
    void (*sched_exit)(uint64_t time, int32_t pid, int32_t tid);
    void (*sched_name)(uint64_t time, int32_t pid, int32_t tid, bool is_exec, const char *name);
    void (*sched_module)(uint64_t time, int32_t pid, uint64_t base, uint64_t size, uint64_t offset,
                         const char *path);
    void (*sched_sample)(uint64_t time, int32_t pid, int32_t tid, const uint64_t *pcs, uint32_t pcs_count);
    void (*sched_lost)(uint64_t time, uint16_t cpu, uint64_t count);
    void (*sched_source)(uint64_t time, uint8_t source, const char *description);

    void (*metric_define)(uint32_t id, const char *name, const char *unit, const char *help);
    void (*metric_sample)(uint64_t time, int32_t pid, uint32_t id, double value);

    void (*process_open)(const struct recorder_open_operation *open);
};

/* What the module exports: `const struct recorder_events exectrace_recorder_events`. */
#define RECORDER_EVENTS_SYMBOL "exectrace_recorder_events"

/*
 * Loads the module at path and waits until the session daemon has accepted us, at most about a second after
 * LTTng's own registration timeout. The table stays valid for the process's life (never unloaded).
 * NULL with error when the module is missing or the events are not switched on in time.
 */
const struct recorder_events *recorder_events_load(const char *path, GError **error);

#endif
