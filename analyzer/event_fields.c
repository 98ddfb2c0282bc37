/*
 * The tables of event_fields.h. A type that is added to enum event_type is written and read by adding its
 * row.
 */
#include "analyzer/event_fields.h"

#include <stddef.h>

#define FIELD(kind, member, key)                                                                             \
    {                                                                                                        \
#key, kind, offsetof(struct event, member), 0, NULL                                                  \
    }
#define ENUM_FIELD(member, key, names)                                                                       \
    {                                                                                                        \
#key, FIELD_U32, offsetof(struct event, member), 0, names                                            \
    }
#define BYTES_FIELD(member, size_member, key)                                                                \
    {                                                                                                        \
#key, FIELD_BYTES, offsetof(struct event, member), offsetof(struct event, size_member), NULL         \
    }

static const char *const wait_kind_names[] = {"",     "mutex", "rwlock_read", "rwlock_write",
                                              "spin", "cond",  "semaphore",   "barrier",
                                              "join", "once",  "futex",       NULL};
static const char *const outcome_names[] = {"acquired",    "timed_out", "cancelled",
                                            "interrupted", "error",     NULL};
static const char *const fd_kind_names[] = {"none",    "file",  "socket", "pipe",    "terminal", "eventfd",
                                            "timerfd", "epoll", "other",  "unknown", NULL};
static const char *const off_reason_names[] = {"blocked", "preempted",      "start",
                                               "open",    "open_preempted", NULL};
static const char *const start_reason_names[] = {"library", "fork", "session", NULL};
static const char *const source_names[] = {"none",    "perf_switch",         "perf_waking", "kernel_tracer",
                                           "tracefs", "kernel_tracer_alone", NULL};
static const char *const interrupt_names[] = {"irq", "softirq", "timer", "hrtimer", NULL};
static const char *const operation_names[] = {"", "sync", "syscall", NULL};

static const struct event_field process_start_fields[] = {
    FIELD(FIELD_U32, process_start.contract, contract),
    ENUM_FIELD(process_start.reason, reason, start_reason_names),
    FIELD(FIELD_I32, process_start.ppid, ppid),
    FIELD(FIELD_HEX64, process_start.cmdline_hash, cmdline_hash),
    FIELD(FIELD_STRING, process_start.exe, exe),
    FIELD(FIELD_STRING, process_start.name, name),
    {0}};
static const struct event_field module_fields[] = {
    FIELD(FIELD_HEX64, module.base, base),
    FIELD(FIELD_HEX64, module.size, size),
    FIELD(FIELD_HEX64, module.offset, offset),
    FIELD(FIELD_BOOL, module.is_segment, is_segment),
    FIELD(FIELD_STRING, module.path, path),
    BYTES_FIELD(module.build_id, module.build_id_size, build_id),
    {0}};
static const struct event_field open_fields[] = {ENUM_FIELD(open.operation, operation, operation_names),
                                                 ENUM_FIELD(open.kind, kind, wait_kind_names),
                                                 FIELD(FIELD_HEX64, open.object, object),
                                                 FIELD(FIELD_U32, open.number, number),
                                                 FIELD(FIELD_I32_UNKNOWN, open.fd, fd),
                                                 ENUM_FIELD(open.fd_kind, fd_kind, fd_kind_names),
                                                 FIELD(FIELD_U64, open.duration_ns, duration_ns),
                                                 FIELD(FIELD_HEX64, open.leaf_pc, leaf_pc),
                                                 FIELD(FIELD_I32, open.holder_tid, holder_tid),
                                                 {0}};
static const struct event_field thread_start_fields[] = {
    FIELD(FIELD_HEX64, thread_start.start_routine, start_routine),
    FIELD(FIELD_I32_UNKNOWN, thread_start.creator_tid, creator_tid),
    {0}};
static const struct event_field name_fields[] = {FIELD(FIELD_STRING, name, name), {0}};
static const struct event_field wait_fields[] = {ENUM_FIELD(wait.kind, kind, wait_kind_names),
                                                 ENUM_FIELD(wait.outcome, outcome, outcome_names),
                                                 FIELD(FIELD_HEX64, wait.object, object),
                                                 FIELD(FIELD_U64, wait.duration_ns, duration_ns),
                                                 FIELD(FIELD_I32, wait.waker_tid, waker_tid),
                                                 FIELD(FIELD_U32, wait.waker_stack, waker_stack),
                                                 FIELD(FIELD_U64, wait.since_wake_ns, since_wake_ns),
                                                 {0}};
static const struct event_field wake_fields[] = {
    ENUM_FIELD(wake.kind, kind, wait_kind_names), FIELD(FIELD_HEX64, wake.object, object), {0}};
static const struct event_field wait_summary_fields[] = {
    ENUM_FIELD(wait_summary.kind, kind, wait_kind_names),
    FIELD(FIELD_HEX64, wait_summary.object, object),
    FIELD(FIELD_U32, wait_summary.count, count),
    FIELD(FIELD_U64, wait_summary.total_ns, total_ns),
    FIELD(FIELD_U64, wait_summary.longest_ns, longest_ns),
    FIELD(FIELD_U64, wait_summary.age_ns, age_ns),
    {0}};
static const struct event_field call_fields[] = {FIELD(FIELD_U32, call.number, number),
                                                 FIELD(FIELD_I32_UNKNOWN, call.fd, fd),
                                                 ENUM_FIELD(call.fd_kind, fd_kind, fd_kind_names),
                                                 FIELD(FIELD_I64, call.result, result),
                                                 FIELD(FIELD_U64, call.duration_ns, duration_ns),
                                                 {0}};
static const struct event_field call_summary_fields[] = {
    ENUM_FIELD(call_summary.fd_kind, fd_kind, fd_kind_names),
    FIELD(FIELD_U32, call_summary.number, number),
    FIELD(FIELD_U32, call_summary.count, count),
    FIELD(FIELD_U32, call_summary.errors, errors),
    FIELD(FIELD_U64, call_summary.total_ns, total_ns),
    FIELD(FIELD_U64, call_summary.shortest_ns, shortest_ns),
    FIELD(FIELD_U64, call_summary.longest_ns, longest_ns),
    FIELD(FIELD_U64, call_summary.age_ns, age_ns),
    {0}};
static const struct event_field peer_fields[] = {FIELD(FIELD_I32_UNKNOWN, peer.fd, fd),
                                                 FIELD(FIELD_U16, peer.family, family),
                                                 FIELD(FIELD_U16, peer.port, port),
                                                 BYTES_FIELD(peer.address, peer.address_size, address),
                                                 {0}};
static const struct event_field alloc_fields[] = {FIELD(FIELD_HEX64, alloc.address, address),
                                                  FIELD(FIELD_U64, alloc.size, size),
                                                  FIELD(FIELD_U64, alloc.weight_bytes, weight_bytes),
                                                  {0}};
static const struct event_field pcs_fields[] = {FIELD(FIELD_PCS, stack_definition, pcs), {0}};
static const struct event_field user_fields[] = {
    FIELD(FIELD_U64, user.task, task),          FIELD(FIELD_U64, user.parent, parent),
    FIELD(FIELD_DOUBLE, user.value, value),     FIELD(FIELD_STRING, user.name, name),
    FIELD(FIELD_STRING, user.message, message), {0}};
static const struct event_field off_cpu_fields[] = {FIELD(FIELD_U64, off_cpu.off_ns, off_ns),
                                                    FIELD(FIELD_I32_UNKNOWN, off_cpu.prev_cpu, prev_cpu),
                                                    ENUM_FIELD(off_cpu.reason, reason, off_reason_names),
                                                    FIELD(FIELD_U64, off_cpu.runnable_ns, runnable_ns),
                                                    FIELD(FIELD_I32_UNKNOWN, off_cpu.waker_tid, waker_tid),
                                                    {0}};
static const struct event_field wakeup_fields[] = {FIELD(FIELD_I32_UNKNOWN, wakeup.waker_tid, waker_tid),
                                                   FIELD(FIELD_I32_UNKNOWN, wakeup.target_cpu, target_cpu),
                                                   FIELD(FIELD_BOOL, wakeup.is_new, is_new),
                                                   FIELD(FIELD_BOOL, wakeup.is_waking, is_waking),
                                                   {0}};
static const struct event_field sched_start_fields[] = {
    FIELD(FIELD_I32_UNKNOWN, sched_start.parent_pid, parent_pid),
    FIELD(FIELD_I32_UNKNOWN, sched_start.parent_tid, parent_tid),
    FIELD(FIELD_STRING, sched_start.name, name),
    {0}};
static const struct event_field sched_source_fields[] = {
    ENUM_FIELD(sched_source.source, source, source_names),
    FIELD(FIELD_STRING, sched_source.description, description),
    {0}};
static const struct event_field metric_fields[] = {
    FIELD(FIELD_U32, metric.id, id),        FIELD(FIELD_DOUBLE, metric.value, value),
    FIELD(FIELD_STRING, metric.name, name), FIELD(FIELD_STRING, metric.unit, unit),
    FIELD(FIELD_STRING, metric.help, help), {0}};
static const struct event_field kernel_switch_fields[] = {
    FIELD(FIELD_I32_UNKNOWN, kernel_switch.prev_tid, prev_tid),
    FIELD(FIELD_I32_UNKNOWN, kernel_switch.next_tid, next_tid),
    FIELD(FIELD_I64, kernel_switch.prev_state, prev_state),
    FIELD(FIELD_I32, kernel_switch.prev_prio, prev_prio),
    FIELD(FIELD_I32, kernel_switch.next_prio, next_prio),
    FIELD(FIELD_STRING, kernel_switch.prev_comm, prev_comm),
    FIELD(FIELD_STRING, kernel_switch.next_comm, next_comm),
    {0}};
static const struct event_field kernel_syscall_fields[] = {FIELD(FIELD_STRING, kernel_syscall.name, name),
                                                           FIELD(FIELD_I64, kernel_syscall.result, result),
                                                           FIELD(FIELD_I32_UNKNOWN, kernel_syscall.fd, fd),
                                                           {0}};
static const struct event_field kernel_thread_fields[] = {FIELD(FIELD_I32_UNKNOWN, kernel_thread.ppid, ppid),
                                                          FIELD(FIELD_STRING, kernel_thread.name, name),
                                                          FIELD(FIELD_I32, kernel_thread.status, status),
                                                          FIELD(FIELD_HEX64, kernel_thread.files, files),
                                                          {0}};
static const struct event_field kernel_fd_fields[] = {FIELD(FIELD_I32_UNKNOWN, kernel_fd.fd, fd),
                                                      FIELD(FIELD_STRING, kernel_fd.file, file),
                                                      FIELD(FIELD_HEX64, kernel_fd.files, files),
                                                      {0}};
static const struct event_field kernel_irq_fields[] = {
    ENUM_FIELD(kernel_irq.context, context, interrupt_names),
    FIELD(FIELD_U32, kernel_irq.irq, irq),
    FIELD(FIELD_STRING, kernel_irq.name, name),
    {0}};
static const struct event_field kernel_block_fields[] = {FIELD(FIELD_U32, kernel_block.device, device),
                                                         FIELD(FIELD_U64, kernel_block.sector, sector),
                                                         FIELD(FIELD_U64, kernel_block.bytes, bytes),
                                                         {0}};
static const struct event_field stock_lock_fields[] = {
    FIELD(FIELD_HEX64, stock_lock.mutex, mutex), FIELD(FIELD_I32, stock_lock.status, status), {0}};
static const struct event_field stock_realloc_fields[] = {
    FIELD(FIELD_HEX64, stock_realloc.old_address, old_address),
    FIELD(FIELD_HEX64, stock_realloc.new_address, new_address),
    FIELD(FIELD_U64, stock_realloc.size, size),
    {0}};
static const struct event_field lost_fields[] = {FIELD(FIELD_U64, lost.count, count),
                                                 FIELD(FIELD_I64, lost.since_ns, since_ns),
                                                 FIELD(FIELD_I64, lost.until_ns, until_ns),
                                                 FIELD(FIELD_BOOL, lost.is_packets, is_packets),
                                                 {0}};
static const struct event_field skipped_fields[] = {
    FIELD(FIELD_U64, skipped.count, count), FIELD(FIELD_HEX64, skipped.types, types), {0}};
static const struct event_field no_fields[] = {{0}};
/* Keys that every type takes. */
static const struct event_field common_fields[] = {FIELD(FIELD_U32, host, host),
                                                   FIELD(FIELD_U32, stack, stack),
                                                   FIELD(FIELD_STRING, procname, procname),
                                                   FIELD(FIELD_PCS, callstack, callstack),
                                                   FIELD(FIELD_BOOL, callstack.leaf_is_exact, leaf_is_exact),
                                                   {0}};

static const struct {
    const char *name;
    const struct event_field *fields;
} types[EVENT_TYPE_END] = {
    [EVENT_NONE] = {"none", no_fields},
    [EVENT_PROCESS_START] = {"process_start", process_start_fields},
    [EVENT_MODULE] = {"module", module_fields},
    [EVENT_MODULE_BUILD_ID] = {"module_build_id", module_fields},
    [EVENT_MODULE_UNLOAD] = {"module_unload", module_fields},
    [EVENT_OPEN] = {"open", open_fields},
    [EVENT_THREAD_START] = {"thread_start", thread_start_fields},
    [EVENT_THREAD_NAME] = {"thread_name", name_fields},
    [EVENT_THREAD_EXIT] = {"thread_exit", no_fields},
    [EVENT_WAIT] = {"wait", wait_fields},
    [EVENT_WAKE] = {"wake", wake_fields},
    [EVENT_WAIT_SUMMARY] = {"wait_summary", wait_summary_fields},
    [EVENT_CALL] = {"call", call_fields},
    [EVENT_CALL_SUMMARY] = {"call_summary", call_summary_fields},
    [EVENT_PEER] = {"peer", peer_fields},
    [EVENT_ALLOC] = {"alloc", alloc_fields},
    [EVENT_FREE] = {"free", alloc_fields},
    [EVENT_STACK] = {"stack", pcs_fields},
    [EVENT_USER_TASK_BEGIN] = {"user_task_begin", user_fields},
    [EVENT_USER_TASK_END] = {"user_task_end", user_fields},
    [EVENT_USER_REGION_BEGIN] = {"user_region_begin", user_fields},
    [EVENT_USER_REGION_END] = {"user_region_end", user_fields},
    [EVENT_USER_LOG] = {"user_log", user_fields},
    [EVENT_USER_COUNTER] = {"user_counter", user_fields},
    [EVENT_OFF_CPU] = {"off_cpu", off_cpu_fields},
    [EVENT_SCHED_WAKEUP] = {"sched_wakeup", wakeup_fields},
    [EVENT_SCHED_EXIT] = {"sched_exit", no_fields},
    [EVENT_SCHED_START] = {"sched_start", sched_start_fields},
    [EVENT_SCHED_NAME] = {"sched_name", name_fields},
    [EVENT_SCHED_SAMPLE] = {"sched_sample", pcs_fields},
    [EVENT_SCHED_LOST] = {"sched_lost", lost_fields},
    [EVENT_SCHED_SOURCE] = {"sched_source", sched_source_fields},
    [EVENT_METRIC_DEFINE] = {"metric_define", metric_fields},
    [EVENT_METRIC] = {"metric", metric_fields},
    [EVENT_KERNEL_SWITCH] = {"kernel_switch", kernel_switch_fields},
    [EVENT_KERNEL_SYSCALL_ENTRY] = {"kernel_syscall_entry", kernel_syscall_fields},
    [EVENT_KERNEL_SYSCALL_EXIT] = {"kernel_syscall_exit", kernel_syscall_fields},
    [EVENT_KERNEL_THREAD] = {"kernel_thread", kernel_thread_fields},
    [EVENT_KERNEL_IRQ_ENTRY] = {"kernel_irq_entry", kernel_irq_fields},
    [EVENT_KERNEL_IRQ_EXIT] = {"kernel_irq_exit", kernel_irq_fields},
    [EVENT_KERNEL_BLOCK_ISSUE] = {"kernel_block_issue", kernel_block_fields},
    [EVENT_KERNEL_BLOCK_COMPLETE] = {"kernel_block_complete", kernel_block_fields},
    [EVENT_KERNEL_NET_RECEIVE] = {"kernel_net_receive", name_fields},
    [EVENT_KERNEL_FD] = {"kernel_fd", kernel_fd_fields},
    [EVENT_STOCK_LOCK_REQ] = {"stock_lock_req", stock_lock_fields},
    [EVENT_STOCK_LOCK_ACQ] = {"stock_lock_acq", stock_lock_fields},
    [EVENT_STOCK_LOCK_TRYLOCK] = {"stock_lock_trylock", stock_lock_fields},
    [EVENT_STOCK_UNLOCK] = {"stock_unlock", stock_lock_fields},
    [EVENT_STOCK_REALLOC] = {"stock_realloc", stock_realloc_fields},
    [EVENT_LOST] = {"lost", lost_fields},
    [EVENT_SKIPPED] = {"skipped", skipped_fields},
    [EVENT_OTHER] = {"other", no_fields},
};

const struct event_field *event_fields_of(uint32_t type)
{
    return types[type].fields;
}

const struct event_field *event_fields_common(void)
{
    return common_fields;
}

const char *event_fields_type_name(uint32_t type)
{
    return types[type].name;
}
