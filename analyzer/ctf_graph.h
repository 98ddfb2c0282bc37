/*
 * One babeltrace2 graph: a `source.ctf.fs` for each trace, and a sink of our own with one input port for each
 * stream that this graph decodes. No muxer: the sink merges its streams itself.
 *
 * A graph belongs to one thread at a time. Includes babeltrace2, so only ctf_*.c may include this.
 */
#ifndef ANALYZER_CTF_GRAPH_H
#define ANALYZER_CTF_GRAPH_H

#include <glib.h>
#include "analyzer/ctf_folders.h"
#include "analyzer/event_batch.h"
#include "analyzer/event_needs.h"

struct ctf_graph;

/*
 * Opens the traces; decodes nothing yet. The list and the needs (NULL: all events) must outlive the graph.
 * NULL: error is one sentence.
 */
struct ctf_graph *ctf_graph_new(const struct ctf_trace_list *list, const struct event_needs *needs,
                                GError **error);
/* Gives back all that babeltrace2 holds for the graph; nothing more can be decoded. May be called twice. */
void ctf_graph_close(struct ctf_graph *graph);
void ctf_graph_free(struct ctf_graph *graph);

/* Streams of all traces, in an order that depends on the traces only. */
unsigned ctf_graph_stream_count(const struct ctf_graph *graph);
/* Valid for the graph's life. */
const char *ctf_graph_stream_name(const struct ctf_graph *graph, unsigned stream);

/* Says which streams this graph decodes (one bool for each stream). Once, before the first fill. */
bool ctf_graph_connect(struct ctf_graph *graph, const bool *is_mine, GError **error);

/*
 * Fills a cleared batch with the next events of this graph's streams, in time order. Returns false at the end
 * of all streams (the batch may hold events then). A stream that cannot be read further ends with EVENT_LOST;
 * see ctf_graph_error.
 */
bool ctf_graph_fill(struct ctf_graph *graph, struct event_batch *batch);

/* Name of a host that event.host means; known once the first batch is filled. Owned by the graph, closed or
 * not, as all that follows. */
const char *ctf_graph_host(const struct ctf_graph *graph, uint32_t host);

/* Packets begun so far. From any thread. */
uint64_t ctf_graph_packet_count(const struct ctf_graph *graph);

/* The first error met in a stream, one sentence; NULL: none. Owned by the graph. */
const GError *ctf_graph_error(const struct ctf_graph *graph);
/* Events whose time was before the one of their predecessor in the stream; they got the predecessor's. */
uint64_t ctf_graph_step_back_count(const struct ctf_graph *graph);

#endif
