/*
 * Chrome's trace-event JSON, as Perfetto and chrome://tracing read it. One event a line.
 *
 * `traceEvents` is the first key and there is no displayTimeUnit: old viewers lose events or scale times
 * otherwise. States have tracks of their own (made-up thread numbers), because the thread state events of
 * new viewers are unknown to old ones. Names and order of tracks come last, when they are known.
 */
#include <stdlib.h>
#include <string.h>
#include "viewer_export/exporter.h"
#include "viewer_export/json_writer.h"
#include "viewer_export/labels.h"

struct chrome_json {
    const struct export_context *context;
    struct output *output;
    bool has_events;
};

static void *chrome_json_new(const struct export_context *context)
{
    struct chrome_json *json = g_new0(struct chrome_json, 1);
    json->context = context;
    json->output = context->output;
    return json;
}

static void chrome_json_begin(void *self)
{
    struct chrome_json *json = self;
    json_text(json->output, "{\"traceEvents\":[");
}

static void begin_event(struct chrome_json *json, char phase, uint32_t pid, uint32_t tid)
{
    struct output *output = json->output;
    if (json->has_events)
        json_text(output, ",\n{\"ph\":\"");
    else
        json_text(output, "\n{\"ph\":\"");
    json->has_events = true;
    output_write(output, &phase, 1);
    json_text(output, "\",\"pid\":");
    json_unsigned(output, pid);
    json_text(output, ",\"tid\":");
    json_unsigned(output, tid);
}

static void write_time(struct output *output, int64_t time_ns)
{
    json_text(output, ",\"ts\":");
    json_microseconds(output, time_ns);
}

static void write_name(struct output *output, const char *category, const char *name)
{
    json_text(output, ",\"cat\":\"");
    output_write(output, category, strlen(category));
    json_text(output, "\",\"name\":");
    json_string(output, name);
}

/* Up to, not including, args. */
static void begin_slice(struct chrome_json *json, uint32_t pid, uint32_t tid, int64_t start_ns,
                        int64_t end_ns)
{
    begin_event(json, 'X', pid, tid);
    write_time(json->output, start_ns);
    json_text(json->output, ",\"dur\":");
    json_microseconds(json->output, end_ns - start_ns);
}

static void write_stack(struct chrome_json *json, uint32_t stack)
{
    size_t length;
    const char *text = stack_text_json(json->context->stacks, stack, &length);
    if (!text)
        return;
    json_text(json->output, ",\"stack\":\"");
    output_write(json->output, text, length);
    json_text(json->output, "\"");
}

static void write_thread(struct chrome_json *json, uint32_t index)
{
    const struct thread *thread = trace_model_thread(json->context->model, index);
    const char *name = thread->name ? thread->name : "";
    struct output *output = json->output;
    json_text(output, "\"");
    json_string_part(output, name);
    if (name[0] != '\0')
        json_text(output, " ");
    json_signed(output, thread->tid);
    json_text(output, "\"");
}

static void state_colour(struct output *output, enum thread_state state)
{
    if (state == THREAD_RUNNING)
        json_text(output, ",\"cname\":\"thread_state_running\"");
    else if (state == THREAD_RUNNABLE)
        json_text(output, ",\"cname\":\"thread_state_runnable\"");
    else
        json_text(output, ",\"cname\":\"thread_state_sleeping\"");
}

static void write_cpu_slice(struct chrome_json *json, const struct export_state *state)
{
    struct output *output = json->output;
    begin_slice(json, state->cpu_track->pid, state->cpu_track->tid, state->start_ns, state->end_ns);
    json_text(output, ",\"cat\":\"cpu\",\"name\":");
    write_thread(json, state->interval->thread);
    json_text(output, "}");
}

static void chrome_json_state(void *self, const struct export_state *state)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    const struct state_interval *interval = state->interval;
    char label[LABEL_BYTES];
    state_label_write(state, label);
    begin_slice(json, state->track->pid, state->track->state_tid, state->start_ns, state->end_ns);
    write_name(output, "state", label);
    state_colour(output, interval->state);
    json_text(output, ",\"args\":{\"state\":\"");
    const char *word = state_word(interval->state);
    output_write(output, word, strlen(word));
    json_text(output, "\"");
    if (interval->is_derived)
        json_text(output, ",\"derived\":true");
    if (interval->is_open)
        json_text(output, ",\"open\":true");
    if (interval->waker_thread) {
        json_text(output, ",\"waker\":");
        write_thread(json, interval->waker_thread);
    }
    json_text(output, "}}");
    if (state->cpu_track)
        write_cpu_slice(json, state);
}

static void write_object(struct output *output, const struct operation_label *label)
{
    json_text(output, ",\"object\":\"");
    json_hex(output, label->object);
    json_text(output, "\"");
}

static void write_descriptor(struct output *output, const struct blocking *operation)
{
    if (operation->fd >= 0) {
        json_text(output, ",\"fd\":");
        json_signed(output, operation->fd);
        json_text(output, ",\"fd_kind\":");
        json_string(output, fd_kind_name(operation->fd_kind));
    }
    if (operation->peer) {
        json_text(output, ",\"peer\":");
        json_string(output, operation->peer);
    }
}

static void write_sum(struct output *output, const struct blocking *operation)
{
    json_text(output, ",\"count\":");
    json_unsigned(output, operation->count);
    json_text(output, ",\"total_ns\":");
    json_unsigned(output, operation->total_ns);
    json_text(output, ",\"longest_ns\":");
    json_unsigned(output, operation->longest_ns);
    if (operation->error_count) {
        json_text(output, ",\"errors\":");
        json_unsigned(output, operation->error_count);
    }
}

static void write_operation_args(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct output *output = json->output;
    const struct blocking *operation = blocking->operation;
    json_text(output, ",\"args\":{\"kind\":");
    json_string(output, blocking->label.word);
    if (blocking->label.has_object)
        write_object(output, &blocking->label);
    write_descriptor(output, operation);
    if (operation->is_summary) {
        write_sum(output, operation);
    } else if (operation->is_open) {
        json_text(output, ",\"open\":true");
    } else if (operation->wait_kind) {
        json_text(output, ",\"outcome\":");
        json_string(output, wait_outcome_name(operation->outcome));
    } else {
        json_text(output, ",\"result\":");
        json_signed(output, operation->result);
    }
    if (operation->is_idle)
        json_text(output, ",\"idle\":true");
    if (operation->is_part)
        json_text(output, ",\"part\":true");
    if (blocking->cut_ns) {
        json_text(output, ",\"before_recording_ns\":");
        json_signed(output, blocking->cut_ns);
    }
    if (operation->waker_thread) {
        json_text(output, ",\"released_by\":");
        write_thread(json, operation->waker_thread);
    }
    write_stack(json, operation->stack);
    json_text(output, "}}");
}

static void write_flow(struct chrome_json *json, char phase, const struct track *track, int64_t time_ns,
                       uint64_t flow)
{
    begin_event(json, phase, track->pid, track->tid);
    write_time(json->output, time_ns);
    json_text(json->output, ",\"cat\":\"wake\",\"name\":\"wake\",\"id\":");
    json_unsigned(json->output, flow);
    if (phase == 'f')
        json_text(json->output, ",\"bp\":\"e\"");
    json_text(json->output, "}");
}

/* The short slice on the releaser's track from which the arrow goes out. */
static void write_release(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct output *output = json->output;
    char name[LABEL_BYTES];
    release_label_write(&blocking->label, name);
    begin_slice(json, blocking->waker_track->pid, blocking->waker_track->tid, blocking->wake_ns,
                blocking->wake_ns + 1);
    write_name(output, "release", name);
    json_text(output, ",\"args\":{\"kind\":");
    json_string(output, blocking->label.word);
    if (blocking->label.has_object)
        write_object(output, &blocking->label);
    write_stack(json, blocking->operation->waker_stack);
    json_text(output, "}}");
}

static void write_wake(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct output *output = json->output;
    int64_t arrival_ns = CLAMP(blocking->wake_ns, blocking->start_ns, blocking->end_ns);
    if (blocking->has_wakeup_slice) {
        begin_slice(json, blocking->track->pid, blocking->track->tid, blocking->wake_ns, blocking->end_ns);
        write_name(output, "wakeup", "woken");
        json_text(output, ",\"args\":{\"by\":");
        write_thread(json, blocking->operation->waker_thread);
        json_text(output, "}}");
    } else {
        arrival_ns = blocking->start_ns;
    }
    if (!blocking->is_release_drawn)
        write_release(json, blocking);
    write_flow(json, 's', blocking->waker_track, blocking->wake_ns, blocking->flow);
    write_flow(json, 'f', blocking->track, arrival_ns, blocking->flow);
}

static void chrome_json_blocking(void *self, const struct export_blocking *blocking)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    const struct blocking *operation = blocking->operation;
    char label[LABEL_BYTES];
    operation_label_write(&blocking->label, label);
    if (operation->is_summary) {
        begin_event(json, 'i', blocking->track->pid, blocking->track->tid);
        write_time(output, blocking->end_ns);
        json_text(output, ",\"s\":\"t\"");
        write_name(output, "short", label);
    } else {
        begin_slice(json, blocking->track->pid, blocking->track->tid, blocking->start_ns, blocking->end_ns);
        write_name(output, blocking_class_name(operation->blocking_class), label);
        if (operation->is_idle)
            json_text(output, ",\"cname\":\"grey\"");
    }
    write_operation_args(json, blocking);
    if (blocking->waker_track)
        write_wake(json, blocking);
}

static void chrome_json_span(void *self, const struct export_span *span)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    begin_slice(json, span->track->pid, span->track->tid, span->start_ns, span->end_ns);
    write_name(output, span->category, span->name);
    json_text(output, ",\"args\":{\"task\":");
    json_unsigned(output, span->task);
    if (span->parent) {
        json_text(output, ",\"parent\":");
        json_unsigned(output, span->parent);
    }
    if (span->is_open)
        json_text(output, ",\"open\":true");
    json_text(output, "}}");
}

static void chrome_json_log(void *self, const struct export_log *log)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    begin_event(json, 'i', log->track->pid, log->track->tid);
    write_time(output, log->time_ns);
    json_text(output, ",\"s\":\"t\"");
    write_name(output, "log", log->category[0] != '\0' ? log->category : "log");
    json_text(output, ",\"args\":{\"message\":");
    json_string(output, log->message);
    json_text(output, ",\"task\":");
    json_unsigned(output, log->task);
    json_text(output, "}}");
}

static void chrome_json_counter(void *self, const struct export_counter *counter)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    begin_event(json, 'C', counter->track->pid, 0);
    write_time(output, counter->time_ns);
    json_text(output, ",\"name\":");
    json_string(output, counter->track->counter_name);
    json_text(output, ",\"args\":{");
    json_string(output, counter->track->counter_unit[0] != '\0' ? counter->track->counter_unit : "value");
    json_text(output, ":");
    json_double(output, counter->value);
    json_text(output, "}}");
}

static void chrome_json_loss(void *self, const struct export_loss *loss)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    char label[LABEL_BYTES];
    loss_label_write(loss, label);
    begin_slice(json, loss->track->pid, loss->track->tid, loss->start_ns, loss->end_ns);
    write_name(output, "loss", label);
    json_text(output, ",\"cname\":\"terrible\",\"args\":{\"count\":");
    json_unsigned(output, loss->count);
    json_text(output, "}}");
}

static void write_metadata_text(struct chrome_json *json, const char *kind, uint32_t pid, uint32_t tid,
                                const char *name, const char *suffix)
{
    begin_event(json, 'M', pid, tid);
    json_text(json->output, ",\"name\":");
    json_string(json->output, kind);
    json_text(json->output, ",\"args\":{\"name\":\"");
    json_string_part(json->output, name);
    json_string_part(json->output, suffix);
    json_text(json->output, "\"}}");
}

static void write_metadata_rank(struct chrome_json *json, const char *kind, uint32_t pid, uint32_t tid,
                                uint32_t rank)
{
    begin_event(json, 'M', pid, tid);
    json_text(json->output, ",\"name\":");
    json_string(json->output, kind);
    json_text(json->output, ",\"args\":{\"sort_index\":");
    json_unsigned(json->output, rank);
    json_text(json->output, "}}");
}

static void write_track_metadata(struct chrome_json *json, const struct track *track, uint32_t rank)
{
    if (track->kind == TRACK_COUNTER)
        return;
    g_autofree char *name = track_name(json->context->tracks, track);
    write_metadata_text(json, "thread_name", track->pid, track->tid, name, "");
    write_metadata_rank(json, "thread_sort_index", track->pid, track->tid, rank * 2);
    if (track->has_states) {
        /* The tid keeps it below its thread where a viewer sorts by name. */
        g_autofree char *suffix = g_strdup_printf(" %u state", track->tid);
        write_metadata_text(json, "thread_name", track->pid, track->state_tid, name, suffix);
        write_metadata_rank(json, "thread_sort_index", track->pid, track->state_tid, rank * 2 + 1);
    }
}

static void write_tracks(struct chrome_json *json)
{
    g_autoptr(GPtrArray) tracks = track_table_sorted(json->context->tracks);
    uint32_t process_rank = 0;
    uint32_t last_pid = 0;
    for (guint i = 0; i < tracks->len; i++) {
        const struct track *track = tracks->pdata[i];
        if (track->pid != last_pid) {
            g_autofree char *name = track_process_name(json->context->tracks, track);
            write_metadata_text(json, "process_name", track->pid, 0, name, "");
            write_metadata_rank(json, "process_sort_index", track->pid, 0, process_rank++);
            last_pid = track->pid;
        }
        write_track_metadata(json, track, i);
    }
}

static void chrome_json_end(void *self)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    write_tracks(json);
    json_text(output, "\n],\n\"otherData\":{\"producer\":\"exectrace viewer_export " EXECTRACE_VERSION "\"");
    for (guint i = 0; i < json->context->notes->len; i++) {
        json_text(output, ",\"note ");
        json_unsigned(output, i + 1);
        json_text(output, "\":");
        json_string(output, json->context->notes->pdata[i]);
    }
    json_text(output, "}}\n");
}

const struct exporter chrome_json_exporter = {
    .name = "json",
    .suffixes = {".json"},
    .description = "Chrome trace events, for Perfetto and chrome://tracing",
    .new = chrome_json_new,
    .begin = chrome_json_begin,
    .state = chrome_json_state,
    .blocking = chrome_json_blocking,
    .span = chrome_json_span,
    .log = chrome_json_log,
    .counter = chrome_json_counter,
    .loss = chrome_json_loss,
    .end = chrome_json_end,
    .free = g_free,
};
