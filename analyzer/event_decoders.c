/*
 * The tables of every event the analyzer understands. Pure; called by ctf_decode on any thread.
 */
#include "analyzer/event_decoders.h"
#include "analyzer/call_names.h"

#include <string.h>
#include <glib.h>

#include "tracepoints/contract.h"

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
                                                   FIELD("kind", U32, open.kind),
                                                   FIELD("object", U64, open.object),
                                                   FIELD("number", U32, open.number),
                                                   FIELD("fd", I32, open.fd),
                                                   FIELD("fd_kind", U32, open.fd_kind),
                                                   FIELD("duration", U64, open.duration_ns),
                                                   STACK,
                                                   FIELD("leaf_pc", U64, open.leaf_pc),
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
                                                   FIELD("waker", I32, wait.waker_tid),
                                                   FIELD("waker_stack", U32, wait.waker_stack),
                                                   FIELD("since_wake", U64, wait.since_wake_ns),
                                                   STACK,
                                                   {0}};
static const struct decoder_field wait_short_fields[] = {
    FIELD("what", U64, wait.object), FIELD("duration", U64, wait.duration_ns), STACK, {0}};
static const struct decoder_field wait_woken_fields[] = {FIELD("what", U64, wait.object),
                                                         FIELD("duration", U64, wait.duration_ns),
                                                         FIELD("since_wake", U64, wait.since_wake_ns),
                                                         FIELD("who", U64, wait.who),
                                                         {0}};
static const struct decoder_field wake_fields[] = {
    FIELD("kind", U32, wake.kind), FIELD("object", U64, wake.object), STACK, {0}};
static const struct decoder_field wait_summary_fields[] = {TID,
                                                           FIELD("kind", U32, wait_summary.kind),
                                                           FIELD("object", U64, wait_summary.object),
                                                           FIELD("count", U32, wait_summary.count),
                                                           FIELD("total", U64, wait_summary.total_ns),
                                                           FIELD("longest", U64, wait_summary.longest_ns),
                                                           FIELD("age", U64, wait_summary.age_ns),
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
                                                           FIELD("age", U64, call_summary.age_ns),
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
                                                      FIELD("runnable_ns", U64, off_cpu.runnable_ns),
                                                      FIELD("waker_tid", I32, off_cpu.waker_tid),
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

static void finish_wait_short(struct event *event)
{
    uint64_t what = event->wait.object;

    event->wait.kind = EXECTRACE_WHAT_KIND(what);
    event->wait.outcome = EXECTRACE_WHAT_OUTCOME(what);
    event->wait.object = EXECTRACE_WHAT_OBJECT(what);
}

static void finish_wait_woken(struct event *event)
{
    uint64_t who = event->wait.who;

    finish_wait_short(event);
    event->stack = EXECTRACE_WHO_STACK(who);
    event->wait.waker_stack = EXECTRACE_WHO_WAKER_STACK(who);
    event->wait.waker_tid = EXECTRACE_WHO_WAKER(who);
}

static void finish_wake(struct event *event)
{
    event->wake.is_shared = (event->wake.kind & EXECTRACE_WAKE_SHARED) != 0;
    event->wake.kind &= ~EXECTRACE_WAKE_SHARED;
}

static void finish_open(struct event *event)
{
    event->open.operation = event->open.kind != 0 ? EXECTRACE_OPERATION_SYNC : EXECTRACE_OPERATION_SYSCALL;
    if (event->open.kind == 0)
        return;
    event->open.holder_tid = event->open.fd > 0 ? event->open.fd : 0;
    event->open.fd = -1;
}

/* Not in every trace, see contract.h. */
static void prepare_off_cpu(struct event *event)
{
    forget_emitter(event);
    event->off_cpu.waker_tid = -1;
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

/* LTTng-UST's wrappers of malloc and pthread_mutex_lock, and its printf-like events */

static const struct decoder_field malloc_fields[] = {
    FIELD("size", U64, alloc.size), FIELD("ptr", U64, alloc.address), {0}};
static const struct decoder_field calloc_fields[] = {FIELD("nmemb", U64, alloc.weight_bytes),
                                                     FIELD("size", U64, alloc.size),
                                                     FIELD("ptr", U64, alloc.address),
                                                     {0}};
static const struct decoder_field posix_memalign_fields[] = {FIELD("result", U64, alloc.weight_bytes),
                                                             FIELD("size", U64, alloc.size),
                                                             FIELD("out_ptr", U64, alloc.address),
                                                             {0}};
static const struct decoder_field realloc_fields[] = {FIELD("in_ptr", U64, stock_realloc.old_address),
                                                      FIELD("size", U64, stock_realloc.size),
                                                      FIELD("ptr", U64, stock_realloc.new_address),
                                                      {0}};
static const struct decoder_field stock_lock_fields[] = {
    FIELD("mutex", U64, stock_lock.mutex), FIELD("status", I32, stock_lock.status), {0}};
static const struct decoder_field message_fields[] = {
    FIELD("func", TEXT, user.name), FIELD("msg", TEXT, user.message), {0}};

static void finish_malloc(struct event *event)
{
    event->alloc.weight_bytes = event->alloc.size;
}

/* weight_bytes holds the number of members. */
static void finish_calloc(struct event *event)
{
    if (__builtin_mul_overflow(event->alloc.size, event->alloc.weight_bytes, &event->alloc.size))
        event->alloc.size = UINT64_MAX;
    event->alloc.weight_bytes = event->alloc.size;
}

/* weight_bytes holds the result; *out_ptr means nothing when that is an error. */
static void finish_posix_memalign(struct event *event)
{
    if (event->alloc.weight_bytes != 0)
        event->alloc.address = 0;
    event->alloc.weight_bytes = event->alloc.size;
}

/* Kernel: LTTng's modules (tid is a thread) and perf data convert (pid is a thread, perf_* say who and where)
 */

#define PERF_CPU FIELD("perf_cpu", I32, cpu)
#define PERF_TID FIELD("perf_tid", I32, tid)
#define PERF_PID FIELD("perf_pid", I32, pid)
#define PERF_CALLCHAIN FIELD("perf_callchain", PCS, callstack)

static const struct decoder_field switch_fields[] = {PERF_CPU,
                                                     PERF_PID,
                                                     PERF_CALLCHAIN,
                                                     FIELD("prev_comm", TEXT, kernel_switch.prev_comm),
                                                     FIELD("prev_pid", I32, kernel_switch.prev_tid),
                                                     FIELD("prev_tid", I32, kernel_switch.prev_tid),
                                                     FIELD("prev_prio", I32, kernel_switch.prev_prio),
                                                     FIELD("prev_state", I64, kernel_switch.prev_state),
                                                     FIELD("next_comm", TEXT, kernel_switch.next_comm),
                                                     FIELD("next_pid", I32, kernel_switch.next_tid),
                                                     FIELD("next_tid", I32, kernel_switch.next_tid),
                                                     FIELD("next_prio", I32, kernel_switch.next_prio),
                                                     {0}};
static const struct decoder_field kernel_wakeup_fields[] = {
    FIELD("tid", I32, tid), FIELD("target_cpu", I32, wakeup.target_cpu), {0}};
static const struct decoder_field perf_wakeup_fields[] = {PERF_CPU,
                                                          FIELD("perf_tid", I32, wakeup.waker_tid),
                                                          FIELD("pid", I32, tid),
                                                          FIELD("target_cpu", I32, wakeup.target_cpu),
                                                          {0}};
static const struct decoder_field fork_fields[] = {FIELD("parent_tid", I32, sched_start.parent_tid),
                                                   FIELD("parent_pid", I32, sched_start.parent_pid),
                                                   FIELD("child_comm", TEXT, sched_start.name),
                                                   FIELD("child_tid", I32, tid),
                                                   FIELD("child_pid", I32, pid),
                                                   {0}};
static const struct decoder_field perf_fork_fields[] = {PERF_CPU,
                                                        FIELD("perf_pid", I32, sched_start.parent_pid),
                                                        FIELD("parent_pid", I32, sched_start.parent_tid),
                                                        FIELD("child_comm", TEXT, sched_start.name),
                                                        FIELD("child_pid", I32, tid),
                                                        {0}};
static const struct decoder_field exit_fields[] = {PERF_CPU, PERF_PID, FIELD("pid", I32, tid), TID, {0}};
static const struct decoder_field exec_fields[] = {
    PERF_CPU, PERF_PID, FIELD("pid", I32, tid), TID, FIELD("filename", TEXT, name), {0}};
static const struct decoder_field process_state_fields[] = {
    PID,
    TID,
    FIELD("cpu", I32, cpu),
    FIELD("ppid", I32, kernel_thread.ppid),
    FIELD("name", TEXT, kernel_thread.name),
    FIELD("status", I32, kernel_thread.status),
    FIELD("file_table_address", U64, kernel_thread.files),
    {0}};
/* Old tracers tell the process, newer ones the table. */
static const struct decoder_field file_descriptor_fields[] = {
    PID,
    FIELD("file_table_address", U64, kernel_fd.files),
    FIELD("fd", I32, kernel_fd.fd),
    FIELD("filename", TEXT, kernel_fd.file),
    {0}};
static const struct decoder_field net_receive_fields[] = {PERF_CPU, FIELD("name", TEXT, name), {0}};
static const struct decoder_field irq_fields[] = {
    PERF_CPU, PERF_TID, PERF_PID, FIELD("irq", U32, kernel_irq.irq), FIELD("name", TEXT, kernel_irq.name),
    {0}};
static const struct decoder_field softirq_fields[] = {
    PERF_CPU, PERF_TID, PERF_PID, FIELD("vec", U32, kernel_irq.irq), {0}};
static const struct decoder_field timer_fields[] = {PERF_CPU, PERF_TID, PERF_PID, {0}};
static const struct decoder_field block_fields[] = {PERF_CPU,
                                                    PERF_TID,
                                                    PERF_PID,
                                                    FIELD("dev", U32, kernel_block.device),
                                                    FIELD("sector", U64, kernel_block.sector),
                                                    FIELD("nr_sector", U64, kernel_block.bytes),
                                                    {0}};
static const struct decoder_field syscall_fields[] = {PERF_CPU,
                                                      PERF_TID,
                                                      PERF_PID,
                                                      PERF_CALLCHAIN,
                                                      FIELD("epfd", I32, kernel_syscall.fd),
                                                      FIELD("fildes", I32, kernel_syscall.fd),
                                                      FIELD("fd", I32, kernel_syscall.fd),
                                                      FIELD("ret", I64, kernel_syscall.result),
                                                      {0}};
static const struct decoder_field raw_syscall_fields[] = {PERF_CPU,
                                                          PERF_TID,
                                                          PERF_PID,
                                                          PERF_CALLCHAIN,
                                                          FIELD("id", U32, kernel_syscall.number),
                                                          FIELD("ret", I64, kernel_syscall.result),
                                                          {0}};

/*
 * perf writes a marker before the kernel's and the user's part of a call chain. The addresses are the
 * reader's own copy.
 */
static void drop_markers(struct event_pcs *pcs)
{
    const uint64_t first_marker = (uint64_t)-4095;
    uint64_t *copy = (uint64_t *)pcs->pcs;
    uint32_t count = 0;

    for (uint32_t i = 0; i < pcs->count; i++)
        if (pcs->pcs[i] < first_marker)
            copy[count++] = pcs->pcs[i];
    pcs->count = count;
}

static void finish_perf_callchain(struct event *event)
{
    drop_markers(&event->callstack);
    event->callstack.leaf_is_exact = event->callstack.count > 0;
}

/*
 * Kernels mark a preempted thread with a bit above every state that blocks, and which bit that is has
 * changed several times; no such bit is below 0x100, and every sleep has a bit below it.
 */
static void finish_switch(struct event *event)
{
    if ((event->kernel_switch.prev_state & 0xff) == 0)
        event->kernel_switch.prev_state = 0;
    event->tid = event->kernel_switch.prev_tid;
    finish_perf_callchain(event);
}

static void finish_lttng_switch(struct event *event)
{
    struct event_pcs callstack = event->callstack;

    finish_switch(event);
    event->callstack = callstack;
}

/* The context names the waker, the payload the woken thread. */
static void prepare_kernel_wakeup(struct event *event)
{
    event->wakeup.waker_tid = event->tid;
    event->wakeup.target_cpu = -1;
    event->tid = event->pid = -1;
}

static void finish_waking(struct event *event)
{
    event->wakeup.is_waking = true;
}

static void finish_wakeup_new(struct event *event)
{
    event->wakeup.is_new = true;
}

static void prepare_fork(struct event *event)
{
    event->sched_start.parent_pid = event->pid;
    event->sched_start.parent_tid = event->tid;
    event->pid = event->tid = -1;
}

/* The kernel's name of a thread after exec: the file's, cut to 15 bytes. */
static void finish_exec(struct event *event)
{
    const char *slash = event->name ? strrchr(event->name, '/') : NULL;

    if (slash)
        event->name = slash + 1;
    if (event->name && strlen(event->name) > 15)
        ((char *)event->name)[15] = 0;
}

static void prepare_syscall(struct event *event)
{
    event->kernel_syscall.fd = -1;
}

/* `perf trace record`: all calls in one event, by the x86-64 number. */
static void finish_raw_syscall(struct event *event)
{
    event->kernel_syscall.name = call_name(event->kernel_syscall.number);
    finish_perf_callchain(event);
}

static void prepare_kernel_thread(struct event *event)
{
    event->kernel_thread.ppid = -1;
    event->cpu = -1;
}

static void finish_softirq(struct event *event)
{
    event->kernel_irq.context = INTERRUPT_SOFT;
}

static void finish_timer(struct event *event)
{
    event->kernel_irq.context = INTERRUPT_TIMER;
}

static void finish_hrtimer(struct event *event)
{
    event->kernel_irq.context = INTERRUPT_HRTIMER;
}

/* bytes holds sectors. */
static void finish_block(struct event *event)
{
    event->kernel_block.bytes *= 512;
}

static const struct decoder_field no_fields[] = {{0}};

#define INTERRUPT(name, fields, finish)                                                                      \
    {name "entry", EVENT_KERNEL_IRQ_ENTRY, fields, NULL, finish, THREAD_ANY},                                \
    {                                                                                                        \
        name "exit", EVENT_KERNEL_IRQ_EXIT, fields, NULL, finish, THREAD_ANY                                 \
    }

static const struct decoder decoders[] = {
    {"exectrace_process:start", EVENT_PROCESS_START, process_start_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_process:module", EVENT_MODULE, module_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_process:open", EVENT_OPEN, open_fields, forget_emitter, finish_open, THREAD_ANY},
    {"exectrace_thread:start", EVENT_THREAD_START, thread_start_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_thread:name", EVENT_THREAD_NAME, thread_name_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_thread:exit", EVENT_THREAD_EXIT, no_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_sync:wait", EVENT_WAIT, wait_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_sync:wait_short", EVENT_WAIT, wait_short_fields, NULL, finish_wait_short, THREAD_REQUIRED},
    {"exectrace_sync:wait_woken", EVENT_WAIT, wait_woken_fields, NULL, finish_wait_woken, THREAD_REQUIRED},
    {"exectrace_sync:wake", EVENT_WAKE, wake_fields, NULL, finish_wake, THREAD_REQUIRED},
    {"exectrace_sync:summary", EVENT_WAIT_SUMMARY, wait_summary_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_syscall:call", EVENT_CALL, call_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_syscall:summary", EVENT_CALL_SUMMARY, call_summary_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_syscall:peer", EVENT_PEER, peer_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_alloc:alloc", EVENT_ALLOC, alloc_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_alloc:free", EVENT_FREE, alloc_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_stack:define", EVENT_STACK, stack_fields, NULL, NULL, THREAD_ANY},
    {"exectrace_user:task_begin", EVENT_USER_TASK_BEGIN, user_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_user:task_end", EVENT_USER_TASK_END, user_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_user:region_begin", EVENT_USER_REGION_BEGIN, user_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_user:region_end", EVENT_USER_REGION_END, user_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_user:log", EVENT_USER_LOG, user_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_user:counter", EVENT_USER_COUNTER, user_fields, NULL, NULL, THREAD_REQUIRED},
    {"exectrace_sched:switch", EVENT_OFF_CPU, off_cpu_fields, prepare_off_cpu, NULL, THREAD_ANY},
    {"exectrace_sched:wakeup", EVENT_SCHED_WAKEUP, wakeup_fields, prepare_wakeup, finish_recorder_wakeup,
     false},
    {"exectrace_sched:exit", EVENT_SCHED_EXIT, sched_exit_fields, forget_emitter, NULL, THREAD_ANY},
    {"exectrace_sched:start", EVENT_SCHED_START, sched_start_fields, prepare_sched_start, NULL, THREAD_ANY},
    {"exectrace_sched:name", EVENT_SCHED_NAME, sched_name_fields, forget_emitter, NULL, THREAD_ANY},
    {"exectrace_sched:module", EVENT_MODULE, sched_module_fields, forget_emitter, finish_segment, THREAD_ANY},
    {"exectrace_sched:sample", EVENT_SCHED_SAMPLE, sched_sample_fields, forget_emitter, finish_sample,
     THREAD_ANY},
    {"exectrace_sched:lost", EVENT_SCHED_LOST, sched_lost_fields, forget_emitter, finish_loss, THREAD_ANY},
    {"exectrace_sched:source", EVENT_SCHED_SOURCE, sched_source_fields, forget_emitter, NULL, THREAD_ANY},
    {"exectrace_metric:define", EVENT_METRIC_DEFINE, metric_fields, forget_emitter, NULL, THREAD_ANY},
    {"exectrace_metric:sample", EVENT_METRIC, metric_fields, forget_emitter, NULL, THREAD_ANY},

    {"lttng_ust_statedump:bin_info", EVENT_MODULE, bin_info_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_statedump:build_id", EVENT_MODULE_BUILD_ID, build_id_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_statedump:procname", EVENT_SCHED_NAME, procname_fields, NULL, finish_procname, THREAD_ANY},
    {"lttng_ust_lib:load", EVENT_MODULE, bin_info_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_lib:build_id", EVENT_MODULE_BUILD_ID, build_id_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_lib:unload", EVENT_MODULE_UNLOAD, bin_info_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_dl:dlopen", EVENT_MODULE, bin_info_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_dl:dlmopen", EVENT_MODULE, bin_info_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_dl:build_id", EVENT_MODULE_BUILD_ID, build_id_fields, NULL, NULL, THREAD_ANY},
    {"lttng_ust_dl:dlclose", EVENT_MODULE_UNLOAD, bin_info_fields, NULL, NULL, THREAD_ANY},
    {"ust_baddr_statedump:soinfo", EVENT_MODULE, soinfo_fields, NULL, NULL, THREAD_ANY},

    {"lttng_ust_libc:malloc", EVENT_ALLOC, malloc_fields, NULL, finish_malloc, THREAD_REQUIRED},
    {"lttng_ust_libc:calloc", EVENT_ALLOC, calloc_fields, NULL, finish_calloc, THREAD_REQUIRED},
    {"lttng_ust_libc:memalign", EVENT_ALLOC, malloc_fields, NULL, finish_malloc, THREAD_REQUIRED},
    {"lttng_ust_libc:posix_memalign", EVENT_ALLOC, posix_memalign_fields, NULL, finish_posix_memalign,
     THREAD_REQUIRED},
    {"lttng_ust_libc:realloc", EVENT_STOCK_REALLOC, realloc_fields, NULL, NULL, THREAD_REQUIRED},
    {"lttng_ust_libc:free", EVENT_FREE, malloc_fields, NULL, NULL, THREAD_REQUIRED},
    {"lttng_ust_pthread:pthread_mutex_lock_req", EVENT_STOCK_LOCK_REQ, stock_lock_fields, NULL, NULL,
     THREAD_REQUIRED},
    {"lttng_ust_pthread:pthread_mutex_lock_acq", EVENT_STOCK_LOCK_ACQ, stock_lock_fields, NULL, NULL,
     THREAD_REQUIRED},
    {"lttng_ust_pthread:pthread_mutex_trylock", EVENT_STOCK_LOCK_TRYLOCK, stock_lock_fields, NULL, NULL,
     true},
    {"lttng_ust_pthread:pthread_mutex_unlock", EVENT_STOCK_UNLOCK, stock_lock_fields, NULL, NULL,
     THREAD_REQUIRED},
    {"lttng_ust_tracef:event", EVENT_USER_LOG, message_fields, NULL, NULL, THREAD_WANTED},

    {"sched_switch", EVENT_KERNEL_SWITCH, switch_fields, NULL, finish_lttng_switch, THREAD_ANY},
    {"sched_waking", EVENT_SCHED_WAKEUP, kernel_wakeup_fields, prepare_kernel_wakeup, finish_waking,
     THREAD_ANY},
    {"sched_wakeup", EVENT_SCHED_WAKEUP, kernel_wakeup_fields, prepare_kernel_wakeup, NULL, THREAD_ANY},
    {"sched_wakeup_new", EVENT_SCHED_WAKEUP, kernel_wakeup_fields, prepare_kernel_wakeup, finish_wakeup_new,
     false},
    {"sched_process_fork", EVENT_SCHED_START, fork_fields, prepare_fork, NULL, THREAD_ANY},
    {"sched_process_exit", EVENT_SCHED_EXIT, exit_fields, NULL, NULL, THREAD_ANY},
    {"sched_process_exec", EVENT_SCHED_NAME, exec_fields, NULL, finish_exec, THREAD_ANY},
    {"lttng_statedump_process_state", EVENT_KERNEL_THREAD, process_state_fields, prepare_kernel_thread, NULL,
     false},
    {"lttng_statedump_file_descriptor", EVENT_KERNEL_FD, file_descriptor_fields, forget_emitter, NULL,
     THREAD_ANY},
    {"irq_handler_entry", EVENT_KERNEL_IRQ_ENTRY, irq_fields, NULL, NULL, THREAD_ANY},
    {"irq_handler_exit", EVENT_KERNEL_IRQ_EXIT, irq_fields, NULL, NULL, THREAD_ANY},
    INTERRUPT("softirq_", softirq_fields, finish_softirq),
    INTERRUPT("irq_softirq_", softirq_fields, finish_softirq),
    INTERRUPT("irq:softirq_", softirq_fields, finish_softirq),
    INTERRUPT("timer_expire_", timer_fields, finish_timer),
    INTERRUPT("timer:timer_expire_", timer_fields, finish_timer),
    INTERRUPT("hrtimer_expire_", timer_fields, finish_hrtimer),
    INTERRUPT("timer_hrtimer_expire_", timer_fields, finish_hrtimer),
    INTERRUPT("timer:hrtimer_expire_", timer_fields, finish_hrtimer),
    {"block_rq_issue", EVENT_KERNEL_BLOCK_ISSUE, block_fields, NULL, finish_block, THREAD_ANY},
    {"block_rq_complete", EVENT_KERNEL_BLOCK_COMPLETE, block_fields, NULL, finish_block, THREAD_ANY},
    {"netif_receive_skb", EVENT_KERNEL_NET_RECEIVE, net_receive_fields, NULL, NULL, THREAD_ANY},
    {"net_if_receive_skb", EVENT_KERNEL_NET_RECEIVE, net_receive_fields, NULL, NULL, THREAD_ANY},
    {"net:netif_receive_skb", EVENT_KERNEL_NET_RECEIVE, net_receive_fields, NULL, NULL, THREAD_ANY},
    {"exit_syscall", EVENT_KERNEL_SYSCALL_EXIT, syscall_fields, prepare_syscall, NULL, THREAD_ANY},

    {"sched:sched_switch", EVENT_KERNEL_SWITCH, switch_fields, NULL, finish_switch, THREAD_ANY},
    {"sched:sched_waking", EVENT_SCHED_WAKEUP, perf_wakeup_fields, prepare_kernel_wakeup, finish_waking,
     false},
    {"sched:sched_wakeup", EVENT_SCHED_WAKEUP, perf_wakeup_fields, prepare_kernel_wakeup, NULL, THREAD_ANY},
    {"sched:sched_wakeup_new", EVENT_SCHED_WAKEUP, perf_wakeup_fields, prepare_kernel_wakeup,
     finish_wakeup_new, THREAD_ANY},
    {"sched:sched_process_fork", EVENT_SCHED_START, perf_fork_fields, prepare_fork, NULL, THREAD_ANY},
    {"sched:sched_process_exit", EVENT_SCHED_EXIT, exit_fields, NULL, NULL, THREAD_ANY},
    {"sched:sched_process_exec", EVENT_SCHED_NAME, exec_fields, NULL, finish_exec, THREAD_ANY},
    {"raw_syscalls:sys_enter", EVENT_KERNEL_SYSCALL_ENTRY, raw_syscall_fields, prepare_syscall,
     finish_raw_syscall, THREAD_ANY},
    {"raw_syscalls:sys_exit", EVENT_KERNEL_SYSCALL_EXIT, raw_syscall_fields, prepare_syscall,
     finish_raw_syscall, THREAD_ANY},
    {"irq:irq_handler_entry", EVENT_KERNEL_IRQ_ENTRY, irq_fields, NULL, NULL, THREAD_ANY},
    {"irq:irq_handler_exit", EVENT_KERNEL_IRQ_EXIT, irq_fields, NULL, NULL, THREAD_ANY},
    {"block:block_rq_issue", EVENT_KERNEL_BLOCK_ISSUE, block_fields, NULL, finish_block, THREAD_ANY},
    {"block:block_rq_complete", EVENT_KERNEL_BLOCK_COMPLETE, block_fields, NULL, finish_block, THREAD_ANY},
};

/* Families of one event for each system call; the rest of the name is the call's. */
static const struct {
    const char *prefix;
    struct decoder decoder;
} call_families[] = {
    {"syscall_entry_", {"", EVENT_KERNEL_SYSCALL_ENTRY, syscall_fields, prepare_syscall, NULL, THREAD_ANY}},
    {"syscall_exit_", {"", EVENT_KERNEL_SYSCALL_EXIT, syscall_fields, prepare_syscall, NULL, THREAD_ANY}},
    {"compat_syscall_entry_",
     {"", EVENT_KERNEL_SYSCALL_ENTRY, syscall_fields, prepare_syscall, NULL, THREAD_ANY}},
    {"compat_syscall_exit_",
     {"", EVENT_KERNEL_SYSCALL_EXIT, syscall_fields, prepare_syscall, NULL, THREAD_ANY}},
    {"sys_", {"", EVENT_KERNEL_SYSCALL_ENTRY, syscall_fields, prepare_syscall, NULL, THREAD_ANY}},
    {"compat_sys_", {"", EVENT_KERNEL_SYSCALL_ENTRY, syscall_fields, prepare_syscall, NULL, THREAD_ANY}},
    {"syscalls:sys_enter_",
     {"", EVENT_KERNEL_SYSCALL_ENTRY, syscall_fields, prepare_syscall, finish_perf_callchain, THREAD_ANY}},
    {"syscalls:sys_exit_",
     {"", EVENT_KERNEL_SYSCALL_EXIT, syscall_fields, prepare_syscall, finish_perf_callchain, THREAD_ANY}},
};

const struct decoder event_decoder_other = {"", EVENT_OTHER, no_fields, NULL, NULL, THREAD_ANY};
const struct decoder event_decoder_perf_record = {"", EVENT_OTHER, no_fields, NULL, NULL, THREAD_ANY};

static const struct decoder tracelog_decoder = {"",   EVENT_USER_LOG, message_fields,
                                                NULL, NULL,           THREAD_WANTED};

const struct decoder *event_decoder_find(const char *event_name, const char **call_name)
{
    /* what lttng_ust_libc was called once */
    g_autofree char *alias =
        g_str_has_prefix(event_name, "ust_libc:") ? g_strconcat("lttng_", event_name, NULL) : NULL;
    const char *name = alias ? alias : event_name;

    *call_name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(decoders); i++)
        if (strcmp(decoders[i].event_name, name) == 0)
            return &decoders[i];
    for (size_t i = 0; i < G_N_ELEMENTS(call_families); i++) {
        if (g_str_has_prefix(name, call_families[i].prefix)) {
            *call_name = g_intern_string(name + strlen(call_families[i].prefix));
            return &call_families[i].decoder;
        }
    }
    if (g_str_has_prefix(name, "perf_"))
        return &event_decoder_perf_record;
    return g_str_has_prefix(name, "lttng_ust_tracelog:") ? &tracelog_decoder : &event_decoder_other;
}
