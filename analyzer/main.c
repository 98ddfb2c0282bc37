/*
 * The analyzer: a trace in, one report or profile out. The stages in their order: reader (or events as text),
 * model, filter, report or profile, output.
 *
 * Exit status: 0 done, 1 the trace could not be read or the result not be written, 2 wrong usage.
 */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include "analyzer/ctf_reader.h"
#include "analyzer/event_text.h"
#include "analyzer/options.h"
#include "analyzer/output.h"
#include "analyzer/report_common.h"

struct analysis {
    struct analyzer_options options;
    struct trace_model *model;
    struct symbol_table *symbols;
    struct filter *filter;
    struct output *output;
    struct report_context context;
    void *report;
    struct profile_builder *builder;
    int64_t range_start_ns, range_end_ns; /* of the trace, when the filter must know it */
    GArray *corrections;                  /* of the first pass, for the second; NULL: none */
    FILE *stdin_copy;                     /* of the events on standard input, which are read more than once */
    bool needs_all_events;                /* whatever the result seems to hang on */
    GError *incomplete;                   /* why the trace could not be read to its end; the rest counts */
};

static bool feed_model(void *self, const struct event *event)
{
    trace_model_event(self, event);
    return true;
}

static bool print_event(void *self, const struct event *event)
{
    event_text_write(event, self);
    return !ferror((FILE *)self);
}

static bool widen_range(void *self, const struct event *event)
{
    struct analysis *analysis = self;

    if (analysis->range_start_ns == 0)
        analysis->range_start_ns = event->time_ns;
    analysis->range_end_ns = MAX(analysis->range_end_ns, event->time_ns);
    return true;
}

/* NULL and errno: no room for it. */
static FILE *copy_stdin(void)
{
    FILE *copy = tmpfile();
    char block[BUFSIZ];
    size_t size;

    while (copy && (size = fread(block, 1, sizeof block, stdin)) > 0) {
        if (fwrite(block, 1, size, copy) != size)
            return NULL;
    }
    return copy;
}

static FILE *open_text(struct analysis *analysis, const char *path)
{
    if (strcmp(path, "-") != 0)
        return fopen(path, "re");
    if (!analysis->stdin_copy)
        analysis->stdin_copy = copy_stdin();
    if (analysis->stdin_copy)
        rewind(analysis->stdin_copy);
    return analysis->stdin_copy;
}

static bool read_text(struct analysis *analysis, const char *path, event_sink sink, void *self,
                      GError **error)
{
    FILE *in = open_text(analysis, path);
    if (!in) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot read %s: %s", path,
                    g_strerror(errno));
        return false;
    }

    bool is_read = event_text_read(in, sink, self, error);
    if (!is_read)
        g_prefix_error(error, "%s: ", path);
    if (in != analysis->stdin_copy)
        fclose(in);
    return is_read;
}

/* needs: NULL: all events. */
static bool read_events(struct analysis *analysis, const struct event_needs *needs, event_sink sink,
                        void *self, GError **error)
{
    const struct analyzer_options *options = &analysis->options;

    if (options->events_file)
        return read_text(analysis, options->events_file, sink, self, error);
    struct ctf_reader_options reader = {
        .path = options->trace, .workers = options->workers, .needs = needs, .is_progress = true};
    return ctf_reader_run(&reader, sink, self, error);
}

static bool matches_focus(void *self, const struct stack *stack)
{
    struct analysis *analysis = self;

    return symbol_table_stack_matches(analysis->symbols, stack, analysis->options.filter.focus);
}

static void begin(struct analysis *analysis)
{
    struct analyzer_options *options = &analysis->options;

    analysis->model = trace_model_new();
    analysis->symbols = symbol_table_new(options->symbolize, options->sysroot);
    analysis->filter =
        filter_new(analysis->model, &options->filter, analysis->range_start_ns, analysis->range_end_ns);
    /* A profile is focused by its own stacks, which are not always the waiters' (mutex, offwake). */
    if (options->filter.focus && !options->profile)
        filter_set_focus(analysis->filter, matches_focus, analysis);
    filter_hold_lost(analysis->filter);
    if (analysis->corrections)
        filter_apply_corrections(analysis->filter, analysis->corrections);
    analysis->context = (struct report_context){
        .model = analysis->model,
        .filter = analysis->filter,
        .symbols = analysis->symbols,
        .trace = options->trace ? options->trace : options->events_file,
    };
    if (options->profile) {
        analysis->builder = profile_builder_new(options->profile, analysis->model);
        struct trace_observer observer = profile_builder_observer(analysis->builder);
        filter_add_observer(analysis->filter, &observer);
    } else {
        analysis->report = options->report->begin(&analysis->context);
    }
}

static bool write_profile(struct analysis *analysis, GError **error)
{
    const struct analyzer_options *options = &analysis->options;
    struct profile *profile = profile_builder_finish(analysis->builder);

    profile_set_range(profile, filter_start_ns(analysis->filter), filter_end_ns(analysis->filter));
    if (options->filter.focus)
        profile_focus(profile, analysis->symbols, options->filter.focus);
    if (options->max_samples > 0)
        profile_limit(profile, options->max_samples);
    if (profile_sample_count(profile) == 0 && !analysis->incomplete)
        g_printerr("analyzer: warning: the trace has nothing for a %s profile\n", options->profile->name);
    bool is_written = pprof_write(profile, analysis->symbols, fileno(output_file(analysis->output)), error);
    profile_free(profile);
    if (!is_written)
        g_prefix_error(error, "cannot write %s: ", options->output ? options->output : "to standard output");
    return is_written;
}

static void print_warnings(const struct analysis *analysis)
{
    const GPtrArray *warnings = symbol_table_warnings(analysis->symbols);

    for (guint i = 0; i < warnings->len; i++)
        g_printerr("analyzer: warning: %s\n", (const char *)warnings->pdata[i]);
    const struct filter_options *range = &analysis->options.filter;
    bool has_range = range->from.kind != TIME_POINT_NONE || range->to.kind != TIME_POINT_NONE;
    if (has_range && filter_start_ns(analysis->filter) >= filter_end_ns(analysis->filter))
        g_printerr("analyzer: warning: nothing of the trace is between -from and -to\n");
    /* Reports say it themselves. */
    if (analysis->options.profile)
        report_print_missing(&analysis->context, stderr);
}

/* The whole trace through model and filter into what makes the result. */
static bool pass(struct analysis *analysis, GError **error)
{
    const struct analyzer_options *options = &analysis->options;

    begin(analysis);
    struct event_needs needs = trace_model_needs(analysis->model);
    bool needs_all = analysis->needs_all_events || (!options->profile && options->report->needs_all_events);
    if (!read_events(analysis, needs_all ? NULL : &needs, feed_model, analysis->model,
                     &analysis->incomplete) &&
        trace_model_event_count(analysis->model) == 0) {
        g_propagate_error(error, g_steal_pointer(&analysis->incomplete));
        return false;
    }
    trace_model_finish(analysis->model);
    filter_finish(analysis->filter);
    return true;
}

static void end_pass(struct analysis *analysis)
{
    if (analysis->report)
        analysis->options.report->free(analysis->report);
    analysis->report = NULL;
    g_clear_pointer(&analysis->builder, profile_builder_free);
    g_clear_pointer(&analysis->filter, filter_free);
    g_clear_pointer(&analysis->symbols, symbol_table_free);
    g_clear_pointer(&analysis->model, trace_model_free);
    g_clear_error(&analysis->incomplete);
}

/* Reads the trace and writes the result; output is still to be closed. */
static bool analyze(struct analysis *analysis, GError **error)
{
    const struct analyzer_options *options = &analysis->options;
    static const struct event_needs times_only;

    if (options->is_events_report)
        return read_events(analysis, NULL, print_event, output_file(analysis->output), error);
    if (filter_options_need_range(&options->filter) &&
        !read_events(analysis, &times_only, widen_range, analysis, error)) {
        if (analysis->range_start_ns == 0)
            return false;
        g_clear_error(error); /* it will come again */
    }
    if (!pass(analysis, error))
        return false;
    if (trace_model_needs_all_events(analysis->model)) {
        analysis->needs_all_events = true;
        end_pass(analysis);
        if (!pass(analysis, error))
            return false;
    }
    analysis->corrections = filter_take_corrections(analysis->filter);
    if (analysis->corrections) {
        end_pass(analysis);
        if (!pass(analysis, error))
            return false;
    }
    symbol_table_learn_objects(analysis->symbols, analysis->model);
    if (options->profile) {
        if (!write_profile(analysis, error))
            return false;
    } else {
        options->report->write(analysis->report, options->format, output_file(analysis->output));
    }
    print_warnings(analysis);
    return true;
}

/* The model and the result end with the process: giving them back piece by piece takes longer. */
static void end(struct analysis *analysis)
{
    if (analysis->stdin_copy)
        fclose(analysis->stdin_copy);
    analyzer_options_clear(&analysis->options);
}

static bool run(struct analysis *analysis, GError **error)
{
    analysis->output = output_open(analysis->options.output, error);
    if (!analysis->output)
        return false;
    if (analysis->options.profile && output_is_terminal(analysis->output)) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "a profile is not for terminals: use -o FILE, then `go tool pprof FILE`");
        output_abandon(analysis->output);
        return false;
    }
    if (!analyze(analysis, error)) {
        output_abandon(analysis->output);
        return false;
    }
    if (!output_close(analysis->output, error))
        return false;
    if (analysis->incomplete) {
        g_propagate_prefixed_error(error, g_steal_pointer(&analysis->incomplete),
                                   "the result is of a part of the trace only: ");
        return false;
    }
    return true;
}

/* What -help and -version print can fail to arrive, too. */
static bool is_said(GError **error)
{
    struct output *output = output_open(NULL, error);

    return output && output_close(output, error);
}

int main(int argc, char **argv)
{
    static struct analysis analysis;
    g_autoptr(GError) error = NULL;

    setlocale(LC_CTYPE, "");
    enum options_verdict verdict = analyzer_options_parse(&analysis.options, argc, argv, &error);
    bool is_good =
        (verdict == OPTIONS_DONE && is_said(&error)) || (verdict == OPTIONS_RUN && run(&analysis, &error));
    end(&analysis);
    if (error)
        g_printerr("analyzer: %s\n", error->message);
    return is_good ? 0 : verdict == OPTIONS_BAD ? 2 : 1;
}
