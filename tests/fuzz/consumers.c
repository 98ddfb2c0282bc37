/* Reports and profiles for the fuzz drivers: see consumers.h. */
#include "tests/fuzz/consumers.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "analyzer/profile_builders.h"
#include "analyzer/report_common.h"

struct consumer {
    struct trace_model *model;
    struct symbol_table *symbols;
    struct filter_options options;
    struct filter *filter;
    const struct report_kind *kind; /* NULL: a profile */
    enum report_format format;
    struct report_context context;
    void *report;
    struct profile_builder *builder;
};

static const char *const filters[][4] = {
    {NULL},
    {"from", "1ms", NULL},
    {"to", "2ms", NULL},
    {"from", "300us", "to", "50ms"},
    {"min-duration", "10us", NULL},
    {"thread", "e", NULL},
    {"focus", "0x.*[5-9]", NULL},
    {"tid", "0,1,100", NULL},
};

static bool matches_focus(void *self, const struct stack *stack)
{
    struct consumer *consumer = self;

    return symbol_table_stack_matches(consumer->symbols, stack, consumer->options.focus);
}

static void set_filter(struct consumer *consumer, guint64 number)
{
    const char *const *words = filters[number % G_N_ELEMENTS(filters)];

    for (size_t i = 0; i < G_N_ELEMENTS(filters[0]) && words[i]; i += 2)
        if (!filter_options_set(&consumer->options, words[i], words[i + 1], NULL))
            abort();
}

struct consumer *consumer_new(struct trace_model *model, guint64 number)
{
    struct consumer *consumer = g_new0(struct consumer, 1);
    guint64 reports = 0, profiles = 0;

    while (report_kind_at(reports))
        reports++;
    while (profile_kinds[profiles].name)
        profiles++;
    guint64 kind = number % (reports + profiles);
    set_filter(consumer, number / (reports + profiles));
    consumer->model = model;
    consumer->format = (enum report_format)(number % 3);
    consumer->symbols = symbol_table_new(SYMBOLIZE_NONE, NULL);
    consumer->filter = filter_new(model, &consumer->options, 0, 0);
    if (consumer->options.focus)
        filter_set_focus(consumer->filter, matches_focus, consumer);
    consumer->context = (struct report_context){
        .model = model, .filter = consumer->filter, .symbols = consumer->symbols, .trace = "fuzz"};
    if (kind < reports) {
        consumer->kind = report_kind_at(kind);
        consumer->report = consumer->kind->begin(&consumer->context);
    } else {
        consumer->builder = profile_builder_new(&profile_kinds[kind - reports], model);
        struct trace_observer observer = profile_builder_observer(consumer->builder);
        filter_add_observer(consumer->filter, &observer);
    }
    return consumer;
}

static void write_profile(struct consumer *consumer)
{
    struct profile *profile = profile_builder_finish(consumer->builder);
    int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

    profile_set_range(profile, filter_start_ns(consumer->filter), filter_end_ns(consumer->filter));
    if (consumer->options.focus)
        profile_focus(profile, consumer->symbols, consumer->options.focus);
    if (!pprof_write(profile, consumer->symbols, out, NULL))
        abort();
    close(out);
    profile_free(profile);
}

void consumer_finish(struct consumer *consumer)
{
    symbol_table_learn_objects(consumer->symbols, consumer->model);
    if (consumer->kind) {
        FILE *out = fopen("/dev/null", "we");
        consumer->kind->write(consumer->report, consumer->format, out);
        fclose(out);
        consumer->kind->free(consumer->report);
    } else {
        write_profile(consumer);
    }
    profile_builder_free(consumer->builder);
    filter_free(consumer->filter);
    filter_options_clear(&consumer->options);
    symbol_table_free(consumer->symbols);
    g_free(consumer);
}
