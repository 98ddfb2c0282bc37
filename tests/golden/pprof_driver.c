/*
 * From event text to a profile: pprof_driver KIND none|functions|lines < EVENTS > PROFILE.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "analyzer/event_text.h"
#include "analyzer/profile_builders.h"

static bool feed(void *model, const struct event *event)
{
    trace_model_event(model, event);
    return true;
}

static int run(const struct profile_kind *kind, enum symbolize_mode mode)
{
    struct trace_model *model = trace_model_new();
    struct profile_builder *builder = profile_builder_new(kind, model);
    struct trace_observer observer = profile_builder_observer(builder);
    struct symbol_table *symbols = symbol_table_new(mode, NULL);
    struct profile *profile;
    g_autoptr(GError) error = NULL;

    trace_model_add_observer(model, &observer);
    if (event_text_read(stdin, feed, model, &error)) {
        trace_model_finish(model);
        symbol_table_learn_objects(symbols, model);
        profile = profile_builder_finish(builder);
        pprof_write(profile, symbols, STDOUT_FILENO, &error);
        profile_free(profile);
    }
    if (error)
        fprintf(stderr, "pprof_driver: %s\n", error->message);
    profile_builder_free(builder);
    symbol_table_free(symbols);
    trace_model_free(model);
    return error ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"none", "functions", "lines"};
    const struct profile_kind *kind = argc == 3 ? profile_kind_find(argv[1]) : NULL;

    for (int mode = SYMBOLIZE_NONE; kind && mode <= SYMBOLIZE_LINES; mode++) {
        if (strcmp(argv[2], modes[mode]) == 0)
            return run(kind, (enum symbolize_mode)mode);
    }
    fprintf(stderr, "usage: pprof_driver KIND none|functions|lines < EVENTS > PROFILE\n");
    return 2;
}
