/*
 * Chrome's trace-event JSON, as Perfetto and chrome://tracing read it. One event a line.
 *
 * `traceEvents` is the first key and there is no displayTimeUnit: old viewers lose events or scale times
 * otherwise. States have tracks of their own (made-up thread numbers), because the thread state events of
 * new viewers are unknown to old ones. Names and order of tracks come last, when they are known.
 */
#include <string.h>
#include "viewer_export/exporter.h"
#include "viewer_export/json_texts.h"
#include "viewer_export/json_writer.h"
#include "viewer_export/labels.h"

/* What stands before an event's time at most, and the time. */
#define EVENT_HEAD_BYTES (16 + JSON_TRACK_BYTES + JSON_NUMBER_BYTES)
/* Arguments without strings of any length; and more than enough. */
#define PLAIN_ARGS_BYTES ((size_t)512)

struct chrome_json {
    const struct export_context *context;
    struct output *output;
    struct json_texts *texts;
    bool has_events;
};

static void *chrome_json_new(const struct export_context *context)
{
    struct chrome_json *json = g_new0(struct chrome_json, 1);
    json->context = context;
    json->output = context->output;
    json->texts = json_texts_new(context->model);
    return json;
}

static void chrome_json_free(void *self)
{
    struct chrome_json *json = self;
    json_texts_free(json->texts);
    g_free(json);
}

static void chrome_json_begin(void *self)
{
    struct chrome_json *json = self;
    json_text(json->output, "{\"traceEvents\":[");
}

/* Up to the phase. */
static uint8_t *put_event_start(struct chrome_json *json, uint8_t *text)
{
    if (json->has_events)
        *text++ = ',';
    json->has_events = true;
    return json_put_text(text, "\n{\"ph\":\"");
}

/* Up to the time. Room for EVENT_HEAD_BYTES. */
static uint8_t *put_head(struct chrome_json *json, uint8_t *text, char phase, const struct track *track,
                         bool is_state, int64_t time_ns)
{
    const struct json_piece numbers = json_texts_track(json->texts, track, is_state);
    text = put_event_start(json, text);
    *text++ = (uint8_t)phase;
    memcpy(text, numbers.text, JSON_TRACK_BYTES); /* of a fixed size, so not a call */
    return json_put_time(text + numbers.length, time_ns);
}

static void begin_track_event(struct chrome_json *json, char phase, const struct track *track,
                              int64_t time_ns)
{
    uint8_t *start = output_reserve(json->output, EVENT_HEAD_BYTES);
    output_advance(json->output, (size_t)(put_head(json, start, phase, track, false, time_ns) - start));
}

static void begin_event(struct chrome_json *json, char phase, uint32_t pid, uint32_t tid)
{
    struct output *output = json->output;
    uint8_t *start = output_reserve(output, EVENT_HEAD_BYTES), *text = put_event_start(json, start);
    *text++ = (uint8_t)phase;
    output_advance(output, (size_t)(text - start));
    json_text(output, "\",\"pid\":");
    json_unsigned(output, pid);
    json_text(output, ",\"tid\":");
    json_unsigned(output, tid);
}

static void write_time(struct output *output, int64_t time_ns)
{
    uint8_t *start = output_reserve(output, 16 + JSON_NUMBER_BYTES);
    uint8_t *text = json_put_time(json_put_text(start, ",\"ts\":"), time_ns);
    output_advance(output, (size_t)(text - start));
}

static void write_piece(struct output *output, struct json_piece piece)
{
    output_write(output, piece.text, piece.length);
}

static void write_name(struct output *output, const char *category, const char *name)
{
    json_text(output, ",\"cat\":\"");
    output_write(output, category, strlen(category));
    json_text(output, "\",\"name\":");
    json_string(output, name);
}

/* Up to the duration. On the track itself, or on the one of its states. */
static void begin_slice(struct chrome_json *json, const struct track *track, bool is_state, int64_t start_ns,
                        int64_t end_ns)
{
    uint8_t *start = output_reserve(json->output, EVENT_HEAD_BYTES + 16 + JSON_NUMBER_BYTES);
    uint8_t *text = put_head(json, start, 'X', track, is_state, start_ns);
    text = json_put_text(text, ",\"dur\":");
    text = json_put_duration(text, end_ns - start_ns);
    output_advance(json->output, (size_t)(text - start));
}

/* The last argument, and the end of the event. */
static void write_stack_and_end(struct chrome_json *json, uint32_t stack)
{
    size_t length;
    const char *text = stack_text_json(json->context->stacks, stack, &length);
    if (text) {
        json_text(json->output, ",\"stack\":\"");
        output_write_large(json->output, text, length);
        json_text(json->output, "\"}}");
    } else {
        json_text(json->output, "}}");
    }
}

static void write_thread(struct chrome_json *json, uint32_t index)
{
    write_piece(json->output, json_texts_thread(json->texts, index));
}

static void write_cpu_slice(struct chrome_json *json, const struct export_state *state)
{
    begin_slice(json, state->cpu_track, false, state->start_ns, state->end_ns);
    json_text(json->output, ",\"cat\":\"cpu\",\"name\":");
    write_thread(json, state->interval->thread);
    json_text(json->output, "}");
}

/* What most states do not have. */
static void write_state_args(struct chrome_json *json, const struct state_interval *interval)
{
    struct output *output = json->output;
    const char *separator = ",\"args\":{";
    if (interval->is_derived) {
        output_write(output, separator, strlen(separator));
        json_text(output, "\"derived\":true");
        separator = ",";
    }
    if (interval->is_open) {
        output_write(output, separator, strlen(separator));
        json_text(output, "\"open\":true");
        separator = ",";
    }
    if (interval->waker_thread) {
        output_write(output, separator, strlen(separator));
        json_text(output, "\"waker\":");
        write_thread(json, interval->waker_thread);
    }
    json_text(output, "}");
}

static void chrome_json_state(void *self, const struct export_state *state)
{
    struct chrome_json *json = self;
    const struct state_interval *interval = state->interval;
    begin_slice(json, state->track, true, state->start_ns, state->end_ns);
    write_piece(json->output, json_texts_state(json->texts, state));
    if (interval->is_derived || interval->is_open || interval->waker_thread)
        write_state_args(json, interval);
    json_text(json->output, "}");
    if (state->cpu_track)
        write_cpu_slice(json, state);
}

static uint8_t *put_plain_string(uint8_t *text, const char *string)
{
    *text++ = '"';
    text = json_put_bytes(text, string, strlen(string));
    *text++ = '"';
    return text;
}

static uint8_t *put_sum(uint8_t *text, const struct blocking *operation)
{
    text = json_put_text(text, ",\"count\":");
    text = json_put_unsigned(text, operation->count);
    text = json_put_text(text, ",\"total_ns\":");
    text = json_put_unsigned(text, operation->total_ns);
    text = json_put_text(text, ",\"longest_ns\":");
    text = json_put_unsigned(text, operation->longest_ns);
    if (operation->error_count) {
        text = json_put_text(text, ",\"errors\":");
        text = json_put_unsigned(text, operation->error_count);
    }
    return text;
}

static uint8_t *put_outcome(uint8_t *text, const struct blocking *operation)
{
    if (operation->is_summary)
        return put_sum(text, operation);
    if (operation->is_open)
        return json_put_text(text, ",\"open\":true");
    if (operation->wait_kind)
        return put_plain_string(json_put_text(text, ",\"outcome\":"), wait_outcome_name(operation->outcome));
    return json_put_signed(json_put_text(text, ",\"result\":"), operation->result);
}

/* Those of static texts and numbers. Room for PLAIN_ARGS_BYTES. */
static uint8_t *put_plain_args(uint8_t *text, const struct export_blocking *blocking)
{
    const struct blocking *operation = blocking->operation;
    if (operation->fd >= 0) {
        text = json_put_signed(json_put_text(text, ",\"fd\":"), operation->fd);
        text = put_plain_string(json_put_text(text, ",\"fd_kind\":"), fd_kind_name(operation->fd_kind));
    }
    text = put_outcome(text, operation);
    if (operation->is_idle)
        text = json_put_text(text, ",\"idle\":true");
    if (operation->is_part)
        text = json_put_text(text, ",\"part\":true");
    if (blocking->cut_ns)
        text = json_put_signed(json_put_text(text, ",\"before_recording_ns\":"), blocking->cut_ns);
    return text;
}

/* Those that follow json_texts_operation(), and the end of the event. */
static void write_operation_args(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct output *output = json->output;
    const struct blocking *operation = blocking->operation;
    uint8_t *text = output_reserve(output, PLAIN_ARGS_BYTES);
    output_advance(output, (size_t)(put_plain_args(text, blocking) - text));
    if (operation->peer) {
        json_text(output, ",\"peer\":");
        json_string(output, operation->peer);
    }
    if (operation->waker_thread) {
        if (operation->is_open)
            json_text(output, ",\"held_by\":");
        else
            json_text(output, ",\"released_by\":");
        write_thread(json, operation->waker_thread);
    }
    write_stack_and_end(json, operation->stack);
}

static void write_flow(struct chrome_json *json, char phase, const struct track *track, int64_t time_ns,
                       uint64_t flow)
{
    begin_track_event(json, phase, track, time_ns);
    json_text(json->output, ",\"cat\":\"wake\",\"name\":\"wake\",\"id\":");
    json_unsigned(json->output, flow);
    if (phase == 'f')
        json_text(json->output, ",\"bp\":\"e\"");
    json_text(json->output, "}");
}

/* Perfetto numbers the arrows of flow events itself, from 1, and takes these numbers as they are. */
#define BIND_ID_BASE UINT64_C(0x10000000)

/* One of the two slices that an arrow connects. */
static void write_slice_flow(struct output *output, uint64_t flow, bool is_end)
{
    uint8_t *start = output_reserve(output, PLAIN_ARGS_BYTES);
    uint8_t *text = json_put_hex(json_put_text(start, ",\"bind_id\":\""), BIND_ID_BASE + flow);
    if (is_end)
        text = json_put_text(text, "\",\"flow_in\":true");
    else
        text = json_put_text(text, "\",\"flow_out\":true");
    output_advance(output, (size_t)(text - start));
}

/*
 * The short slice on the releaser's track from which the arrow goes out. A slice is the beginning of one
 * arrow; the others of a release that several waited for begin in events of their own.
 */
static void write_release(struct chrome_json *json, const struct export_blocking *blocking)
{
    if (blocking->is_release_drawn) {
        write_flow(json, 's', blocking->waker_track, blocking->wake_ns, blocking->flow);
        return;
    }
    begin_slice(json, blocking->waker_track, false, blocking->wake_ns, blocking->wake_ns + 1);
    write_slice_flow(json->output, blocking->flow, false);
    write_piece(json->output, json_texts_operation(json->texts, SLICE_RELEASE, &blocking->label));
    write_stack_and_end(json, blocking->operation->waker_stack);
}

/* The arrow's end, in the head of its slice. */
static void write_arrival(struct chrome_json *json, const struct export_blocking *blocking)
{
    if (!blocking->is_release_drawn)
        write_slice_flow(json->output, blocking->flow, true);
}

static void write_woken(struct chrome_json *json, const struct export_blocking *blocking)
{
    begin_slice(json, blocking->woken_track, false, blocking->woken_ns, blocking->end_ns);
    write_arrival(json, blocking);
    json_text(json->output, ",\"cat\":\"wakeup\",\"name\":\"woken\",\"args\":{\"by\":");
    write_thread(json, blocking->operation->waker_thread);
    json_text(json->output, "}}");
}

static void write_operation(struct chrome_json *json, const struct export_blocking *blocking)
{
    static const enum slice_category categories[] = {
        [BLOCKING_SYNC] = SLICE_SYNC,
        [BLOCKING_NET] = SLICE_NET,
        [BLOCKING_SYSCALL] = SLICE_SYSCALL,
    };
    const struct blocking *operation = blocking->operation;
    enum slice_category category =
        operation->is_summary ? SLICE_SHORT : categories[operation->blocking_class];
    if (operation->is_summary) {
        begin_track_event(json, 'i', blocking->track, blocking->end_ns);
        json_text(json->output, ",\"s\":\"t\"");
    } else {
        begin_slice(json, blocking->track, false, blocking->start_ns, blocking->end_ns);
        if (blocking->waker_track && !blocking->woken_track)
            write_arrival(json, blocking);
    }
    write_piece(json->output, json_texts_operation(json->texts, category, &blocking->label));
    write_operation_args(json, blocking);
}

/* The release first: of two at the same time, an arrow must begin before it ends. */
static void chrome_json_blocking(void *self, const struct export_blocking *blocking)
{
    struct chrome_json *json = self;
    if (blocking->waker_track)
        write_release(json, blocking);
    write_operation(json, blocking);
    if (!blocking->waker_track)
        return;
    if (blocking->woken_track)
        write_woken(json, blocking);
    if (blocking->is_release_drawn)
        write_flow(json, 'f', blocking->woken_track ? blocking->woken_track : blocking->track,
                   blocking->woken_track ? blocking->woken_ns : blocking->start_ns, blocking->flow);
}

static void chrome_json_span(void *self, const struct export_span *span)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    begin_slice(json, span->track, false, span->start_ns, span->end_ns);
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
    begin_track_event(json, 'i', log->track, log->time_ns);
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
    begin_slice(json, loss->track, false, loss->start_ns, loss->end_ns);
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
    .free = chrome_json_free,
};
