/*
 * Chrome's trace-event JSON, as Perfetto and chrome://tracing read it. One event a line.
 *
 * `traceEvents` is the first key and there is no displayTimeUnit: old viewers lose events or scale times
 * otherwise. States have tracks of their own (made-up thread numbers), because the thread state events of
 * new viewers are unknown to old ones. Names and order of tracks come last, when they are known.
 *
 * A file is as large as what is said again and again, so a slice's arguments do not repeat its name (kind,
 * object, whether idle), the usual outcome of a wait is left out, and a call stack stands in full where it
 * first occurs: later it is a number and the innermost functions.
 */
#include <string.h>
#include "tracepoints/contract.h"
#include "viewer_export/exporter.h"
#include "viewer_export/json_texts.h"
#include "viewer_export/json_writer.h"
#include "viewer_export/labels.h"

/* Arguments without strings of any length; and more than enough. */
#define PLAIN_ARGS_BYTES ((size_t)512)
/* Longer texts of stacks are not written into the room for an event. */
#define INLINE_STACK_BYTES ((size_t)1024)
/* An event but for what is longer. */
#define EVENT_BYTES                                                                                          \
    (JSON_TRACK_BYTES + 4 * (16 + JSON_NUMBER_BYTES) + JSON_NAME_BYTES + PLAIN_ARGS_BYTES +                  \
     JSON_THREAD_BYTES + INLINE_STACK_BYTES)
G_STATIC_ASSERT(EVENT_BYTES <= OUTPUT_MAX_RESERVE);

struct chrome_json {
    const struct export_context *context;
    struct output *output;
    struct json_texts *texts;
    GByteArray *is_stack_told; /* by stack: it stands in the file in full */
    bool has_events;
};

/* An event's text in the output's memory, from output_reserve(EVENT_BYTES). */
struct event_text {
    uint8_t *start, *next;
    uint8_t *args; /* where the first of the arguments is or will be; NULL: that is gone to the output */
};

static void *chrome_json_new(const struct export_context *context)
{
    struct chrome_json *json = g_new0(struct chrome_json, 1);
    json->context = context;
    json->output = context->output;
    json->texts = json_texts_new(context->model);
    json->is_stack_told = g_byte_array_new();
    return json;
}

static void chrome_json_free(void *self)
{
    struct chrome_json *json = self;
    json_texts_free(json->texts);
    g_byte_array_unref(json->is_stack_told);
    g_free(json);
}

static void chrome_json_begin(void *self)
{
    struct chrome_json *json = self;
    json_text(json->output, "{\"traceEvents\":[");
}

/* For what is no slice: up to the name. */
static void begin_event(struct chrome_json *json, char phase, uint32_t pid, uint32_t tid)
{
    struct output *output = json->output;
    const char text[] = {phase, '"'};
    if (json->has_events)
        json_text(output, ",");
    json->has_events = true;
    json_text(output, "\n{\"ph\":\"");
    output_write(output, text, sizeof(text));
    json_text(output, ",\"pid\":");
    json_unsigned(output, pid);
    json_text(output, ",\"tid\":");
    json_unsigned(output, tid);
}

static void begin_timed_event(struct chrome_json *json, char phase, uint32_t pid, uint32_t tid,
                              int64_t time_ns)
{
    begin_event(json, phase, pid, tid);
    uint8_t *start = output_reserve(json->output, 16 + JSON_NUMBER_BYTES);
    uint8_t *text = json_put_time(json_put_text(start, ",\"ts\":"), time_ns);
    output_advance(json->output, (size_t)(text - start));
}

static void begin_instant(struct chrome_json *json, const struct track *track, int64_t time_ns)
{
    begin_timed_event(json, 'i', track->pid, track->tid, time_ns);
    json_text(json->output, ",\"s\":\"t\"");
}

static void write_name(struct output *output, const char *category, const char *name)
{
    json_text(output, ",\"cat\":\"");
    output_write(output, category, strlen(category));
    json_text(output, "\",\"name\":");
    json_string(output, name);
}

/* Up to the duration. On the track itself, or on the one of its states. */
static struct event_text begin_slice(struct chrome_json *json, const struct track *track, bool is_state,
                                     int64_t start_ns, int64_t end_ns)
{
    const struct json_piece head = json_texts_track(json->texts, track, is_state);
    const size_t comma = json->has_events ? 0 : 1;
    uint8_t *start = output_reserve(json->output, EVENT_BYTES);
    json->has_events = true;
    memcpy(start, head.text + comma, JSON_TRACK_BYTES); /* of a fixed size, so not a call */
    uint8_t *text = json_put_time(start + head.length - comma, start_ns);
    text = json_put_text(text, ",\"dur\":");
    return (struct event_text){.start = start, .next = json_put_duration(text, end_ns - start_ns)};
}

static inline void put_piece(struct event_text *text, struct json_piece piece)
{
    text->next = json_put_padded(text->next, piece.text, piece.length);
}

/* Each argument begins with a comma; end_event() makes a brace of the first. */
static void begin_args(struct event_text *text)
{
    text->next = text->args = json_put_text(text->next, ",\"args\":");
}

/* What there is of the event goes to the output, for strings that are too long for its room. */
static void flush_event(struct chrome_json *json, struct event_text *text)
{
    if (text->args && text->args != text->next)
        *text->args = '{';
    text->args = NULL;
    output_advance(json->output, (size_t)(text->next - text->start));
    text->start = text->next = output_reserve(json->output, EVENT_BYTES);
}

/* After arguments were begun. */
static void end_event(struct chrome_json *json, struct event_text *text)
{
    if (text->args && text->args == text->next) {
        text->next -= strlen(",\"args\":");
    } else {
        if (text->args)
            *text->args = '{';
        *text->next++ = '}';
    }
    *text->next++ = '}';
    output_advance(json->output, (size_t)(text->next - text->start));
}

static void end_event_without_args(struct chrome_json *json, struct event_text *text)
{
    *text->next++ = '}';
    output_advance(json->output, (size_t)(text->next - text->start));
}

/* Whether the stack stands in the file in full; it does from now on. */
static bool test_and_set_told(struct chrome_json *json, uint32_t stack)
{
    GByteArray *marks = json->is_stack_told;
    if (G_UNLIKELY(marks->len <= stack)) {
        guint old = marks->len;
        g_byte_array_set_size(marks, MAX(stack + 1, old * 2));
        memset(marks->data + old, 0, marks->len - old);
    }
    bool was_told = marks->data[stack];
    marks->data[stack] = 1;
    return was_told;
}

static void put_stack(struct chrome_json *json, struct event_text *text, uint32_t stack)
{
    const struct stack_json *known = stack_texts_json(json->context->stacks, stack);
    if (!known)
        return;
    struct json_piece piece = {known->brief, known->brief_bytes};
    if (!test_and_set_told(json, stack))
        piece = (struct json_piece){known->full, known->full_bytes};
    text->next = json_put_text(text->next, ",\"stack\":\"");
    if (piece.length <= INLINE_STACK_BYTES) {
        put_piece(text, piece);
    } else {
        flush_event(json, text);
        output_write_large(json->output, piece.text, piece.length);
        text->start = text->next = output_reserve(json->output, EVENT_BYTES);
    }
    *text->next++ = '"';
}

static void put_thread(struct chrome_json *json, struct event_text *text, uint32_t index)
{
    put_piece(text, json_texts_thread(json->texts, index));
}

static void write_cpu_slice(struct chrome_json *json, const struct export_state *state)
{
    struct event_text text =
        begin_slice(json, state->cpu_track, false, state->cpu_start_ns, state->cpu_end_ns);
    text.next = json_put_text(text.next, ",\"cat\":\"cpu\",\"name\":");
    put_thread(json, &text, state->interval->thread);
    end_event_without_args(json, &text);
}

static void chrome_json_state(void *self, const struct export_state *state)
{
    struct chrome_json *json = self;
    const struct state_interval *interval = state->interval;
    struct event_text text = begin_slice(json, state->track, true, state->start_ns, state->end_ns);
    put_piece(&text, json_texts_state(json->texts, state));
    begin_args(&text);
    if (interval->is_derived)
        text.next = json_put_text(text.next, ",\"derived\":true");
    if (interval->is_open)
        text.next = json_put_text(text.next, ",\"open\":true");
    if (interval->waker_thread) {
        text.next = json_put_text(text.next, ",\"waker\":");
        put_thread(json, &text, interval->waker_thread);
    }
    end_event(json, &text);
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
    if (!operation->wait_kind)
        return json_put_signed(json_put_text(text, ",\"result\":"), operation->result);
    if (operation->outcome == EXECTRACE_OUTCOME_ACQUIRED)
        return text;
    return put_plain_string(json_put_text(text, ",\"outcome\":"), wait_outcome_name(operation->outcome));
}

/* Those of static texts and numbers: PLAIN_ARGS_BYTES at most. */
static uint8_t *put_plain_args(uint8_t *text, const struct export_blocking *blocking)
{
    const struct blocking *operation = blocking->operation;
    if (operation->fd >= 0) {
        text = json_put_signed(json_put_text(text, ",\"fd\":"), operation->fd);
        text = put_plain_string(json_put_text(text, ",\"fd_kind\":"), fd_kind_name(operation->fd_kind));
    }
    text = put_outcome(text, operation);
    if (operation->is_part)
        text = json_put_text(text, ",\"part\":true");
    if (blocking->cut_ns)
        text = json_put_signed(json_put_text(text, ",\"before_recording_ns\":"), blocking->cut_ns);
    return text;
}

static void put_operation_args(struct chrome_json *json, struct event_text *text,
                               const struct export_blocking *blocking)
{
    const struct blocking *operation = blocking->operation;
    text->next = put_plain_args(text->next, blocking);
    if (operation->peer) {
        text->next = json_put_text(text->next, ",\"peer\":");
        flush_event(json, text);
        json_string(json->output, operation->peer);
        text->start = text->next = output_reserve(json->output, EVENT_BYTES);
    }
    if (operation->waker_thread) {
        text->next = operation->is_open ? json_put_text(text->next, ",\"held_by\":")
                                        : json_put_text(text->next, ",\"released_by\":");
        put_thread(json, text, operation->waker_thread);
    }
    put_stack(json, text, operation->stack);
}

/* One of the two slices that an arrow connects; several arrows may begin at one slice. */
static void put_flow(struct event_text *text, uint64_t release, bool is_end)
{
    text->next = json_put_unsigned(json_put_text(text->next, ",\"bind_id\":"), release);
    text->next = is_end ? json_put_text(text->next, ",\"flow_in\":true")
                        : json_put_text(text->next, ",\"flow_out\":true");
}

/* The short slice on the releaser's track from which arrows go out. */
static void write_release(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct event_text text =
        begin_slice(json, blocking->waker_track, false, blocking->wake_ns, blocking->wake_ns + 1);
    put_flow(&text, blocking->release, false);
    put_piece(&text, json_texts_operation(json->texts, SLICE_RELEASE, &blocking->label));
    begin_args(&text);
    put_stack(json, &text, blocking->operation->waker_stack);
    end_event(json, &text);
}

static void write_woken(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct event_text text =
        begin_slice(json, blocking->woken_track, false, blocking->woken_ns, blocking->end_ns);
    put_flow(&text, blocking->release, true);
    text.next = json_put_text(text.next, ",\"cat\":\"wakeup\",\"name\":\"woken\"");
    end_event_without_args(json, &text);
}

static void write_operation(struct chrome_json *json, const struct export_blocking *blocking)
{
    static const enum slice_category categories[] = {
        [BLOCKING_SYNC] = SLICE_SYNC,
        [BLOCKING_NET] = SLICE_NET,
        [BLOCKING_SYSCALL] = SLICE_SYSCALL,
    };
    const struct blocking *operation = blocking->operation;
    struct event_text text;
    if (operation->is_summary) {
        begin_instant(json, blocking->track, blocking->end_ns);
        text = (struct event_text){.start = output_reserve(json->output, EVENT_BYTES)};
        text.next = text.start;
    } else {
        text = begin_slice(json, blocking->track, false, blocking->start_ns, blocking->end_ns);
        if (blocking->waker_track && !blocking->woken_track)
            put_flow(&text, blocking->release, true);
    }
    put_piece(&text, json_texts_operation(json->texts,
                                          operation->is_summary ? SLICE_SHORT
                                                                : categories[operation->blocking_class],
                                          &blocking->label));
    begin_args(&text);
    put_operation_args(json, &text, blocking);
    end_event(json, &text);
}

/* The release first: of two at the same time, an arrow must begin before it ends. */
static void chrome_json_blocking(void *self, const struct export_blocking *blocking)
{
    struct chrome_json *json = self;
    if (blocking->waker_track && blocking->release == blocking->flow)
        write_release(json, blocking);
    write_operation(json, blocking);
    if (blocking->waker_track && blocking->woken_track)
        write_woken(json, blocking);
}

static void chrome_json_span(void *self, const struct export_span *span)
{
    struct chrome_json *json = self;
    struct output *output = json->output;
    struct event_text text = begin_slice(json, span->track, false, span->start_ns, span->end_ns);
    flush_event(json, &text);
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
    begin_instant(json, log->track, log->time_ns);
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
    begin_timed_event(json, 'C', counter->track->pid, 0, counter->time_ns);
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
    struct event_text text = begin_slice(json, loss->track, false, loss->start_ns, loss->end_ns);
    flush_event(json, &text);
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
