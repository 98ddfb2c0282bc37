/*
 * A worker: a thread with its own babeltrace2 graph that decodes its share of the streams into batches, in
 * time order. It waits when the reader is so many batches behind, so memory stays bounded.
 *
 * On a single CPU a thread only adds switches, and its batches are out of the cache when they are read: then
 * a worker has no thread and decodes a small batch each time it is asked for one.
 */
#ifndef ANALYZER_CTF_WORKER_H
#define ANALYZER_CTF_WORKER_H

#include "analyzer/ctf_graph.h"

struct ctf_worker;

/*
 * Begins to open the traces. The list and the needs (NULL: all events) must outlive the worker. batch_count:
 * how far it may be ahead of the reader; 0: no thread.
 */
struct ctf_worker *ctf_worker_new(const struct ctf_trace_list *list, const struct event_needs *needs,
                                  unsigned batch_count);
/*
 * Waits until the traces are open. The graph tells about the streams until ctf_worker_decode; NULL: they
 * cannot be opened, the error is ctf_worker_error's once the worker is stopped.
 */
const struct ctf_graph *ctf_worker_wait_open(struct ctf_worker *worker);
/* Decode the streams for which is_mine holds; one bool for each, copied. */
void ctf_worker_decode(struct ctf_worker *worker, const bool *is_mine, unsigned stream_count);
/* Tells the thread to end and waits for it; batches not yet taken are lost. May be called twice. */
void ctf_worker_stop(struct ctf_worker *worker);
/* Stops and frees the worker. */
void ctf_worker_free(struct ctf_worker *worker);

/* The next batch, never empty; the one before it is given back to the worker. NULL: no more. Waits. */
struct event_batch *ctf_worker_next(struct ctf_worker *worker);
/* Name of a host that event.host means in this worker's batches. Once there was a batch. */
const char *ctf_worker_host(const struct ctf_worker *worker, uint32_t host);

/* See ctf_graph_packet_count. Once there was a batch. */
uint64_t ctf_worker_packet_count(const struct ctf_worker *worker);

/* For a worker that is stopped. The first error, one sentence; NULL: none. Owned by the worker. */
const GError *ctf_worker_error(const struct ctf_worker *worker);
/* For a worker that is stopped; see ctf_graph_step_back_count. */
uint64_t ctf_worker_step_back_count(const struct ctf_worker *worker);

#endif
