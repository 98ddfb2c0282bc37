/*
 * Worker threads of ctf_reader. All functions but worker_main run on the reader's thread; the two share the
 * queue of full batches and the stack of empty ones, under the lock.
 */
#include "analyzer/ctf_worker.h"

#include "analyzer/ctf_guard.h"

struct ctf_worker {
    const struct ctf_trace_list *list; /* borrowed; NULL: graph is open */
    bool *is_mine;
    GThread *thread;
    struct event_batch *current; /* the reader's; NULL: none */

    GMutex lock;
    GCond changed;
    struct event_batch *full[CTF_WORKER_BATCHES]; /* a ring */
    unsigned full_first, full_count;
    struct event_batch *empty[CTF_WORKER_BATCHES + 1];
    unsigned empty_count;
    bool is_finished; /* by the worker: no more batches will come */
    bool is_stopped;  /* by the reader: no more batches are wanted */

    /* the worker thread's until is_finished, then the reader's */
    struct ctf_graph *graph;
    GError *error;
};

/* An empty batch; NULL: stop. */
static struct event_batch *take_empty(struct ctf_worker *worker)
{
    struct event_batch *batch = NULL;

    g_mutex_lock(&worker->lock);
    while (!worker->is_stopped && worker->empty_count == 0)
        g_cond_wait(&worker->changed, &worker->lock);
    if (!worker->is_stopped)
        batch = worker->empty[--worker->empty_count];
    g_mutex_unlock(&worker->lock);
    return batch;
}

static void put_full(struct ctf_worker *worker, struct event_batch *batch)
{
    g_mutex_lock(&worker->lock);
    if (batch->count == 0)
        worker->empty[worker->empty_count++] = batch;
    else
        worker->full[(worker->full_first + worker->full_count++) % CTF_WORKER_BATCHES] = batch;
    g_cond_signal(&worker->changed);
    g_mutex_unlock(&worker->lock);
}

static void decode(struct ctf_worker *worker)
{
    struct event_batch *batch;
    bool has_more = true;

    while (has_more && (batch = take_empty(worker))) {
        event_batch_clear(batch);
        has_more = ctf_graph_fill(worker->graph, batch);
        put_full(worker, batch);
    }
}

static void *worker_main(void *pointer)
{
    struct ctf_worker *worker = pointer;

    ctf_guard_enter();
    if (worker->list)
        worker->graph = ctf_graph_new(worker->list, &worker->error);
    if (worker->graph && ctf_graph_connect(worker->graph, worker->is_mine, &worker->error))
        decode(worker);
    ctf_guard_leave();
    g_mutex_lock(&worker->lock);
    worker->is_finished = true;
    g_cond_signal(&worker->changed);
    g_mutex_unlock(&worker->lock);
    return NULL;
}

static struct ctf_worker *start(const struct ctf_trace_list *list, struct ctf_graph *graph,
                                const bool *is_mine, unsigned stream_count)
{
    struct ctf_worker *worker = g_new0(struct ctf_worker, 1);

    worker->list = list;
    worker->graph = graph;
    worker->is_mine = g_memdup2(is_mine, stream_count * sizeof *is_mine);
    g_mutex_init(&worker->lock);
    g_cond_init(&worker->changed);
    while (worker->empty_count < CTF_WORKER_BATCHES)
        worker->empty[worker->empty_count++] = event_batch_new();
    worker->thread = g_thread_new("decode", worker_main, worker);
    return worker;
}

struct ctf_worker *ctf_worker_start(const struct ctf_trace_list *list, const bool *is_mine,
                                    unsigned stream_count)
{
    return start(list, NULL, is_mine, stream_count);
}

struct ctf_worker *ctf_worker_start_with_graph(struct ctf_graph *graph, const bool *is_mine)
{
    return start(NULL, graph, is_mine, ctf_graph_stream_count(graph));
}

void ctf_worker_stop(struct ctf_worker *worker)
{
    g_mutex_lock(&worker->lock);
    worker->is_stopped = true;
    g_cond_signal(&worker->changed);
    g_mutex_unlock(&worker->lock);
    if (worker->thread)
        g_thread_join(g_steal_pointer(&worker->thread));
}

void ctf_worker_free(struct ctf_worker *worker)
{
    if (!worker)
        return;

    ctf_worker_stop(worker);
    event_batch_free(worker->current);
    for (unsigned i = 0; i < worker->full_count; i++)
        event_batch_free(worker->full[(worker->full_first + i) % CTF_WORKER_BATCHES]);
    for (unsigned i = 0; i < worker->empty_count; i++)
        event_batch_free(worker->empty[i]);
    ctf_graph_free(worker->graph);
    g_clear_error(&worker->error);
    g_mutex_clear(&worker->lock);
    g_cond_clear(&worker->changed);
    g_free(worker->is_mine);
    g_free(worker);
}

struct event_batch *ctf_worker_next(struct ctf_worker *worker)
{
    g_mutex_lock(&worker->lock);
    if (worker->current)
        worker->empty[worker->empty_count++] = g_steal_pointer(&worker->current);
    g_cond_signal(&worker->changed);
    while (worker->full_count == 0 && !worker->is_finished)
        g_cond_wait(&worker->changed, &worker->lock);
    if (worker->full_count > 0) {
        worker->current = worker->full[worker->full_first];
        worker->full_first = (worker->full_first + 1) % CTF_WORKER_BATCHES;
        worker->full_count--;
    }
    g_mutex_unlock(&worker->lock);
    return worker->current;
}

/* A graph meets its hosts before it fills its first batch, so the worker's thread changes nothing here. */
const char *ctf_worker_host(const struct ctf_worker *worker, uint32_t host)
{
    return ctf_graph_host(worker->graph, host);
}

uint64_t ctf_worker_packet_count(const struct ctf_worker *worker)
{
    return worker->graph ? ctf_graph_packet_count(worker->graph) : 0;
}

const GError *ctf_worker_error(const struct ctf_worker *worker)
{
    if (worker->error)
        return worker->error;
    return worker->graph ? ctf_graph_error(worker->graph) : NULL;
}

uint64_t ctf_worker_step_back_count(const struct ctf_worker *worker)
{
    return worker->graph ? ctf_graph_step_back_count(worker->graph) : 0;
}
