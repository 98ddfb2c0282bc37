/*
 * Reads a trace with one graph and hands its events out: see ctf_reader.h. Runs on the caller's thread.
 */
#include "analyzer/ctf_reader.h"

#include "analyzer/ctf_folders.h"
#include "analyzer/ctf_graph.h"

static bool run_graph(struct ctf_graph *graph, event_sink sink, void *self, GError **error)
{
    unsigned count = ctf_graph_stream_count(graph);
    g_autofree bool *is_mine = g_new(bool, MAX(count, 1));

    for (unsigned i = 0; i < count; i++)
        is_mine[i] = true;
    if (!ctf_graph_connect(graph, is_mine, error))
        return false;

    struct event_batch *batch = event_batch_new();
    bool is_wanted = true, has_more = true;
    while (has_more && is_wanted) {
        event_batch_clear(batch);
        has_more = ctf_graph_fill(graph, batch);
        for (unsigned i = 0; is_wanted && i < batch->count; i++)
            is_wanted = sink(self, &batch->events[i]);
    }
    event_batch_free(batch);
    if (ctf_graph_error(graph))
        g_propagate_error(error, g_error_copy(ctf_graph_error(graph)));
    return ctf_graph_error(graph) == NULL;
}

bool ctf_reader_run(const struct ctf_reader_options *options, event_sink sink, void *self, GError **error)
{
    struct ctf_trace_list list = {0};

    if (!ctf_folders_find(options->path, &list, error))
        return false;

    struct ctf_graph *graph = ctf_graph_new(&list, error);
    bool is_fine = graph && run_graph(graph, sink, self, error);
    ctf_graph_free(graph);
    ctf_trace_list_clear(&list);
    if (!is_fine)
        g_prefix_error(error, "%s: ", options->path);
    return is_fine;
}
