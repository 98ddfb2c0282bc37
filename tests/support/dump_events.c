/*
 * dump_events TRACE [WORKERS]: every event of a trace as text, for tests of the reader.
 * dump_events -c TRACE [WORKERS]: only how many there are of each type.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "analyzer/ctf_reader.h"
#include "analyzer/event_text.h"

struct dump {
    bool is_count;
    uint64_t counts[EVENT_TYPE_END];
    uint64_t total, lost;
    int64_t last_ns;
};

static bool dump_event(void *self, const struct event *event)
{
    struct dump *dump = self;

    if (dump->total && event->time_ns < dump->last_ns) {
        fprintf(stderr, "time steps back from %" PRIi64 " to %" PRIi64 "\n", dump->last_ns, event->time_ns);
        exit(3);
    }
    dump->last_ns = event->time_ns;
    dump->total += event->type != EVENT_LOST;
    dump->counts[event->type]++;
    if (event->type == EVENT_LOST)
        dump->lost += event->lost.count;
    if (!dump->is_count)
        event_text_write(event, stdout);
    return true;
}

int main(int argc, char **argv)
{
    struct dump dump = {.is_count = argc > 1 && strcmp(argv[1], "-c") == 0};
    struct ctf_reader_facts facts = {0};
    struct ctf_reader_options options = {.path = argv[1 + dump.is_count], .facts = &facts};
    g_autoptr(GError) error = NULL;

    if (!options.path)
        return 2;
    if (argv[2 + dump.is_count])
        options.workers = (unsigned)atoi(argv[2 + dump.is_count]);
    bool is_fine = ctf_reader_run(&options, dump_event, &dump, &error);
    if (dump.is_count) {
        for (uint32_t type = 0; type < EVENT_TYPE_END; type++)
            if (dump.counts[type])
                printf("%s %" PRIu64 "\n", event_type_name(type), dump.counts[type]);
        printf("total %" PRIu64 " lost %" PRIu64 "\n", dump.total, dump.lost);
        if (facts.step_back_count)
            printf("step back %" PRIu64 "\n", facts.step_back_count);
    }
    if (!is_fine)
        fprintf(stderr, "%s\n", error->message);
    return is_fine ? 0 : 1;
}
