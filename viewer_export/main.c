/*
 * viewer_export: a recording as a timeline. The stages in the order of the data's flow:
 * reader -> model -> filter -> timeline -> exporter -> output; a part is all that follows the model.
 *
 * The trace is read once; once more before that when the range of time must be known, when threads are chosen
 * by name or process or the trace has strangers (see trace_model_has_strangers()), and when -split or
 * -max-size have to know the sizes.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "analyzer/ctf_folders.h"
#include "analyzer/ctf_reader.h"
#include "tracepoints/contract.h"
#include "viewer_export/part.h"
#include "viewer_export/serve.h"

/* Files that one reading of the trace writes with -split. */
#define MAX_PARTS_AT_ONCE 16
/* How often it is looked whether the files can still be written. */
#define EVENTS_PER_CHECK 1024
/* Pieces this large have room for curves in all detail. */
#define EXACT_CURVES_BYTES ((uint64_t)64 << 20)
/* More would be a mistake, or a disk full of files. */
#define MAX_PARTS 10000
/* Attempts to stay below -max-size, each with so much less than the one before. */
#define SIZE_ATTEMPTS 8
#define SIZE_STEP 0.8

struct export_run {
    const struct options *options;
    struct part_source source;
    GPtrArray *parts; /* struct part *, fed by the reading under way; owned */
    struct timeline_limits limits;
    struct timeline_limits attempts[SIZE_ATTEMPTS]; /* for -max-size, the most generous first */
    uint64_t event_count;                           /* read so far */
    int64_t start_ns, end_ns;                       /* of the trace, when the filter must know it */
    GArray *corrections; /* of the threads that the filter misjudges at first; NULL: none; owned */
};

/* Where one file begins and ends; 0: where the options say. */
struct range {
    int64_t from_ns, to_ns;
};

static bool take_event(void *self, const struct event *event)
{
    struct export_run *run = self;
    trace_model_event(run->source.model, event);
    if (++run->event_count % EVENTS_PER_CHECK != 0)
        return true;
    for (guint i = 0; i < run->parts->len; i++) {
        if (output_has_failed(((const struct part *)run->parts->pdata[i])->output))
            return false;
    }
    return true;
}

static bool widen_range(void *self, const struct event *event)
{
    struct export_run *run = self;
    if (run->start_ns == 0)
        run->start_ns = event->time_ns;
    run->end_ns = MAX(run->end_ns, event->time_ns);
    return true;
}

static bool read_events(struct export_run *run, event_sink sink, GError **error)
{
    const struct ctf_reader_options reader = {
        .path = run->options->trace,
        .is_progress = run->options->is_progress,
        .on_breakdown = output_remove_unfinished,
    };
    return ctf_reader_run(&reader, sink, run, error);
}

static void begin_reading(struct export_run *run)
{
    const struct options *options = run->options;
    struct trace_model *model = trace_model_new();
    struct symbol_table *symbols = symbol_table_new(options->symbolize, options->sysroot);
    run->source = (struct part_source){
        .options = options,
        .model = model,
        .symbols = symbols,
        .stacks = stack_texts_new(model, symbols, options->frame_limit),
        .start_ns = run->start_ns,
        .end_ns = run->end_ns,
        .corrections = run->corrections,
    };
    run->parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
}

/* Reads, and ends the parts. */
static bool read_parts(struct export_run *run, GError **error)
{
    for (guint i = 0; i < run->parts->len; i++)
        timeline_set_limits(((struct part *)run->parts->pdata[i])->timeline, &run->limits);
    if (!read_events(run, take_event, error))
        return false;
    trace_model_finish(run->source.model);
    symbol_table_learn_objects(run->source.symbols, run->source.model);
    for (guint i = 0; i < run->parts->len; i++)
        part_end(run->parts->pdata[i]);
    return true;
}

static void end_reading(struct export_run *run)
{
    g_ptr_array_unref(run->parts);
    stack_texts_free(run->source.stacks);
    symbol_table_free(run->source.symbols);
    trace_model_free(run->source.model);
}

/* "timeline.json.gz" -> "timeline-3.json.gz", with as many digits as the last part needs. */
static char *part_path(const struct options *options, guint number, guint count)
{
    if (count == 1)
        return g_strdup(options->output);
    g_autofree char *digits = g_strdup_printf("%u", count);
    g_autofree char *stem = g_strdup(options->output);
    size_t suffix = strlen(stem);
    if (options->is_gzip)
        suffix -= strlen(".gz");
    for (const char *const *known = options->exporter->suffixes; *known; known++) {
        size_t length = strlen(*known);
        if (suffix > length && memcmp(stem + suffix - length, *known, length) == 0) {
            suffix -= length;
            break;
        }
    }
    stem[suffix] = '\0';
    return g_strdup_printf("%s-%0*u%s", stem, (int)strlen(digits), number, options->output + suffix);
}

static bool open_parts(struct export_run *run, const GArray *ranges, guint first, guint end, GError **error)
{
    for (guint i = first; i < end; i++) {
        const struct range *range = &g_array_index(ranges, struct range, i);
        g_autofree char *path = part_path(run->options, i + 1, ranges->len);
        struct output *output = output_open(path, run->options->is_gzip, error);
        if (!output)
            return false;
        g_ptr_array_add(run->parts, part_new(&run->source, range->from_ns, range->to_ns, output));
    }
    return true;
}

static void print_notes(const struct export_run *run, bool is_last)
{
    const GPtrArray *warnings = symbol_table_warnings(run->source.symbols);
    for (guint i = 0; i < warnings->len && is_last; i++)
        fprintf(stderr, "viewer_export: warning: %s\n", (const char *)warnings->pdata[i]);
    const struct part *last = run->parts->pdata[run->parts->len - 1];
    for (guint i = 0; i < last->notes->len && is_last; i++)
        fprintf(stderr, "viewer_export: %s\n", (const char *)last->notes->pdata[i]);
}

static bool is_too_large(const struct export_run *run)
{
    const struct part *part = run->parts->pdata[0];
    return run->options->max_size_bytes && output_bytes(part->output) > run->options->max_size_bytes;
}

/*
 * The files of ranges first to before end, in one reading. is_thrown_away: in, whether a file beyond
 * -max-size shall be thrown away; out, whether it was.
 */
static bool write_parts(struct export_run *run, const GArray *ranges, guint first, guint end,
                        bool *is_thrown_away, GError **error)
{
    begin_reading(run);
    bool is_written = open_parts(run, ranges, first, end, error) && read_parts(run, error);
    *is_thrown_away = *is_thrown_away && is_written && is_too_large(run);
    if (*is_thrown_away) {
        end_reading(run);
        return true;
    }
    for (guint i = 0; i < run->parts->len && is_written; i++)
        is_written = part_close(run->parts->pdata[i], error);
    if (is_written)
        print_notes(run, end == ranges->len);
    end_reading(run);
    return is_written;
}

static void make_ranges(GArray *ranges, const GArray *cuts, int64_t start_ns)
{
    struct range range = {0};
    for (guint i = 0; i < cuts->len; i++) {
        range.to_ns = start_ns + g_array_index(cuts, int64_t, i);
        g_array_append_val(ranges, range);
        range.from_ns = range.to_ns;
    }
    range.to_ns = 0;
    g_array_append_val(ranges, range);
}

static void plan_attempts(struct export_run *run, const struct measure *measure)
{
    uint64_t limit_bytes = run->options->max_size_bytes;
    if (measure_total_bytes(measure) <= limit_bytes)
        return;
    for (size_t i = 0; i < SIZE_ATTEMPTS; i++) {
        run->attempts[i] = measure_limits(measure, limit_bytes);
        limit_bytes = (uint64_t)((double)limit_bytes * SIZE_STEP);
    }
    run->attempts[SIZE_ATTEMPTS - 1] = (struct timeline_limits){
        .min_duration_ns = INT64_MAX, .leaves_out_states = true, .leaves_out_curves = true};
}

/* Reads once without writing, to find out where to cut. */
static bool measure(struct export_run *run, GArray *ranges, GError **error)
{
    const struct options *options = run->options;
    begin_reading(run);
    struct part *part = part_new_measure(&run->source);
    g_ptr_array_add(run->parts, part);
    bool is_read = read_parts(run, error);
    g_autoptr(GArray) cuts = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (is_read && options->split_bytes) {
        g_array_unref(cuts);
        cuts = measure_cuts(part->measure, options->split_bytes);
    }
    /* Curves were measured as averages; exact ones of small pieces would be larger than all else. */
    if (is_read && options->split_bytes < EXACT_CURVES_BYTES)
        run->limits.curve_average_ns = timeline_average_ns(part->timeline);
    if (is_read && options->max_size_bytes)
        plan_attempts(run, part->measure);
    if (is_read) {
        make_ranges(ranges, cuts, trace_model_start_ns(run->source.model));
        run->start_ns = trace_model_start_ns(run->source.model);
        run->end_ns = trace_model_end_ns(run->source.model);
    }
    end_reading(run);
    return is_read;
}

/* Again with less when the file became larger than was measured: names count where they are first used. */
static bool write_limited(struct export_run *run, const GArray *ranges, GError **error)
{
    for (size_t i = 0; i < SIZE_ATTEMPTS; i++) {
        run->limits = run->attempts[i];
        bool is_thrown_away = i + 1 < SIZE_ATTEMPTS;
        if (!write_parts(run, ranges, 0, 1, &is_thrown_away, error))
            return false;
        if (!is_thrown_away)
            break;
    }
    return true;
}

static bool write_split(struct export_run *run, const GArray *ranges, GError **error)
{
    if (ranges->len > MAX_PARTS) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "that would be %u files; choose a larger -split=", ranges->len);
        return false;
    }
    for (guint first = 0; first < ranges->len; first += MAX_PARTS_AT_ONCE) {
        bool is_thrown_away = false;
        guint end = MIN(first + MAX_PARTS_AT_ONCE, ranges->len);
        if (!write_parts(run, ranges, first, end, &is_thrown_away, error))
            return false;
    }
    if (ranges->len > 1)
        fprintf(stderr, "viewer_export: wrote %u files\n", ranges->len);
    return true;
}

static void ignore_state(void *self, const struct state_interval *interval)
{
    (void)self, (void)interval;
}

static void ignore_blocking(void *self, const struct blocking *operation)
{
    (void)self, (void)operation;
}

static void ignore_heap(void *self, const struct heap_sample *sample)
{
    (void)self, (void)sample;
}

static void ignore_mark(void *self, const struct user_mark *mark)
{
    (void)self, (void)mark;
}

/* Who is shown may be told later than what they did. */
static bool must_judge_threads(const struct options *options)
{
    return options->filter.pids || options->filter.thread ||
           ctf_folders_have_channel(options->trace, EXECTRACE_KERNEL_CHANNEL);
}

/* Reads once without writing: a timeline that is written to a pipe cannot be begun again. */
static bool judge_threads(struct export_run *run, GError **error)
{
    static const struct trace_observer observer = {
        .state = ignore_state, .blocking = ignore_blocking, .heap = ignore_heap, .mark = ignore_mark};
    begin_reading(run);
    struct filter *filter = filter_new(run->source.model, &run->options->filter, run->start_ns, run->end_ns);
    filter_add_observer(filter, &observer);
    bool is_read = read_events(run, take_event, error);
    if (is_read) {
        trace_model_finish(run->source.model);
        run->corrections = filter_take_corrections(filter);
    }
    filter_free(filter);
    end_reading(run);
    return is_read;
}

static bool run_stages(struct export_run *run, GError **error)
{
    const struct options *options = run->options;
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
    if (filter_options_need_range(&options->filter) && !read_events(run, widen_range, error))
        return false;
    if (must_judge_threads(options) && !judge_threads(run, error))
        return false;
    if (options->split_bytes || options->max_size_bytes) {
        if (!measure(run, ranges, error))
            return false;
    } else {
        const struct range all = {0};
        g_array_append_val(ranges, all);
    }
    return options->max_size_bytes ? write_limited(run, ranges, error) : write_split(run, ranges, error);
}

static bool run_export(const struct options *options, GError **error)
{
    struct export_run run = {.options = options};
    bool is_fine = run_stages(&run, error);
    g_clear_pointer(&run.corrections, g_array_unref);
    return is_fine;
}

/* What the file is called in the link: like the trace, in characters that need no escape. */
static char *served_name(const struct options *options)
{
    g_autofree char *base = g_path_get_basename(options->output ? options->output : options->trace);
    g_strcanon(base, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '_');
    return g_strdup_printf("%s%s", base, options->output ? "" : options->exporter->suffixes[0]);
}

/* Without -o the file has no name any more when it is served: nothing is left behind however that ends. */
static bool export_and_serve(const struct options *options, GError **error)
{
    struct options written = *options;
    g_autofree char *path =
        g_strdup_printf("%s/exectrace-%d%s", g_get_tmp_dir(), (int)getpid(), options->exporter->suffixes[0]);
    if (!written.output)
        written.output = path;
    if (!run_export(&written, error))
        return false;

    int fd = open(written.output, O_RDONLY | O_CLOEXEC);
    int open_errno = errno;
    if (!options->output)
        unlink(written.output);
    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(open_errno), "cannot read %s: %s",
                    written.output, g_strerror(open_errno));
        return false;
    }
    g_autofree char *name = served_name(options);
    bool is_served = serve_once(fd, name, error);
    close(fd);
    return is_served;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    g_set_prgname("viewer_export");
    struct options options;
    int status = STATUS_FINE;
    g_autoptr(GError) error = NULL;
    if (options_parse(&options, argc, argv, &status) &&
        !(options.is_open ? export_and_serve : run_export)(&options, &error)) {
        fprintf(stderr, "viewer_export: %s\n", error->message);
        status = STATUS_FAILURE;
    }
    options_clear(&options);
    return status;
}
