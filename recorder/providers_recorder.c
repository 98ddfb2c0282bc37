/*
 * The probes of the providers that the recorder emits, compiled exactly once, into a module of their own;
 * recorder_events.h says why. exectrace_process is here for exectrace_process:open only.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tracepoints/provider_sched.h"
#include "tracepoints/provider_metric.h"
#include "tracepoints/provider_process.h"

#include "recorder/recorder_events.h"

static bool is_recorded(void)
{
    return lttng_ust_tracepoint_enabled(exectrace_sched, source) &&
           lttng_ust_tracepoint_enabled(exectrace_process, open);
}

static void sched_switch(uint64_t time, uint64_t off_ns, int32_t pid, int32_t tid, uint16_t cpu,
                         uint16_t prev_cpu, uint8_t reason, uint64_t runnable_ns, int32_t waker_tid)
{
    lttng_ust_tracepoint(exectrace_sched, switch, time, off_ns, pid, tid, cpu, prev_cpu, reason, runnable_ns,
                         waker_tid);
}

static void sched_start(uint64_t time, int32_t pid, int32_t tid, int32_t parent_pid, int32_t parent_tid)
{
    lttng_ust_tracepoint(exectrace_sched, start, time, pid, tid, parent_pid, parent_tid);
}

static void sched_exit(uint64_t time, int32_t pid, int32_t tid)
{
    lttng_ust_tracepoint(exectrace_sched, exit, time, pid, tid);
}

/* Readers are known that show an empty string as the one before it. */
static const char *never_empty(const char *text)
{
    return text[0] ? text : " ";
}

static void sched_name(uint64_t time, int32_t pid, int32_t tid, bool is_exec, const char *name)
{
    lttng_ust_tracepoint(exectrace_sched, name, time, pid, tid, is_exec, never_empty(name));
}

static void sched_module(uint64_t time, int32_t pid, uint64_t base, uint64_t size, uint64_t offset,
                         const char *path)
{
    lttng_ust_tracepoint(exectrace_sched, module, time, pid, base, size, offset, path);
}

static void sched_sample(uint64_t time, int32_t pid, int32_t tid, const uint64_t *pcs, uint32_t pcs_count)
{
    lttng_ust_tracepoint(exectrace_sched, sample, time, pid, tid, pcs, pcs_count);
}

static void sched_lost(uint64_t time, uint16_t cpu, uint64_t count)
{
    lttng_ust_tracepoint(exectrace_sched, lost, time, cpu, count);
}

static void sched_source(uint64_t time, uint8_t source, const char *description)
{
    lttng_ust_tracepoint(exectrace_sched, source, time, source, never_empty(description));
}

static void metric_define(uint32_t id, const char *name, const char *unit, const char *help)
{
    lttng_ust_tracepoint(exectrace_metric, define, id, name, unit, help);
}

static void metric_sample(uint64_t time, int32_t pid, uint32_t id, double value)
{
    lttng_ust_tracepoint(exectrace_metric, sample, time, pid, id, value);
}

static void process_open(const struct recorder_open_operation *open)
{
    lttng_ust_tracepoint(exectrace_process, open, open->pid, open->tid, open->kind, open->object,
                         open->number, open->fd, open->fd_kind, open->duration_ns, open->stack,
                         open->leaf_pc);
}

extern const struct recorder_events exectrace_recorder_events;

const struct recorder_events exectrace_recorder_events = {
    .is_recorded = is_recorded,
    .sched_switch = sched_switch,
    .sched_start = sched_start,
    .sched_exit = sched_exit,
    .sched_name = sched_name,
    .sched_module = sched_module,
    .sched_sample = sched_sample,
    .sched_lost = sched_lost,
    .sched_source = sched_source,
    .metric_define = metric_define,
    .metric_sample = metric_sample,
    .process_open = process_open,
};
