/* Command line of the analyzer; called once by main. */
#include "analyzer/options.h"
#include <getopt.h>
#include <string.h>

enum option_number {
    OPTION_PPROF = 1000,
    OPTION_REPORT,
    OPTION_FORMAT,
    OPTION_EVENTS,
    OPTION_SYMBOLIZE,
    OPTION_SYSROOT,
    OPTION_WORKERS,
    OPTION_MAX_SAMPLES,
    OPTION_VERSION,
    OPTION_FILTER, /* and one number for each of filter_option_names */
};

enum { MAX_OPTIONS = 32, MAX_WORKERS = 256 };

static const struct option own_options[] = {
    {"pprof", required_argument, NULL, OPTION_PPROF},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"output", required_argument, NULL, 'o'},
    {"events", required_argument, NULL, OPTION_EVENTS},
    {"symbolize", required_argument, NULL, OPTION_SYMBOLIZE},
    {"sysroot", required_argument, NULL, OPTION_SYSROOT},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"max-samples", required_argument, NULL, OPTION_MAX_SAMPLES},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
};

static const char *const format_names[] = {
    [REPORT_TEXT] = "text", [REPORT_CSV] = "csv", [REPORT_JSON] = "json"};
static const char *const symbolize_names[] = {
    [SYMBOLIZE_NONE] = "none", [SYMBOLIZE_FUNCTIONS] = "functions", [SYMBOLIZE_LINES] = "lines"};

static void print_help(void)
{
    g_print("Usage: analyzer TRACE_DIR [OPTION]...\n"
            "Shows where the threads of a recorded program waited, for what, and who held it.\n"
            "Without options: a summary. One dash or two, as you like.\n\n"
            "  -report=KIND           write a report:\n");
    for (size_t i = 0; report_kind_at(i); i++)
        g_print("       %-12s      %s\n", report_kind_at(i)->name, report_kind_at(i)->description);
    g_print("       %-12s      %s\n"
            "  -format=FORMAT         of the report: text (default), csv, json\n"
            "  -pprof=KIND            write a profile for `go tool pprof`:\n",
            "events", "every event, one a line");
    for (const struct profile_kind *kind = profile_kinds; kind->name; kind++)
        g_print("       %-12s      %s\n", kind->name, kind->description);
    g_print("  -max-samples=N         of the profile; details are left out, sums stay\n"
            "  -o FILE, -output=FILE  write there, not to standard output\n\n%s\n"
            "Symbols:\n"
            "  -symbolize=HOW         none, functions, lines (default: with inlined calls)\n"
            "  -sysroot=DIR           where the files of the traced machine are\n\n"
            "  -workers=N             threads that decode (default: as many as CPUs)\n"
            "  -help, -version\n\n"
            "Exit status: 0 done, 1 failed, 2 wrong usage. Manual page: analyzer(1).\n",
            filter_option_help);
}

static void fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
}

/* Index of a word in a list; -1 and an error that lists the valid ones. */
static int find_word(const char *option, const char *word, const char *const *words, size_t count,
                     GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return (int)i;
        g_string_append_printf(list, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
    fail(error, "-%s=%s: there is no such %s; choose one of: %s", option, word,
         strcmp(option, "pprof") == 0 ? "profile" : option, list->str);
    return -1;
}

static bool set_report(struct analyzer_options *options, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    options->is_events_report = strcmp(name, "events") == 0;
    options->report = report_kind_find(name);
    options->profile = NULL;
    for (size_t i = 0; report_kind_at(i); i++)
        g_ptr_array_add(names, (gpointer)report_kind_at(i)->name);
    g_ptr_array_add(names, "events");
    return find_word("report", name, (const char *const *)names->pdata, names->len, error) >= 0;
}

static bool set_profile(struct analyzer_options *options, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    options->profile = profile_kind_find(name);
    for (const struct profile_kind *kind = profile_kinds; kind->name; kind++)
        g_ptr_array_add(names, (gpointer)kind->name);
    return find_word("pprof", name, (const char *const *)names->pdata, names->len, error) >= 0;
}

static bool set_number(unsigned *number, const char *option, const char *text, unsigned least, unsigned most,
                       GError **error)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, least, most, &value, error)) {
        g_prefix_error(error, "-%s: ", option);
        return false;
    }
    *number = (unsigned)value;
    return true;
}

static bool set_option(struct analyzer_options *options, int number, const char *value, GError **error)
{
    int found;

    switch (number) {
    case OPTION_PPROF:
        return set_profile(options, value, error);
    case OPTION_REPORT:
        return set_report(options, value, error);
    case OPTION_FORMAT:
        found = find_word("format", value, format_names, G_N_ELEMENTS(format_names), error);
        options->format = found < 0 ? REPORT_TEXT : (enum report_format)found;
        return found >= 0;
    case OPTION_SYMBOLIZE:
        found = find_word("symbolize", value, symbolize_names, G_N_ELEMENTS(symbolize_names), error);
        options->symbolize = found < 0 ? SYMBOLIZE_LINES : (enum symbolize_mode)found;
        return found >= 0;
    case OPTION_WORKERS:
        return set_number(&options->workers, "workers", value, 0, MAX_WORKERS, error);
    case OPTION_MAX_SAMPLES:
        return set_number(&options->max_samples, "max-samples", value, 1, INT32_MAX, error);
    case OPTION_SYSROOT:
        options->sysroot = value;
        return true;
    case OPTION_EVENTS:
        options->events_file = value;
        return true;
    case 'o':
        options->output = value;
        return true;
    default:
        return filter_options_set(&options->filter, filter_option_names[number - OPTION_FILTER], value,
                                  error);
    }
}

static void list_options(struct option *all)
{
    size_t count = G_N_ELEMENTS(own_options);

    memcpy(all, own_options, sizeof own_options);
    for (size_t i = 0; filter_option_names[i]; i++) {
        g_assert(count < MAX_OPTIONS - 1);
        all[count++] =
            (struct option){filter_option_names[i], required_argument, NULL, OPTION_FILTER + (int)i};
    }
    all[count] = (struct option){0};
}

static bool take_trace(struct analyzer_options *options, int argc, char **argv, GError **error)
{
    if (argc - optind > 1) {
        fail(error, "one trace at a time: \"%s\" and \"%s\" were given", argv[optind], argv[optind + 1]);
        return false;
    }
    if (optind < argc && options->events_file) {
        fail(error, "either a trace or -events, not both");
        return false;
    }
    if (optind == argc && !options->events_file) {
        fail(error, "name the trace's directory; `analyzer -help` shows how");
        return false;
    }
    options->trace = optind < argc ? argv[optind] : NULL;
    return true;
}

enum options_verdict analyzer_options_parse(struct analyzer_options *options, int argc, char **argv,
                                            GError **error)
{
    struct option all[MAX_OPTIONS];
    int number;

    *options = (struct analyzer_options){.symbolize = SYMBOLIZE_LINES, .report = report_kind_at(0)};
    list_options(all);
    opterr = 0;
    while ((number = getopt_long_only(argc, argv, ":o:h", all, NULL)) != -1) {
        if (number == 'h') {
            print_help();
            return OPTIONS_DONE;
        }
        if (number == OPTION_VERSION) {
            g_print("analyzer (exectrace) %s\nreports as CSV and JSON: version %d\n", EXECTRACE_VERSION,
                    REPORT_VERSION);
            return OPTIONS_DONE;
        }
        if (number == '?' || number == ':') {
            fail(error,
                 number == ':' ? "%s needs a value; `analyzer -help` shows how"
                               : "%s is no option (or not a unique one); `analyzer -help` lists them",
                 argv[optind - 1]);
            return OPTIONS_BAD;
        }
        if (!set_option(options, number, optarg, error))
            return OPTIONS_BAD;
    }
    return take_trace(options, argc, argv, error) ? OPTIONS_RUN : OPTIONS_BAD;
}

void analyzer_options_clear(struct analyzer_options *options)
{
    filter_options_clear(&options->filter);
}
