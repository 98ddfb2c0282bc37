/*
 * Shares the streams out to workers and merges what they decode: see ctf_reader.h. Runs on the caller's
 * thread; the workers are in ctf_worker.c.
 */
#include "analyzer/ctf_reader.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "analyzer/ctf_folders.h"
#include "analyzer/ctf_guard.h"
#include "analyzer/ctf_memory.h"
#include "analyzer/ctf_worker.h"
#include "analyzer/event_merge.h"

/* Each worker opens every trace, so more workers than this cost more than they decode. */
#define MAX_WORKERS 16
/* Of all workers; for each of 16 enough, for each of two as many as help (see ctf_worker.c). */
#define ALL_BATCHES 128

/* Where the reader is in a worker's output. */
struct source {
    struct ctf_worker *worker; /* owned; NULL: decoded by the caller's thread */
    struct event_batch *batch; /* NULL: ended */
    unsigned at;
    GArray *hosts; /* uint32_t: index of each of the worker's hosts among the reader's; owned */
};

struct reader {
    struct source sources[MAX_WORKERS];
    unsigned count, stream_count;
    struct event_merge merge;
    GPtrArray *hosts; /* of char *: names in the order in which they come up; owned */

    bool is_progress;
    guint64 total_bytes, total_packets; /* total_packets 0: not known */
    guint64 event_count;
    gint64 start_us, shown_us; /* monotonic; shown_us 0: nothing shown yet */
};

static unsigned cpu_count(void)
{
    cpu_set_t cpus;

    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (unsigned)CPU_COUNT(&cpus)
                                                         : g_get_num_processors();
}

static int compare_bytes(const void *a, const void *b, void *bytes_pointer)
{
    const guint64 *bytes = bytes_pointer;
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    if (bytes[x] != bytes[y])
        return bytes[x] > bytes[y] ? -1 : 1;
    return x < y ? -1 : 1;
}

/* Gives each stream to the worker with the least to do, largest stream first: owners[stream] = worker. */
static void share_out(const guint64 *bytes, unsigned count, unsigned workers, unsigned *owners)
{
    g_autofree unsigned *order = g_new(unsigned, MAX(count, 1));
    guint64 load[MAX_WORKERS] = {0};

    for (unsigned i = 0; i < count; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)count, sizeof *order, compare_bytes, (void *)bytes);
    for (unsigned i = 0; i < count; i++) {
        unsigned lightest = 0;
        for (unsigned worker = 1; worker < workers; worker++)
            if (load[worker] < load[lightest])
                lightest = worker;
        owners[order[i]] = lightest;
        load[lightest] += bytes[order[i]] + 1;
    }
}

/* False: some stream could not be read to its end; error is the first worker's that says so. */
static bool check_workers(struct reader *reader, GError **error)
{
    for (unsigned i = 0; i < reader->count; i++) {
        ctf_worker_stop(reader->sources[i].worker);
        const GError *worker_error = ctf_worker_error(reader->sources[i].worker);
        if (worker_error) {
            g_propagate_error(error, g_error_copy(worker_error));
            return false;
        }
    }
    return true;
}

/*
 * Starts workers that open the traces, side by side. False: they cannot be opened; the workers are stopped
 * and the error is set.
 */
static bool open_workers(struct reader *reader, const struct ctf_trace_list *list,
                         const struct event_needs *needs, GError **error)
{
    unsigned batch_count = cpu_count() > 1 ? ALL_BATCHES / MAX(reader->count, 2) : 0;
    bool is_fine = true;

    ctf_guard_mute();
    for (unsigned i = 0; i < reader->count; i++) {
        reader->sources[i].hosts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        reader->sources[i].worker = ctf_worker_new(list, needs, batch_count);
    }
    for (unsigned i = 0; i < reader->count; i++)
        is_fine &= ctf_worker_wait_open(reader->sources[i].worker) != NULL;
    ctf_guard_unmute();
    return is_fine || check_workers(reader, error);
}

/* Tells each worker its streams. */
static void assign_streams(struct reader *reader, const struct ctf_trace_list *list)
{
    const struct ctf_graph *graph = ctf_worker_wait_open(reader->sources[0].worker);
    unsigned count = reader->stream_count = ctf_graph_stream_count(graph);
    g_autofree guint64 *bytes = g_new0(guint64, MAX(count, 1));
    g_autofree unsigned *owners = g_new0(unsigned, MAX(count, 1));
    g_autofree bool *is_mine = g_new0(bool, MAX(count, 1));

    for (unsigned i = 0; i < count; i++)
        bytes[i] = ctf_trace_list_stream_bytes(list, ctf_graph_stream_name(graph, i));
    share_out(bytes, count, reader->count, owners);
    for (unsigned worker = 0; worker < reader->count; worker++) {
        for (unsigned i = 0; i < count; i++)
            is_mine[i] = owners[i] == worker;
        ctf_worker_decode(reader->sources[worker].worker, is_mine, count);
    }
}

/* The index of a host's name, the same for all workers and however many there are. */
static uint32_t find_host(struct reader *reader, const char *name)
{
    guint i;

    if (!g_ptr_array_find_with_equal_func(reader->hosts, name, g_str_equal, &i)) {
        i = reader->hosts->len;
        g_ptr_array_add(reader->hosts, g_strdup(name));
    }
    return i;
}

/* Turns event.host from the worker's index into the reader's. */
static void set_host(struct reader *reader, struct source *source, struct event *event)
{
    const uint32_t unknown = UINT32_MAX;

    while (event->host >= source->hosts->len)
        g_array_append_val(source->hosts, unknown);
    uint32_t *host = &g_array_index(source->hosts, uint32_t, event->host);
    if (*host == unknown)
        *host = find_host(reader, ctf_worker_host(source->worker, event->host));
    if (event->host != *host)
        event->host = *host;
}

/* After a second a line on the terminal says how far it got; each second a new one. */
static void show_progress(struct reader *reader, const struct event_batch *batch)
{
    reader->event_count += batch ? batch->count + batch->skipped_count : 0;
    if (!reader->is_progress)
        return;

    gint64 now_us = g_get_monotonic_time();
    if (now_us - MAX(reader->start_us, reader->shown_us) < G_USEC_PER_SEC)
        return;
    uint64_t packets = 0;
    for (unsigned i = 0; i < reader->count; i++)
        packets += reader->sources[i].batch ? ctf_worker_packet_count(reader->sources[i].worker) : 0;
    fprintf(stderr, "\r\033[Kreading: %.1f million events", (double)reader->event_count / 1e6);
    if (reader->total_packets)
        fprintf(stderr, ", %" PRIu64 " %%",
                MIN(packets, reader->total_packets) * 100 / reader->total_packets);
    reader->shown_us = now_us;
}

static void clear_progress(const struct reader *reader)
{
    if (reader->shown_us)
        fputs("\r\033[K", stderr);
}

/* Gets the source's next batch and tells the merge; is_first: the source is not in the merge yet. */
static void next_batch(struct reader *reader, unsigned index, bool is_first)
{
    struct source *source = &reader->sources[index];

    source->batch = ctf_worker_next(source->worker);
    ctf_guard_progress();
    source->at = 0;
    show_progress(reader, source->batch);
    if (!source->batch && !is_first)
        event_merge_remove_first(&reader->merge);
    else if (source->batch && is_first)
        event_merge_add(&reader->merge, index, source->batch->events[0].time_ns, source->batch->orders[0]);
    else if (source->batch)
        event_merge_advance_first(&reader->merge, source->batch->events[0].time_ns, source->batch->orders[0]);
}

/*
 * Hands out the source's events as long as they come before those of all other sources, to the end of its
 * batch at most. False: the sink wants no more.
 */
static bool hand_out(struct reader *reader, struct source *source, event_sink sink, void *self)
{
    const struct event_batch *batch = source->batch;
    bool is_wanted;

    do {
        struct event *event = &source->batch->events[source->at++];
        event_batch_prefetch(event + 4, false);
        set_host(reader, source, event);
        is_wanted = sink(self, event);
    } while (is_wanted && source->at < batch->count &&
             event_merge_stays_first(&reader->merge, batch->events[source->at].time_ns));
    return is_wanted;
}

/*
 * Damaged metadata can describe events of no size, of which a packet holds infinitely many. No real event is
 * smaller than a bit.
 */
static bool is_endless(const struct reader *reader)
{
    return reader->event_count / 8 > reader->total_bytes + EVENT_BATCH_CAPACITY;
}

/* Hands out everything in time order. False: the sink wants no more. Ends early when the trace is endless. */
static bool merge_workers(struct reader *reader, event_sink sink, void *self)
{
    bool is_wanted = true;

    reader->hosts = g_ptr_array_new_with_free_func(g_free);
    event_merge_init(&reader->merge, reader->count);
    for (unsigned i = 0; i < reader->count; i++)
        next_batch(reader, i, true);
    while (is_wanted && reader->merge.count > 0 && !is_endless(reader)) {
        unsigned index = event_merge_first(&reader->merge);
        struct source *source = &reader->sources[index];
        is_wanted = hand_out(reader, source, sink, self);
        if (source->at == source->batch->count)
            next_batch(reader, index, false);
        else
            event_merge_advance_first(&reader->merge, source->batch->events[source->at].time_ns,
                                      source->batch->orders[source->at]);
    }
    clear_progress(reader);
    event_merge_clear(&reader->merge);
    g_ptr_array_unref(reader->hosts);
    return is_wanted;
}

/* False: the trace, or some stream of it, was not read to its end. */
static bool check_end(struct reader *reader, GError **error)
{
    if (is_endless(reader)) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                            "more events than the trace has bits: its metadata is damaged");
        return false;
    }
    return check_workers(reader, error);
}

static void tell_facts(struct reader *reader, const struct ctf_trace_list *list,
                       struct ctf_reader_facts *facts)
{
    *facts =
        (struct ctf_reader_facts){.trace_count = list->traces->len, .stream_count = reader->stream_count};
    for (unsigned i = 0; i < reader->count; i++) {
        ctf_worker_stop(reader->sources[i].worker);
        facts->step_back_count += ctf_worker_step_back_count(reader->sources[i].worker);
    }
}

static void clear_workers(struct reader *reader)
{
    for (unsigned i = 0; i < reader->count; i++) {
        ctf_worker_free(reader->sources[i].worker);
        g_array_unref(reader->sources[i].hosts);
    }
}

/* A stream with events keeps its file open. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

bool ctf_reader_run(const struct ctf_reader_options *options, event_sink sink, void *self, GError **error)
{
    struct ctf_trace_list list = {0};
    struct reader reader = {.is_progress = options->is_progress && isatty(STDERR_FILENO),
                            .start_us = g_get_monotonic_time()};

    if (!ctf_folders_find(options->path, &list, error))
        return false;

    raise_file_limit();
    reader.total_bytes = list.total_bytes;
    reader.total_packets = list.total_packets;
    unsigned workers = options->workers ? options->workers : cpu_count();
    reader.count = CLAMP(MIN(workers, list.stream_file_count), 1, MAX_WORKERS);
    ctf_memory_begin();
    ctf_memory_enter_thread();
    ctf_guard_begin(options->path, list.total_bytes, reader.count, options->on_breakdown);
    bool is_fine = open_workers(&reader, &list, options->needs, error);
    if (is_fine) {
        assign_streams(&reader, &list);
        is_fine = !merge_workers(&reader, sink, self) || check_end(&reader, error);
    }
    if (options->facts)
        tell_facts(&reader, &list, options->facts);
    clear_workers(&reader);
    ctf_guard_end();
    ctf_trace_list_clear(&list);
    if (!is_fine)
        g_prefix_error(error, "%s: ", options->path);
    return is_fine;
}
