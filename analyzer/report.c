/* The table of reports. */
#include "analyzer/report.h"
#include <string.h>
#include "analyzer/report_kinds.h"

static const struct report_kind *const kinds[] = {
    &report_summary,  &report_threads, &report_locks, &report_sched,
    &report_syscalls, &report_net,     &report_heap,  &report_loss,
};

const struct report_kind *report_kind_at(size_t number)
{
    return number < G_N_ELEMENTS(kinds) ? kinds[number] : NULL;
}

const struct report_kind *report_kind_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    }
    return NULL;
}
