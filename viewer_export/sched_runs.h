/*
 * The times during which threads ran on CPUs, collected in any order and handed out by CPU and time. A few
 * are kept in memory, the others in a temporary file without a name.
 */
#ifndef VIEWER_EXPORT_SCHED_RUNS_H
#define VIEWER_EXPORT_SCHED_RUNS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct sched_run {
    int64_t start_ns, end_ns;
    uint32_t tid;
    uint16_t cpu;
    uint16_t left; /* the caller's: how it ended */
};

/* So many are kept in memory; all, when there can be no file. */
#define SCHED_RUNS_IN_MEMORY 65536u

struct sched_runs;

struct sched_runs *sched_runs_new(void);
void sched_runs_free(struct sched_runs *runs);
void sched_runs_add(struct sched_runs *runs, const struct sched_run *run);
uint64_t sched_runs_count(const struct sched_runs *runs);

typedef void (*sched_run_visitor)(void *user, const struct sched_run *run);
/* Once. 0, or the errno with which the file could not be read. */
int sched_runs_visit(struct sched_runs *runs, sched_run_visitor visitor, void *user);

#endif
