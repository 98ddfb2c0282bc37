/*
 * The command line of `recorder`: a table of options, their parsers, and the help text.
 * Called by main.c, once, on the main thread.
 */
#include "recorder/options.h"
#include "recorder/sched_collector.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_code {
    OPTION_OUTPUT = 'o',
    OPTION_HELP = 'h',
    OPTION_QUIET = 'q',
    OPTION_VERSION = 'V',
    OPTION_FOLLOW = 256,
    OPTION_WAIT_CHILDREN,
    OPTION_SNAPSHOT,
    OPTION_ATTACH,
    OPTION_DURATION,
    OPTION_URL,
    OPTION_NO_SCHED,
    OPTION_NO_WAKEUPS,
    OPTION_LTTNG_KERNEL,
    OPTION_SAMPLES,
    OPTION_METRICS,
    OPTION_RING_SIZE,
    OPTION_BUFFER_SIZE,
    OPTION_START_LIMIT,
    OPTION_WAIT_THRESHOLD,
    OPTION_SYSCALL_THRESHOLD,
    OPTION_ALLOC,
    OPTION_STACKS,
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"attach", required_argument, NULL, OPTION_ATTACH},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"url", required_argument, NULL, OPTION_URL},
    {"follow", required_argument, NULL, OPTION_FOLLOW},
    {"wait-children", no_argument, NULL, OPTION_WAIT_CHILDREN},
    {"snapshot", optional_argument, NULL, OPTION_SNAPSHOT},
    {"no-sched", no_argument, NULL, OPTION_NO_SCHED},
    {"no-wakeups", no_argument, NULL, OPTION_NO_WAKEUPS},
    {"lttng-kernel", no_argument, NULL, OPTION_LTTNG_KERNEL},
    {"samples", required_argument, NULL, OPTION_SAMPLES},
    {"metrics", required_argument, NULL, OPTION_METRICS},
    {"ring-size", required_argument, NULL, OPTION_RING_SIZE},
    {"buffer-size", required_argument, NULL, OPTION_BUFFER_SIZE},
    {"start-limit", required_argument, NULL, OPTION_START_LIMIT},
    {"wait-threshold", required_argument, NULL, OPTION_WAIT_THRESHOLD},
    {"syscall-threshold", required_argument, NULL, OPTION_SYSCALL_THRESHOLD},
    {"alloc", required_argument, NULL, OPTION_ALLOC},
    {"stacks", required_argument, NULL, OPTION_STACKS},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help_text[] =
    "Usage: recorder [OPTIONS] [--] PROGRAM [ARGUMENTS...]\n"
    "       recorder [OPTIONS] --attach=PID\n"
    "Runs PROGRAM and records where its threads wait. `analyzer` and `viewer_export` read the result.\n"
    "\n"
    "  -o, --output=DIR            write the trace to DIR, new or empty (default: a new directory,\n"
    "                              its name is printed on standard error)\n"
    "      --attach=PID            record a process that was started with libexectrace.so before\n"
    "      --duration=TIME         with --attach: for so long; otherwise until it ends, or Ctrl-C\n"
    "      --url=URL               send the trace to lttng-relayd on another machine: net://HOST\n"
    "      --follow=all|none       record the processes that PROGRAM starts too (default: all)\n"
    "      --wait-children         go on until the last recorded process has ended, e.g. a daemon\n"
    "      --snapshot[=signal|failure|end]  flight recorder: keep only the latest events, in memory, and\n"
    "                              write them when recorder gets SIGUSR2, when PROGRAM crashes or exits\n"
    "                              non-zero (default: failure), or whenever it ends\n"
    "      --wait-threshold=TIME   sum waits for locks and threads that are shorter (default: 5us)\n"
    "      --syscall-threshold=TIME  sum system calls that are shorter (default: 20us)\n"
    "      --alloc=off|all|SIZE    record no allocation, all, or one in SIZE bytes, e.g. 512K\n"
    "      --stacks=N              call stacks of at most N frames, 0 to 128\n"
    "      --no-sched              leave out scheduling\n"
    "      --no-wakeups            do not use the scheduler's tracepoints, even when allowed\n"
    "      --lttng-kernel          take scheduling from LTTng's kernel tracer (default: only where nothing\n"
    "                              else tells wake-ups and root's session daemon lets us)\n"
    "      --samples=HZ            look HZ times a second where running threads are; 0: not at all\n"
    "      --metrics=TIME          sample memory, CPU time, threads... that often (default: 1s; 0: not)\n"
    "      --buffer-size=SIZE      LTTng buffer per CPU, e.g. 8M; larger loses fewer events\n"
    "      --ring-size=SIZE        kernel ring per CPU for scheduling, e.g. 1M\n"
    "      --start-limit=TIME      start PROGRAM after TIME even when LTTng is not ready (default: 5s)\n"
    "  -q, --quiet                 print nothing but errors\n"
    "  -h, --help                  print this and exit\n"
    "  -V, --version               print the version and exit\n"
    "\n"
    "Options may be written with one dash or two. Sizes take K, M, G; times take ns, us, ms, s.\n"
    "Exit status: PROGRAM's own; 125: recorder failed; 126: PROGRAM cannot be run; 127: PROGRAM not found.\n"
    "See recorder(1).\n";

#define OPTIONS_MAX_SAMPLE_HZ 10000
#define OPTIONS_DEFAULT_START_LIMIT_MS 5000
#define OPTIONS_MAX_STACKS 128
#define OPTIONS_DEFAULT_METRICS_INTERVAL_NS UINT64_C(1000000000)
#define OPTIONS_MIN_METRICS_INTERVAL_NS UINT64_C(1000000)
#define OPTIONS_MAX_BYTES (UINT64_C(1) << 40)
#define OPTIONS_MAX_DURATION_NS (UINT64_C(3600) * 1000000000)

struct suffix {
    const char *text;
    uint64_t factor;
};

/* Number followed by one of the suffixes; the product must be in 1..limit, or 0 when zero is allowed. */
static bool parse_scaled(const char *text, const struct suffix *suffixes, bool is_zero_allowed,
                         uint64_t limit, uint64_t *value)
{
    char *end;

    if (!g_ascii_isdigit(text[0]))
        return false;

    double number = g_ascii_strtod(text, &end);
    for (; suffixes->text; suffixes++) {
        if (g_ascii_strcasecmp(end, suffixes->text) == 0)
            break;
    }

    if (!suffixes->text)
        return false;

    number *= (double)suffixes->factor;
    if (!(number <= (double)limit) || (number < 1 && !(is_zero_allowed && number == 0)))
        return false;

    *value = (uint64_t)number;
    return true;
}

bool options_parse_size(const char *text, uint64_t *bytes)
{
    static const struct suffix suffixes[] = {{"", 1},
                                             {"K", UINT64_C(1) << 10},
                                             {"KiB", UINT64_C(1) << 10},
                                             {"KB", UINT64_C(1) << 10},
                                             {"M", UINT64_C(1) << 20},
                                             {"MiB", UINT64_C(1) << 20},
                                             {"MB", UINT64_C(1) << 20},
                                             {"G", UINT64_C(1) << 30},
                                             {"GiB", UINT64_C(1) << 30},
                                             {"GB", UINT64_C(1) << 30},
                                             {NULL, 0}};

    return parse_scaled(text, suffixes, false, OPTIONS_MAX_BYTES, bytes);
}

bool options_parse_duration(const char *text, uint64_t *duration_ns)
{
    static const struct suffix suffixes[] = {{"", 1},
                                             {"ns", 1},
                                             {"us", 1000},
                                             {"ms", 1000000},
                                             {"s", 1000000000},
                                             {"m", UINT64_C(60000000000)},
                                             {"min", UINT64_C(60000000000)},
                                             {NULL, 0}};

    return parse_scaled(text, suffixes, true, OPTIONS_MAX_DURATION_NS, duration_ns);
}

static bool parse_count(const char *text, unsigned limit, unsigned *count)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, limit, &value, NULL))
        return false;

    *count = (unsigned)value;
    return true;
}

static bool take_duration_text(char **target, const char *text)
{
    uint64_t duration_ns;

    if (!options_parse_duration(text, &duration_ns))
        return false;

    g_free(*target);
    *target = g_strdup_printf("%" G_GUINT64_FORMAT, duration_ns);
    return true;
}

static bool take_alloc(struct recorder_options *options, const char *text)
{
    uint64_t bytes;
    char *value;

    if (strcmp(text, "off") == 0 || strcmp(text, "all") == 0)
        value = g_strdup(text);
    else if (options_parse_size(text, &bytes))
        value = g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
    else
        return false;

    g_free(options->alloc);
    options->alloc = value;
    return true;
}

static bool take_stacks(struct recorder_options *options, const char *text)
{
    unsigned count;

    if (!parse_count(text, OPTIONS_MAX_STACKS, &count))
        return false;

    g_free(options->stacks);
    options->stacks = g_strdup_printf("%u", count);
    return true;
}

static bool take_follow(struct recorder_options *options, const char *text)
{
    options->follow_children = strcmp(text, "all") == 0;
    return options->follow_children || strcmp(text, "none") == 0;
}

static bool take_snapshot(struct recorder_options *options, const char *text)
{
    static const char *const names[] = {
        [SNAPSHOT_ON_SIGNAL] = "signal", [SNAPSHOT_ON_FAILURE] = "failure", [SNAPSHOT_AT_END] = "end"};

    options->snapshot = SNAPSHOT_ON_FAILURE;
    for (unsigned i = SNAPSHOT_ON_SIGNAL; text && i <= SNAPSHOT_AT_END; i++) {
        options->snapshot = (enum snapshot_moment)i;
        if (strcmp(names[i], text) == 0)
            return true;
    }

    return !text;
}

static bool take_start_limit(struct recorder_options *options, const char *text)
{
    uint64_t duration_ns;

    if (!options_parse_duration(text, &duration_ns))
        return false;

    options->start_limit_ms = (unsigned)(duration_ns / 1000000);
    return true;
}

static bool take_attach(struct recorder_options *options, const char *text)
{
    unsigned pid;

    if (!parse_count(text, INT32_MAX, &pid) || pid == 0)
        return false;

    options->attach_pid = (int32_t)pid;
    return true;
}

static bool take_url(struct recorder_options *options, const char *text)
{
    if (!g_str_has_prefix(text, "net://") && !g_str_has_prefix(text, "net6://") &&
        !g_str_has_prefix(text, "tcp://") && !g_str_has_prefix(text, "tcp6://"))
        return false;

    g_free(options->url);
    options->url = g_strdup(text);
    return true;
}

static bool take_metrics(struct recorder_options *options, const char *text)
{
    uint64_t interval_ns;

    if (!options_parse_duration(text, &interval_ns) ||
        (interval_ns > 0 && interval_ns < OPTIONS_MIN_METRICS_INTERVAL_NS))
        return false;

    options->metrics_interval_ns = interval_ns;
    return true;
}

static bool take_output(struct recorder_options *options, const char *text)
{
    if (text[0] == '\0')
        return false;

    g_free(options->output);
    options->output = g_strdup(text);
    return true;
}

/* One option with its value. False: the value makes no sense. */
static bool take_option(struct recorder_options *options, int code, const char *value)
{
    switch (code) {
    case OPTION_OUTPUT:
        return take_output(options, value);
    case OPTION_ATTACH:
        return take_attach(options, value);
    case OPTION_DURATION:
        return options_parse_duration(value, &options->duration_ns) && options->duration_ns > 0;
    case OPTION_URL:
        return take_url(options, value);
    case OPTION_FOLLOW:
        return take_follow(options, value);
    case OPTION_WAIT_CHILDREN:
        options->wait_for_children = true;
        return true;
    case OPTION_SNAPSHOT:
        return take_snapshot(options, value);
    case OPTION_NO_SCHED:
        options->with_sched = false;
        return true;
    case OPTION_NO_WAKEUPS:
        options->with_wakeups = false;
        return true;
    case OPTION_LTTNG_KERNEL:
        options->with_kernel_tracer = true;
        return true;
    case OPTION_SAMPLES:
        return parse_count(value, OPTIONS_MAX_SAMPLE_HZ, &options->sample_hz);
    case OPTION_METRICS:
        return take_metrics(options, value);
    case OPTION_RING_SIZE:
        return options_parse_size(value, &options->ring_bytes);
    case OPTION_BUFFER_SIZE:
        return options_parse_size(value, &options->buffer_bytes);
    case OPTION_START_LIMIT:
        return take_start_limit(options, value);
    case OPTION_WAIT_THRESHOLD:
        return take_duration_text(&options->wait_threshold_ns, value);
    case OPTION_SYSCALL_THRESHOLD:
        return take_duration_text(&options->syscall_threshold_ns, value);
    case OPTION_ALLOC:
        return take_alloc(options, value);
    case OPTION_STACKS:
        return take_stacks(options, value);
    case OPTION_QUIET:
        options->is_quiet = true;
        return true;
    default:
        return false;
    }
}

static const char *option_name(int code)
{
    for (const struct option *option = long_options; option->name; option++) {
        if (option->val == code)
            return option->name;
    }

    return "?";
}

/* What makes no sense together. */
static bool check_combination(const struct recorder_options *options, bool has_program, GError **error)
{
    const char *wrong = NULL;

    if (options->attach_pid && has_program)
        wrong = "--attach records a process that runs already; leave the program out";
    else if (!options->attach_pid && !has_program)
        wrong = "no program given; usage: recorder [-o DIR] [--] PROGRAM [ARGUMENTS...]";
    else if (options->duration_ns && !options->attach_pid)
        wrong = "--duration goes with --attach only";
    else if (options->wait_for_children && (options->attach_pid || !options->follow_children))
        wrong = options->attach_pid ? "--wait-children goes with a program, not with --attach"
                                    : "--wait-children records children, --follow=none does not";
    else if (options->with_kernel_tracer && !(options->with_sched && options->with_wakeups))
        wrong = options->with_sched ? "--lttng-kernel records wake-ups, --no-wakeups does not"
                                    : "--lttng-kernel records scheduling, --no-sched does not";
    else if (options->url && options->output)
        wrong = "the trace goes either to --output or to --url";

    if (wrong)
        g_set_error_literal(error, OPTIONS_ERROR, 0, wrong);

    return !wrong;
}

static enum options_result parse_words(struct recorder_options *options, int argc, char **argv,
                                       GError **error)
{
    int code;

    optind = 0; /* glibc: start afresh, also when called again by a test */
    opterr = 0;
    while ((code = getopt_long_only(argc, argv, "+:o:qhV", long_options, NULL)) != -1) {
        if (code == OPTION_HELP) {
            fputs(help_text, stdout);
            return OPTIONS_DONE;
        }

        if (code == OPTION_VERSION) {
            puts("recorder (exectrace) " EXECTRACE_VERSION);
            return OPTIONS_DONE;
        }

        if (code == '?' || code == ':') {
            g_set_error(error, OPTIONS_ERROR, 0, "%s %s; see recorder --help", argv[optind - 1],
                        code == ':' ? "needs a value" : "is no option of recorder, or is ambiguous");
            return OPTIONS_WRONG;
        }

        if (!take_option(options, code, optarg)) {
            g_set_error(error, OPTIONS_ERROR, 0, "\"%s\" is no value for --%s; see recorder --help", optarg,
                        option_name(code));
            return OPTIONS_WRONG;
        }
    }

    options->program = argv + optind;
    return check_combination(options, optind < argc, error) ? OPTIONS_RUN : OPTIONS_WRONG;
}

enum options_result options_parse(struct recorder_options *options, int argc, char **argv, GError **error)
{
    struct recorder_options parsed = {
        .follow_children = true,
        .with_sched = true,
        .with_wakeups = true,
        .sample_hz = SCHED_COLLECTOR_DEFAULT_HZ,
        .metrics_interval_ns = OPTIONS_DEFAULT_METRICS_INTERVAL_NS,
        .start_limit_ms = OPTIONS_DEFAULT_START_LIMIT_MS,
    };
    enum options_result result = parse_words(&parsed, argc, argv, error);

    if (result == OPTIONS_RUN)
        *options = parsed;
    else
        options_clear(&parsed);

    return result;
}

void options_clear(struct recorder_options *options)
{
    g_free(options->output);
    g_free(options->url);
    g_free(options->wait_threshold_ns);
    g_free(options->syscall_threshold_ns);
    g_free(options->alloc);
    g_free(options->stacks);
    memset(options, 0, sizeof(*options));
}
