/*
 * The model's registry: which processes and threads there are, from when to when, and what they are called;
 * names of calls. Part of the model, on the reader's calling thread.
 */
#include "analyzer/model_internal.h"
#include <string.h>

struct process_record *model_add_process(struct trace_model *model, uint32_t host, int32_t pid)
{
    struct process_record *record = g_new0(struct process_record, 1);

    record->process = (struct process){.index = model->processes->len,
                                       .host = host,
                                       .pid = pid,
                                       .name = "",
                                       .exe = "",
                                       .start_ns = model->start_ns};
    g_ptr_array_add(model->processes, record);
    return record;
}

const struct call_kind *model_call_kind(struct trace_model *model, const char *name)
{
    /* A name may have gone and another one come at its place, so the text is compared. */
    size_t place = ((uintptr_t)name >> 3 ^ (uintptr_t)name >> 12) % MODEL_CALL_CACHE;
    const struct call_kind *cached = model->calls_by_pointer[place].kind;
    if (model->calls_by_pointer[place].pointer == name && strcmp(cached->name, name) == 0)
        return cached;

    /* The interned name may be another one: without bytes that are no text. */
    const char *known = *name ? intern(model->strings, name) : "[unknown call]";
    struct call_kind *kind = g_hash_table_lookup(model->call_kinds, known);
    if (!kind) {
        kind = g_new0(struct call_kind, 1);
        kind->name = known;
        kind->traits = call_traits_find(known);
        g_hash_table_insert(model->call_kinds, (gpointer)known, kind);
    }
    model->calls_by_pointer[place].pointer = name;
    model->calls_by_pointer[place].kind = kind;
    return kind;
}

const struct call_kind *model_call_number(struct trace_model *model, uint32_t number)
{
    if (number >= MODEL_MAX_CALL_NUMBER)
        return model_call_kind(model, call_name(number));
    if (!model->calls_by_number[number])
        model->calls_by_number[number] = model_call_kind(model, call_name(number));
    return model->calls_by_number[number];
}

struct thread_record *model_thread_at(const struct trace_model *model, uint32_t index)
{
    return model->threads->pdata[index];
}

struct process_record *model_process_at(const struct trace_model *model, uint32_t index)
{
    return model->processes->pdata[index];
}

struct process_record *model_process(struct trace_model *model, uint32_t host, int32_t pid)
{
    bool is_new;

    if (pid < 0)
        return model_process_at(model, 0);
    uint64_t *index = id_map_add(&model->processes_by_pid, (uint64_t)host << 32 | (uint32_t)pid, &is_new);
    if (is_new)
        *index = model_add_process(model, host, pid)->process.index;
    return model_process_at(model, (uint32_t)*index);
}

static uint64_t thread_key(uint32_t host, int32_t tid)
{
    return (uint64_t)host << 32 | (uint32_t)tid;
}

/* Where the thread's index is when its id is an ordinary one: then no hash is needed. NULL: it is not. */
static uint32_t *plain_place(const struct trace_model *model, uint32_t host, int32_t tid)
{
    return host == 0 && tid >= 0 && tid < MODEL_PLAIN_TIDS ? &model->threads_by_plain_tid[tid] : NULL;
}

struct thread_record *model_find_thread(const struct trace_model *model, uint32_t host, int32_t tid)
{
    const uint32_t *plain = plain_place(model, host, tid);
    if (plain)
        return *plain != 0 ? model_thread_at(model, *plain) : NULL;

    const uint64_t *index = id_map_find(&model->threads_by_tid, thread_key(host, tid));

    return index ? model_thread_at(model, (uint32_t)*index) : NULL;
}

/* Kernel tracers tell of every process. */
#define KERNEL_TYPES                                                                                         \
    (event_type_bit(EVENT_KERNEL_SWITCH) | event_type_bit(EVENT_KERNEL_SYSCALL_ENTRY) |                      \
     event_type_bit(EVENT_KERNEL_SYSCALL_EXIT) | event_type_bit(EVENT_KERNEL_THREAD) |                       \
     event_type_bit(EVENT_KERNEL_FD) | event_type_bit(EVENT_SCHED_WAKEUP) |                                  \
     event_type_bit(EVENT_SCHED_START) | event_type_bit(EVENT_SCHED_EXIT))

static void set_process(struct trace_model *model, struct thread_record *record, uint32_t host, int32_t pid)
{
    struct process_record *process = model_process(model, host, pid);

    record->thread.process = process->process.index;
    record->thread.pid = pid;
    record->thread.is_main = pid >= 0 && pid == record->thread.tid;
    if (record->thread.is_main && !*process->process.name)
        process->process.name = record->thread.name;
    if (pid >= 0 && !(event_type_bit(model->event->type) & KERNEL_TYPES))
        process->is_recorded = true;
}

static struct thread_record *add_thread(struct trace_model *model, uint32_t host, int32_t pid, int32_t tid,
                                        int64_t time_ns, bool is_birth)
{
    struct thread_record *record = g_new0(struct thread_record, 1);

    record->thread = (struct thread){
        .index = model->threads->len, .tid = tid, .name = "", .start_ns = time_ns, .end_ns = time_ns};
    record->loss_epoch = model->loss_epoch;
    thread_timeline_init(&record->timeline, time_ns, is_birth);
    g_ptr_array_add(model->threads, record);
    set_process(model, record, host, pid);
    return record;
}

struct thread_record *model_begin_thread(struct trace_model *model, uint32_t host, int32_t pid, int32_t tid,
                                         int64_t time_ns, bool is_birth)
{
    struct thread_record *old = model_find_thread(model, host, tid);
    bool is_new;

    if (old && !old->is_ended)
        model_end_thread(model, old, time_ns, false);
    struct thread_record *record = add_thread(model, host, pid, tid, time_ns, is_birth);
    uint32_t *plain = plain_place(model, host, tid);
    if (plain)
        *plain = record->thread.index;
    else
        *id_map_add(&model->threads_by_tid, thread_key(host, tid), &is_new) = record->thread.index;
    model->last_key = UINT64_MAX;
    return record;
}

/*
 * When the event's thread was there at the latest: a kernel trace sees whole machines, whose threads were
 * mostly there before the trace was; a recorded program's begin with what is first said of them.
 */
static int64_t first_mention(const struct trace_model *model)
{
    const struct event *event = model->event;
    uint64_t length_ns = 0;

    switch (event->type) {
    case EVENT_OFF_CPU:
        length_ns = event->off_cpu.off_ns;
        break;
    case EVENT_WAIT:
        length_ns = event->wait.duration_ns;
        break;
    case EVENT_CALL:
        length_ns = event->call.duration_ns;
        break;
    case EVENT_OPEN:
        length_ns = event->open.duration_ns;
        break;
    case EVENT_KERNEL_SWITCH:
    case EVENT_KERNEL_THREAD:
    case EVENT_KERNEL_SYSCALL_ENTRY:
    case EVENT_KERNEL_SYSCALL_EXIT:
        return model->start_ns;
    case EVENT_SCHED_WAKEUP:
        return model->has_off_cpu_source ? event->time_ns : model->start_ns;
    default:
        break;
    }
    return length_ns < (uint64_t)(event->time_ns - model->start_ns) ? event->time_ns - (int64_t)length_ns
                                                                    : model->start_ns;
}

/*
 * The thread of another process than that of the one with this id, which goes on: processes of different
 * containers have the same ids in one recording of LTTng-UST.
 */
static struct thread_record *namesake(struct trace_model *model, uint32_t host, int32_t pid, int32_t tid)
{
    uint64_t key = id_map_hash((uint64_t)host << 32 | (uint32_t)pid) ^ (uint32_t)tid;
    bool is_new;
    uint64_t *index = id_map_add(&model->namesakes, key, &is_new);
    struct thread_record *known = is_new ? NULL : model_thread_at(model, (uint32_t)*index);

    if (known && !known->is_ended && known->thread.pid == pid && known->thread.tid == tid)
        return known;
    *index = model->threads->len;
    return add_thread(model, host, pid, tid, first_mention(model), false);
}

struct thread_record *model_thread(struct trace_model *model, uint32_t host, int32_t pid, int32_t tid)
{
    uint64_t key = thread_key(host, tid);
    struct thread_record *record;

    if (tid <= 0)
        return NULL;
    if (key == model->last_key) {
        record = model->last_thread;
    } else {
        record = model_find_thread(model, host, tid);
        if (!record)
            record = model_begin_thread(model, host, pid, tid, first_mention(model), false);
        model->last_key = key;
        model->last_thread = record;
    }
    if (pid >= 0 && record->thread.pid != pid) {
        if (record->thread.pid < 0)
            set_process(model, record, host, pid);
        else if (record->is_ended)
            record = model_begin_thread(model, host, pid, tid, model->end_ns, false);
        else
            record = namesake(model, host, pid, tid);
    }
    return record;
}

uint32_t model_interrupt(struct trace_model *model, const char *name)
{
    const char *known = intern(model->strings, name);
    uint32_t index = GPOINTER_TO_UINT(g_hash_table_lookup(model->interrupts, known));

    if (index != 0 || g_hash_table_size(model->interrupts) >= MODEL_MAX_INTERRUPTS)
        return index;
    struct thread_record *record = g_new0(struct thread_record, 1);
    index = model->threads->len;
    record->thread =
        (struct thread){.index = index, .pid = -1, .tid = -1, .name = known, .is_interrupt = true};
    record->is_ended = true;
    g_ptr_array_add(model->threads, record);
    g_hash_table_insert(model->interrupts, (gpointer)known, GUINT_TO_POINTER(index));
    return index;
}

void model_end_thread(struct trace_model *model, struct thread_record *record, int64_t time_ns, bool is_open)
{
    struct state_sink sink = model_state_sink(model, record);

    if (record->is_ended)
        return;
    if (!model->has_switches)
        thread_timeline_forget_wakeups(&record->timeline);
    time_ns = MAX(time_ns, record->timeline.has_off ? record->timeline.on_ns : record->timeline.since_ns);
    time_ns = MAX(time_ns, record->timeline.first_wakeup.time_ns);
    thread_timeline_end(&record->timeline, time_ns, is_open, &sink);
    blocking_end_thread(model, record, time_ns, is_open);
    record->is_ended = true;
    record->thread.end_ns = time_ns;
    if (is_open)
        return;
    record->thread.is_end_seen = true;
    if (record->exit_ns == 0)
        record->exit_ns = time_ns;
    if (record->thread.is_main)
        model_process_at(model, record->thread.process)->process.end_ns = time_ns;
}

static void set_name(struct trace_model *model, struct thread_record *record, const char *name)
{
    size_t length;

    if (strcmp(record->thread.name, name) == 0)
        return;
    record->thread.name = intern(model->strings, name);
    length = strlen(record->thread.name);
    /* LTTng names its own threads after the program, with this end. */
    record->thread.is_tracer = length >= 4 && strcmp(record->thread.name + length - 4, "-ust") == 0;
    if (record->thread.is_main) {
        struct process *process = &model_process_at(model, record->thread.process)->process;
        if (!*process->exe)
            process->name = record->thread.name;
    }
}

void model_name_thread(struct trace_model *model, struct thread_record *record, const char *name)
{
    if (!name || !*name)
        return;
    set_name(model, record, name);
    record->is_name_weak = false;
}

void model_name_thread_weakly(struct trace_model *model, struct thread_record *record, const char *name)
{
    if (!name || !*name || (*record->thread.name && !record->is_name_weak))
        return;
    set_name(model, record, name);
    record->is_name_weak = true;
}

uint32_t model_event_stack(struct trace_model *model, uint32_t process, const struct event *event)
{
    if (event->callstack.count > 0)
        return stack_table_intern(model->stacks, process, &event->callstack);
    return stack_table_find(model->stacks, process, event->stack);
}
