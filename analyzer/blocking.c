/*
 * Blocking operations from events: who waited for what, on which stack, and who released it.
 * Part of the model, called by its dispatch.
 *
 * The release that ended a wait is the one that the wait itself names, or the latest wake of the same object
 * of the same process, within the wait, by another thread, or else that of an object at the same address that
 * another process shares; for a join it is the end of the joined thread.
 */
#include "analyzer/call_names.h"
#include "analyzer/model_internal.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include "tracepoints/contract.h"

enum { MAX_PEERS = 1 << 17 };

static uint32_t depth_of(struct trace_model *model, uint32_t stack)
{
    const struct stack *known = stack_table_get(model->stacks, stack);

    return known->is_lost ? 0 : known->frame_count;
}

static void emit_labelled(void *self, const struct blocking *operation)
{
    model_emit_blocking(self, operation);
}

static bool is_lock(const struct blocking *held, void *user)
{
    struct trace_model *model = user;

    return held->wait_kind != 0 &&
           wake_table_is_lock_like(model->wakes, model_thread_at(model, held->thread)->thread.process,
                                   held->object);
}

/* Hands an operation of the thread on, through the idle rule. */
static void hand_out(struct trace_model *model, struct thread_record *record, struct blocking *operation,
                     const struct call_kind *call, bool is_lock_like)
{
    struct blocking_sink sink = {emit_labelled, model};

    const struct call_traits *traits = call ? &call->traits : NULL;

    operation->is_lock_like = is_lock_like;
    struct idle_clues clues = {
        .call = traits,
        .depth = idle_may_be_habit(operation->wait_kind, traits) ? depth_of(model, operation->stack) : 0,
        .is_main_thread = record->thread.is_main,
        .is_lock_like = is_lock_like,
        .is_lock_holder = record->is_lock_holder,
        .is_lock = is_lock,
        .user = model,
    };

    idle_habit_add(&record->habit, operation, &clues, &sink);
}

static struct blocking new_operation(const struct thread_record *record, int64_t end_ns, uint64_t duration_ns)
{
    if (duration_ns > MODEL_MAX_DURATION_NS)
        duration_ns = 0;
    return (struct blocking){
        .start_ns = end_ns - (int64_t)duration_ns,
        .end_ns = end_ns,
        .count = 1,
        .total_ns = duration_ns,
        .longest_ns = duration_ns,
        .shortest_ns = duration_ns,
        .thread = record->thread.index,
        .call_number = -1,
        .fd = -1,
    };
}

/* In the table of wakes: the process of all objects that processes of one host share. */
static uint32_t sharing_processes(struct trace_model *model, const struct thread_record *record)
{
    return UINT32_MAX - model_process_at(model, record->thread.process)->process.host;
}

static struct wake find_wake(struct trace_model *model, const struct thread_record *record,
                             const struct blocking *operation, bool *is_lock_like)
{
    bool is_lock_like_elsewhere = false;
    struct wake wake =
        wake_table_wait(model->wakes, record->thread.process, operation->object, record->thread.index,
                        operation->start_ns, operation->end_ns, is_lock_like);

    if (wake.time_ns == 0 && operation->waker_thread == 0 && model->has_shared_wakes)
        wake = wake_table_wait(model->wakes, sharing_processes(model, record), operation->object,
                               record->thread.index, operation->start_ns, operation->end_ns,
                               &is_lock_like_elsewhere);
    *is_lock_like = *is_lock_like || is_lock_like_elsewhere;
    return wake;
}

static void find_release(struct trace_model *model, const struct thread_record *record,
                         struct blocking *operation, bool *is_lock_like)
{
    *is_lock_like = false;
    if (operation->wait_kind == EXECTRACE_WAIT_JOIN) {
        const struct thread_record *joined = model_find_thread(
            model, model_process_at(model, record->thread.process)->process.host, (int32_t)operation->object);
        if (joined && joined->exit_ns >= operation->start_ns && joined->exit_ns <= operation->end_ns) {
            operation->waker_thread = joined->thread.index;
            operation->wake_ns = joined->exit_ns;
        }
        return;
    }
    struct wake wake = find_wake(model, record, operation, is_lock_like);
    if (wake.time_ns <= operation->wake_ns)
        return; /* the wait itself told of a later one */
    operation->waker_thread = wake.thread;
    operation->waker_stack = wake.stack;
    operation->wake_ns = wake.time_ns;
}

/* A thread released what others waited for. */
static void note_release(struct trace_model *model, struct thread_record *waker, uint32_t process,
                         uint64_t object, uint32_t kind, const struct wake *wake)
{
    bool is_lock_like = wake_table_add(model->wakes, process, object, wake);

    switch (kind) {
    case EXECTRACE_WAIT_MUTEX:
    case EXECTRACE_WAIT_RWLOCK_READ:
    case EXECTRACE_WAIT_RWLOCK_WRITE:
    case EXECTRACE_WAIT_SPIN:
        waker->is_lock_holder = true;
        break;
    default:
        waker->is_lock_holder = waker->is_lock_holder || is_lock_like;
        break;
    }
}

/* The thread with the waiter's process and this id; it may have ended meanwhile. */
static struct thread_record *find_waker(struct trace_model *model, const struct thread_record *waiter,
                                        const struct event *event)
{
    struct thread_record *found = model_find_thread(model, event->host, event->wait.waker_tid);

    if (found && found->thread.process == waiter->thread.process)
        return found;
    return found && !found->is_ended ? NULL
                                     : model_thread(model, event->host, event->pid, event->wait.waker_tid);
}

/* The release that the wait event itself tells of. */
static void take_release(struct trace_model *model, const struct thread_record *record,
                         const struct event *event, struct blocking *operation)
{
    struct thread_record *waker;

    if (event->wait.waker_tid <= 0 || event->wait.waker_tid == record->thread.tid ||
        !(waker = find_waker(model, record, event)))
        return;
    struct wake wake = {
        .time_ns = operation->end_ns - (int64_t)MIN(event->wait.since_wake_ns, operation->total_ns),
        .thread = waker->thread.index,
        .stack = stack_table_find(model->stacks, record->thread.process, event->wait.waker_stack),
    };
    operation->waker_thread = wake.thread;
    operation->waker_stack = wake.stack;
    operation->wake_ns = wake.time_ns;
    if (operation->wait_kind != EXECTRACE_WAIT_JOIN)
        note_release(model, waker, waker->thread.process, operation->object, operation->wait_kind, &wake);
}

static void tell_timeline(struct trace_model *model, struct thread_record *record,
                          const struct blocking *operation)
{
    if (record->is_ended)
        return;
    struct state_sink sink = model_state_sink(model, record);
    thread_timeline_released(&record->timeline, operation->start_ns, operation->wake_ns,
                             operation->waker_thread, operation->stack, &sink);
}

/* A kind that this version does not know is shown as such; 0 stands for system calls in the model. */
static uint32_t known_kind(uint32_t kind)
{
    return kind == 0 || kind > EXECTRACE_WAIT_KIND_END ? EXECTRACE_WAIT_KIND_END : kind;
}

void blocking_wait(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct blocking operation = new_operation(record, event->time_ns, event->wait.duration_ns);
    bool is_lock_like;

    operation.blocking_class = BLOCKING_SYNC;
    operation.wait_kind = known_kind(event->wait.kind);
    operation.outcome = event->wait.outcome;
    operation.object = event->wait.object;
    operation.error_count = event->wait.outcome == EXECTRACE_OUTCOME_ERROR;
    operation.stack = model_event_stack(model, record->thread.process, event);
    take_release(model, record, event, &operation);
    find_release(model, record, &operation, &is_lock_like);
    tell_timeline(model, record, &operation);
    hand_out(model, record, &operation, NULL, is_lock_like);
}

void blocking_wake(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct wake wake = {
        .time_ns = event->time_ns,
        .thread = record->thread.index,
        .stack = model_event_stack(model, record->thread.process, event),
    };
    uint32_t process = event->wake.is_shared ? sharing_processes(model, record) : record->thread.process;

    model->has_shared_wakes = model->has_shared_wakes || event->wake.is_shared;
    note_release(model, record, process, event->wake.object, event->wake.kind, &wake);
}

/* A sum lies somewhere between the thread's latest sum and now. */
static void bound_summary(struct thread_record *record, struct blocking *operation)
{
    operation->start_ns = MAX(record->last_summary_ns, record->thread.start_ns);
    record->last_summary_ns = operation->end_ns;
    operation->is_summary = true;
}

/* A sum whose operations ended before the recording began. */
static bool is_of_earlier_session(const struct trace_model *model, const struct event *event, uint64_t age_ns)
{
    return age_ns > (uint64_t)(event->time_ns - model->start_ns);
}

void blocking_wait_summary(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct blocking operation = new_operation(record, event->time_ns, event->wait_summary.total_ns);

    if (is_of_earlier_session(model, event, event->wait_summary.age_ns))
        return;

    bound_summary(record, &operation);
    operation.blocking_class = BLOCKING_SYNC;
    operation.count = event->wait_summary.count;
    operation.longest_ns = event->wait_summary.longest_ns;
    operation.shortest_ns = 0;
    operation.wait_kind = known_kind(event->wait_summary.kind);
    operation.object = event->wait_summary.object;
    operation.stack = model_event_stack(model, record->thread.process, event);
    hand_out(model, record, &operation, NULL, false);
}

static enum blocking_class class_of_call(uint32_t fd_kind, const struct call_kind *call)
{
    if (fd_kind == EXECTRACE_FD_SOCKET || fd_kind == EXECTRACE_FD_EPOLL || call->traits.is_net)
        return BLOCKING_NET;
    return BLOCKING_SYSCALL;
}

static const struct call_kind *set_call(struct trace_model *model, const struct thread_record *record,
                                        struct blocking *operation, uint32_t number, uint32_t fd_kind,
                                        int32_t fd)
{
    const struct call_kind *call = model_call_number(model, number);

    operation->call_number = (int32_t)number;
    operation->call_name = call->name;
    operation->fd_kind = fd_kind;
    operation->fd = fd;
    operation->blocking_class = class_of_call(fd_kind, call);
    if (fd >= 0 && fd_kind == EXECTRACE_FD_SOCKET) {
        uint64_t key = (uint64_t)record->thread.process << 32 | (uint32_t)fd;
        const uint64_t *peer = id_map_find(&model->peers, key);
        operation->peer = peer ? (const char *)(uintptr_t)*peer : NULL;
    }
    return call;
}

void blocking_call(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct blocking operation = new_operation(record, event->time_ns, event->call.duration_ns);

    const struct call_kind *call =
        set_call(model, record, &operation, event->call.number, event->call.fd_kind, event->call.fd);
    operation.result = event->call.result;
    operation.error_count = event->call.result < 0;
    operation.stack = model_event_stack(model, record->thread.process, event);
    tell_timeline(model, record, &operation);
    hand_out(model, record, &operation, call, false);
}

void blocking_call_summary(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct blocking operation = new_operation(record, event->time_ns, event->call_summary.total_ns);

    if (is_of_earlier_session(model, event, event->call_summary.age_ns))
        return;

    bound_summary(record, &operation);
    const struct call_kind *call =
        set_call(model, record, &operation, event->call_summary.number, event->call_summary.fd_kind, -1);
    operation.count = event->call_summary.count;
    operation.error_count = event->call_summary.errors;
    operation.longest_ns = event->call_summary.longest_ns;
    operation.shortest_ns = event->call_summary.shortest_ns;
    hand_out(model, record, &operation, call, false);
}

/* Calls whose stack is taken when they end have only the return address in their caller while they run. */
static uint32_t open_stack(struct trace_model *model, const struct thread_record *record,
                           const struct event *event)
{
    uint32_t stack = model_event_stack(model, record->thread.process, event);
    const struct event_pcs leaf = {.pcs = &event->open.leaf_pc, .count = 1};

    if (stack != STACK_NONE || event->open.leaf_pc == 0)
        return stack;
    return stack_table_intern(model->stacks, record->thread.process, &leaf);
}

/* The thread that holds what an open wait is for, or that is to be joined; 0: not known. */
static uint32_t find_holder(const struct trace_model *model, const struct event *event)
{
    int32_t tid =
        event->open.kind == EXECTRACE_WAIT_JOIN ? (int32_t)event->open.object : event->open.holder_tid;
    const struct thread_record *holder = tid > 0 ? model_find_thread(model, event->host, tid) : NULL;

    return holder ? holder->thread.index : 0;
}

void blocking_open(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    struct blocking operation = new_operation(record, event->time_ns, event->open.duration_ns);
    const struct call_kind *call = NULL;
    bool is_lock_like = false;

    operation.is_open = true;
    operation.stack = open_stack(model, record, event);
    if (event->open.operation == EXECTRACE_OPERATION_SYNC) {
        operation.blocking_class = BLOCKING_SYNC;
        operation.wait_kind = known_kind(event->open.kind);
        operation.object = event->open.object;
        operation.waker_thread = find_holder(model, event);
        wake_table_wait(model->wakes, record->thread.process, operation.object, record->thread.index,
                        operation.start_ns, operation.end_ns, &is_lock_like);
    } else {
        call = set_call(model, record, &operation, event->open.number, event->open.fd_kind, event->open.fd);
    }
    record->open_stack = operation.stack;
    if (!record->open)
        record->open = g_new(struct open_operation, 1);
    *record->open = (struct open_operation){operation, call, is_lock_like};
}

void blocking_open_has_ended(struct thread_record *record)
{
    g_clear_pointer(&record->open, g_free);
    record->open_stack = 0;
}

/* Of what else threads were in when the recording ended, more is known now than when it was told. */
static void hand_out_open(struct trace_model *model, struct thread_record *record)
{
    g_autofree struct open_operation *open = g_steal_pointer(&record->open);

    if (!open)
        return;
    if (model->skipped_until_ns > open->operation.end_ns)
        model->needs_all_events = true;
    if (open->operation.waker_thread != 0)
        open->operation.waker_stack = model_thread_at(model, open->operation.waker_thread)->open_stack;
    hand_out(model, record, &open->operation, open->call, open->is_lock_like);
}

void blocking_tell_open(struct trace_model *model, struct thread_record *record)
{
    struct blocking_sink sink = {emit_labelled, model};

    hand_out_open(model, record);
    idle_habit_end(&record->habit, &sink);
}

/* A path, an abstract name (after a NUL), or neither: the end of a socket pair. */
static void format_unix_peer(const struct event *event, char *text, size_t size)
{
    const char *name = (const char *)event->peer.address;
    int length = (int)event->peer.address_size;

    if (length > 1 && name[0] == '\0')
        g_snprintf(text, size, "unix:@%.*s", length - 1, name + 1);
    else if (length > 0 && name[0] > ' ')
        g_snprintf(text, size, "unix:%.*s", length, name);
    else
        g_strlcpy(text, "unix:[unnamed]", size);
}

static void format_peer(const struct event *event, char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN];

    if (event->peer.family == AF_INET && event->peer.address_size == 4 &&
        inet_ntop(AF_INET, event->peer.address, address, sizeof address))
        g_snprintf(text, size, "%s:%u", address, event->peer.port);
    else if (event->peer.family == AF_INET6 && event->peer.address_size == 16 &&
             inet_ntop(AF_INET6, event->peer.address, address, sizeof address))
        g_snprintf(text, size, "[%s]:%u", address, event->peer.port);
    else if (event->peer.family == AF_UNIX)
        format_unix_peer(event, text, size);
    else
        g_snprintf(text, size, "[address family %u]", event->peer.family);
}

void blocking_peer(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    uint64_t key = (uint64_t)record->thread.process << 32 | (uint32_t)event->peer.fd;
    char text[256];
    bool is_new;

    if (model->peers.count >= MAX_PEERS && !id_map_find(&model->peers, key))
        return;
    format_peer(event, text, sizeof text);
    *id_map_add(&model->peers, key, &is_new) = (uintptr_t)intern(model->strings, text);
}

static void stock_acquired(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    uint64_t waited_ns = (uint64_t)MAX(event->time_ns - record->lock.start_ns, 0);
    struct blocking operation = new_operation(record, event->time_ns, waited_ns);
    bool is_lock_like;

    operation.source = FACT_STOCK;
    operation.blocking_class = BLOCKING_SYNC;
    operation.wait_kind = EXECTRACE_WAIT_MUTEX;
    operation.outcome = event->stock_lock.status == 0 ? EXECTRACE_OUTCOME_ACQUIRED : EXECTRACE_OUTCOME_ERROR;
    operation.error_count = event->stock_lock.status != 0;
    operation.object = record->lock.object;
    operation.stack = record->lock.stack;
    record->lock.kind = NULL;
    find_release(model, record, &operation, &is_lock_like);
    tell_timeline(model, record, &operation);
    hand_out(model, record, &operation, NULL, is_lock_like);
}

/* A request that was never granted. */
static void stock_open(struct trace_model *model, struct thread_record *record, int64_t time_ns)
{
    uint64_t waited_ns = (uint64_t)MAX(time_ns - record->lock.start_ns, 0);
    struct blocking operation = new_operation(record, time_ns, waited_ns);

    operation.source = FACT_STOCK;
    operation.blocking_class = BLOCKING_SYNC;
    operation.wait_kind = EXECTRACE_WAIT_MUTEX;
    operation.object = record->lock.object;
    operation.stack = record->lock.stack;
    operation.is_open = true;
    hand_out(model, record, &operation, NULL, false);
}

void blocking_stock_lock(struct trace_model *model, struct thread_record *record, const struct event *event)
{
    switch (event->type) {
    case EVENT_STOCK_LOCK_REQ:
        record->lock = (struct pending_call){
            .kind = model_call_kind(model, "mutex"),
            .start_ns = event->time_ns,
            .object = event->stock_lock.mutex,
            .stack = model_event_stack(model, record->thread.process, event),
        };
        break;
    case EVENT_STOCK_UNLOCK: {
        struct event wake = *event;
        wake.wake.object = event->stock_lock.mutex;
        wake.wake.kind = EXECTRACE_WAIT_MUTEX;
        blocking_wake(model, record, &wake);
        break;
    }
    case EVENT_STOCK_LOCK_ACQ:
        if (record->lock.kind && record->lock.object == event->stock_lock.mutex)
            stock_acquired(model, record, event);
        break;
    default:
        break;
    }
}

void blocking_kernel_call(struct trace_model *model, struct thread_record *record,
                          const struct pending_call *call, int64_t time_ns, int64_t result, bool is_open)
{
    struct blocking operation = new_operation(record, time_ns, (uint64_t)MAX(time_ns - call->start_ns, 0));
    const uint64_t *fd_kind = NULL;

    if (call->fd >= 0)
        fd_kind = id_map_find(&model->fd_kinds, (uint64_t)record->thread.process << 32 | (uint32_t)call->fd);
    operation.source = FACT_KERNEL;
    operation.is_covered = model_process_at(model, record->thread.process)->has_library;
    operation.call_name = call->kind->name;
    operation.fd = call->fd;
    operation.fd_kind = fd_kind         ? (uint32_t)*fd_kind
                        : call->fd >= 0 ? EXECTRACE_FD_UNKNOWN
                                        : EXECTRACE_FD_NONE;
    operation.blocking_class =
        call->kind->traits.is_futex ? BLOCKING_SYNC : class_of_call(operation.fd_kind, call->kind);
    operation.object = call->object;
    operation.result = result;
    operation.error_count = result < 0 && result >= -4095;
    operation.stack = call->stack;
    operation.is_open = is_open;
    /* Of several sleeps in one call the last one. */
    if (!is_open && record->kernel_wake.time_ns >= call->start_ns && record->kernel_wake.time_ns != 0) {
        operation.waker_thread = record->kernel_wake.thread;
        operation.waker_stack = record->kernel_wake.stack;
    }
    hand_out(model, record, &operation, call->kind, false);
}

void blocking_end_thread(struct trace_model *model, struct thread_record *record, int64_t time_ns,
                         bool is_open)
{
    struct blocking_sink sink = {emit_labelled, model};

    if (record->call.kind && is_open)
        blocking_kernel_call(model, record, &record->call, time_ns, 0, true);
    record->call.kind = NULL;
    if (record->lock.kind && is_open)
        stock_open(model, record, time_ns);
    record->lock.kind = NULL;
    hand_out_open(model, record);
    idle_habit_end(&record->habit, &sink);
}
