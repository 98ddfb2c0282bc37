/*
 * Facts from kernel tracers: who runs on which CPU, wake-ups, system calls. Part of the model, called by its
 * dispatch.
 *
 * Old traces have no tid with their events: then it is the thread that the CPU's latest switch put there.
 */
#include "analyzer/call_names.h"
#include "analyzer/model_internal.h"
#include <string.h>
#include "tracepoints/contract.h"

enum {
    MAX_CPUS = 1 << 16,
    CPUS_PER_HOST = 4096,
    MAX_FD_KINDS = 1 << 18,
    /* prev_state of sched_switch: EXIT_DEAD and EXIT_ZOMBIE (their order changed once) */
    STATE_EXITED = 16 | 32,
    STATE_SLEEPING = 1 | 2,
    /* TASK_DEAD before 4.14, and from then on; the other one is TASK_PARKED or TASK_WAKEKILL */
    STATE_DEAD = 64 | 128,
    /* lttng_statedump_process_state */
    STATUS_WAIT_CPU = 2,
    STATUS_WAIT = 5,
};

static struct cpu_record *cpu_at(struct trace_model *model, const struct event *event)
{
    if (event->cpu < 0 || event->cpu >= CPUS_PER_HOST)
        return NULL;
    size_t number = (size_t)event->host * CPUS_PER_HOST + (size_t)event->cpu;
    if (number >= MAX_CPUS)
        return NULL;
    if (number >= model->cpus->len)
        g_ptr_array_set_size(model->cpus, (int)number + 1);
    if (!model->cpus->pdata[number])
        model->cpus->pdata[number] = g_new0(struct cpu_record, 1);
    return model->cpus->pdata[number];
}

struct thread_record *kernel_current(struct trace_model *model, const struct event *event)
{
    const struct cpu_record *cpu = cpu_at(model, event);

    return cpu && cpu->thread != 0 ? model_thread_at(model, cpu->thread) : NULL;
}

/*
 * Could the thread have run on? 0 says so; kernels that mark preemption set one bit instead of all others:
 * 256 since 4.14, 512 to 4096 before. Sleeping threads have a lower bit, whatever is beside it (1026: idle,
 * 258: killable).
 */
static bool is_preempted(int64_t prev_state)
{
    return (prev_state & 0xff) == 0;
}

static void switch_out(struct trace_model *model, const struct event *event, struct thread_record *record)
{
    struct state_sink sink = model_state_sink(model, record);
    uint32_t stack = event->callstack.count > 0 ? model_event_stack(model, record->thread.process, event)
                                                : record->call.stack;

    record->thread.has_states = true;
    thread_timeline_switch_out(&record->timeline, event->time_ns, event->cpu,
                               is_preempted(event->kernel_switch.prev_state), stack, &sink);
    /* An exiting thread may still be preempted or sleep a few times: closing its files, for one. */
    int64_t last_states = STATE_EXITED | (record->is_exiting ? STATE_DEAD : 0);
    int64_t state = event->kernel_switch.prev_state;
    if (!is_preempted(state) && !(state & STATE_SLEEPING) && state & last_states)
        model_end_thread(model, record, event->time_ns, false);
}

void kernel_switch(struct trace_model *model, const struct event *event)
{
    struct cpu_record *cpu = cpu_at(model, event);
    /* The event's own process, where it is told, is that of the thread that leaves. */
    int32_t prev_pid = event->tid == event->kernel_switch.prev_tid ? event->pid : -1;
    struct thread_record *prev = model_thread(model, event->host, prev_pid, event->kernel_switch.prev_tid);

    if (prev && !prev->is_ended) {
        model_name_thread(model, prev, event->kernel_switch.prev_comm);
        if (cpu && cpu->call.kind && !prev->call.kind)
            prev->call = cpu->call;
        switch_out(model, event, prev);
    }
    struct thread_record *next = model_thread(model, event->host, -1, event->kernel_switch.next_tid);
    if (next && next->is_ended)
        next =
            model_begin_thread(model, event->host, -1, event->kernel_switch.next_tid, event->time_ns, false);
    if (next) {
        struct state_sink sink = model_state_sink(model, next);
        next->thread.has_states = true;
        model_name_thread(model, next, event->kernel_switch.next_comm);
        thread_timeline_switch_in(&next->timeline, event->time_ns, event->cpu, &sink);
    }
    if (cpu) {
        cpu->is_known = true;
        /* Not from an interrupt; an exit was lost. */
        cpu->interrupt_depth = 0;
        cpu->thread = next ? next->thread.index : 0;
        cpu->call.kind = NULL;
    }
    model->has_switches = true;
    if (!model->sched_source)
        model->sched_source = "kernel tracer";
}

/* The program's first process was a stranger's until now, which waited for the recorder's word. */
void kernel_exec(struct trace_model *model, const struct event *event)
{
    struct thread_record *record = model_find_thread(model, event->host, event->tid);
    struct cpu_record *cpu = cpu_at(model, event);

    if (!record || record->is_ended || !cpu || model_process_at(model, record->thread.process)->is_recorded)
        return;
    record = model_begin_thread(model, event->host, -1, event->tid, event->time_ns, true);
    struct state_sink sink = model_state_sink(model, record);
    record->thread.has_states = true;
    thread_timeline_switch_in(&record->timeline, event->time_ns, event->cpu, &sink);
    cpu->thread = record->thread.index;
}

static uint32_t current_interrupt(const struct cpu_record *cpu)
{
    return cpu->interrupts[MIN(cpu->interrupt_depth, MAX_INTERRUPT_DEPTH) - 1];
}

void kernel_wakeup(struct trace_model *model, const struct event *event)
{
    struct thread_record *record = model_thread(model, event->host, event->pid, event->tid);
    struct thread_record *waker = NULL;
    const struct cpu_record *cpu = cpu_at(model, event);

    model->has_wakeups = true;
    if (!record || record->is_ended)
        return;
    /* In an interrupt the thread that the CPU had is not the one that wakes. */
    if (cpu && cpu->interrupt_depth > 0)
        waker = model_thread_at(model, current_interrupt(cpu));
    else if (event->wakeup.waker_tid > 0)
        waker = model_find_thread(model, event->host, event->wakeup.waker_tid);
    else if (event->wakeup.waker_tid < 0 && !model->has_off_cpu_source)
        waker = kernel_current(model, event);
    struct state_sink sink = model_state_sink(model, record);
    if (waker && thread_timeline_may_sleep(&record->timeline))
        record->kernel_wake = (struct wake){
            .time_ns = event->time_ns,
            .thread = waker->thread.index,
            .stack = event->callstack.count > 0 && !waker->thread.is_interrupt
                         ? model_event_stack(model, waker->thread.process, event)
                         : 0,
        };
    thread_timeline_wakeup(&record->timeline, event->time_ns, waker ? waker->thread.index : 0,
                           model->has_off_cpu_source, &sink);
}

/* The thread whose system call an event is about, or the CPU's own place while that is not known. */
static struct pending_call *call_place(struct trace_model *model, const struct event *event,
                                       struct thread_record **record)
{
    *record = event->tid > 0 ? model_thread(model, event->host, event->pid, event->tid)
                             : kernel_current(model, event);
    if (*record)
        return &(*record)->call;
    struct cpu_record *cpu = cpu_at(model, event);
    return event->tid < 0 && cpu && !cpu->is_known ? &cpu->call : NULL;
}

void kernel_syscall_entry(struct trace_model *model, const struct event *event)
{
    struct thread_record *record;
    struct pending_call *call = call_place(model, event, &record);

    model->has_kernel_calls = true;
    if (!call || !event->kernel_syscall.name)
        return;
    *call = (struct pending_call){
        .kind = model_call_kind(model, event->kernel_syscall.name),
        .start_ns = event->time_ns,
        .fd = event->kernel_syscall.fd,
        .stack = record && event->callstack.count > 0
                     ? model_event_stack(model, record->thread.process, event)
                     : 0,
    };
}

/* What a successful call says about descriptors. */
static void learn_fd_kind(struct trace_model *model, uint32_t process, const struct call_traits *traits,
                          int32_t fd, int64_t result)
{
    uint64_t scope = (uint64_t)process << 32;
    bool is_new;

    if (process == 0 || result < 0)
        return;
    if (traits->is_close && fd >= 0)
        id_map_remove(&model->fd_kinds, scope | (uint32_t)fd);
    if (model->fd_kinds.count >= MAX_FD_KINDS)
        return;
    if (traits->is_socket_user && fd >= 0)
        *id_map_add(&model->fd_kinds, scope | (uint32_t)fd, &is_new) = EXECTRACE_FD_SOCKET;
    if (traits->made_fd_kind != 0)
        *id_map_add(&model->fd_kinds, scope | (uint32_t)result, &is_new) = traits->made_fd_kind;
}

static uint32_t kind_of_file(const char *file)
{
    static const struct {
        const char *prefix;
        uint32_t kind;
    } kinds[] = {
        {"socket:", EXECTRACE_FD_SOCKET},
        {"pipe:", EXECTRACE_FD_PIPE},
        {"anon_inode:[eventpoll]", EXECTRACE_FD_EPOLL},
        {"anon_inode:[eventfd]", EXECTRACE_FD_EVENTFD},
        {"anon_inode:[timerfd]", EXECTRACE_FD_TIMERFD},
        {"/dev/pts/", EXECTRACE_FD_TERMINAL},
        {"/dev/tty", EXECTRACE_FD_TERMINAL},
        {"/dev/", EXECTRACE_FD_OTHER},
        {"/", EXECTRACE_FD_FILE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(file, kinds[i].prefix))
            return kinds[i].kind;
    return EXECTRACE_FD_OTHER;
}

/* What descriptors were when the recording began. */
void kernel_fd_found(struct trace_model *model, const struct event *event)
{
    uint64_t files = event->kernel_fd.files;
    const uint64_t *owner =
        files != 0 ? id_map_find(&model->file_tables, files ^ (uint64_t)event->host << 56) : NULL;
    uint32_t process = owner        ? (uint32_t)*owner
                       : files == 0 ? model_process(model, event->host, event->pid)->process.index
                                    : 0;
    bool is_new;

    if (process == 0 || event->kernel_fd.fd < 0 || model->fd_kinds.count >= MAX_FD_KINDS)
        return;
    *id_map_add(&model->fd_kinds, (uint64_t)process << 32 | (uint32_t)event->kernel_fd.fd, &is_new) =
        kind_of_file(event->kernel_fd.file ? event->kernel_fd.file : "");
}

/* Where calls are charged of which nobody knows the thread. */
static struct thread_record *unknown_thread(struct trace_model *model)
{
    return model_thread_at(model, 0);
}

void kernel_syscall_exit(struct trace_model *model, const struct event *event)
{
    struct thread_record *record;
    struct pending_call *call = call_place(model, event, &record);

    if (!call || !call->kind)
        return;
    struct pending_call ended = *call;
    call->kind = NULL;
    /* An exit of another call: the entry's own exit was lost. */
    if (event->kernel_syscall.name && strcmp(event->kernel_syscall.name, ended.kind->name) != 0)
        return;
    if (!record)
        record = unknown_thread(model);
    blocking_kernel_call(model, record, &ended, event->time_ns, event->kernel_syscall.result, false);
    learn_fd_kind(model, record->thread.process, &ended.kind->traits, ended.fd, event->kernel_syscall.result);
}

void kernel_thread_found(struct trace_model *model, const struct event *event)
{
    struct thread_record *record = model_thread(model, event->host, event->pid, event->tid);
    bool is_new;

    if (!record || record->is_ended)
        return;
    model_name_thread(model, record, event->kernel_thread.name);
    uint64_t files = event->kernel_thread.files;
    if (files != 0 && model->file_tables.count < MAX_FD_KINDS)
        *id_map_add(&model->file_tables, files ^ (uint64_t)event->host << 56, &is_new) =
            record->thread.process;
    struct state_sink sink = model_state_sink(model, record);
    if (event->kernel_thread.status == STATUS_WAIT)
        thread_timeline_found(&record->timeline, event->time_ns, THREAD_BLOCKED, &sink);
}

static uint32_t interrupt_of(struct trace_model *model, const struct event *event)
{
    static const char *const softirqs[] = {"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
                                           "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};
    uint32_t number = event->kernel_irq.irq;
    g_autofree char *name = NULL;

    switch (event->kernel_irq.context) {
    case INTERRUPT_SOFT:
        name = number < G_N_ELEMENTS(softirqs) ? g_strconcat("softirq/", softirqs[number], NULL)
                                               : g_strdup_printf("softirq/%u", number);
        break;
    case INTERRUPT_TIMER:
        return model_interrupt(model, "timer");
    case INTERRUPT_HRTIMER:
        return model_interrupt(model, "hrtimer");
    default:
        name = event->kernel_irq.name && *event->kernel_irq.name
                   ? g_strconcat("irq/", event->kernel_irq.name, NULL)
                   : g_strdup_printf("irq/%u", number);
        break;
    }
    return model_interrupt(model, name);
}

void kernel_irq(struct trace_model *model, const struct event *event)
{
    struct cpu_record *cpu = cpu_at(model, event);

    if (!cpu)
        return;
    if (event->type == EVENT_KERNEL_IRQ_EXIT) {
        cpu->interrupt_depth -= cpu->interrupt_depth > 0;
        return;
    }
    if (cpu->interrupt_depth < MAX_INTERRUPT_DEPTH)
        cpu->interrupts[cpu->interrupt_depth] = interrupt_of(model, event);
    cpu->interrupt_depth++;
}

void kernel_interrupt_reason(struct trace_model *model, const struct event *event)
{
    struct cpu_record *cpu = cpu_at(model, event);
    char name[64];

    if (!cpu || cpu->interrupt_depth == 0)
        return;
    if (event->type == EVENT_KERNEL_NET_RECEIVE)
        g_snprintf(name, sizeof name, "net/%s", event->name ? event->name : "");
    else /* Linux' dev_t: 12 bits of major, 20 of minor number. */
        g_snprintf(name, sizeof name, "disk/%u:%u", event->kernel_block.device >> 20,
                   event->kernel_block.device & 0xfffff);
    cpu->interrupts[MIN(cpu->interrupt_depth, MAX_INTERRUPT_DEPTH) - 1] = model_interrupt(model, name);
}
