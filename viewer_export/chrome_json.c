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

/* ,"pid":1,"tid":2 of a track, and of its states: the same for each of its events. */
struct track_text {
    char text[2][48];
    uint8_t length[2];
};

/* A thread as it stands in arguments, "worker 1234", escaped and quoted. */
struct thread_text {
    const char *name; /* the model's; another pointer when the thread was renamed */
    uint32_t length;
    char *text;
};

/*
 * What slices with the same name have in common: ,"cat": ... "name": ... and the beginning of "args". Found
 * by hash, written with one copy.
 */
#define LABEL_TEXTS 1024u
#define LABEL_TEXT_BYTES 208u
struct label_text {
    struct operation_label label;
    const char *category; /* NULL: free */
    uint32_t length;
    char text[LABEL_TEXT_BYTES];
};

struct chrome_json {
    const struct export_context *context;
    struct output *output;
    bool has_events;
    GArray *track_texts;  /* struct track_text by track */
    GArray *thread_texts; /* struct thread_text by the model's thread */
    struct label_text *label_texts;
    struct output *scratch; /* for escaping */
};

static const char category_release[] = "release", category_short[] = "short";

static void *chrome_json_new(const struct export_context *context)
{
    struct chrome_json *json = g_new0(struct chrome_json, 1);
    json->context = context;
    json->output = context->output;
    json->track_texts = g_array_new(FALSE, TRUE, sizeof(struct track_text));
    json->thread_texts = g_array_new(FALSE, TRUE, sizeof(struct thread_text));
    json->label_texts = g_new0(struct label_text, LABEL_TEXTS);
    json->scratch = output_open_nowhere();
    return json;
}

static void chrome_json_free(void *self)
{
    struct chrome_json *json = self;
    for (guint i = 0; i < json->thread_texts->len; i++)
        g_free(g_array_index(json->thread_texts, struct thread_text, i).text);
    g_array_unref(json->thread_texts);
    g_array_unref(json->track_texts);
    g_free(json->label_texts);
    output_discard(json->scratch);
    g_free(json);
}

static void chrome_json_begin(void *self)
{
    struct chrome_json *json = self;
    json_text(json->output, "{\"traceEvents\":[");
}

static const struct track_text *track_text(struct chrome_json *json, const struct track *track)
{
    if (json->track_texts->len <= track->index)
        g_array_set_size(json->track_texts, MAX(track->index + 1, json->track_texts->len * 2));
    struct track_text *text = &g_array_index(json->track_texts, struct track_text, track->index);
    if (text->length[0] == 0) {
        const uint32_t tids[] = {track->tid, track->state_tid};
        for (size_t i = 0; i < G_N_ELEMENTS(tids); i++)
            text->length[i] = (uint8_t)g_snprintf(text->text[i], sizeof(text->text[i]),
                                                  "\",\"pid\":%u,\"tid\":%u", track->pid, tids[i]);
    }
    return text;
}

static void begin_phase(struct chrome_json *json, char phase)
{
    struct output *output = json->output;
    if (json->has_events)
        json_text(output, ",\n{\"ph\":\"");
    else
        json_text(output, "\n{\"ph\":\"");
    json->has_events = true;
    output_write(output, &phase, 1);
}

/* On the track itself, or on the one of its states. */
static void begin_track_event(struct chrome_json *json, char phase, const struct track *track, bool is_state)
{
    const struct track_text *text = track_text(json, track);
    begin_phase(json, phase);
    output_write(json->output, text->text[is_state], text->length[is_state]);
}

static void begin_event(struct chrome_json *json, char phase, uint32_t pid, uint32_t tid)
{
    struct output *output = json->output;
    begin_phase(json, phase);
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

/* The name of an operation's slice, see operation_label_write(). */
static void write_label(struct output *output, const struct operation_label *label, bool is_release)
{
    json_text(output, ",\"name\":\"");
    if (is_release)
        json_text(output, "release ");
    else if (label->is_idle)
        json_text(output, "idle: ");
    json_string_part(output, label->word);
    if (label->has_object && label->object_is_tid) {
        json_text(output, " thread ");
        json_unsigned(output, label->object);
    } else if (label->has_object) {
        json_text(output, " ");
        json_hex(output, label->object);
    }
    json_text(output, "\"");
}

static void write_label_anew(struct output *output, const char *category, const struct operation_label *label)
{
    bool is_release = category == category_release;
    json_text(output, ",\"cat\":\"");
    output_write(output, category, strlen(category));
    json_text(output, "\"");
    write_label(output, label, is_release);
    if (label->is_idle && !is_release && category != category_short)
        json_text(output, ",\"cname\":\"grey\"");
    json_text(output, ",\"args\":{\"kind\":");
    json_string(output, label->word);
    if (label->has_object) {
        json_text(output, ",\"object\":\"");
        json_hex(output, label->object);
        json_text(output, "\"");
    }
}

static bool is_text_of(const struct label_text *text, const char *category,
                       const struct operation_label *label)
{
    return text->category == category && text->label.word == label->word &&
           text->label.object == label->object && text->label.has_object == label->has_object &&
           text->label.object_is_tid == label->object_is_tid && text->label.is_idle == label->is_idle;
}

/* Category, name, and args with kind and object; more args may follow. The category is a static string. */
static void write_label_and_args(struct chrome_json *json, const char *category,
                                 const struct operation_label *label)
{
    uint64_t hash =
        (uint64_t)(uintptr_t)label->word ^ (uint64_t)(uintptr_t)category << 20 ^ label->object >> 3;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    G_STATIC_ASSERT(LABEL_TEXTS == 1u << (64 - 54));
    struct label_text *known = &json->label_texts[hash >> 54];
    if (is_text_of(known, category, label)) {
        output_write(json->output, known->text, known->length);
        return;
    }

    json->scratch->used_bytes = 0;
    write_label_anew(json->scratch, category, label);
    size_t length = json->scratch->used_bytes;
    output_write_large(json->output, json->scratch->buffer, length);
    if (length <= LABEL_TEXT_BYTES) {
        *known = (struct label_text){.label = *label, .category = category, .length = (uint32_t)length};
        memcpy(known->text, json->scratch->buffer, length);
    }
}

static void write_name(struct output *output, const char *category, const char *name)
{
    json_text(output, ",\"cat\":\"");
    output_write(output, category, strlen(category));
    json_text(output, "\",\"name\":");
    json_string(output, name);
}

/* Up to, not including, args. */
static void begin_slice(struct chrome_json *json, const struct track *track, bool is_state, int64_t start_ns,
                        int64_t end_ns)
{
    begin_track_event(json, 'X', track, is_state);
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
    if (json->thread_texts->len <= index)
        g_array_set_size(json->thread_texts, MAX(index + 1, json->thread_texts->len * 2));
    struct thread_text *known = &g_array_index(json->thread_texts, struct thread_text, index);
    if (!known->text || known->name != thread->name) {
        char text[LABEL_BYTES];
        thread_label_write(thread, text);
        json->scratch->used_bytes = 0;
        json_string(json->scratch, text);
        g_free(known->text);
        known->name = thread->name;
        known->length = (uint32_t)json->scratch->used_bytes;
        known->text = g_strndup((const char *)json->scratch->buffer, known->length);
    }
    output_write(json->output, known->text, known->length);
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
    begin_slice(json, state->cpu_track, false, state->start_ns, state->end_ns);
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
    begin_slice(json, state->track, true, state->start_ns, state->end_ns);
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

static void write_descriptor(struct output *output, const struct blocking *operation)
{
    if (operation->fd >= 0) {
        json_text(output, ",\"fd\":");
        json_signed(output, operation->fd);
        json_text(output, ",\"fd_kind\":");
        json_plain_string(output, fd_kind_name(operation->fd_kind));
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

/* Those that follow write_label_and_args(). */
static void write_operation_args(struct chrome_json *json, const struct export_blocking *blocking)
{
    struct output *output = json->output;
    const struct blocking *operation = blocking->operation;
    write_descriptor(output, operation);
    if (operation->is_summary) {
        write_sum(output, operation);
    } else if (operation->is_open) {
        json_text(output, ",\"open\":true");
    } else if (operation->wait_kind) {
        json_text(output, ",\"outcome\":");
        json_plain_string(output, wait_outcome_name(operation->outcome));
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
    begin_track_event(json, phase, track, false);
    write_time(json->output, time_ns);
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
    json_text(output, ",\"bind_id\":\"");
    json_hex(output, BIND_ID_BASE + flow);
    if (is_end)
        json_text(output, "\",\"flow_in\":true");
    else
        json_text(output, "\",\"flow_out\":true");
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
    write_label_and_args(json, category_release, &blocking->label);
    write_stack(json, blocking->operation->waker_stack);
    json_text(json->output, "}}");
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
    const struct blocking *operation = blocking->operation;
    if (operation->is_summary) {
        begin_track_event(json, 'i', blocking->track, false);
        write_time(json->output, blocking->end_ns);
        json_text(json->output, ",\"s\":\"t\"");
        write_label_and_args(json, category_short, &blocking->label);
    } else {
        begin_slice(json, blocking->track, false, blocking->start_ns, blocking->end_ns);
        if (blocking->waker_track && !blocking->woken_track)
            write_arrival(json, blocking);
        write_label_and_args(json, blocking_class_name(operation->blocking_class), &blocking->label);
    }
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
    begin_track_event(json, 'i', log->track, false);
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
