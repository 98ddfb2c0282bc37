/*
 * Graphs and streams: see ctf_graph.h. With ctf_decode.c the only user of babeltrace2. Each graph is used by
 * one worker thread; what babeltrace2 keeps for the whole process (loaded plugins) is guarded by plugin_lock.
 */
#include "analyzer/ctf_graph.h"

#include <pthread.h>
#include <string.h>
#include "analyzer/ctf_decode.h"
#include "analyzer/ctf_error.h"
#include "analyzer/event_merge.h"

#define RECENT_PLANS 256
/* So many events without one that is needed: others, who wait for this stream, hear of it. */
#define SKIPPED_AT_A_TIME 1024

/* A port of a source, whether or not this graph decodes it. */
struct port {
    const bt_port_output *port; /* borrowed from its component */
    char *name;
};

/* A stream that this graph decodes. */
struct stream {
    uint32_t order;                  /* index of the port */
    bt_message_iterator *iterator;   /* owned; NULL: ended */
    bt_message_array_const messages; /* valid until the next bt_message_iterator_next */
    uint64_t message_count, message_at;

    /* of the message at message_at, which is an event to hand out or the cause of one of the reader's own */
    const bt_event *event; /* NULL: the reader's own */
    const struct ctf_plan *plan;
    int64_t time_ns;

    bool has_clock;
    int64_t clock_offset_ns; /* from CLOCK_MONOTONIC to the Unix epoch */
    int64_t last_ns;         /* the greatest time so far */
    int32_t cpu;             /* of the packet */
    int32_t pid;             /* of the whole trace (per-process buffers); -1: not known */
    uint32_t host;
    struct event own;    /* when event is NULL: EVENT_LOST or EVENT_SKIPPED */
    uint64_t seen_types; /* event_type_bit()s */
    /* since the last EVENT_SKIPPED */
    uint64_t skipped_count, skipped_types;
    uint64_t overcount[2]; /* of lost events, and packets: see settle_count() */
};

struct ctf_graph {
    const bt_component_class_source *source_class; /* owned */
    bt_graph *graph;                               /* owned; NULL: closed */
    GArray *ports;                                 /* struct port */
    const struct event_needs *needs;               /* borrowed; NULL: all events */
    bt_self_component_sink *sink;
    GArray *streams;                                   /* struct stream */
    const struct ctf_plan *recent_plans[RECENT_PLANS]; /* by hash of the event class; NULL: none */
    GHashTable *plans; /* const bt_event_class * -> struct ctf_plan *, owned */
    struct event_merge merge;
    struct event_batch *batch; /* being filled */
    GPtrArray *hosts;          /* of char *: names of the hosts met, owned */
    GError *error;
    uint64_t step_back_count;
    uint64_t packet_count; /* atomic */
};

static pthread_mutex_t plugin_lock = PTHREAD_MUTEX_INITIALIZER;

static bt_component_class_initialize_method_status
sink_initialize(bt_self_component_sink *sink, bt_self_component_sink_configuration *configuration,
                const bt_value *params, void *graph_pointer)
{
    struct ctf_graph *graph = graph_pointer;

    (void)configuration;
    (void)params;
    graph->sink = sink;
    bt_self_component_set_data(bt_self_component_sink_as_self_component(sink), graph);
    for (guint i = 0; i < graph->streams->len; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        if (bt_self_component_sink_add_input_port(sink, name, NULL, NULL) !=
            BT_SELF_COMPONENT_ADD_PORT_STATUS_OK)
            return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
    }
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

/* An event that says nothing without its thread has no thread. Told once. */
static void miss_thread(struct ctf_graph *graph, const struct ctf_plan *plan)
{
    if (graph->error)
        return;

    g_set_error(&graph->error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "%s events do not say which thread they are from; record again with the contexts that "
                "`lttng add-context --userspace --type=vpid --type=vtid` adds before `lttng start`",
                bt_event_class_get_name(plan->event_class));
}

static const struct ctf_plan *find_plan(struct ctf_graph *graph, const bt_event_class *event_class)
{
    struct ctf_plan *plan = g_hash_table_lookup(graph->plans, event_class);

    if (!plan) {
        plan = ctf_plan_new(event_class);
        if (plan->is_thread_missing)
            miss_thread(graph, plan);
        g_hash_table_insert(graph->plans, (gpointer)event_class, plan);
    }
    return plan;
}

/* A stream cannot be read further. The first such error is kept; the stream ends with a loss. */
static void fail_stream(struct ctf_graph *graph, struct stream *stream)
{
    GError *error = NULL;

    ctf_error_take(&error);
    if (!graph->error)
        graph->error = error;
    else
        g_error_free(error);
    bt_message_iterator_put_ref(stream->iterator);
    stream->iterator = NULL;
    stream->event = NULL;
    stream->own = (struct event){.type = EVENT_LOST, .pid = -1, .tid = -1, .cpu = stream->cpu};
    stream->own.lost.since_ns = stream->own.lost.until_ns = stream->last_ns;
    stream->time_ns = stream->last_ns;
}

static int64_t snapshot_ns(const bt_clock_snapshot *snapshot, int64_t otherwise)
{
    int64_t time_ns;

    if (bt_clock_snapshot_get_ns_from_origin(snapshot, &time_ns) !=
        BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
        return otherwise;
    return time_ns;
}

/* The index of a name among the hosts of this graph. */
static uint32_t find_host(struct ctf_graph *graph, const char *name)
{
    for (guint i = 0; i < graph->hosts->len; i++)
        if (strcmp(g_ptr_array_index(graph->hosts, i), name) == 0)
            return i;
    g_ptr_array_add(graph->hosts, g_strdup(name));
    return graph->hosts->len - 1;
}

/* What the trace says about where it was made: one host, and with per-process buffers one process. */
static void read_environment(struct ctf_graph *graph, struct stream *stream, const bt_trace *trace)
{
    const bt_value *vpid = bt_trace_borrow_environment_entry_value_by_name_const(trace, "vpid");
    const bt_value *hostname = bt_trace_borrow_environment_entry_value_by_name_const(trace, "hostname");

    stream->pid = vpid && bt_value_is_signed_integer(vpid) ? (int32_t)bt_value_integer_signed_get(vpid) : -1;
    stream->host =
        find_host(graph, hostname && bt_value_is_string(hostname) ? bt_value_string_get(hostname) : "");
}

static void begin_stream(struct ctf_graph *graph, struct stream *stream, const bt_stream *bt)
{
    const bt_clock_class *clock =
        bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(bt));

    read_environment(graph, stream, bt_stream_borrow_trace_const(bt));
    stream->has_clock = clock != NULL;
    stream->clock_offset_ns = 0;
    if (!clock || bt_clock_class_cycles_to_ns_from_origin(clock, 0, &stream->clock_offset_ns) !=
                      BT_CLOCK_CLASS_CYCLES_TO_NS_FROM_ORIGIN_STATUS_OK)
        bt_current_thread_clear_error();
}

static void begin_packet(struct ctf_graph *graph, struct stream *stream, const bt_packet *packet)
{
    const bt_field *context = bt_packet_borrow_context_field_const(packet);
    const bt_field *cpu =
        context ? bt_field_structure_borrow_member_field_by_name_const(context, "cpu_id") : NULL;

    stream->cpu = -1;
    if (cpu && bt_field_class_type_is(bt_field_get_class_type(cpu), BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
        stream->cpu = (int32_t)bt_field_integer_unsigned_get_value(cpu);
    __atomic_fetch_add(&graph->packet_count, 1, __ATOMIC_RELAXED);
}

/* The time of what the stream is at; a step back becomes the last time. */
static void set_time(struct ctf_graph *graph, struct stream *stream, int64_t time_ns)
{
    if (time_ns < stream->last_ns) {
        graph->step_back_count++;
        time_ns = stream->last_ns;
    }
    stream->time_ns = stream->last_ns = time_ns;
}

/* The first event of each type in each stream is handed out always: see model_needs.c. */
static bool is_needed(const struct ctf_graph *graph, struct stream *stream)
{
    const struct event_needs *needs = graph->needs;
    const struct ctf_plan *plan = stream->plan;
    uint64_t type = event_type_bit(plan->decoder->type);

    if (!needs || needs->types & type || !(stream->seen_types & type) ||
        (needs->types_with_context & type && plan->has_context)) {
        stream->seen_types |= type;
        return true;
    }
    return plan->decoder->type == EVENT_CALL && needs->has_calls &&
           (plan->number_member < 0 || event_needs_call(needs, ctf_plan_call_number(plan, stream->event)));
}

/* The events skipped so far, up to the one the stream is at, become something to hand out. */
static void tell_skipped(struct stream *stream)
{
    stream->event = NULL;
    stream->own = (struct event){.type = EVENT_SKIPPED, .pid = -1, .tid = -1, .cpu = stream->cpu};
    stream->own.skipped.count = stream->skipped_count;
    stream->own.skipped.types = stream->skipped_types;
    stream->skipped_count = stream->skipped_types = 0;
    stream->time_ns = stream->last_ns;
}

/* See event_decoder_perf_record. */
static bool has_no_time(const struct stream *stream, const bt_message *message)
{
    return stream->has_clock &&
           bt_clock_snapshot_get_value(bt_message_event_borrow_default_clock_snapshot_const(message)) == 0;
}

/* False: nobody needs the event. */
static bool take_event(struct ctf_graph *graph, struct stream *stream, const bt_message *message)
{
    int64_t time_ns = stream->last_ns;

    stream->event = bt_message_event_borrow_event_const(message);
    const bt_event_class *event_class = bt_event_borrow_class_const(stream->event);
    const struct ctf_plan **recent = &graph->recent_plans[((uintptr_t)event_class >> 4) % RECENT_PLANS];
    if (!*recent || (*recent)->event_class != event_class)
        *recent = find_plan(graph, event_class);
    stream->plan = *recent;
    if (stream->plan->time_member >= 0)
        time_ns = (int64_t)(ctf_plan_time(stream->plan, stream->event) + (uint64_t)stream->clock_offset_ns);
    else if (stream->has_clock)
        time_ns = snapshot_ns(bt_message_event_borrow_default_clock_snapshot_const(message), time_ns);
    if (stream->plan->decoder == &event_decoder_perf_record && has_no_time(stream, message))
        return false;
    set_time(graph, stream, time_ns);
    if (is_needed(graph, stream))
        return true;
    stream->skipped_types |= event_type_bit(stream->plan->decoder->type);
    if (++stream->skipped_count < SKIPPED_AT_A_TIME)
        return false;
    tell_skipped(stream);
    return true;
}

/*
 * The counter that losses are the differences of may step back for a packet (LTTng-UST under heavy load reads
 * it while it is written): that is less lost, and what it lacks is in the next difference. False: nothing is
 * left.
 */
static bool settle_count(uint64_t *count, uint64_t *overcount)
{
    if ((int64_t)*count < 0) {
        *overcount -= *count;
        return false;
    }
    uint64_t known = MIN(*count, *overcount);
    *overcount -= known;
    *count -= known;
    return *count > 0 || known == 0;
}

/* False: there was none. */
static bool take_loss(struct ctf_graph *graph, struct stream *stream, bt_property_availability has_count,
                      uint64_t count, const bt_clock_snapshot *from, const bt_clock_snapshot *to,
                      bool is_packets)
{
    struct event *loss = &stream->own;

    if (has_count == BT_PROPERTY_AVAILABILITY_AVAILABLE &&
        !settle_count(&count, &stream->overcount[is_packets]))
        return false;
    stream->event = NULL;
    *loss = (struct event){.type = EVENT_LOST, .pid = -1, .tid = -1, .cpu = stream->cpu};
    loss->lost.count = has_count == BT_PROPERTY_AVAILABILITY_AVAILABLE ? count : 0;
    loss->lost.is_packets = is_packets;
    loss->lost.since_ns = from ? snapshot_ns(from, stream->last_ns) : stream->last_ns;
    loss->lost.until_ns = to ? snapshot_ns(to, stream->last_ns) : loss->lost.since_ns;
    set_time(graph, stream, MAX(loss->lost.since_ns, stream->last_ns));
    return true;
}

static bool take_discarded_events(struct ctf_graph *graph, struct stream *stream, const bt_message *message)
{
    const bt_stream_class *stream_class =
        bt_stream_borrow_class_const(bt_message_discarded_events_borrow_stream_const(message));
    bool has_times = bt_stream_class_discarded_events_have_default_clock_snapshots(stream_class);
    uint64_t count = 0;
    bt_property_availability has_count = bt_message_discarded_events_get_count(message, &count);

    return take_loss(
        graph, stream, has_count, count,
        has_times ? bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message) : NULL,
        has_times ? bt_message_discarded_events_borrow_end_default_clock_snapshot_const(message) : NULL,
        false);
}

static bool take_discarded_packets(struct ctf_graph *graph, struct stream *stream, const bt_message *message)
{
    const bt_stream_class *stream_class =
        bt_stream_borrow_class_const(bt_message_discarded_packets_borrow_stream_const(message));
    bool has_times = bt_stream_class_discarded_packets_have_default_clock_snapshots(stream_class);
    uint64_t count = 0;
    bt_property_availability has_count = bt_message_discarded_packets_get_count(message, &count);

    return take_loss(
        graph, stream, has_count, count,
        has_times ? bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(message)
                  : NULL,
        has_times ? bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(message) : NULL,
        true);
}

/* Looks at the message at message_at. True: it is something to hand out, and is kept. */
static bool take_message(struct ctf_graph *graph, struct stream *stream)
{
    const bt_message *message = stream->messages[stream->message_at];

    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_EVENT:
        return take_event(graph, stream, message);
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
        return take_discarded_events(graph, stream, message);
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        return take_discarded_packets(graph, stream, message);
    case BT_MESSAGE_TYPE_PACKET_BEGINNING:
        begin_packet(graph, stream, bt_message_packet_beginning_borrow_packet_const(message));
        return false;
    case BT_MESSAGE_TYPE_STREAM_BEGINNING:
        begin_stream(graph, stream, bt_message_stream_beginning_borrow_stream_const(message));
        return false;
    default:
        return false;
    }
}

static void drop_message(struct stream *stream)
{
    bt_message_put_ref(stream->messages[stream->message_at++]);
}

/* Goes to what is to be handed out next. False: the stream has ended; its files are closed. */
static bool next_item(struct ctf_graph *graph, struct stream *stream)
{
    while (stream->iterator) {
        for (; stream->message_at < stream->message_count; drop_message(stream))
            if (take_message(graph, stream))
                return true;
        bt_message_iterator_next_status status;
        do {
            status = bt_message_iterator_next(stream->iterator, &stream->messages, &stream->message_count);
        } while (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN);
        stream->message_at = 0;
        if (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
            continue;
        stream->message_count = 0;
        if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_END) {
            fail_stream(graph, stream);
            return true;
        }
        bt_message_iterator_put_ref(stream->iterator);
        stream->iterator = NULL;
    }
    if (stream->skipped_count == 0)
        return false;
    tell_skipped(stream);
    return true;
}

/* Hands out what the stream is at, then goes on. False: the stream has ended. */
static bool hand_out(struct ctf_graph *graph, struct stream *stream)
{
    struct event *event = event_batch_add(graph->batch);

    graph->batch->orders[graph->batch->count - 1] = stream->order;
    if (stream->event) {
        event->cpu = stream->cpu;
        event->pid = stream->pid;
        event->host = stream->host;
        event->time_ns = stream->time_ns;
        ctf_plan_decode(stream->plan, stream->event, event, graph->batch);
    } else {
        *event = stream->own;
        graph->batch->skipped_count += event->type == EVENT_SKIPPED ? event->skipped.count : 0;
        event->host = stream->host;
        event->time_ns = stream->time_ns;
    }
    if (stream->message_at < stream->message_count)
        drop_message(stream);
    return next_item(graph, stream);
}

static bt_component_class_sink_consume_method_status sink_consume(bt_self_component_sink *sink)
{
    struct ctf_graph *graph = bt_self_component_get_data(bt_self_component_sink_as_self_component(sink));

    while (graph->merge.count > 0 && !event_batch_is_full(graph->batch)) {
        uint32_t source = event_merge_first(&graph->merge);
        struct stream *stream = &g_array_index(graph->streams, struct stream, source);
        bool has_more;
        do {
            has_more = hand_out(graph, stream);
        } while (has_more && event_merge_stays_first(&graph->merge, stream->time_ns) &&
                 !event_batch_is_full(graph->batch));
        if (has_more)
            event_merge_advance_first(&graph->merge, stream->time_ns, stream->order);
        else
            event_merge_remove_first(&graph->merge);
    }
    return graph->merge.count > 0 ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK
                                  : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
}

/* Creates the iterators and goes to each stream's first event, so that streams without one are closed at
 * once. */
static bt_component_class_sink_graph_is_configured_method_status
sink_graph_is_configured(bt_self_component_sink *sink)
{
    struct ctf_graph *graph = bt_self_component_get_data(bt_self_component_sink_as_self_component(sink));

    event_merge_init(&graph->merge, graph->streams->len);
    for (guint i = 0; i < graph->streams->len; i++) {
        struct stream *stream = &g_array_index(graph->streams, struct stream, i);
        if (bt_message_iterator_create_from_sink_component(
                sink, bt_self_component_sink_borrow_input_port_by_index(sink, i), &stream->iterator) !=
            BT_MESSAGE_ITERATOR_CREATE_FROM_SINK_COMPONENT_STATUS_OK)
            fail_stream(graph, stream);
        else if (!next_item(graph, stream))
            continue;
        event_merge_add(&graph->merge, i, stream->time_ns, stream->order);
    }
    return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

static const bt_component_class_source *find_source_class(const bt_plugin_set *set)
{
    for (uint64_t i = 0; i < bt_plugin_set_get_plugin_count(set); i++) {
        const bt_plugin *plugin = bt_plugin_set_borrow_plugin_by_index_const(set, i);
        if (strcmp(bt_plugin_get_name(plugin), "ctf") == 0)
            return bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs");
    }
    return NULL;
}

/* A new reference to source.ctf.fs; NULL: not found. The plugin stays loaded as long as the class lives. */
static const bt_component_class_source *load_source_class(void)
{
    const bt_component_class_source *found = NULL;
    const bt_plugin_set *set = NULL;
    const bt_plugin *plugin = NULL;

    pthread_mutex_lock(&plugin_lock);
    if (!g_getenv("BABELTRACE_PLUGIN_PATH") &&
        bt_plugin_find_all_from_file(EXECTRACE_CTF_PLUGIN, BT_FALSE, &set) ==
            BT_PLUGIN_FIND_ALL_FROM_FILE_STATUS_OK) {
        found = find_source_class(set);
        bt_component_class_source_get_ref(found);
        bt_plugin_set_put_ref(set);
    } else if (bt_plugin_find("ctf", BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &plugin) ==
               BT_PLUGIN_FIND_STATUS_OK) {
        found = bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs");
        bt_component_class_source_get_ref(found);
        bt_plugin_put_ref(plugin);
    }
    pthread_mutex_unlock(&plugin_lock);
    return found;
}

static bt_value *inputs_params(const struct ctf_trace *trace)
{
    bt_value *params = bt_value_map_create();
    bt_value *inputs = NULL;

    bt_value_map_insert_empty_array_entry(params, "inputs", &inputs);
    for (guint i = 0; i < trace->folders->len; i++)
        bt_value_array_append_string_element(inputs, g_ptr_array_index(trace->folders, i));
    return params;
}

static void list_ports(struct ctf_graph *graph, const bt_component_source *component)
{
    for (uint64_t i = 0; i < bt_component_source_get_output_port_count(component); i++) {
        const bt_port_output *output = bt_component_source_borrow_output_port_by_index_const(component, i);
        struct port port = {output, g_strdup(bt_port_get_name(bt_port_output_as_port_const(output)))};
        g_array_append_val(graph->ports, port);
    }
}

static bool add_source(struct ctf_graph *graph, const bt_component_class_source *source_class,
                       const struct ctf_trace *trace, GError **error)
{
    const bt_component_source *component;
    const char *folder = g_ptr_array_index(trace->folders, 0);
    bt_value *params = inputs_params(trace);
    bt_graph_add_component_status status = bt_graph_add_source_component(
        graph->graph, source_class, folder, params, BT_LOGGING_LEVEL_NONE, &component);

    bt_value_put_ref(params);
    if (status != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
        ctf_error_take(error);
        g_prefix_error(error, "cannot read the trace in %s: ", folder);
        return false;
    }
    list_ports(graph, component);
    return true;
}

static void clear_port(void *pointer)
{
    g_free(((struct port *)pointer)->name);
}

static void clear_stream(void *pointer)
{
    struct stream *stream = pointer;

    while (stream->message_at < stream->message_count)
        drop_message(stream);
    bt_message_iterator_put_ref(stream->iterator);
}

struct ctf_graph *ctf_graph_new(const struct ctf_trace_list *list, const struct event_needs *needs,
                                GError **error)
{
    const bt_component_class_source *source_class = load_source_class();

    if (!source_class) {
        g_set_error_literal(
            error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
            "babeltrace2's plugin \"ctf\" cannot be loaded; install babeltrace2 2.0 or later");
        bt_current_thread_clear_error();
        return NULL;
    }
    struct ctf_graph *graph = g_new0(struct ctf_graph, 1);
    graph->source_class = source_class;
    graph->needs = needs;
    graph->graph = bt_graph_create(0);
    graph->ports = g_array_new(FALSE, FALSE, sizeof(struct port));
    g_array_set_clear_func(graph->ports, clear_port);
    graph->streams = g_array_new(FALSE, TRUE, sizeof(struct stream));
    g_array_set_clear_func(graph->streams, clear_stream);
    graph->hosts = g_ptr_array_new_with_free_func(g_free);
    graph->plans = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)(void (*)(void))ctf_plan_free);
    bool is_fine = true;
    for (guint i = 0; is_fine && i < list->traces->len; i++)
        is_fine = add_source(graph, source_class, g_ptr_array_index(list->traces, i), error);
    if (!is_fine)
        g_clear_pointer(&graph, ctf_graph_free);
    return graph;
}

/* Only with the last reference to the plugin's class does babeltrace2 touch what all graphs share. */
void ctf_graph_close(struct ctf_graph *graph)
{
    if (!graph->graph)
        return;

    g_array_set_size(graph->streams, 0);
    BT_GRAPH_PUT_REF_AND_RESET(graph->graph);
    pthread_mutex_lock(&plugin_lock);
    bt_component_class_source_put_ref(graph->source_class);
    pthread_mutex_unlock(&plugin_lock);
}

void ctf_graph_free(struct ctf_graph *graph)
{
    if (!graph)
        return;

    ctf_graph_close(graph);
    g_array_unref(graph->streams);
    g_hash_table_unref(graph->plans);
    g_ptr_array_unref(graph->hosts);
    g_array_unref(graph->ports);
    event_merge_clear(&graph->merge);
    g_clear_error(&graph->error);
    g_free(graph);
}

unsigned ctf_graph_stream_count(const struct ctf_graph *graph)
{
    return graph->ports->len;
}

const char *ctf_graph_stream_name(const struct ctf_graph *graph, unsigned stream)
{
    return g_array_index(graph->ports, struct port, stream).name;
}

/* Adds the sink; its ports are added by sink_initialize. */
static const bt_component_sink *add_sink(struct ctf_graph *graph)
{
    const bt_component_sink *component = NULL;
    bt_component_class_sink *sink_class = bt_component_class_sink_create("exectrace", sink_consume);

    if (!sink_class)
        return NULL;
    bt_component_class_sink_set_initialize_method(sink_class, sink_initialize);
    bt_component_class_sink_set_graph_is_configured_method(sink_class, sink_graph_is_configured);
    bt_graph_add_sink_component_with_initialize_method_data(graph->graph, sink_class, "exectrace", NULL,
                                                            graph, BT_LOGGING_LEVEL_NONE, &component);
    bt_component_class_sink_put_ref(sink_class);
    return component;
}

bool ctf_graph_connect(struct ctf_graph *graph, const bool *is_mine, GError **error)
{
    for (guint i = 0; i < graph->ports->len; i++) {
        struct stream stream = {.order = i, .last_ns = INT64_MIN, .cpu = -1, .pid = -1};
        if (is_mine[i])
            g_array_append_val(graph->streams, stream);
    }
    if (graph->streams->len == 0)
        return true;

    const bt_component_sink *sink = add_sink(graph);
    bool is_fine = sink != NULL;
    for (guint i = 0; is_fine && i < graph->streams->len; i++) {
        uint32_t order = g_array_index(graph->streams, struct stream, i).order;
        is_fine = bt_graph_connect_ports(graph->graph, g_array_index(graph->ports, struct port, order).port,
                                         bt_component_sink_borrow_input_port_by_index_const(sink, i),
                                         NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
    }
    if (!is_fine)
        ctf_error_take(error);
    return is_fine;
}

bool ctf_graph_fill(struct ctf_graph *graph, struct event_batch *batch)
{
    if (graph->streams->len == 0)
        return false;

    graph->batch = batch;
    bt_graph_run_once_status status;
    do {
        status = bt_graph_run_once(graph->graph);
    } while (status == BT_GRAPH_RUN_ONCE_STATUS_AGAIN);
    if (status != BT_GRAPH_RUN_ONCE_STATUS_OK && status != BT_GRAPH_RUN_ONCE_STATUS_END && !graph->error)
        ctf_error_take(&graph->error);
    return status == BT_GRAPH_RUN_ONCE_STATUS_OK;
}

const char *ctf_graph_host(const struct ctf_graph *graph, uint32_t host)
{
    return host < graph->hosts->len ? g_ptr_array_index(graph->hosts, host) : "";
}

const GError *ctf_graph_error(const struct ctf_graph *graph)
{
    return graph->error;
}

uint64_t ctf_graph_step_back_count(const struct ctf_graph *graph)
{
    return graph->step_back_count;
}

uint64_t ctf_graph_packet_count(const struct ctf_graph *graph)
{
    return __atomic_load_n(&graph->packet_count, __ATOMIC_RELAXED);
}
