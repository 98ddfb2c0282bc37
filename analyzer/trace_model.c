/*
 * The model: dispatch of events to the parts that know what they mean, facts out to the observers. One
 * thread, the reader's calling one.
 */
#include "analyzer/call_names.h"
#include "analyzer/model_internal.h"
#include <string.h>
#include "tracepoints/contract.h"

enum { MAX_METRICS = 1 << 16 };

static void free_thread(void *pointer)
{
    struct thread_record *record = pointer;

    g_free(record->habit.held);
    g_free(record->open);
    g_free(record);
}

struct trace_model *trace_model_new(void)
{
    struct trace_model *model = g_new0(struct trace_model, 1);

    model->strings = intern_table_new();
    model->stacks = stack_table_new(model->strings);
    model->wakes = wake_table_new();
    model->heap = heap_table_new();
    model->processes = g_ptr_array_new_with_free_func(g_free);
    model->threads = g_ptr_array_new_with_free_func(free_thread);
    model->cpus = g_ptr_array_new_with_free_func(g_free);
    /* Pages of it that no thread id falls into cost nothing. */
    model->threads_by_plain_tid = g_new0(uint32_t, MODEL_PLAIN_TIDS);
    model->call_kinds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    model->interrupts = g_hash_table_new(g_direct_hash, g_direct_equal);
    model->metric_names = g_array_new(FALSE, FALSE, sizeof(struct metric_name));
    model->observers = g_array_new(FALSE, FALSE, sizeof(struct trace_observer));
    model->last_key = UINT64_MAX;
    model_add_process(model, 0, -1);
    struct thread_record *none = g_new0(struct thread_record, 1);
    none->thread = (struct thread){.pid = -1, .tid = -1, .name = ""};
    none->is_ended = true;
    g_ptr_array_add(model->threads, none);
    return model;
}

void trace_model_free(struct trace_model *model)
{
    if (!model)
        return;

    id_map_clear(&model->threads_by_tid);
    id_map_clear(&model->namesakes);
    id_map_clear(&model->processes_by_pid);
    id_map_clear(&model->peers);
    id_map_clear(&model->fd_kinds);
    id_map_clear(&model->file_tables);
    id_map_clear(&model->metrics);
    g_free(model->threads_by_plain_tid);
    g_hash_table_unref(model->call_kinds);
    g_hash_table_unref(model->interrupts);
    g_array_unref(model->metric_names);
    g_array_unref(model->observers);
    g_ptr_array_unref(model->cpus);
    g_ptr_array_unref(model->threads);
    g_ptr_array_unref(model->processes);
    heap_table_free(model->heap);
    wake_table_free(model->wakes);
    stack_table_free(model->stacks);
    intern_table_free(model->strings);
    g_free(model);
}

void trace_model_add_observer(struct trace_model *model, const struct trace_observer *observer)
{
    g_array_append_val(model->observers, *observer);
}

/* Calls one callback of every observer that has it. */
#define EMIT(model, callback, ...)                                                                           \
    do {                                                                                                     \
        for (guint emit_i = 0; emit_i < (model)->observers->len; emit_i++) {                                 \
            const struct trace_observer *emit_to =                                                           \
                &g_array_index((model)->observers, struct trace_observer, emit_i);                           \
            if (emit_to->callback)                                                                           \
                emit_to->callback(emit_to->self, __VA_ARGS__);                                               \
        }                                                                                                    \
    } while (0)

void model_emit_blocking(struct trace_model *model, const struct blocking *operation)
{
    EMIT(model, blocking, operation);
}

void model_emit_heap(struct trace_model *model, const struct heap_sample *sample)
{
    EMIT(model, heap, sample);
}

static void emit_state(void *self, struct state_interval *interval)
{
    struct trace_model *model = self;
    struct thread *thread = &model->sink_thread->thread;
    int64_t length_ns = interval->end_ns - interval->start_ns;

    switch (interval->state) {
    case THREAD_RUNNING:
        thread->running_ns += length_ns;
        break;
    case THREAD_RUNNABLE:
        thread->runnable_ns += length_ns;
        break;
    case THREAD_BLOCKED:
        thread->blocked_ns += length_ns;
        break;
    case THREAD_UNKNOWN:
        thread->unknown_ns += length_ns;
        break;
    }
    interval->thread = thread->index;
    if (interval->state == THREAD_RUNNABLE && interval->is_preempted && interval->stack == 0)
        interval->stack = model->sink_thread->sample_stack;
    EMIT(model, state, interval);
}

struct state_sink model_state_sink(struct trace_model *model, struct thread_record *record)
{
    struct state_sink sink = {emit_state, model};

    model->sink_thread = record;
    if (record->loss_epoch != model->loss_epoch) {
        record->loss_epoch = model->loss_epoch;
        thread_timeline_lost(&record->timeline, model->sched_lost_ns, &sink);
    }
    return sink;
}

/*
 * After its executable; but the name that the kernel knows (15 bytes of it) wins where it is another one, as
 * when a program is called by a link.
 */
static void name_process(struct trace_model *model, struct process *process, const char *comm)
{
    const char *slash = strrchr(process->exe, '/');
    const char *file = slash ? slash + 1 : process->exe;

    if (!comm || !*comm || g_str_has_prefix(file, comm))
        comm = file;
    if (*comm)
        process->name = intern(model->strings, comm);
}

static void process_start(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct process_record *process = model_process_at(model, record->thread.process);
    uint32_t reason = event->process_start.reason;

    if (reason == EXECTRACE_START_LIBRARY && process->has_image)
        stack_table_forget(model->stacks, process->process.index);
    if (reason == EXECTRACE_START_LIBRARY && record->timeline.source == TIMELINE_NO_SOURCE)
        record->timeline.is_birth_seen = true;
    if (reason == EXECTRACE_START_FORK)
        stack_table_copy_modules(model->stacks,
                                 model_process(model, event->host, event->process_start.ppid)->process.index,
                                 process->process.index);
    process->has_image = process->has_image || reason == EXECTRACE_START_LIBRARY;
    process->has_library = true;
    process->is_recorded = true;
    const char *exe = intern(model->strings, event->process_start.exe);
    bool has_new_image = exe != process->process.exe;
    process->process.exe = exe;
    /* Other threads say it again, with names of their own. */
    if (record->thread.is_main || has_new_image)
        name_process(model, &process->process, record->thread.is_main ? event->process_start.name : "");
    model_name_thread(model, record, event->process_start.name);
}

static void thread_start(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    if (record->is_ended || record->exit_ns != 0)
        record = model_begin_thread(model, event->host, event->pid, event->tid, event->time_ns, true);
    if (record->timeline.source == TIMELINE_NO_SOURCE && !record->timeline.is_birth_seen &&
        record->timeline.since_ns == record->thread.start_ns && record->timeline.first_wakeup.time_ns == 0) {
        record->thread.start_ns = event->time_ns;
        record->timeline.since_ns = event->time_ns;
        record->timeline.is_birth_seen = true;
    }
    const struct thread_record *creator =
        model_find_thread(model, event->host, event->thread_start.creator_tid);
    if (creator && !*record->thread.name)
        model_name_thread_weakly(model, record, creator->thread.name);
}

static void thread_exit(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    record->exit_ns = event->time_ns;
    record->thread.is_end_seen = true;
    /* With scheduling data the thread goes on until the kernel says that it ended. */
    if (record->timeline.source == TIMELINE_NO_SOURCE && !model->has_off_cpu_source)
        model_end_thread(model, record, event->time_ns, false);
}

static void sched_start(struct trace_model *model, const struct event *event)
{
    struct thread_record *record = event->tid > 0 ? model_find_thread(model, event->host, event->tid) : NULL;
    const struct thread_record *parent = model_find_thread(model, event->host, event->sched_start.parent_tid);

    if (event->tid <= 0)
        return;
    /* The library may have told of the thread before the kernel's record came. */
    if (!record || record->is_ended || record->exit_ns != 0 || record->is_born_by_kernel ||
        !record->timeline.is_birth_seen)
        record = model_begin_thread(model, event->host, event->pid, event->tid, event->time_ns, true);
    record->is_born_by_kernel = true;
    model_name_thread_weakly(model, record, event->sched_start.name);
    if (parent && !*record->thread.name)
        model_name_thread_weakly(model, record, parent->thread.name);
    struct process_record *process = model_process_at(model, record->thread.process);
    if (record->thread.is_main)
        process->process.start_ns = event->time_ns;
    if (!model->leaves_children_out && event->sched_start.parent_pid > 0)
        process->is_recorded |= model_process(model, event->host, event->sched_start.parent_pid)->is_recorded;
}

static void sched_exit(struct trace_model *model, const struct event *event)
{
    struct thread_record *record =
        event->tid > 0 ? model_find_thread(model, event->host, event->tid) : kernel_current(model, event);

    if (!record || record->is_ended)
        return;
    if (record->exit_ns == 0)
        record->exit_ns = event->time_ns;
    record->thread.is_end_seen = true;
    record->is_exiting = true;
    /* Kernel traces: it still runs until the switch away from it. */
    if (record->timeline.source != TIMELINE_KERNEL || record->timeline.state != THREAD_RUNNING)
        model_end_thread(model, record, event->time_ns, false);
}

/* The wake-up that an off-CPU interval tells of, before the interval itself. */
static void off_cpu_wakeup(struct trace_model *model, struct thread_record *record, const struct event *event,
                           const struct state_sink *sink)
{
    int32_t tid = event->off_cpu.waker_tid;
    struct thread_record *waker = tid > 0 ? model_find_thread(model, event->host, tid) : NULL;
    uint64_t runnable_ns = MIN(event->off_cpu.runnable_ns, event->off_cpu.off_ns);

    if (tid < 0 || record->timeline.source == TIMELINE_KERNEL || runnable_ns > (uint64_t)event->time_ns)
        return;
    model->has_wakeups = true;
    thread_timeline_wakeup(&record->timeline, event->time_ns - (int64_t)runnable_ns,
                           waker ? waker->thread.index : 0, true, sink);
}

static void off_cpu(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct state_sink sink = model_state_sink(model, record);

    model->has_off_cpu_source = true;
    if (record->is_ended)
        return;
    record->thread.has_states = true;
    off_cpu_wakeup(model, record, event, &sink);
    thread_timeline_off_cpu(&record->timeline, event, &sink);
}

static void sched_source(struct trace_model *model, const struct event *event)
{
    if (event->sched_source.source == EXECTRACE_SCHED_NONE)
        return;
    model->sched_source = intern(model->strings, event->sched_source.description);
    model->leaves_children_out = event->sched_source.source == EXECTRACE_SCHED_KERNEL_TRACER_ALONE;
    model->has_strangers =
        model->leaves_children_out || event->sched_source.source == EXECTRACE_SCHED_KERNEL_TRACER;
    model->has_off_cpu_source = model->has_off_cpu_source || !model->has_strangers;
}

static void lost(struct trace_model *model, const struct event *event)
{
    bool is_sched = event->type == EVENT_SCHED_LOST;
    struct loss loss = {
        .start_ns = event->lost.since_ns > 0 ? event->lost.since_ns : event->time_ns,
        .end_ns = MAX(event->lost.until_ns, event->time_ns),
        .count = event->lost.count,
        .is_packets = event->lost.is_packets,
        .what = is_sched                 ? "scheduling records"
                : event->lost.is_packets ? "packets"
                                         : "events",
    };

    model->has_loss = true;
    model->lost_count += event->lost.is_packets ? 0 : event->lost.count;
    /* Of a kernel trace any event may be missing. */
    if (is_sched || !model->has_off_cpu_source) {
        model->loss_epoch++;
        model->sched_lost_ns = loss.end_ns;
    }
    EMIT(model, loss, &loss);
}

static void user_mark(struct trace_model *model, const struct thread_record *record,
                      const struct event *event)
{
    struct user_mark mark = {
        .type = event->type,
        .time_ns = event->time_ns,
        .thread = record->thread.index,
        .task = event->user.task,
        .parent = event->user.parent,
        .name = event->user.name ? event->user.name : "",
        .message = event->user.message ? event->user.message : "",
        .value = event->user.value,
    };

    EMIT(model, mark, &mark);
}

static void metric_define(struct trace_model *model, const struct event *event)
{
    struct metric_name name = {intern(model->strings, event->metric.name),
                               intern(model->strings, event->metric.unit)};
    bool is_new;

    if (model->metric_names->len >= MAX_METRICS)
        return;
    *id_map_add(&model->metrics, (uint64_t)event->host << 32 | event->metric.id, &is_new) =
        model->metric_names->len;
    g_array_append_val(model->metric_names, name);
}

static void metric(struct trace_model *model, const struct event *event)
{
    const uint64_t *number = id_map_find(&model->metrics, (uint64_t)event->host << 32 | event->metric.id);
    if (!number)
        return;

    const struct metric_name *name = &g_array_index(model->metric_names, struct metric_name, *number);
    uint32_t process = event->pid >= 0 ? model_process(model, event->host, event->pid)->process.index : 0;
    EMIT(model, metric, event->time_ns, process, name->name, name->unit, event->metric.value);
}

/* Events about the thread they carry; record is its. */
static void thread_event(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    if (record->open && event_type_bit(event->type) & MODEL_TYPES_OF_THREADS)
        blocking_open_has_ended(record);
    switch (event->type) {
    case EVENT_PROCESS_START:
        process_start(model, record, event);
        break;
    case EVENT_OPEN:
        blocking_open(model, record, event);
        break;
    case EVENT_THREAD_START:
        thread_start(model, record, event);
        break;
    case EVENT_SCHED_NAME:
        /* A thread names itself, mostly when it runs a new program: it was on a CPU then. */
        if (record->timeline.source == TIMELINE_NO_SOURCE && record->thread.start_ns == event->time_ns)
            record->timeline.is_birth_seen = true;
        model_name_thread(model, record, event->name);
        break;
    case EVENT_THREAD_NAME:
        model_name_thread(model, record, event->name);
        break;
    case EVENT_THREAD_EXIT:
        thread_exit(model, record, event);
        break;
    case EVENT_WAIT:
        blocking_wait(model, record, event);
        break;
    case EVENT_WAKE:
        blocking_wake(model, record, event);
        break;
    case EVENT_WAIT_SUMMARY:
        blocking_wait_summary(model, record, event);
        break;
    case EVENT_CALL:
        blocking_call(model, record, event);
        break;
    case EVENT_CALL_SUMMARY:
        blocking_call_summary(model, record, event);
        break;
    case EVENT_PEER:
        blocking_peer(model, record, event);
        break;
    case EVENT_ALLOC:
        heap_alloc(model, record, event);
        break;
    case EVENT_FREE:
        heap_free(model, record, event);
        break;
    case EVENT_STOCK_REALLOC:
        heap_stock_realloc(model, record, event);
        break;
    case EVENT_STOCK_LOCK_REQ:
    case EVENT_STOCK_LOCK_ACQ:
    case EVENT_STOCK_LOCK_TRYLOCK:
    case EVENT_STOCK_UNLOCK:
        blocking_stock_lock(model, record, event);
        break;
    case EVENT_USER_TASK_BEGIN:
    case EVENT_USER_TASK_END:
    case EVENT_USER_REGION_BEGIN:
    case EVENT_USER_REGION_END:
    case EVENT_USER_LOG:
    case EVENT_USER_COUNTER:
        user_mark(model, record, event);
        break;
    case EVENT_OFF_CPU:
        off_cpu(model, record, event);
        break;
    case EVENT_SCHED_SAMPLE:
        record->sample_stack =
            stack_table_intern_sample(model->stacks, record->thread.process, &event->stack_definition);
        break;
    default:
        break;
    }
}

static bool is_of_a_thread(uint32_t type)
{
    switch (type) {
    case EVENT_WAIT:
    case EVENT_WAKE:
    case EVENT_CALL:
    case EVENT_ALLOC:
    case EVENT_FREE:
    case EVENT_STOCK_LOCK_REQ:
    case EVENT_STOCK_LOCK_ACQ:
    case EVENT_STOCK_UNLOCK:
    case EVENT_STOCK_REALLOC:
        return true;
    default:
        return false;
    }
}

/* Events of threads, mostly of user space. */
static void other_event(struct trace_model *model, const struct event *event)
{
    struct thread_record *record = model_thread(model, event->host, event->pid, event->tid);

    if (record) {
        if (model->has_strangers && event->pid >= 0)
            model_process_at(model, record->thread.process)->is_recorded = true;
        model_name_thread_weakly(model, record, event->procname);
        thread_event(model, record, event);
    } else if (event->tid < 0 && is_of_a_thread(event->type))
        model->gaps |= GAP_USER_THREADS;
    if (event->pid < 0 && is_of_a_thread(event->type))
        model->gaps |= GAP_USER_PROCESSES;
}

static void count_event(struct trace_model *model, const struct event *event)
{
    if (model->event_count == 0)
        model->start_ns = model->end_ns = event->time_ns;
    model->event_count++;
    model->end_ns = MAX(model->end_ns, event->time_ns);
    model->event = event;
}

/* Events of kernel tracers mostly name threads themselves. */
static void name_by_context(struct trace_model *model, const struct event *event)
{
    struct thread_record *record = event->tid > 0 ? model_find_thread(model, event->host, event->tid) : NULL;

    if (record && !record->is_ended)
        model_name_thread_weakly(model, record, event->procname);
}

static void dispatch(struct trace_model *model, const struct event *event)
{
    switch (event->type) {
    case EVENT_KERNEL_SWITCH:
        kernel_switch(model, event);
        break;
    case EVENT_KERNEL_SYSCALL_ENTRY:
        kernel_syscall_entry(model, event);
        break;
    case EVENT_KERNEL_SYSCALL_EXIT:
        kernel_syscall_exit(model, event);
        break;
    case EVENT_SCHED_WAKEUP:
        kernel_wakeup(model, event);
        break;
    case EVENT_KERNEL_THREAD:
        kernel_thread_found(model, event);
        break;
    case EVENT_KERNEL_IRQ_ENTRY:
    case EVENT_KERNEL_IRQ_EXIT:
        kernel_irq(model, event);
        break;
    case EVENT_KERNEL_FD:
        kernel_fd_found(model, event);
        break;
    case EVENT_KERNEL_BLOCK_COMPLETE:
    case EVENT_KERNEL_NET_RECEIVE:
        kernel_interrupt_reason(model, event);
        break;
    case EVENT_SCHED_START:
        sched_start(model, event);
        break;
    case EVENT_SCHED_EXIT:
        sched_exit(model, event);
        break;
    case EVENT_MODULE:
    case EVENT_MODULE_BUILD_ID:
    case EVENT_MODULE_UNLOAD:
        stack_table_module_event(model->stacks, model_process(model, event->host, event->pid)->process.index,
                                 event);
        break;
    case EVENT_STACK:
        stack_table_define(model->stacks, model_process(model, event->host, event->pid)->process.index,
                           event->stack, &event->stack_definition);
        break;
    case EVENT_SCHED_SOURCE:
        sched_source(model, event);
        break;
    case EVENT_LOST:
    case EVENT_SCHED_LOST:
        lost(model, event);
        break;
    case EVENT_METRIC_DEFINE:
        metric_define(model, event);
        break;
    case EVENT_METRIC:
        metric(model, event);
        break;
    case EVENT_SKIPPED:
        model->event_count += event->skipped.count - 1;
        if (event->skipped.types & MODEL_TYPES_OF_THREADS)
            model->skipped_until_ns = event->time_ns;
        break;
    case EVENT_SCHED_NAME:
        if (model->has_strangers && event->pid < 0)
            kernel_exec(model, event);
        other_event(model, event);
        return;
    default:
        other_event(model, event);
        return;
    }
    if (event->procname)
        name_by_context(model, event);
}

void trace_model_event(struct trace_model *model, const struct event *event)
{
    g_assert(!model->is_finished);
    count_event(model, event);
    dispatch(model, event);
}

/* A thread whose end nobody told ended with its process, or the trace. */
static int64_t last_moment(const struct trace_model *model, const struct thread_record *record)
{
    const struct process *process = &model_process_at(model, record->thread.process)->process;

    if (record->exit_ns != 0)
        return record->exit_ns;
    return process->end_ns != 0 ? process->end_ns : model->end_ns;
}

void trace_model_finish(struct trace_model *model)
{
    if (model->is_finished)
        return;
    for (guint i = 1; i < model->threads->len; i++) {
        struct thread_record *record = model_thread_at(model, i);
        if (!record->is_ended)
            model_end_thread(model, record, last_moment(model, record), record->exit_ns == 0);
        else
            blocking_tell_open(model, record);
    }
    for (guint i = 0; i < model->processes->len; i++) {
        struct process *process = &model_process_at(model, i)->process;
        if (process->end_ns == 0)
            process->end_ns = model->end_ns;
    }
    model->is_finished = true;
}

int64_t trace_model_start_ns(const struct trace_model *model)
{
    return model->start_ns;
}

int64_t trace_model_end_ns(const struct trace_model *model)
{
    return model->end_ns;
}

uint64_t trace_model_event_count(const struct trace_model *model)
{
    return model->event_count;
}

uint64_t trace_model_lost_count(const struct trace_model *model)
{
    return model->lost_count;
}

bool trace_model_has_loss(const struct trace_model *model)
{
    return model->has_loss;
}

uint32_t trace_model_gaps(const struct trace_model *model)
{
    uint32_t gaps = model->gaps;

    if ((model->has_wakeups || model->has_kernel_calls) && !model->has_switches && !model->has_off_cpu_source)
        gaps |= GAP_SWITCHES;
    if (model->has_switches && !model->has_wakeups)
        gaps |= GAP_WAKEUPS;
    /* The first one stands for those that are not known. */
    if (model->has_switches && model->processes->len <= 1)
        gaps |= GAP_KERNEL_PROCESSES;
    return gaps;
}

const char *trace_model_sched_source(const struct trace_model *model)
{
    return model->sched_source;
}

uint32_t trace_model_process_count(const struct trace_model *model)
{
    return model->processes->len;
}

const struct process *trace_model_process(const struct trace_model *model, uint32_t index)
{
    return &model_process_at(model, index)->process;
}

uint32_t trace_model_thread_count(const struct trace_model *model)
{
    return model->threads->len;
}

const struct thread *trace_model_thread(const struct trace_model *model, uint32_t index)
{
    return &model_thread_at(model, index)->thread;
}

bool trace_model_has_strangers(const struct trace_model *model)
{
    return model->has_strangers;
}

bool trace_model_is_stranger(const struct trace_model *model, uint32_t thread)
{
    return model->has_strangers &&
           !model_process_at(model, model_thread_at(model, thread)->thread.process)->is_recorded;
}

uint32_t trace_model_stack_count(const struct trace_model *model)
{
    return stack_table_count(model->stacks);
}

const struct stack *trace_model_stack(const struct trace_model *model, uint32_t index)
{
    return stack_table_get(model->stacks, index);
}
