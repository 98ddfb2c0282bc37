/*
 * viewer_export: a recording as a timeline. The stages in the order of the data's flow:
 * reader -> model -> filter -> timeline -> exporter -> output.
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
    struct filter *filter;
    struct track_table *tracks;
    struct timeline *timeline;
    struct export_context context;
    void *exporter_self;
    GPtrArray *notes;
    int64_t range_start_ns, range_end_ns; /* of the trace, when the filter must know it */
};

static bool take_event(void *self, const struct event *event)
{
    struct export_run *run = self;
    trace_model_event(run->model, event);
    return !output_has_failed(run->context.output);
}

static bool widen_range(void *self, const struct event *event)
{
    struct export_run *run = self;
    if (run->range_start_ns == 0)
        run->range_start_ns = event->time_ns;
    run->range_end_ns = MAX(run->range_end_ns, event->time_ns);
    return true;
}

static bool read_events(struct export_run *run, event_sink sink, GError **error)
{
    const struct ctf_reader_options reader = {
        .path = run->options->trace,
        .is_progress = run->options->is_progress,
    };
    return ctf_reader_run(&reader, sink, run, error);
}

static bool matches_focus(void *self, const struct stack *stack)
{
    struct export_run *run = self;
    const GRegex *focus = run->options->filter.focus;
    for (uint32_t i = 0; i < stack->frame_count && !stack->is_lost; i++) {
        const struct symbolized_frame *frame = symbol_table_find(run->symbols, &stack->frames[i]);
        for (uint32_t j = 0; j < frame->count; j++) {
            if (g_regex_match(focus, frame->lines[j].function, 0, NULL) ||
                g_regex_match(focus, frame->lines[j].file, 0, NULL))
                return true;
        }
    }
    return false;
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
        fprintf(stderr, "viewer_export: warning: %s\n", (const char *)warnings->pdata[i]);
    for (guint i = 0; i < run->notes->len; i++)
        fprintf(stderr, "viewer_export: %s\n", (const char *)run->notes->pdata[i]);
}

static bool export_events(struct export_run *run, GError **error)
{
    const struct exporter *exporter = run->options->exporter;
    run->exporter_self = exporter->new (&run->context);
    timeline_set_exporter(run->timeline, exporter, run->exporter_self);
    exporter->begin(run->exporter_self);
    bool is_read = read_events(run, take_event, error);
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

static void begin(struct export_run *run)
{
    const struct options *options = run->options;
    run->model = trace_model_new();
    run->symbols = symbol_table_new(options->symbolize, options->sysroot);
    run->filter = filter_new(run->model, &options->filter, run->range_start_ns, run->range_end_ns);
    if (options->filter.focus)
        filter_set_focus(run->filter, matches_focus, run);
    run->tracks = track_table_new(run->model);
    run->notes = g_ptr_array_new_with_free_func(g_free);
    run->context = (struct export_context){
        .model = run->model,
        .tracks = run->tracks,
        .stacks = stack_texts_new(run->model, run->symbols, options->frame_limit),
        .notes = run->notes,
    };
    run->timeline = timeline_new(run->model, run->tracks);
    const struct trace_observer observer = timeline_observer(run->timeline);
    filter_add_observer(run->filter, &observer);
}

static void end(struct export_run *run)
{
    timeline_free(run->timeline);
    stack_texts_free(run->context.stacks);
    track_table_free(run->tracks);
    filter_free(run->filter);
    symbol_table_free(run->symbols);
    trace_model_free(run->model);
    g_ptr_array_unref(run->notes);
}

static bool run_export(const struct options *options, GError **error)
{
    struct export_run run = {.options = options};
    if (filter_options_need_range(&options->filter) && !read_events(&run, widen_range, error))
        return false;
    begin(&run);
    bool is_fine = export_trace(&run, error);
    if (is_fine)
        print_warnings(&run);
    end(&run);
    return is_fine;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    struct options options;
    int status = STATUS_FINE;
    g_autoptr(GError) error = NULL;
    if (options_parse(&options, argc, argv, &status) && !run_export(&options, &error)) {
        fprintf(stderr, "viewer_export: %s\n", error->message);
        status = STATUS_FAILURE;
    }
    options_clear(&options);
    return status;
}
