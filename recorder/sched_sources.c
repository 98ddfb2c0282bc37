/* Opens and closes the kernel's scheduling records. Called by sched_collector.c on the main thread. */
#include "recorder/sched_sources.h"

#include <unistd.h>

/* What an ordinary user may lock per CPU by default (perf_event_mlock_kb). */
#define DEFAULT_RING_BYTES (UINT64_C(512) << 10)
/*
 * What root gets, who is not limited and may see the switches of the whole machine: this for all CPUs
 * together.
 */
#define ROOT_TOTAL_BYTES (UINT64_C(64) << 20)
#define MAX_ROOT_RING_BYTES (UINT64_C(8) << 20)
#define SAMPLE_HZ 250

static uint64_t root_ring_bytes(int cpu_count)
{
    return CLAMP(ROOT_TOTAL_BYTES / 2 / (uint64_t)cpu_count, DEFAULT_RING_BYTES, MAX_ROOT_RING_BYTES);
}

static uint64_t wanted_ring_bytes(const struct sched_collector_options *options)
{
    if (options->ring_bytes)
        return options->ring_bytes;

    return geteuid() == 0 ? root_ring_bytes((int)sysconf(_SC_NPROCESSORS_CONF)) : DEFAULT_RING_BYTES;
}

static unsigned sample_hz(const struct sched_collector_options *options)
{
    return options->sample_hz == SCHED_COLLECTOR_DEFAULT_HZ ? SAMPLE_HZ : options->sample_hz;
}

/* A CPU that is offline has a ring, too, which stays empty. */
static bool open_instance_rings(struct sched_sources *sources)
{
    uint32_t page_bytes = tracefs_instance_page_bytes(sources->instance);
    int cpu_count = sources->perf.cpu_count;

    sources->rings = g_new0(struct tracefs_ring, (gsize)cpu_count);
    for (int cpu = 0; cpu < cpu_count; cpu++) {
        int fd = tracefs_instance_open_ring(sources->instance, cpu);

        if (fd >= 0)
            tracefs_ring_init(&sources->rings[sources->ring_count++], fd, cpu, &sources->tracepoints,
                              page_bytes);
    }

    return sources->ring_count > 0;
}

static void close_instance(struct sched_sources *sources)
{
    for (unsigned i = 0; i < sources->ring_count; i++)
        tracefs_ring_clear(&sources->rings[i]);

    tracefs_instance_free(sources->instance);
    g_free(sources->rings);
    sources->instance = NULL;
    sources->rings = NULL;
    sources->ring_count = 0;
}

/* What is not in the instance. Who asks for a rate of samples gets a clock of its own. */
static bool open_machine(struct sched_sources *sources, const struct sched_collector_options *options)
{
    struct tick_samples ticks;

    if (options->sample_hz != SCHED_COLLECTOR_DEFAULT_HZ || !tick_samples_find(SAMPLE_HZ, &ticks))
        return perf_events_open_machine(&sources->perf, sample_hz(options));

    return perf_events_open_machine(&sources->perf, 0) && perf_events_add_ticks(&sources->perf, &ticks);
}

/* Side-band first: no thread of ours is created unseen. */
static bool open_instance_source(struct sched_sources *sources, const struct sched_collector_options *options)
{
    sources->instance = tracefs_instance_new(wanted_ring_bytes(options));
    if (!sources->instance)
        return false;

    perf_events_init(&sources->perf, DEFAULT_RING_BYTES);
    if (open_machine(sources, options) && open_instance_rings(sources) &&
        tracefs_instance_enable(sources->instance, "sched_switch") &&
        tracefs_instance_enable(sources->instance, "sched_waking") &&
        tracefs_instance_enable(sources->instance, "sched_wakeup_new")) {
        silent_cpus_init(&sources->silent_cpus, &sources->perf);
        silent_cpus_try_all(&sources->silent_cpus, sources->rings, sources->ring_count);
        return true;
    }

    perf_events_clear(&sources->perf);
    close_instance(sources);
    return false;
}

static bool open_perf_source(struct sched_sources *sources, pid_t pid,
                             const struct sched_collector_options *options, bool with_tracepoints,
                             GError **error)
{
    const struct perf_program_settings settings = {
        .sample_hz = sample_hz(options),
        .is_running = options->is_running,
        .follow_children = options->follow_children,
    };

    perf_events_init(&sources->perf, wanted_ring_bytes(options));
    if ((!with_tracepoints || perf_events_open_tracepoints(&sources->perf, &sources->tracepoints)) &&
        perf_events_open_program(&sources->perf, pid, &settings, error))
        return true;

    perf_events_clear(&sources->perf);
    return false;
}

bool sched_sources_open(struct sched_sources *sources, pid_t pid,
                        const struct sched_collector_options *options, GError **error)
{
    if (options->with_wakeups && sched_tracepoints_find(&sources->tracepoints)) {
        sources->kind = EXECTRACE_SCHED_TRACEFS;
        if (open_instance_source(sources, options))
            return true;

        sources->kind = EXECTRACE_SCHED_PERF_WAKING;
        if (open_perf_source(sources, pid, options, true, NULL))
            return true;
    }

    sources->kind = EXECTRACE_SCHED_PERF_SWITCH;
    return open_perf_source(sources, pid, options, false, error);
}

bool sched_sources_tell_wakeups(void)
{
    struct sched_tracepoints tracepoints = {0};
    struct perf_events perf;

    if (!sched_tracepoints_find(&tracepoints))
        return false;

    perf_events_init(&perf, DEFAULT_RING_BYTES);
    bool is_allowed = perf_events_open_tracepoints(&perf, &tracepoints);
    perf_events_clear(&perf);
    return is_allowed;
}

struct record_stream **sched_sources_list(struct sched_sources *sources, unsigned *stream_count)
{
    struct record_stream **streams =
        g_new0(struct record_stream *, (gsize)sources->perf.ring_count + sources->ring_count);
    unsigned count = 0;

    for (unsigned i = 0; i < sources->perf.ring_count; i++)
        streams[count++] = &sources->perf.rings[i].stream;

    for (unsigned i = 0; i < sources->ring_count; i++)
        streams[count++] = &sources->rings[i].stream;

    *stream_count = count;
    return streams;
}

char *sched_sources_describe(const struct sched_sources *sources)
{
    static const char *const descriptions[] = {
        [EXECTRACE_SCHED_PERF_SWITCH] = "perf_event_open: context switches",
        [EXECTRACE_SCHED_PERF_WAKING] = "perf_event_open: sched_switch, sched_waking, sched_wakeup_new",
        [EXECTRACE_SCHED_TRACEFS] = "tracefs: sched_switch, sched_waking, sched_wakeup_new",
    };
    GString *text = g_string_new(descriptions[sources->kind]);

    for (int cpu = 0; cpu < sources->perf.cpu_count; cpu++) {
        if (silent_cpus_has(&sources->silent_cpus, cpu))
            g_string_append_printf(text, "; CPU %d also perf_event_open: context switches", cpu);
    }

    return g_string_free(text, FALSE);
}

uint64_t sched_sources_ring_bytes(const struct sched_sources *sources)
{
    return sources->instance ? tracefs_instance_ring_bytes(sources->instance) : sources->perf.ring_bytes;
}

void sched_sources_stop(const struct sched_sources *sources)
{
    if (sources->instance)
        tracefs_instance_stop(sources->instance);

    perf_events_stop(&sources->perf);
}

void sched_sources_close(struct sched_sources *sources)
{
    close_instance(sources);
    silent_cpus_clear(&sources->silent_cpus);
    perf_events_clear(&sources->perf);
}
