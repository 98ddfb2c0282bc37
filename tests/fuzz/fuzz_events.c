/*
 * fuzz_events [-n COUNT] [-s FIRST] [-v] EVENTS...: takes events as text (what `analyzer TRACE
 * -report=events` prints), changes what they say in a few places (durations, times, ids, names, kinds; events
 * doubled, moved, left out), and gives them to the model, with one report or profile behind it. Copy number
 * FIRST + i is always the same for the same files. All in one process, meant for the sanitizers: it survives
 * or does not.
 *
 * -v: the number of each on stderr; that of one that is not survived is the last. Exit status: 0 survived.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <glib.h>
#include "analyzer/event_text.h"
#include "tests/fuzz/consumers.h"

#define MAX_LINES 4000

static GRand *dice;

static const char *const values[] = {
    "0",
    "1",
    "-1",
    "2",
    "100",
    "4096",
    "65535",
    "2147483647",
    "-2147483648",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "0xffffffffffffffff",
    "0x7fffffffffff",
    "mutex",
    "\"\"",
    "\"a\\xffb\"",
    "nan",
    "1e308",
};

static guint any_below(guint limit)
{
    return (guint)g_rand_int_range(dice, 0, (gint)limit);
}

/* Another value for one of the words of a line: of the head by place, of the rest behind its "=". */
static char *change_word(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    guint count = g_strv_length(words), at = any_below(MAX(count, 1));
    const char *value = values[any_below(G_N_ELEMENTS(values))];

    if (count == 0)
        return g_strdup(line);
    char *equals = strchr(words[at], '=');
    char *changed =
        equals ? g_strdup_printf("%.*s=%s", (int)(equals - words[at]), words[at], value) : g_strdup(value);
    g_free(words[at]);
    words[at] = changed;
    return g_strjoinv(" ", words);
}

/* The line's time, some time earlier or later. */
static char *shift_time(const char *line)
{
    char *rest;
    gint64 time_ns = g_ascii_strtoll(line, &rest, 10);
    gint64 by_ns = (gint64)1 << any_below(62);

    if (rest == line)
        return g_strdup(line);
    if (any_below(2) && time_ns > by_ns)
        by_ns = -by_ns;
    return g_strdup_printf("%" G_GINT64_FORMAT "%s", (gint64)((guint64)time_ns + (guint64)by_ns), rest);
}

static void replace(GPtrArray *lines, guint at, char *line)
{
    g_free(lines->pdata[at]);
    lines->pdata[at] = line;
}

static void change(GPtrArray *lines)
{
    guint at = any_below(lines->len), other = any_below(lines->len);

    switch (any_below(6)) {
    case 0:
        g_ptr_array_insert(lines, (gint)other, g_strdup(lines->pdata[at]));
        break;
    case 1:
        if (lines->len > 1)
            g_ptr_array_remove_index(lines, at);
        break;
    case 2:
        replace(lines, at, shift_time(lines->pdata[at]));
        break;
    default:
        replace(lines, at, change_word(lines->pdata[at]));
        break;
    }
}

struct feed {
    struct trace_model *model;
    int64_t last_ns;
};

/* Times that step back are the reader's to mend: it gives an event its predecessor's time. */
static bool feed_event(void *self, const struct event *event)
{
    struct feed *feed = self;
    struct event ordered = *event;

    ordered.time_ns = MAX(event->time_ns, feed->last_ns);
    feed->last_ns = ordered.time_ns;
    trace_model_event(feed->model, &ordered);
    return true;
}

/* Lines that are no events any more are left out, so that those behind them are read. */
static void feed_lines(struct trace_model *model, const GPtrArray *lines)
{
    struct feed feed = {model, 0};

    for (guint i = 0; i < lines->len; i++) {
        char *line = lines->pdata[i];
        g_autoptr(GError) error = NULL;
        if (*line == '\0')
            continue;
        FILE *in = fmemopen(line, strlen(line), "r");
        if (!event_text_read(in, feed_event, &feed, &error) && !error)
            abort();
        fclose(in);
    }
}

static void run_copy(const GPtrArray *seed, guint64 number)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    struct trace_model *model = trace_model_new();

    dice = g_rand_new_with_seed_array((const guint32[]){(guint32)number, (guint32)(number >> 32)}, 2);
    struct consumer *consumer = consumer_new(model, number);
    for (guint i = 0; i < seed->len; i++)
        g_ptr_array_add(lines, g_strdup(seed->pdata[i]));
    for (guint i = any_below(30) + 1; i > 0; i--)
        change(lines);
    feed_lines(model, lines);
    trace_model_finish(model);
    for (uint32_t i = 1; i < trace_model_thread_count(model); i++) {
        const struct thread *thread = trace_model_thread(model, i);
        if (thread->running_ns + thread->runnable_ns + thread->blocked_ns + thread->unknown_ns !=
            thread->end_ns - thread->start_ns)
            abort();
    }
    consumer_finish(consumer);
    trace_model_free(model);
    g_rand_free(dice);
}

static GPtrArray *load(const char *path)
{
    g_autofree char *text = NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fprintf(stderr, "fuzz_events: cannot read %s\n", path);
        exit(2);
    }
    g_auto(GStrv) all = g_strsplit(text, "\n", MAX_LINES);
    for (char **line = all; *line; line++)
        if (**line && **line != '#' && !strchr(*line, '\n'))
            g_ptr_array_add(lines, g_strdup(*line));
    return lines;
}

int main(int argc, char **argv)
{
    guint64 count = 1000, first = 0;
    g_autoptr(GPtrArray) seeds = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    bool is_verbose = false;
    int option;

    while ((option = getopt(argc, argv, "n:s:v")) != -1) {
        if (option == 'n')
            count = strtoull(optarg, NULL, 10);
        else if (option == 's')
            first = strtoull(optarg, NULL, 10);
        else if (option == 'v')
            is_verbose = true;
        else
            return 2;
    }
    for (int i = optind; i < argc; i++)
        g_ptr_array_add(seeds, load(argv[i]));
    if (seeds->len == 0)
        return 2;
    for (guint64 number = first; number < first + count; number++) {
        if (is_verbose)
            fprintf(stderr, "%" PRIu64 "\n", number);
        run_copy(g_ptr_array_index(seeds, number % seeds->len), number / seeds->len);
    }
    printf("%" PRIu64 " changed copies of %u files, all survived\n", count, seeds->len);
    return 0;
}
