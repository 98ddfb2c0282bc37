/*
 * Textual events in, a timeline out: timeline_driver FORMAT OUTPUT < events.txt
 * Addresses are not symbolized, so the result depends on nothing outside.
 */
#include <stdio.h>
#include "analyzer/event_text.h"
#include "viewer_export/timeline.h"

static bool take_event(void *self, const struct event *event)
{
    trace_model_event(self, event);
    return true;
}

static bool write_timeline(const struct exporter *exporter, struct output *output, GError **error)
{
    struct trace_model *model = trace_model_new();
    struct symbol_table *symbols = symbol_table_new(SYMBOLIZE_NONE, NULL);
    struct track_table *tracks = track_table_new(model);
    struct stack_texts *stacks = stack_texts_new(model, symbols, 32);
    g_autoptr(GPtrArray) notes = g_ptr_array_new();
    const struct export_context context = {
        .model = model, .tracks = tracks, .stacks = stacks, .output = output, .notes = notes};
    void *self = exporter->new (&context);
    struct timeline *timeline = timeline_new(model, tracks);
    timeline_set_exporter(timeline, exporter, self);
    const struct trace_observer observer = timeline_observer(timeline);
    trace_model_add_observer(model, &observer);

    exporter->begin(self);
    bool is_read = event_text_read(stdin, take_event, model, error);
    trace_model_finish(model);
    timeline_finish(timeline);
    exporter->end(self);

    exporter->free(self);
    timeline_free(timeline);
    stack_texts_free(stacks);
    track_table_free(tracks);
    symbol_table_free(symbols);
    trace_model_free(model);
    return is_read;
}

int main(int argc, char **argv)
{
    const struct exporter *exporter = argc == 3 ? exporter_find(argv[1]) : NULL;
    if (!exporter) {
        fprintf(stderr, "usage: timeline_driver FORMAT OUTPUT < EVENTS\n");
        return 2;
    }
    g_autoptr(GError) error = NULL;
    struct output *output = output_open(argv[2], false, &error);
    if (!output || !write_timeline(exporter, output, &error) || !output_close(output, &error)) {
        fprintf(stderr, "timeline_driver: %s\n", error->message);
        return 1;
    }
    return 0;
}
