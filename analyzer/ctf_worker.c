/*
 * Workers of ctf_reader. All functions but worker_main run on the reader's thread; the two share the queue of
 * full batches and the stack of empty ones, under the lock.
 *
 * There is one thread more than CPUs, so each in turn stands still for a while. That the others can go on
 * meanwhile takes many batches (8 for each of two workers: a tenth of the CPUs' time is lost), and that
 * nobody is woken for a single one.
 */
#include "analyzer/ctf_worker.h"

#include <pthread.h>
#include "analyzer/ctf_guard.h"
#include "analyzer/ctf_memory.h"

#define WAKE_READER_BATCHES 8
#define WAKE_WORKER_BATCHES 4
/* Without a thread: few enough to stay in the first-level cache. */
#define INLINE_BATCH_EVENTS 64

struct ctf_worker {
    const struct ctf_trace_list *list; /* borrowed */
    const struct event_needs *needs;   /* borrowed; NULL: all */
    unsigned batch_count;              /* 0: no thread */
    pthread_t thread;
    bool is_running;             /* thread is one */
    struct event_batch *current; /* the reader's; NULL: none */

    pthread_mutex_t lock;                  /* not a GMutex: thread checkers know these */
    pthread_cond_t for_worker, for_reader; /* each waits on its own */
    struct event_batch **full;             /* a ring of batch_count; owned */
    unsigned full_first, full_count;
    struct event_batch **empty; /* at most batch_count; owned */
    unsigned empty_count;
    bool is_open;     /* by the worker: opened, or failed to */
    bool *is_mine;    /* by the reader, when the worker may decode; owned */
    bool is_finished; /* by the worker: no more batches will come */
    bool is_stopped;  /* by the reader: no more batches are wanted */

    /* the worker thread's, but for what ctf_worker_wait_open says, until is_finished; then the reader's */
    struct ctf_graph *graph;
    GError *error;
};

/* An empty batch; NULL: stop. */
static struct event_batch *take_empty(struct ctf_worker *worker)
{
    struct event_batch *batch = NULL;

    pthread_mutex_lock(&worker->lock);
    while (!worker->is_stopped && worker->empty_count == 0)
        pthread_cond_wait(&worker->for_worker, &worker->lock);
    if (!worker->is_stopped)
        batch = worker->empty[--worker->empty_count];
    pthread_mutex_unlock(&worker->lock);
    return batch;
}

static void put_full(struct ctf_worker *worker, struct event_batch *batch)
{
    pthread_mutex_lock(&worker->lock);
    if (batch->count == 0)
        worker->empty[worker->empty_count++] = batch;
    else
        worker->full[(worker->full_first + worker->full_count++) % worker->batch_count] = batch;
    if (worker->full_count == WAKE_READER_BATCHES)
        pthread_cond_signal(&worker->for_reader);
    pthread_mutex_unlock(&worker->lock);
}

static void decode(struct ctf_worker *worker)
{
    struct event_batch *batch;
    bool has_more = true;

    while (has_more && (batch = take_empty(worker))) {
        event_batch_clear(batch);
        has_more = ctf_graph_fill(worker->graph, batch);
        ctf_guard_progress();
        put_full(worker, batch);
    }
}

static void set_flag(struct ctf_worker *worker, bool *flag)
{
    pthread_mutex_lock(&worker->lock);
    *flag = true;
    pthread_cond_signal(&worker->for_reader);
    pthread_mutex_unlock(&worker->lock);
}

/* Waits to be told the streams. NULL: stop. */
static const bool *wait_for_streams(struct ctf_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (!worker->is_stopped && !worker->is_mine)
        pthread_cond_wait(&worker->for_worker, &worker->lock);
    const bool *is_mine = worker->is_stopped ? NULL : worker->is_mine;
    pthread_mutex_unlock(&worker->lock);
    return is_mine;
}

static void *worker_main(void *pointer)
{
    struct ctf_worker *worker = pointer;

    ctf_memory_enter_thread();
    ctf_guard_enter();
    worker->graph = ctf_graph_new(worker->list, worker->needs, &worker->error);
    set_flag(worker, &worker->is_open);
    const bool *is_mine = worker->graph ? wait_for_streams(worker) : NULL;
    if (is_mine && ctf_graph_connect(worker->graph, is_mine, &worker->error))
        decode(worker);
    set_flag(worker, &worker->is_finished);
    if (worker->graph)
        ctf_graph_close(worker->graph);
    ctf_guard_forget_thread();
    return NULL;
}

static void start_thread(struct ctf_worker *worker)
{
    int error = pthread_create(&worker->thread, NULL, worker_main, worker);

    if (error) {
        g_set_error(&worker->error, G_FILE_ERROR, g_file_error_from_errno(error), "cannot start a thread: %s",
                    g_strerror(error));
        worker->is_open = worker->is_finished = true;
    }
    worker->is_running = error == 0;
}

struct ctf_worker *ctf_worker_new(const struct ctf_trace_list *list, const struct event_needs *needs,
                                  unsigned batch_count)
{
    struct ctf_worker *worker = g_new0(struct ctf_worker, 1);

    worker->list = list;
    worker->needs = needs;
    worker->batch_count = batch_count;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->for_worker, NULL);
    pthread_cond_init(&worker->for_reader, NULL);
    if (batch_count > 0) {
        worker->full = g_new(struct event_batch *, batch_count);
        worker->empty = g_new(struct event_batch *, batch_count);
        while (worker->empty_count < batch_count)
            worker->empty[worker->empty_count++] = event_batch_new(EVENT_BATCH_CAPACITY);
        start_thread(worker);
    } else {
        worker->current = event_batch_new(INLINE_BATCH_EVENTS);
        ctf_guard_enter();
        worker->graph = ctf_graph_new(list, needs, &worker->error);
        ctf_guard_leave();
        worker->is_open = true;
    }
    return worker;
}

const struct ctf_graph *ctf_worker_wait_open(struct ctf_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (!worker->is_open)
        pthread_cond_wait(&worker->for_reader, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
    return worker->graph;
}

void ctf_worker_decode(struct ctf_worker *worker, const bool *is_mine, unsigned stream_count)
{
    if (worker->batch_count == 0) {
        ctf_guard_enter();
        worker->is_finished = !ctf_graph_connect(worker->graph, is_mine, &worker->error);
        ctf_guard_leave();
        return;
    }
    pthread_mutex_lock(&worker->lock);
    worker->is_mine = g_new(bool, MAX(stream_count, 1));
    for (unsigned i = 0; i < stream_count; i++)
        worker->is_mine[i] = is_mine[i];
    pthread_cond_signal(&worker->for_worker);
    pthread_mutex_unlock(&worker->lock);
}

void ctf_worker_stop(struct ctf_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->is_stopped = true;
    pthread_cond_signal(&worker->for_worker);
    pthread_mutex_unlock(&worker->lock);
    if (worker->is_running)
        pthread_join(worker->thread, NULL);
    worker->is_running = false;
}

void ctf_worker_free(struct ctf_worker *worker)
{
    if (!worker)
        return;

    ctf_worker_stop(worker);
    event_batch_free(worker->current);
    for (unsigned i = 0; i < worker->full_count; i++)
        event_batch_free(worker->full[(worker->full_first + i) % worker->batch_count]);
    for (unsigned i = 0; i < worker->empty_count; i++)
        event_batch_free(worker->empty[i]);
    ctf_graph_free(worker->graph);
    g_clear_error(&worker->error);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->for_worker);
    pthread_cond_destroy(&worker->for_reader);
    g_free(worker->is_mine);
    g_free(worker->full);
    g_free(worker->empty);
    g_free(worker);
}

/* Without a thread: decodes into the batch that the reader had. */
static struct event_batch *decode_next(struct ctf_worker *worker)
{
    event_batch_clear(worker->current);
    ctf_guard_enter();
    while (!worker->is_finished && worker->current->count == 0)
        worker->is_finished = !ctf_graph_fill(worker->graph, worker->current);
    ctf_guard_leave();
    return worker->current->count ? worker->current : NULL;
}

static struct event_batch *take_full(struct ctf_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->current)
        worker->empty[worker->empty_count++] = g_steal_pointer(&worker->current);
    if (worker->empty_count == WAKE_WORKER_BATCHES)
        pthread_cond_signal(&worker->for_worker);
    while (worker->full_count == 0 && !worker->is_finished)
        pthread_cond_wait(&worker->for_reader, &worker->lock);
    if (worker->full_count > 0) {
        worker->current = worker->full[worker->full_first];
        worker->full_first = (worker->full_first + 1) % worker->batch_count;
        worker->full_count--;
    }
    pthread_mutex_unlock(&worker->lock);
    return worker->current;
}

struct event_batch *ctf_worker_next(struct ctf_worker *worker)
{
    return worker->batch_count > 0 ? take_full(worker) : decode_next(worker);
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
