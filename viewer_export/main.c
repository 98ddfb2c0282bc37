/*
 * viewer_export: a recording as a timeline. The stages in the order of the data's flow:
 * reader -> model -> timeline -> exporter -> output.
 */
#include <locale.h>
#include <stdio.h>
#include "analyzer/ctf_reader.h"
#include "viewer_export/options.h"
#include "viewer_export/timeline.h"

struct export_run {
    const struct options *options;
    struct trace_model *model;
    struct symbol_table *symbols;
    struct track_table *tracks;
    struct timeline *timeline;
    struct export_context context;
    void *exporter_self;
    GPtrArray *notes;
};

static bool take_event(void *self, const struct event *event)
{
    struct export_run *run = self;
    trace_model_event(run->model, event);
    return !output_has_failed(run->context.output);
}

static void note_loss(struct export_run *run)
{
    uint64_t lost = trace_model_lost_count(run->model);
    if (lost)
        g_ptr_array_add(run->notes, g_strdup_printf("the tracer lost %" G_GUINT64_FORMAT " events", lost));
}

static void print_warnings(const struct export_run *run)
{
    const GPtrArray *warnings = symbol_table_warnings(run->symbols);
    for (guint i = 0; i < warnings->len; i++)
        fprintf(stderr, "viewer_export: %s\n", (const char *)warnings->pdata[i]);
    for (guint i = 0; i < run->notes->len; i++)
        fprintf(stderr, "viewer_export: %s\n", (const char *)run->notes->pdata[i]);
}

static bool export_events(struct export_run *run, GError **error)
{
    const struct exporter *exporter = run->options->exporter;
    const struct ctf_reader_options reader = {
        .path = run->options->trace,
        .is_progress = run->options->is_progress,
    };
    run->exporter_self = exporter->new (&run->context);
    timeline_set_exporter(run->timeline, exporter, run->exporter_self);
    exporter->begin(run->exporter_self);
    bool is_read = ctf_reader_run(&reader, take_event, run, error);
    if (is_read) {
        trace_model_finish(run->model);
        timeline_finish(run->timeline);
        note_loss(run);
        exporter->end(run->exporter_self);
    }
    exporter->free(run->exporter_self);
    return is_read;
}

static bool export_trace(struct export_run *run, GError **error)
{
    const struct options *options = run->options;
    run->context.output = output_open(options->output, options->is_gzip, error);
    if (!run->context.output)
        return false;
    if (!export_events(run, error)) {
        output_discard(run->context.output);
        return false;
    }
    return output_close(run->context.output, error);
}

static int run_export(const struct options *options)
{
    struct export_run run = {.options = options};
    run.model = trace_model_new();
    run.symbols = symbol_table_new(options->symbolize, options->sysroot);
    run.tracks = track_table_new(run.model);
    run.notes = g_ptr_array_new_with_free_func(g_free);
    run.context = (struct export_context){
        .model = run.model,
        .tracks = run.tracks,
        .stacks = stack_texts_new(run.model, run.symbols, options->frame_limit),
        .notes = run.notes,
    };
    run.timeline = timeline_new(run.model, run.tracks);
    const struct trace_observer observer = timeline_observer(run.timeline);
    trace_model_add_observer(run.model, &observer);
    g_autoptr(GError) error = NULL;
    bool is_fine = export_trace(&run, &error);
    if (is_fine)
        print_warnings(&run);
    else
        fprintf(stderr, "viewer_export: %s\n", error->message);

    timeline_free(run.timeline);
    stack_texts_free(run.context.stacks);
    track_table_free(run.tracks);
    symbol_table_free(run.symbols);
    trace_model_free(run.model);
    g_ptr_array_unref(run.notes);
    return is_fine ? STATUS_FINE : STATUS_FAILURE;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    struct options options;
    int status;
    if (!options_parse(&options, argc, argv, &status))
        return status;
    status = run_export(&options);
    options_clear(&options);
    return status;
}
