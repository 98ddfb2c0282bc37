/*
 * Finds CPUs whose idle task is silent, and has perf tell their switches while that is worth it. Called by
 * sched_sources.c on the main thread before recording begins, then by sched_collector.c on its thread.
 */
#include "recorder/silent_cpus.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Untold switches of a CPU until perf tells them, see watch. */
#define MISSED_LIMIT 8
/* See silent_cpus_are_worth_telling. */
#define OFTEN_SWITCHED_HZ 10000
#define RARELY_IDLE_PART 8
/* How the tracepoint is tried on each CPU before the program runs. */
#define NAPS 3
#define NAP_NS 50000
#define MAX_TRIED_CPUS 128

struct watched_cpu {
    unsigned missed_count; /* see silent_cpus_count_missed */
    int switches_fd;       /* perf's event that tells them all; -1: none. Borrowed from perf */
    bool is_told;          /* it does */
};

void silent_cpus_init(struct silent_cpus *cpus, struct perf_events *perf)
{
    *cpus = (struct silent_cpus){.perf = perf, .watched = g_new0(struct watched_cpu, (gsize)perf->cpu_count)};
    for (int cpu = 0; cpu < perf->cpu_count; cpu++)
        cpus->watched[cpu].switches_fd = -1;
}

void silent_cpus_clear(struct silent_cpus *cpus)
{
    g_free(cpus->watched);
    *cpus = (struct silent_cpus){0};
}

bool silent_cpus_has(const struct silent_cpus *cpus, int cpu)
{
    return cpus->watched && cpu < cpus->perf->cpu_count && cpus->watched[cpu].switches_fd >= 0;
}

/* Switches to threads are recorded in their own context: perf tells even those from a silent idle task. */
static void watch(struct silent_cpus *cpus, int cpu)
{
    struct watched_cpu *watched = &cpus->watched[cpu];

    watched->missed_count = MISSED_LIMIT;
    watched->switches_fd = perf_events_add_switches(cpus->perf, cpu);
    watched->is_told = watched->switches_fd >= 0;
}

void silent_cpus_count_missed(struct silent_cpus *cpus, uint16_t cpu)
{
    if (!cpus->watched || cpu >= cpus->perf->cpu_count || cpus->watched[cpu].missed_count >= MISSED_LIMIT)
        return;

    if (++cpus->watched[cpu].missed_count == MISSED_LIMIT)
        watch(cpus, cpu);
}

/* Whether the tracepoint fails to tell that we were put on a CPU: nothing of the program has run yet. */
static bool misses_own_switch(struct tracefs_ring *ring, int32_t tid)
{
    const struct record_stream_kind *kind = ring->stream.kind;
    bool is_missed = false;

    for (bool has_record = kind->refresh(&ring->stream); has_record;
         has_record = kind->advance(&ring->stream)) {
        struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

        if (kind->read(&ring->stream, records) == 2)
            is_missed |= records[0].tid == tid && records[0].put_on_after != 0;
    }

    return is_missed;
}

/* A CPU that is idle is seen as switches from and to its idle task. */
void silent_cpus_try_all(struct silent_cpus *cpus, struct tracefs_ring *rings, unsigned ring_count)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    int32_t tid = (int32_t)syscall(SYS_gettid);
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;

    for (int cpu = 0; cpu < MIN(cpus->perf->cpu_count, MAX_TRIED_CPUS); cpu++) {
        cpu_set_t one;

        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (!CPU_ISSET(cpu, &allowed) || sched_setaffinity(0, sizeof(one), &one) != 0)
            continue;

        for (unsigned i = 0; i < NAPS; i++)
            nanosleep(&nap, NULL);
    }

    sched_setaffinity(0, sizeof(allowed), &allowed);
    for (unsigned i = 0; i < ring_count; i++) {
        if (misses_own_switch(&rings[i], tid))
            watch(cpus, rings[i].cpu);
    }
}

bool silent_cpus_are_worth_telling(const struct tracefs_ring *ring, uint64_t passed_ns)
{
    bool is_often = ring->switch_count > OFTEN_SWITCHED_HZ * passed_ns / UINT64_C(1000000000);

    return !is_often || ring->idle_count >= ring->switch_count / RARELY_IDLE_PART;
}

void silent_cpus_adapt(struct silent_cpus *cpus, struct tracefs_ring *rings, unsigned ring_count,
                       uint64_t passed_ns)
{
    for (unsigned i = 0; i < ring_count; i++) {
        struct watched_cpu *watched = &cpus->watched[rings[i].cpu];
        bool is_told = silent_cpus_are_worth_telling(&rings[i], passed_ns);

        if (watched->switches_fd >= 0 && is_told != watched->is_told)
            perf_events_switch(watched->switches_fd, is_told);

        watched->is_told = is_told;
        rings[i].switch_count = rings[i].idle_count = 0;
    }
}
