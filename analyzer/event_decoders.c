/*
 * The tables of every event the analyzer understands. Pure; called by ctf_decode on any thread.
 */
#include "analyzer/event_decoders.h"

#include <string.h>
#include <glib.h>

#define FIELD(name, kind, member)                                                                            \
    {                                                                                                        \
        name, DECODER_##kind, offsetof(struct event, member), 0                                              \
    }
#define BYTES(name, member, size_member)                                                                     \
    {                                                                                                        \
        name, DECODER_BYTES, offsetof(struct event, member), offsetof(struct event, size_member)             \
    }
#define TIME                                                                                                 \
    {                                                                                                        \
        "time", DECODER_TIME, 0, 0                                                                           \
    }
#define STACK FIELD("stack", U32, stack)
#define PID FIELD("pid", I32, pid)
#define TID FIELD("tid", I32, tid)

/* exectrace: tracepoints/provider_*.h */

static const struct decoder_field process_start_fields[] = {
    FIELD("contract", U32, process_start.contract),
    FIELD("reason", U32, process_start.reason),
    FIELD("ppid", I32, process_start.ppid),
    FIELD("cmdline_hash", U64, process_start.cmdline_hash),
    FIELD("exe", TEXT, process_start.exe),
    FIELD("name", TEXT, process_start.name),
    {0}};
static const struct decoder_field module_fields[] = {FIELD("base", U64, module.base),
                                                     FIELD("size", U64, module.size),
                                                     FIELD("path", TEXT, module.path),
                                                     BYTES("build_id", module.build_id, module.build_id_size),
                                                     {0}};
static const struct decoder_field open_fields[] = {PID,
                                                   TID,
                                                   FIELD("operation", U32, open.operation),
                                                   FIELD("kind", U32, open.kind),
                                                   FIELD("object", U64, open.object),
                                                   FIELD("number", U32, open.number),
                                                   FIELD("fd", I32, open.fd),
                                                   FIELD("fd_kind", U32, open.fd_kind),
                                                   FIELD("duration", U64, open.duration_ns),
                                                   STACK,
                                                   {0}};
static const struct decoder_field thread_start_fields[] = {
    FIELD("start_routine", U64, thread_start.start_routine),
    FIELD("creator_tid", I32, thread_start.creator_tid),
    STACK,
    {0}};
static const struct decoder_field thread_name_fields[] = {TID, FIELD("name", TEXT, name), {0}};
static const struct decoder_field wait_fields[] = {FIELD("kind", U32, wait.kind),
                                                   FIELD("outcome", U32, wait.outcome),
                                                   FIELD("object", U64, wait.object),
                                                   FIELD("duration", U64, wait.duration_ns),
                                                   STACK,
                                                   {0}};
static const struct decoder_field wake_fields[] = {
    FIELD("kind", U32, wake.kind), FIELD("object", U64, wake.object), STACK, {0}};
static const struct decoder_field wait_summary_fields[] = {TID,
                                                           FIELD("kind", U32, wait_summary.kind),
                                                           FIELD("object", U64, wait_summary.object),
                                                           FIELD("count", U32, wait_summary.count),
                                                           FIELD("total", U64, wait_summary.total_ns),
                                                           FIELD("longest", U64, wait_summary.longest_ns),
                                                           STACK,
                                                           {0}};
static const struct decoder_field call_fields[] = {FIELD("number", U32, call.number),
                                                   FIELD("fd", I32, call.fd),
                                                   FIELD("fd_kind", U32, call.fd_kind),
                                                   FIELD("result", I64, call.result),
                                                   FIELD("duration", U64, call.duration_ns),
                                                   STACK,
                                                   {0}};
static const struct decoder_field call_summary_fields[] = {TID,
                                                           FIELD("number", U32, call_summary.number),
                                                           FIELD("fd_kind", U32, call_summary.fd_kind),
                                                           FIELD("count", U32, call_summary.count),
                                                           FIELD("errors", U32, call_summary.errors),
                                                           FIELD("total", U64, call_summary.total_ns),
                                                           FIELD("shortest", U64, call_summary.shortest_ns),
                                                           FIELD("longest", U64, call_summary.longest_ns),
                                                           {0}};
static const struct decoder_field peer_fields[] = {FIELD("fd", I32, peer.fd),
                                                   FIELD("family", U16, peer.family),
                                                   FIELD("port", U16, peer.port),
                                                   BYTES("address", peer.address, peer.address_size),
                                                   {0}};
static const struct decoder_field alloc_fields[] = {FIELD("address", U64, alloc.address),
                                                    FIELD("size", U64, alloc.size),
                                                    FIELD("weight_bytes", U64, alloc.weight_bytes),
                                                    STACK,
                                                    {0}};
static const struct decoder_field stack_fields[] = {
    FIELD("id", U32, stack), FIELD("pcs", PCS, stack_definition), {0}};
static const struct decoder_field user_fields[] = {FIELD("task", U64, user.task),
                                                   FIELD("parent", U64, user.parent),
                                                   FIELD("name", TEXT, user.name),
                                                   FIELD("category", TEXT, user.name),
                                                   FIELD("message", TEXT, user.message),
                                                   FIELD("value", DOUBLE, user.value),
                                                   STACK,
                                                   {0}};
static const struct decoder_field off_cpu_fields[] = {TIME,
                                                      PID,
                                                      TID,
                                                      FIELD("cpu", I32, cpu),
                                                      FIELD("off_ns", U64, off_cpu.off_ns),
                                                      FIELD("prev_cpu", I32, off_cpu.prev_cpu),
                                                      FIELD("reason", U32, off_cpu.reason),
                                                      {0}};
static const struct decoder_field wakeup_fields[] = {
    TIME, PID, TID, FIELD("waker_tid", I32, wakeup.waker_tid), FIELD("cpu", I32, wakeup.target_cpu), {0}};
static const struct decoder_field sched_exit_fields[] = {TIME, PID, TID, {0}};
static const struct decoder_field sched_start_fields[] = {TIME,
                                                          PID,
                                                          TID,
                                                          FIELD("parent_pid", I32, sched_start.parent_pid),
                                                          FIELD("parent_tid", I32, sched_start.parent_tid),
                                                          {0}};
static const struct decoder_field sched_name_fields[] = {TIME, PID, TID, FIELD("name", TEXT, name), {0}};
static const struct decoder_field sched_module_fields[] = {TIME,
                                                           PID,
                                                           FIELD("base", U64, module.base),
                                                           FIELD("size", U64, module.size),
                                                           FIELD("offset", U64, module.offset),
                                                           FIELD("path", TEXT, module.path),
                                                           {0}};
static const struct decoder_field sched_sample_fields[] = {
    TIME, PID, TID, FIELD("pcs", PCS, stack_definition), {0}};
static const struct decoder_field sched_lost_fields[] = {
    TIME, FIELD("cpu", I32, cpu), FIELD("count", U64, lost.count), {0}};
static const struct decoder_field sched_source_fields[] = {
    TIME,
    FIELD("source", U32, sched_source.source),
    FIELD("description", TEXT, sched_source.description),
    {0}};
static const struct decoder_field metric_fields[] = {TIME,
                                                     PID,
                                                     FIELD("id", U32, metric.id),
                                                     FIELD("value", DOUBLE, metric.value),
                                                     FIELD("name", TEXT, metric.name),
                                                     FIELD("unit", TEXT, metric.unit),
                                                     FIELD("help", TEXT, metric.help),
                                                     {0}};

/* What the recorder emits is about other threads than the one that emits it. */
static void forget_emitter(struct event *event)
{
    event->pid = event->tid = event->cpu = -1;
}

static void prepare_wakeup(struct event *event)
{
    forget_emitter(event);
    event->wakeup.waker_tid = event->wakeup.target_cpu = -1;
}

/* A wake-up of the recorder is the kernel's sched_waking. */
static void finish_recorder_wakeup(struct event *event)
{
    event->wakeup.is_waking = true;
}

static void prepare_sched_start(struct event *event)
{
    forget_emitter(event);
    event->sched_start.parent_pid = event->sched_start.parent_tid = -1;
}

static void finish_segment(struct event *event)
{
    event->tid = -1;
    event->module.is_segment = true;
}

static void finish_sample(struct event *event)
{
    event->stack_definition.leaf_is_exact = true;
}

static void finish_loss(struct event *event)
{
    event->lost.since_ns = event->lost.until_ns = event->time_ns;
}

/* LTTng-UST's own events */

static const struct decoder_field bin_info_fields[] = {FIELD("baddr", U64, module.base),
                                                       FIELD("memsz", U64, module.size),
                                                       FIELD("path", TEXT, module.path),
                                                       {0}};
static const struct decoder_field build_id_fields[] = {
    FIELD("baddr", U64, module.base), BYTES("build_id", module.build_id, module.build_id_size), {0}};
static const struct decoder_field soinfo_fields[] = {FIELD("baddr", U64, module.base),
                                                     FIELD("size", U64, module.size),
                                                     FIELD("sopath", TEXT, module.path),
                                                     {0}};
static const struct decoder_field procname_fields[] = {FIELD("procname", TEXT, name), {0}};

/* The state dump comes from a thread of the tracer, but names the program. */
static void finish_procname(struct event *event)
{
    event->tid = event->pid;
}

static const struct decoder_field no_fields[] = {{0}};

static const struct decoder decoders[] = {
    {"exectrace_process:start", EVENT_PROCESS_START, process_start_fields, NULL, NULL, true},
    {"exectrace_process:module", EVENT_MODULE, module_fields, NULL, NULL, false},
    {"exectrace_process:open", EVENT_OPEN, open_fields, forget_emitter, NULL, false},
    {"exectrace_thread:start", EVENT_THREAD_START, thread_start_fields, NULL, NULL, true},
    {"exectrace_thread:name", EVENT_THREAD_NAME, thread_name_fields, NULL, NULL, false},
    {"exectrace_thread:exit", EVENT_THREAD_EXIT, no_fields, NULL, NULL, true},
    {"exectrace_sync:wait", EVENT_WAIT, wait_fields, NULL, NULL, true},
    {"exectrace_sync:wake", EVENT_WAKE, wake_fields, NULL, NULL, true},
    {"exectrace_sync:summary", EVENT_WAIT_SUMMARY, wait_summary_fields, NULL, NULL, false},
    {"exectrace_syscall:call", EVENT_CALL, call_fields, NULL, NULL, true},
    {"exectrace_syscall:summary", EVENT_CALL_SUMMARY, call_summary_fields, NULL, NULL, false},
    {"exectrace_syscall:peer", EVENT_PEER, peer_fields, NULL, NULL, false},
    {"exectrace_alloc:alloc", EVENT_ALLOC, alloc_fields, NULL, NULL, true},
    {"exectrace_alloc:free", EVENT_FREE, alloc_fields, NULL, NULL, false},
    {"exectrace_stack:define", EVENT_STACK, stack_fields, NULL, NULL, false},
    {"exectrace_user:task_begin", EVENT_USER_TASK_BEGIN, user_fields, NULL, NULL, true},
    {"exectrace_user:task_end", EVENT_USER_TASK_END, user_fields, NULL, NULL, true},
    {"exectrace_user:region_begin", EVENT_USER_REGION_BEGIN, user_fields, NULL, NULL, true},
    {"exectrace_user:region_end", EVENT_USER_REGION_END, user_fields, NULL, NULL, true},
    {"exectrace_user:log", EVENT_USER_LOG, user_fields, NULL, NULL, true},
    {"exectrace_user:counter", EVENT_USER_COUNTER, user_fields, NULL, NULL, true},
    {"exectrace_sched:switch", EVENT_OFF_CPU, off_cpu_fields, forget_emitter, NULL, false},
    {"exectrace_sched:wakeup", EVENT_SCHED_WAKEUP, wakeup_fields, prepare_wakeup, finish_recorder_wakeup,
     false},
    {"exectrace_sched:exit", EVENT_SCHED_EXIT, sched_exit_fields, forget_emitter, NULL, false},
    {"exectrace_sched:start", EVENT_SCHED_START, sched_start_fields, prepare_sched_start, NULL, false},
    {"exectrace_sched:name", EVENT_SCHED_NAME, sched_name_fields, forget_emitter, NULL, false},
    {"exectrace_sched:module", EVENT_MODULE, sched_module_fields, forget_emitter, finish_segment, false},
    {"exectrace_sched:sample", EVENT_SCHED_SAMPLE, sched_sample_fields, forget_emitter, finish_sample, false},
    {"exectrace_sched:lost", EVENT_SCHED_LOST, sched_lost_fields, forget_emitter, finish_loss, false},
    {"exectrace_sched:source", EVENT_SCHED_SOURCE, sched_source_fields, forget_emitter, NULL, false},
    {"exectrace_metric:define", EVENT_METRIC_DEFINE, metric_fields, forget_emitter, NULL, false},
    {"exectrace_metric:sample", EVENT_METRIC, metric_fields, forget_emitter, NULL, false},

    {"lttng_ust_statedump:bin_info", EVENT_MODULE, bin_info_fields, NULL, NULL, false},
    {"lttng_ust_statedump:build_id", EVENT_MODULE_BUILD_ID, build_id_fields, NULL, NULL, false},
    {"lttng_ust_statedump:procname", EVENT_SCHED_NAME, procname_fields, NULL, finish_procname, false},
    {"lttng_ust_lib:load", EVENT_MODULE, bin_info_fields, NULL, NULL, false},
    {"lttng_ust_lib:build_id", EVENT_MODULE_BUILD_ID, build_id_fields, NULL, NULL, false},
    {"lttng_ust_lib:unload", EVENT_MODULE_UNLOAD, bin_info_fields, NULL, NULL, false},
    {"ust_baddr_statedump:soinfo", EVENT_MODULE, soinfo_fields, NULL, NULL, false},
};

static const struct decoder other_decoder = {"", EVENT_OTHER, no_fields, NULL, NULL, false};

const struct decoder *event_decoder_find(const char *event_name, const char **call_name)
{
    *call_name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(decoders); i++)
        if (strcmp(decoders[i].event_name, event_name) == 0)
            return &decoders[i];
    return &other_decoder;
}
