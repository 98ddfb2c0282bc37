/*
 * Perfetto's own format: a sequence of TracePackets. Slices and instants are track events; names, categories,
 * keys and stacks are written once and referred to by number (interned). States are scheduler events, see
 * perfetto_sched.c. Main thread.
 *
 * A stack is referred to twice: as the source location (all viewers: its functions, and the innermost file
 * and line) and as the interned string `stack` (viewers since 2022: the whole text, as in JSON).
 */
#include <string.h>
#include "tracepoints/contract.h"
#include "viewer_export/exporter.h"
#include "viewer_export/labels.h"
#include "viewer_export/perfetto_fields.h"
#include "viewer_export/perfetto_sched.h"
#include "viewer_export/proto_writer.h"

/* More different names than this are written out each time. */
#define MAX_INTERNED_NAMES 100000
#define PROCESS_UUID_BASE (UINT64_C(1) << 32)

enum category {
    CATEGORY_SYNC = 1,
    CATEGORY_NET,
    CATEGORY_SYSCALL,
    CATEGORY_SHORT,
    CATEGORY_WAKEUP,
    CATEGORY_RELEASE,
    CATEGORY_REGION,
    CATEGORY_TASK,
    CATEGORY_LOG,
    CATEGORY_LOSS,
};
static const char *const category_names[] = {
    [CATEGORY_SYNC] = "sync",     [CATEGORY_NET] = "net",       [CATEGORY_SYSCALL] = "syscall",
    [CATEGORY_SHORT] = "short",   [CATEGORY_WAKEUP] = "wakeup", [CATEGORY_RELEASE] = "release",
    [CATEGORY_REGION] = "region", [CATEGORY_TASK] = "task",     [CATEGORY_LOG] = "log",
    [CATEGORY_LOSS] = "loss",
};

/* Keys of a slice's arguments, the same as in JSON. */
enum key {
    KEY_FD = 1,
    KEY_FD_KIND,
    KEY_PEER,
    KEY_COUNT,
    KEY_TOTAL_NS,
    KEY_LONGEST_NS,
    KEY_ERRORS,
    KEY_OPEN,
    KEY_OUTCOME,
    KEY_RESULT,
    KEY_PART,
    KEY_BEFORE_RECORDING_NS,
    KEY_RELEASED_BY,
    KEY_HELD_BY,
    KEY_STACK,
    KEY_MESSAGE,
    KEY_TASK,
    KEY_PARENT,
};
static const char *const key_names[] = {
    [KEY_FD] = "fd",
    [KEY_FD_KIND] = "fd_kind",
    [KEY_PEER] = "peer",
    [KEY_COUNT] = "count",
    [KEY_TOTAL_NS] = "total_ns",
    [KEY_LONGEST_NS] = "longest_ns",
    [KEY_ERRORS] = "errors",
    [KEY_OPEN] = "open",
    [KEY_OUTCOME] = "outcome",
    [KEY_RESULT] = "result",
    [KEY_PART] = "part",
    [KEY_BEFORE_RECORDING_NS] = "before_recording_ns",
    [KEY_RELEASED_BY] = "released_by",
    [KEY_HELD_BY] = "held_by",
    [KEY_STACK] = "stack",
    [KEY_MESSAGE] = "message",
    [KEY_TASK] = "task",
    [KEY_PARENT] = "parent",
};

/* Names of slices that were interned, found by hash of what they are made of. */
#define LABEL_NAMES_SHIFT 11
struct label_name {
    struct operation_label label;
    enum category category; /* 0: free */
    uint64_t iid;
};

/* A thread as it stands in annotations: "worker 1234". */
struct thread_text {
    const char *name; /* the model's; another pointer when the thread was renamed */
    uint32_t length;
    char text[LABEL_BYTES];
};

/* Of a slice that is about to be written. */
struct slice_name {
    enum category category;
    uint64_t iid;           /* 0: too many are interned, and the text is written */
    char text[LABEL_BYTES]; /* where iid is 0 */
};

/* A packet with a track event, written forwards into the output's memory. */
struct event_packet {
    uint8_t *packet, *event; /* the beginnings of the two messages */
    uint8_t *next;
};
/* More than all that one has but for the peer's name, which is cut. */
#define MAX_PEER_BYTES ((size_t)4096)
#define EVENT_PACKET_BYTES (MAX_PEER_BYTES + 1024)
G_STATIC_ASSERT(EVENT_PACKET_BYTES <= PROTO_MAX_PUT_BYTES && EVENT_PACKET_BYTES <= OUTPUT_MAX_RESERVE);

struct perfetto {
    const struct export_context *context;
    struct output *output;
    struct proto_writer writer;
    struct perfetto_sched *sched;
    GHashTable *names;              /* text -> iid */
    struct label_name *label_names; /* 1 << LABEL_NAMES_SHIFT, by hash of the label */
    uint64_t woken_iid;             /* of the name "woken"; 0: not interned yet */
    GArray *thread_texts;           /* struct thread_text by the model's thread */
    GByteArray *is_stack_known;     /* by stack: interned already */
    GByteArray *is_track_declared;  /* by track */
    GHashTable *declared_processes;
};

static void *perfetto_new(const struct export_context *context)
{
    struct perfetto *perfetto = g_new0(struct perfetto, 1);
    perfetto->context = context;
    perfetto->output = context->output;
    proto_init(&perfetto->writer);
    perfetto->sched = perfetto_sched_new(context->model, context->output, &perfetto->writer);
    perfetto->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    perfetto->label_names = g_new0(struct label_name, 1u << LABEL_NAMES_SHIFT);
    perfetto->thread_texts = g_array_new(FALSE, TRUE, sizeof(struct thread_text));
    perfetto->is_stack_known = g_byte_array_new();
    perfetto->is_track_declared = g_byte_array_new();
    perfetto->declared_processes = g_hash_table_new(NULL, NULL);
    return perfetto;
}

static void perfetto_free(void *self)
{
    struct perfetto *perfetto = self;
    g_hash_table_unref(perfetto->names);
    g_free(perfetto->label_names);
    g_hash_table_unref(perfetto->declared_processes);
    g_array_unref(perfetto->thread_texts);
    g_byte_array_unref(perfetto->is_stack_known);
    g_byte_array_unref(perfetto->is_track_declared);
    perfetto_sched_free(perfetto->sched);
    proto_clear(&perfetto->writer);
    g_free(perfetto);
}

/* Says whether the mark was set, and sets it. */
static bool test_and_set(GByteArray *marks, uint32_t index)
{
    if (marks->len <= index) {
        guint old = marks->len;
        g_byte_array_set_size(marks, MAX(index + 1, old * 2));
        memset(marks->data + old, 0, marks->len - old);
    }
    bool was_set = marks->data[index];
    marks->data[index] = 1;
    return was_set;
}

static void end_packet(struct perfetto *perfetto)
{
    struct proto_writer *writer = &perfetto->writer;
    proto_varint(writer, PACKET_SEQUENCE_ID, 1);
    proto_close(writer, TRACE_PACKET, writer->end);
    output_write(perfetto->output, writer->next, proto_length(writer));
}

static void end_interned_packet(struct perfetto *perfetto)
{
    proto_close(&perfetto->writer, PACKET_INTERNED_DATA, perfetto->writer.end);
    proto_varint(&perfetto->writer, PACKET_SEQUENCE_FLAGS, SEQUENCE_NEEDS_STATE);
    end_packet(perfetto);
}

static void write_interned(struct proto_writer *writer, uint32_t field, uint64_t iid, const char *text)
{
    const uint8_t *end = writer->next;
    proto_string(writer, INTERNED_TEXT, text);
    proto_varint(writer, INTERNED_IID, iid);
    proto_close(writer, field, end);
}

static void write_clock(struct proto_writer *writer, uint64_t clock, uint64_t time_ns)
{
    const uint8_t *end = writer->next;
    proto_varint(writer, CLOCK_TIME, time_ns);
    proto_varint(writer, CLOCK_ID, clock);
    proto_close(writer, SNAPSHOT_CLOCKS, end);
}

static void perfetto_begin(void *self)
{
    struct perfetto *perfetto = self;
    struct proto_writer *writer = &perfetto->writer;
    proto_begin(writer);
    for (size_t i = G_N_ELEMENTS(key_names); i-- > 1;)
        write_interned(writer, INTERNED_ANNOTATION_NAMES, i, key_names[i]);
    for (size_t i = G_N_ELEMENTS(category_names); i-- > 1;)
        write_interned(writer, INTERNED_CATEGORIES, i, category_names[i]);
    proto_close(writer, PACKET_INTERNED_DATA, writer->end);
    proto_varint(writer, PACKET_SEQUENCE_FLAGS, SEQUENCE_CLEARED | SEQUENCE_NEEDS_STATE);
    end_packet(perfetto);
}

/* 0: too many names; write the text itself. */
static uint64_t intern_name(struct perfetto *perfetto, const char *text)
{
    uint64_t iid = GPOINTER_TO_UINT(g_hash_table_lookup(perfetto->names, text));
    if (iid != 0 || g_hash_table_size(perfetto->names) >= MAX_INTERNED_NAMES)
        return iid;
    iid = g_hash_table_size(perfetto->names) + 1;
    g_hash_table_insert(perfetto->names, g_strdup(text), GUINT_TO_POINTER((guint)iid));
    proto_begin(&perfetto->writer);
    write_interned(&perfetto->writer, INTERNED_NAMES, iid, text);
    end_interned_packet(perfetto);
    return iid;
}

static bool is_same_label(const struct operation_label *left, const struct operation_label *right)
{
    return left->word == right->word && left->object == right->object &&
           left->has_object == right->has_object && left->is_idle == right->is_idle;
}

/* Before the slice's packet begins: an interned name takes a packet of its own. */
static void prepare_name(struct perfetto *perfetto, const struct operation_label *label,
                         enum category category, struct slice_name *name)
{
    uint64_t hash = (uint64_t)(uintptr_t)label->word ^ label->object >> 3 ^ (uint64_t)category << 40;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    struct label_name *known = &perfetto->label_names[hash >> (64 - LABEL_NAMES_SHIFT)];
    name->category = category;
    if (known->category == category && is_same_label(&known->label, label)) {
        name->iid = known->iid;
        return;
    }

    if (category == CATEGORY_RELEASE)
        release_label_write(label, name->text);
    else
        operation_label_write(label, name->text);
    name->iid = intern_name(perfetto, name->text);
    if (name->iid)
        *known = (struct label_name){.label = *label, .category = category, .iid = name->iid};
}

struct call_chain {
    GString *functions;
    const char *file; /* of the innermost; NULL: none seen yet */
    int line;
};

static void add_function(const struct source_line *line, void *user)
{
    struct call_chain *chain = user;
    if (!chain->file) {
        chain->file = line->file;
        chain->line = line->line;
    }
    if (chain->functions->len > PROTO_MAX_STRING_BYTES)
        return;
    if (chain->functions->len > 0)
        g_string_append(chain->functions, " \xe2\x86\x90 ");
    g_string_append(chain->functions, line->function);
}

/* The stack's number is also its iid, in both tables. */
static void intern_stack(struct perfetto *perfetto, uint32_t stack)
{
    if (stack == 0 || test_and_set(perfetto->is_stack_known, stack))
        return;
    g_autoptr(GString) functions = g_string_new(NULL);
    struct call_chain chain = {.functions = functions};
    stack_texts_visit(perfetto->context->stacks, stack, add_function, &chain);

    struct proto_writer *writer = &perfetto->writer;
    proto_begin(writer);
    write_interned(writer, INTERNED_STRINGS, stack, stack_text(perfetto->context->stacks, stack));
    const uint8_t *end = writer->next;
    if (chain.line > 0)
        proto_varint(writer, LOCATION_LINE, (uint64_t)chain.line);
    proto_string(writer, LOCATION_FUNCTION, functions->str);
    proto_string(writer, LOCATION_FILE, chain.file ? chain.file : "");
    proto_varint(writer, INTERNED_IID, stack);
    proto_close(writer, INTERNED_SOURCE_LOCATIONS, end);
    end_interned_packet(perfetto);
}

static uint64_t process_uuid(const struct track *track)
{
    return PROCESS_UUID_BASE + track->pid;
}

/* name: NULL for a first declaration: viewers keep the first name, and the last is wanted. */
static void write_process(struct perfetto *perfetto, const struct track *track, const char *name)
{
    struct proto_writer *writer = &perfetto->writer;
    proto_begin(writer);
    if (name)
        proto_string(writer, PROCESS_NAME, name);
    proto_varint(writer, PROCESS_PID, track->pid);
    proto_close(writer, TRACK_PROCESS_DESCRIPTOR, writer->end);
    proto_varint(writer, TRACK_UUID, process_uuid(track));
    proto_close(writer, PACKET_TRACK_DESCRIPTOR, writer->end);
    end_packet(perfetto);
}

static void write_thread_descriptor(struct proto_writer *writer, const struct track *track, const char *name)
{
    const uint8_t *end = writer->next;
    proto_string(writer, THREAD_NAME, name);
    proto_varint(writer, THREAD_TID, track->tid);
    proto_varint(writer, THREAD_PID, track->pid);
    proto_close(writer, TRACK_THREAD_DESCRIPTOR, end);
}

static void write_track(struct perfetto *perfetto, const struct track *track)
{
    struct proto_writer *writer = &perfetto->writer;
    g_autofree char *name = track_name(perfetto->context->tracks, track);
    proto_begin(writer);
    if (track->kind == TRACK_COUNTER) {
        const uint8_t *end = writer->next;
        if (track->counter_unit[0] != '\0')
            proto_string(writer, COUNTER_UNIT_NAME, track->counter_unit);
        proto_close(writer, TRACK_COUNTER_DESCRIPTOR, end);
    }
    if (track->kind == TRACK_THREAD)
        write_thread_descriptor(writer, track, name);
    else
        proto_string(writer, TRACK_NAME, name);
    if (track->process != 0 || track->kind == TRACK_THREAD)
        proto_varint(writer, TRACK_PARENT_UUID, process_uuid(track));
    proto_varint(writer, TRACK_UUID, track->index);
    proto_close(writer, PACKET_TRACK_DESCRIPTOR, writer->end);
    end_packet(perfetto);
}

static void declare(struct perfetto *perfetto, const struct track *track)
{
    if (test_and_set(perfetto->is_track_declared, track->index))
        return;
    bool has_process = track->process != 0 || track->kind == TRACK_THREAD;
    if (has_process && g_hash_table_add(perfetto->declared_processes, GUINT_TO_POINTER(track->pid)))
        write_process(perfetto, track, NULL);
    write_track(perfetto, track);
}

/* An event's packet is written in the order: annotations, then begin_event's fields, then end_event(). */
static void end_event(struct perfetto *perfetto, const struct track *track, uint32_t type, int64_t time_ns)
{
    struct proto_writer *writer = &perfetto->writer;
    proto_varint(writer, EVENT_TRACK_UUID, track->index);
    proto_varint(writer, EVENT_TYPE, type);
    proto_close(writer, PACKET_TRACK_EVENT, writer->end);
    if (type == TYPE_SLICE_BEGIN || type == TYPE_INSTANT)
        proto_varint(writer, PACKET_SEQUENCE_FLAGS, SEQUENCE_NEEDS_STATE);
    proto_varint(writer, PACKET_TIMESTAMP, (uint64_t)time_ns);
    end_packet(perfetto);
}

static void write_name(struct proto_writer *writer, uint64_t name_iid, const char *name, uint32_t category)
{
    if (name_iid)
        proto_varint(writer, EVENT_NAME_IID, name_iid);
    else
        proto_string(writer, EVENT_NAME, name);
    proto_varint(writer, EVENT_CATEGORY_IIDS, category);
}

/* Half of all packets, and short ones: with lengths of one byte. */
static void write_slice_end(struct perfetto *perfetto, const struct track *track, int64_t time_ns)
{
    uint8_t *start = output_reserve(perfetto->output, 64);
    uint8_t *packet = proto_put_tag(start, TRACE_PACKET, 2) + 1;
    uint8_t *next = proto_put_field(packet, PACKET_TIMESTAMP, (uint64_t)time_ns);
    next = proto_put_field(next, PACKET_SEQUENCE_ID, 1);
    uint8_t *event = next = proto_put_tag(next, PACKET_TRACK_EVENT, 2) + 1;
    next = proto_put_field(next, EVENT_TYPE, TYPE_SLICE_END);
    next = proto_put_field(next, EVENT_TRACK_UUID, track->index);
    event[-1] = (uint8_t)(next - event);
    packet[-1] = (uint8_t)(next - packet);
    output_advance(perfetto->output, (size_t)(next - start));
}

static void end_annotation(struct proto_writer *writer, enum key key, const uint8_t *end)
{
    proto_varint(writer, ANNOTATION_NAME_IID, key);
    proto_close(writer, EVENT_ANNOTATIONS, end);
}

static void annotate_number(struct proto_writer *writer, enum key key, uint32_t field, uint64_t number)
{
    const uint8_t *end = writer->next;
    proto_varint(writer, field, number);
    end_annotation(writer, key, end);
}

static void annotate_text(struct proto_writer *writer, enum key key, const char *text)
{
    const uint8_t *end = writer->next;
    proto_string(writer, ANNOTATION_STRING, text);
    end_annotation(writer, key, end);
}

static struct event_packet begin_packet(struct perfetto *perfetto, const struct track *track, uint32_t type,
                                        int64_t time_ns)
{
    uint8_t *start = output_reserve(perfetto->output, EVENT_PACKET_BYTES);
    struct event_packet packet = {.packet = proto_put_message(start, TRACE_PACKET)};
    uint8_t *next = proto_put_field(packet.packet, PACKET_SEQUENCE_ID, 1);
    next = proto_put_field(next, PACKET_SEQUENCE_FLAGS, SEQUENCE_NEEDS_STATE);
    next = proto_put_field(next, PACKET_TIMESTAMP, (uint64_t)time_ns);
    packet.event = next = proto_put_message(next, PACKET_TRACK_EVENT);
    next = proto_put_field(next, EVENT_TYPE, type);
    packet.next = proto_put_field(next, EVENT_TRACK_UUID, track->index);
    return packet;
}

static void end_packet_forwards(struct perfetto *perfetto, const struct event_packet *packet)
{
    uint8_t *start = packet->packet - 3;
    proto_end_message(packet->event, packet->next);
    proto_end_message(packet->packet, packet->next);
    output_advance(perfetto->output, (size_t)(packet->next - start));
}

static void put_name(struct event_packet *packet, const struct slice_name *name)
{
    packet->next = proto_put_field(packet->next, EVENT_CATEGORY_IIDS, name->category);
    if (G_LIKELY(name->iid)) {
        packet->next = proto_put_field(packet->next, EVENT_NAME_IID, name->iid);
        return;
    }
    size_t length = strlen(name->text);
    packet->next = proto_put_varint(proto_put_tag(packet->next, EVENT_NAME, 2), length);
    memcpy(packet->next, name->text, length);
    packet->next += length;
}

static void put_number(struct event_packet *packet, enum key key, uint32_t field, uint64_t number)
{
    uint8_t *length = proto_put_tag(packet->next, EVENT_ANNOTATIONS, 2);
    uint8_t *start = length + 1;
    uint8_t *next = proto_put_field(start, ANNOTATION_NAME_IID, key);
    packet->next = proto_put_field(next, field, number);
    *length = (uint8_t)(packet->next - start);
}

static void put_text(struct event_packet *packet, enum key key, const char *text, size_t length)
{
    uint8_t *start = proto_put_message(packet->next, EVENT_ANNOTATIONS);
    uint8_t *next = proto_put_field(start, ANNOTATION_NAME_IID, key);
    next = proto_put_varint(proto_put_tag(next, ANNOTATION_STRING, 2), length);
    packet->next = (uint8_t *)memcpy(next, text, length) + length;
    proto_end_message(start, packet->next);
}

static void put_thread(struct perfetto *perfetto, struct event_packet *packet, enum key key, uint32_t index)
{
    const struct thread *thread = trace_model_thread(perfetto->context->model, index);
    if (perfetto->thread_texts->len <= index)
        g_array_set_size(perfetto->thread_texts, MAX(index + 1, perfetto->thread_texts->len * 2));
    struct thread_text *known = &g_array_index(perfetto->thread_texts, struct thread_text, index);
    if (known->length == 0 || known->name != thread->name) {
        known->name = thread->name;
        thread_label_write(thread, known->text);
        known->length = (uint32_t)strlen(known->text);
    }
    put_text(packet, key, known->text, known->length);
}

static void put_stack(struct event_packet *packet, uint32_t stack)
{
    if (stack == 0)
        return;
    put_number(packet, KEY_STACK, ANNOTATION_STRING_IID, stack);
    packet->next = proto_put_field(packet->next, EVENT_SOURCE_LOCATION_IID, stack);
}

static void put_sum(struct event_packet *packet, const struct blocking *operation)
{
    put_number(packet, KEY_COUNT, ANNOTATION_UINT, operation->count);
    put_number(packet, KEY_TOTAL_NS, ANNOTATION_UINT, operation->total_ns);
    put_number(packet, KEY_LONGEST_NS, ANNOTATION_UINT, operation->longest_ns);
    if (operation->error_count)
        put_number(packet, KEY_ERRORS, ANNOTATION_UINT, operation->error_count);
}

/* The same as in JSON, in the same order; see chrome_json.c for what is left out. */
static void put_outcome(struct event_packet *packet, const struct blocking *operation)
{
    if (operation->is_summary) {
        put_sum(packet, operation);
    } else if (operation->is_open) {
        put_number(packet, KEY_OPEN, ANNOTATION_BOOL, 1);
    } else if (!operation->wait_kind) {
        put_number(packet, KEY_RESULT, ANNOTATION_INT, (uint64_t)operation->result);
    } else if (operation->outcome != EXECTRACE_OUTCOME_ACQUIRED) {
        const char *outcome = wait_outcome_name(operation->outcome);
        put_text(packet, KEY_OUTCOME, outcome, strlen(outcome));
    }
}

static void put_operation(struct perfetto *perfetto, struct event_packet *packet,
                          const struct export_blocking *blocking)
{
    const struct blocking *operation = blocking->operation;
    if (operation->fd >= 0) {
        const char *kind = fd_kind_name(operation->fd_kind);
        put_number(packet, KEY_FD, ANNOTATION_INT, (uint64_t)operation->fd);
        put_text(packet, KEY_FD_KIND, kind, strlen(kind));
    }
    if (operation->peer)
        put_text(packet, KEY_PEER, operation->peer, proto_text_bytes(operation->peer, MAX_PEER_BYTES));
    put_outcome(packet, operation);
    if (operation->is_part)
        put_number(packet, KEY_PART, ANNOTATION_BOOL, 1);
    if (blocking->cut_ns)
        put_number(packet, KEY_BEFORE_RECORDING_NS, ANNOTATION_INT, (uint64_t)blocking->cut_ns);
    if (operation->waker_thread)
        put_thread(perfetto, packet, operation->is_open ? KEY_HELD_BY : KEY_RELEASED_BY,
                   operation->waker_thread);
    put_stack(packet, operation->stack);
}

static void write_release(struct perfetto *perfetto, const struct export_blocking *blocking)
{
    struct slice_name name;
    prepare_name(perfetto, &blocking->label, CATEGORY_RELEASE, &name);
    intern_stack(perfetto, blocking->operation->waker_stack);
    declare(perfetto, blocking->waker_track);
    struct event_packet packet =
        begin_packet(perfetto, blocking->waker_track, TYPE_INSTANT, blocking->wake_ns);
    put_name(&packet, &name);
    put_stack(&packet, blocking->operation->waker_stack);
    packet.next = proto_put_field(packet.next, EVENT_FLOW_IDS_OLD, blocking->flow);
    packet.next = proto_put_fixed64(packet.next, EVENT_FLOW_IDS, blocking->flow);
    end_packet_forwards(perfetto, &packet);
}

static void put_arrival(struct event_packet *packet, const struct export_blocking *blocking)
{
    packet->next = proto_put_field(packet->next, EVENT_ENDING_FLOW_IDS_OLD, blocking->flow);
    packet->next = proto_put_fixed64(packet->next, EVENT_ENDING_FLOW_IDS, blocking->flow);
}

static void write_woken(struct perfetto *perfetto, const struct export_blocking *blocking)
{
    if (perfetto->woken_iid == 0)
        perfetto->woken_iid = intern_name(perfetto, "woken");
    const struct slice_name name = {.category = CATEGORY_WAKEUP, .iid = perfetto->woken_iid, .text = "woken"};
    declare(perfetto, blocking->woken_track);
    struct event_packet packet =
        begin_packet(perfetto, blocking->woken_track, TYPE_SLICE_BEGIN, blocking->woken_ns);
    put_name(&packet, &name);
    put_arrival(&packet, blocking);
    end_packet_forwards(perfetto, &packet);
    write_slice_end(perfetto, blocking->woken_track, blocking->end_ns);
}

static enum category category_of(const struct blocking *operation)
{
    static const enum category categories[] = {
        [BLOCKING_SYNC] = CATEGORY_SYNC,
        [BLOCKING_NET] = CATEGORY_NET,
        [BLOCKING_SYSCALL] = CATEGORY_SYSCALL,
    };
    return operation->is_summary ? CATEGORY_SHORT : categories[operation->blocking_class];
}

static void perfetto_blocking(void *self, const struct export_blocking *blocking)
{
    struct perfetto *perfetto = self;
    const struct blocking *operation = blocking->operation;
    struct slice_name name;
    /* The release comes first in the file: at equal times a flow must begin before it ends. */
    if (blocking->waker_track)
        write_release(perfetto, blocking);
    prepare_name(perfetto, &blocking->label, category_of(operation), &name);
    intern_stack(perfetto, operation->stack);
    declare(perfetto, blocking->track);

    struct event_packet packet =
        begin_packet(perfetto, blocking->track, operation->is_summary ? TYPE_INSTANT : TYPE_SLICE_BEGIN,
                     operation->is_summary ? blocking->end_ns : blocking->start_ns);
    put_name(&packet, &name);
    put_operation(perfetto, &packet, blocking);
    if (blocking->waker_track && !blocking->woken_track)
        put_arrival(&packet, blocking);
    end_packet_forwards(perfetto, &packet);
    if (operation->is_summary)
        return;
    if (blocking->woken_track)
        write_woken(perfetto, blocking);
    write_slice_end(perfetto, blocking->track, blocking->end_ns);
}

static void perfetto_state(void *self, const struct export_state *state)
{
    struct perfetto *perfetto = self;
    perfetto_sched_state(perfetto->sched, state);
}

static void perfetto_span(void *self, const struct export_span *span)
{
    struct perfetto *perfetto = self;
    struct proto_writer *writer = &perfetto->writer;
    uint64_t name_iid = intern_name(perfetto, span->name);
    declare(perfetto, span->track);
    proto_begin(writer);
    if (span->is_open)
        annotate_number(writer, KEY_OPEN, ANNOTATION_BOOL, 1);
    if (span->parent)
        annotate_number(writer, KEY_PARENT, ANNOTATION_UINT, span->parent);
    annotate_number(writer, KEY_TASK, ANNOTATION_UINT, span->task);
    write_name(writer, name_iid, span->name,
               strcmp(span->category, "task") == 0 ? CATEGORY_TASK : CATEGORY_REGION);
    end_event(perfetto, span->track, TYPE_SLICE_BEGIN, span->start_ns);
    write_slice_end(perfetto, span->track, span->end_ns);
}

static void perfetto_log(void *self, const struct export_log *log)
{
    struct perfetto *perfetto = self;
    struct proto_writer *writer = &perfetto->writer;
    const char *name = log->category[0] != '\0' ? log->category : "log";
    uint64_t name_iid = intern_name(perfetto, name);
    declare(perfetto, log->track);
    proto_begin(writer);
    annotate_number(writer, KEY_TASK, ANNOTATION_UINT, log->task);
    annotate_text(writer, KEY_MESSAGE, log->message);
    write_name(writer, name_iid, name, CATEGORY_LOG);
    end_event(perfetto, log->track, TYPE_INSTANT, log->time_ns);
}

static void perfetto_counter(void *self, const struct export_counter *counter)
{
    struct perfetto *perfetto = self;
    declare(perfetto, counter->track);
    proto_begin(&perfetto->writer);
    proto_double(&perfetto->writer, EVENT_DOUBLE_COUNTER, counter->value);
    end_event(perfetto, counter->track, TYPE_COUNTER, counter->time_ns);
}

static void perfetto_loss(void *self, const struct export_loss *loss)
{
    struct perfetto *perfetto = self;
    char label[LABEL_BYTES];
    loss_label_write(loss, label);
    uint64_t name_iid = intern_name(perfetto, label);
    declare(perfetto, loss->track);
    proto_begin(&perfetto->writer);
    annotate_number(&perfetto->writer, KEY_COUNT, ANNOTATION_UINT, loss->count);
    write_name(&perfetto->writer, name_iid, label, CATEGORY_LOSS);
    end_event(perfetto, loss->track, TYPE_SLICE_BEGIN, loss->start_ns);
    write_slice_end(perfetto, loss->track, loss->end_ns);
}

/* Time 0 of the trace on the wall clock. */
static void write_clocks(struct perfetto *perfetto)
{
    struct proto_writer *writer = &perfetto->writer;
    proto_begin(writer);
    write_clock(writer, CLOCK_NUMBER_BOOTTIME, 0);
    write_clock(writer, CLOCK_NUMBER_REALTIME, (uint64_t)trace_model_start_ns(perfetto->context->model));
    proto_close(writer, PACKET_CLOCK_SNAPSHOT, writer->end);
    end_packet(perfetto);
}

/* Names are sure now: a thread may have got its name after its first event, a process by exec. */
static void write_names(struct perfetto *perfetto)
{
    g_autoptr(GPtrArray) tracks = track_table_sorted(perfetto->context->tracks);
    uint32_t last_pid = 0;
    for (guint i = 0; i < tracks->len; i++) {
        const struct track *track = tracks->pdata[i];
        if (track->has_states)
            declare(perfetto, track);
        if (track->index >= perfetto->is_track_declared->len ||
            !perfetto->is_track_declared->data[track->index])
            continue;
        if (track->pid != last_pid &&
            g_hash_table_contains(perfetto->declared_processes, GUINT_TO_POINTER(track->pid))) {
            g_autofree char *name = track_process_name(perfetto->context->tracks, track);
            write_process(perfetto, track, name);
            last_pid = track->pid;
        }
        if (track->kind == TRACK_THREAD)
            write_track(perfetto, track);
    }
}

static uint64_t perfetto_held_bytes(void *self)
{
    const struct perfetto *perfetto = self;
    return perfetto_sched_held_bytes(perfetto->sched);
}

static void perfetto_end(void *self)
{
    struct perfetto *perfetto = self;
    int problem = perfetto_sched_finish(perfetto->sched);
    if (problem)
        output_fail(perfetto->output, problem);
    write_names(perfetto);
    if (trace_model_event_count(perfetto->context->model) > 0)
        write_clocks(perfetto);
}

const struct exporter perfetto_exporter = {
    .name = "perfetto",
    .suffixes = {".pftrace", ".perfetto-trace"},
    .description = "Perfetto's own format: smaller, loads faster",
    .has_state_tracks = true,
    .new = perfetto_new,
    .begin = perfetto_begin,
    .state = perfetto_state,
    .blocking = perfetto_blocking,
    .span = perfetto_span,
    .log = perfetto_log,
    .counter = perfetto_counter,
    .loss = perfetto_loss,
    .held_bytes = perfetto_held_bytes,
    .end = perfetto_end,
    .free = perfetto_free,
};
