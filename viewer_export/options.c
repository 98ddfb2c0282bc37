/* Reads the command line; called once by main. */
#include "viewer_export/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FRAME_LIMIT 10
#define MAX_FRAME_LIMIT 1024
#define MIN_SIZE_BYTES 65536

enum option_number {
    OPTION_FORMAT = 256,
    OPTION_SYMBOLIZE,
    OPTION_SYSROOT,
    OPTION_STACKS,
    OPTION_SPLIT,
    OPTION_MAX_SIZE,
    OPTION_OPEN,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_FILTER, /* and one number for each of filter_option_names */
};

enum { MAX_OPTIONS = 40 };

static const struct option own_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"symbolize", required_argument, NULL, OPTION_SYMBOLIZE},
    {"sysroot", required_argument, NULL, OPTION_SYSROOT},
    {"open", no_argument, NULL, OPTION_OPEN},
    {"stacks", required_argument, NULL, OPTION_STACKS},
    {"split", required_argument, NULL, OPTION_SPLIT},
    {"max-size", required_argument, NULL, OPTION_MAX_SIZE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
};

static void print_help(void)
{
    printf(
        "Usage: viewer_export [OPTION]... TRACE_DIR -o FILE\n"
        "Writes a recording as a timeline that Perfetto and chrome://tracing open.\n"
        "\n"
        "  -o FILE            where to; its name chooses the format, .gz compresses; - is standard output\n"
        "  -format=FORMAT     one of\n");
    for (const struct exporter *const *exporter = exporters; *exporter; exporter++) {
        g_autofree char *suffix = g_strdup_printf("(%s)", (*exporter)->suffixes[0]);
        printf("                       %-11s %-18s %s\n", (*exporter)->name, suffix,
               (*exporter)->description);
    }
    printf("  -stacks=COUNT      frames of a call stack that are shown, from the innermost; 0 to %d, default "
           "%d\n"
           "  -symbolize=HOW     none, functions or lines (default)\n"
           "  -sysroot=DIR       folder under which the files of the recorded machine are\n"
           "  -help, -version\n"
           "\n"
           "%s"
           "\n"
           "Options may be written with one dash or two. Exit status: 0 fine, 1 failure, 2 wrong usage.\n",
           MAX_FRAME_LIMIT, DEFAULT_FRAME_LIMIT, filter_option_help);
}

/* Standard output may be full; the status to end with. */
static int end_talk(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return STATUS_FINE;
    fprintf(stderr, "viewer_export: cannot write to standard output: %s\n", g_strerror(errno));
    return STATUS_FAILURE;
}

static bool usage_error(int *status, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool usage_error(int *status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "viewer_export: %s; see viewer_export -help\n", text);
    *status = STATUS_USAGE;
    return false;
}

static bool parse_format(struct options *options, const char *text, int *status)
{
    options->exporter = exporter_find(text);
    if (options->exporter)
        return true;
    return usage_error(status, "there is no format \"%s\"", text);
}

static bool parse_symbolize(struct options *options, const char *text, int *status)
{
    static const char *const names[] = {
        [SYMBOLIZE_NONE] = "none",
        [SYMBOLIZE_FUNCTIONS] = "functions",
        [SYMBOLIZE_LINES] = "lines",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            options->symbolize = (enum symbolize_mode)i;
            return true;
        }
    }
    return usage_error(status, "-symbolize is none, functions or lines, not \"%s\"", text);
}

static bool parse_stacks(struct options *options, const char *text, int *status)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(text, 10, 0, MAX_FRAME_LIMIT, &number, NULL))
        return usage_error(status, "-stacks is a number from 0 to %d, not \"%s\"", MAX_FRAME_LIMIT, text);
    options->frame_limit = (uint32_t)number;
    return true;
}

/* "100MB", "512k", "1GiB", "4096": bytes. Sizes below 64 kB hold not even the names. */
static bool parse_size(uint64_t *bytes, const char *option, const char *text, int *status)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1},         {"B", 1},        {"k", 1e3},     {"kB", 1e3}, {"K", 1e3},
                 {"KB", 1e3},     {"M", 1e6},      {"MB", 1e6},    {"G", 1e9},  {"GB", 1e9},
                 {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}};
    char *end;
    double number = g_ascii_strtod(text, &end);
    for (size_t i = 0; i < G_N_ELEMENTS(units) && end != text; i++) {
        if (strcmp(end, units[i].name) != 0 || !(number * units[i].bytes < 1e18))
            continue;
        if (number * units[i].bytes < MIN_SIZE_BYTES)
            return usage_error(status, "-%s is at least %d bytes", option, MIN_SIZE_BYTES);
        *bytes = (uint64_t)(number * units[i].bytes);
        return true;
    }
    return usage_error(status, "-%s is a size such as 100MB, not \"%s\"", option, text);
}

static bool parse_filter(struct options *options, int option, int *status)
{
    g_autoptr(GError) error = NULL;
    if (filter_options_set(&options->filter, filter_option_names[option - OPTION_FILTER], optarg, &error))
        return true;
    return usage_error(status, "%s", error->message);
}

static bool parse_option(struct options *options, int option, int *status)
{
    switch (option) {
    case 'o':
        options->output = optarg;
        return true;
    case OPTION_FORMAT:
        return parse_format(options, optarg, status);
    case OPTION_SYMBOLIZE:
        return parse_symbolize(options, optarg, status);
    case OPTION_SYSROOT:
        options->sysroot = optarg;
        return true;
    case OPTION_STACKS:
        return parse_stacks(options, optarg, status);
    case OPTION_OPEN:
        options->is_open = true;
        return true;
    case OPTION_SPLIT:
        return parse_size(&options->split_bytes, "split", optarg, status);
    case OPTION_MAX_SIZE:
        return parse_size(&options->max_size_bytes, "max-size", optarg, status);
    case OPTION_HELP:
        print_help();
        *status = end_talk();
        return false;
    case OPTION_VERSION:
        printf("viewer_export (exectrace) " EXECTRACE_VERSION "\n");
        *status = end_talk();
        return false;
    default:
        if (option >= OPTION_FILTER)
            return parse_filter(options, option, status);
        /* getopt has said what is wrong */
        fprintf(stderr, "See viewer_export -help.\n");
        *status = STATUS_USAGE;
        return false;
    }
}

static bool choose_format(struct options *options, int *status)
{
    if (!options->exporter && options->output)
        options->exporter = exporter_find_by_file(options->output);
    if (!options->exporter)
        options->exporter = options->is_open && !options->output ? &perfetto_exporter : exporters[0];
    if (options->is_open && options->exporter != &perfetto_exporter &&
        options->exporter != &chrome_json_exporter)
        return usage_error(status, "-open is for timelines: Perfetto does not show -format=%s",
                           options->exporter->name);
    options->is_gzip = options->output && g_str_has_suffix(options->output, ".gz");
    return true;
}

/* What depends on several options. */
static bool complete(struct options *options, int argc, char **argv, int *status)
{
    if (optind >= argc)
        return usage_error(status, "say which trace to read");
    if (optind + 1 < argc)
        return usage_error(status, "one trace at a time, but \"%s\" follows \"%s\"", argv[optind + 1],
                           argv[optind]);
    options->trace = argv[optind];
    if (!options->output && !options->is_open)
        return usage_error(status, "say with -o where to write, - for standard output");
    bool is_stdout = options->output && strcmp(options->output, "-") == 0;
    if (options->split_bytes && options->max_size_bytes)
        return usage_error(status, "-split keeps everything and -max-size does not: choose one");
    if (options->split_bytes && (is_stdout || options->is_open))
        return usage_error(status, "-split makes several files: it needs -o with a name, and no -open");
    if (options->is_open && is_stdout)
        return usage_error(status, "-open serves a file: -o needs a name, or leave it out");
    return choose_format(options, status);
}

static void list_options(struct option all[MAX_OPTIONS])
{
    size_t count = G_N_ELEMENTS(own_options);
    memcpy(all, own_options, sizeof(own_options));
    for (size_t i = 0; filter_option_names[i]; i++) {
        g_assert(count < MAX_OPTIONS - 1);
        all[count++] =
            (struct option){filter_option_names[i], required_argument, NULL, OPTION_FILTER + (int)i};
    }
    all[count] = (struct option){0};
}

bool options_parse(struct options *options, int argc, char **argv, int *status)
{
    *options = (struct options){
        .symbolize = SYMBOLIZE_LINES,
        .frame_limit = DEFAULT_FRAME_LIMIT,
        .is_progress = isatty(STDERR_FILENO),
    };
    argv[0] = program_invocation_short_name; /* what getopt's messages begin with */
    struct option all[MAX_OPTIONS];
    list_options(all);
    int option;
    while ((option = getopt_long_only(argc, argv, "o:", all, NULL)) != -1) {
        if (!parse_option(options, option, status))
            return false;
    }
    return complete(options, argc, argv, status);
}

void options_clear(struct options *options)
{
    filter_options_clear(&options->filter);
    *options = (struct options){0};
}
