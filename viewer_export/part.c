/* Puts the stages behind the model together. Used by main; main thread. */
#include "viewer_export/part.h"

static bool matches_focus(void *self, const struct stack *stack)
{
    const struct part_source *source = self;
    return symbol_table_stack_matches(source->symbols, stack, source->options->filter.focus);
}

static struct part *part_prepare(const struct part_source *source, int64_t from_ns, int64_t to_ns,
                                 struct output *output)
{
    struct part *part = g_new0(struct part, 1);
    part->filter_options = source->options->filter;
    if (from_ns)
        part->filter_options.from = (struct time_point){.kind = TIME_POINT_ABSOLUTE, .value = from_ns};
    if (to_ns)
        part->filter_options.to = (struct time_point){.kind = TIME_POINT_ABSOLUTE, .value = to_ns};
    part->filter = filter_new(source->model, &part->filter_options, source->start_ns, source->end_ns);
    if (source->corrections)
        filter_apply_corrections(part->filter, source->corrections);
    if (part->filter_options.focus)
        filter_set_focus(part->filter, matches_focus, (void *)(uintptr_t)source);
    part->tracks = track_table_new(source->model);
    part->notes = g_ptr_array_new_with_free_func(g_free);
    part->output = output;
    part->context = (struct export_context){
        .model = source->model,
        .tracks = part->tracks,
        .stacks = source->stacks,
        .output = output,
        .notes = part->notes,
    };
    part->timeline = timeline_new(source->model, part->tracks);
    const struct trace_observer observer = timeline_observer(part->timeline);
    filter_add_observer(part->filter, &observer);
    return part;
}

static void start(struct part *part)
{
    timeline_set_exporter(part->timeline, part->exporter, part->exporter_self);
    part->exporter->begin(part->exporter_self);
}

struct part *part_new(const struct part_source *source, int64_t from_ns, int64_t to_ns, struct output *output)
{
    struct part *part = part_prepare(source, from_ns, to_ns, output);
    part->exporter = source->options->exporter;
    part->exporter_self = part->exporter->new (&part->context);
    start(part);
    return part;
}

struct part *part_new_measure(const struct part_source *source)
{
    struct part *part = part_prepare(source, 0, 0, output_open_nowhere());
    part->measure = measure_new(source->options->exporter, &part->context);
    part->exporter = measure_exporter(part->measure);
    part->exporter_self = part->measure;
    start(part);
    return part;
}

static void note(struct part *part, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(struct part *part, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(part->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static void add_notes(struct part *part)
{
    uint64_t lost = trace_model_lost_count(part->context.model);
    if (lost)
        note(part, "the tracer lost %" G_GUINT64_FORMAT " events", lost);
    struct timeline_left_out left_out = timeline_left_out(part->timeline);
    if (left_out.count)
        note(part, "left out to stay small: %" G_GUINT64_FORMAT " waits, calls and spans, %.6f s in all",
             left_out.count, (double)left_out.total_ns / 1e9);
    if (left_out.state_count)
        note(part, "left out to stay small: %" G_GUINT64_FORMAT " states of threads", left_out.state_count);
    if (left_out.point_count)
        note(part, "left out to stay small: all curves, %" G_GUINT64_FORMAT " points", left_out.point_count);
    int64_t average_ns = timeline_average_ns(part->timeline);
    if (average_ns && !left_out.point_count)
        note(part, "counters with many steps are averages over up to %.3f ms", (double)average_ns / 1e6);
    uint64_t undrawn = timeline_undrawn_count(part->timeline);
    if (undrawn)
        note(part, "%" G_GUINT64_FORMAT " slices overlap too many others and were left out", undrawn);
}

/* Browsers give a page about 2 GB, and the page needs more for a timeline than its file has. */
#define LARGE_FILE_BYTES (UINT64_C(1) << 30)

static void add_size_note(struct part *part)
{
    uint64_t bytes = output_bytes(part->output);
    if (bytes < LARGE_FILE_BYTES || part->measure)
        return;
    note(part, "%.1f GB may be too much for a browser: %s-split=500MB or -max-size=500MB make it open",
         (double)bytes / 1e9, part->exporter == &chrome_json_exporter ? "-format=perfetto, " : "");
}

void part_end(struct part *part)
{
    timeline_finish(part->timeline);
    add_notes(part);
    if (part->exporter == &chrome_json_exporter || part->exporter == &perfetto_exporter)
        add_size_note(part);
    part->exporter->end(part->exporter_self);
}

bool part_close(struct part *part, GError **error)
{
    struct output *output = g_steal_pointer(&part->output);
    return output_close(output, error);
}

void part_free(struct part *part)
{
    if (!part)
        return;
    if (part->measure)
        measure_free(part->measure);
    else
        part->exporter->free(part->exporter_self);
    output_discard(part->output);
    timeline_free(part->timeline);
    track_table_free(part->tracks);
    filter_free(part->filter);
    g_ptr_array_unref(part->notes);
    g_free(part);
}
