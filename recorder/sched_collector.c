/*
 * Merges the kernel's scheduling records, from wherever they come, by time, and owns the thread "sched" that
 * does it. There are three sources, from the best to what is left:
 *
 *  - a trace instance (tracefs_instance.c): switches and wake-ups of the whole machine, at a third of what
 *    the same records cost through perf. Forks, names, mappings and samples come from perf events of the
 *    CPUs; so do the switches of those CPUs whose idle task's tracepoints are silent.
 *  - the scheduler's tracepoints through perf, where tracefs may be read but not written. The kernel drops
 *    some of these; so the program's own switches are recorded, too.
 *  - perf events of the program alone, for an ordinary user: switches, no wake-ups.
 *
 * sched_collector_new, _flush and _stop are called on the main thread; everything in between belongs to the
 * thread.
 */
#include "recorder/sched_collector.h"
#include "recorder/existing_process.h"
#include "recorder/perf_events.h"
#include "recorder/sched_pairing.h"
#include "recorder/tracefs_instance.h"
#include "recorder/tracefs_ring.h"

#include "tracepoints/contract.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SCHED_ERROR (g_quark_from_static_string("recorder-sched"))

/*
 * How long the thread sleeps between two drains. The rings of perf events wake it when they are half full;
 * those of a trace instance do not on all kernels, so it looks the more often the fuller it finds them.
 */
#define MIN_DRAIN_INTERVAL_MS 5
#define MAX_DRAIN_INTERVAL_MS 160
/* Records younger than this may still be on their way into another CPU's ring. */
#define SETTLE_NS UINT64_C(5000000)
/* What an ordinary user may lock per CPU by default (perf_event_mlock_kb). */
#define DEFAULT_RING_BYTES (UINT64_C(512) << 10)
/* What root gets, who is not limited and may see the switches of the whole machine: this for all CPUs
 * together. */
#define ROOT_TOTAL_BYTES (UINT64_C(64) << 20)
#define MAX_ROOT_RING_BYTES (UINT64_C(8) << 20)
/* So that a busy machine does not keep the thread from draining; only root may. */
#define COLLECTOR_NICE (-10)
/* LTTng lets us wait for 200 ms (session.c); an event that took so long was lost. */
#define STALL_NS UINT64_C(150000000)
#define STALL_PAUSE_NS UINT64_C(2000000000)
#define SAMPLE_HZ 250
/*
 * A CPU is sampled for next to nothing. A program's event sets a timer with every switch, which costs more
 * than the samples: of a program that switches more often than this a second, only every sixteenth interval
 * between two drains is sampled.
 */
#define OFTEN_SWITCHED_HZ 3000
#define SAMPLED_INTERVALS 16
#define DECISION_NS UINT64_C(100000000)
/* Untold switches of a CPU until perf tells them, see watch_cpu. */
#define MISSED_LIMIT 8
/*
 * perf tells a switch for 1 us. That is little beside what it takes to wake an idle CPU, and much beside a
 * switch from thread to thread. So it does not tell those of a CPU that switches more often than this a
 * second, and less than every eighth time to its idle task.
 */
#define OFTEN_SWITCHED_CPU_HZ 10000
#define RARELY_IDLE_PART 8
/* How the tracepoint is tried on each CPU before the program runs. */
#define NAPS 3
#define NAP_NS 50000
#define MAX_TRIED_CPUS 128

/* A CPU's idle task may not tell its switches. */
struct watched_cpu {
    unsigned missed_count; /* see count_missed */
    int switches_fd;       /* perf's event that tells them all; -1: none. Borrowed from perf */
    bool is_told;          /* it does */
};

struct sched_collector {
    const struct recorder_events *events; /* borrowed */
    struct sched_pairing *pairing;        /* owned */
    struct perf_events perf;
    struct tracefs_instance *instance;   /* owned; NULL: not that source */
    struct watched_cpu *cpus;            /* owned array; only with an instance */
    struct tracefs_ring *instance_rings; /* owned array */
    unsigned instance_ring_count;
    struct sched_tracepoints tracepoints; /* valid when wake-ups are known */
    enum exectrace_sched_source source;
    struct record_stream **streams; /* owned array: all rings */
    unsigned stream_count;
    struct record_stream **heap; /* owned array: streams with a record, earliest first */

    uint64_t clock_ns;         /* when an event was emitted last, or draining began */
    uint64_t stalled_until_ns; /* LTTng does not write: drop records until then */
    uint64_t dropped_count;    /* since stalled */

    bool adapts_sampling; /* samples are of the program, and how many is left to us */
    bool is_sampling;
    uint64_t decision_ns;            /* when `adapt` decided last, */
    uint64_t decision_emitted_count; /* and events emitted by then */
    unsigned decision_count;

    GThread *thread;
    int wake_fd; /* owned: eventfd; the main thread has changed what follows */
    GMutex mutex;
    GCond is_flushed;
    bool is_stopping;
    uint64_t wanted_flush_count;
    uint64_t flush_count;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- merging ------------------------------------------------------------------------------------------ */

static void heap_sift_down(struct record_stream **heap, unsigned count, unsigned at)
{
    for (;;) {
        unsigned child = 2 * at + 1;

        if (child >= count)
            return;

        if (child + 1 < count && heap[child + 1]->next_time < heap[child]->next_time)
            child++;

        if (heap[at]->next_time <= heap[child]->next_time)
            return;

        struct record_stream *swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

/*
 * LTTng makes us wait for a free buffer rather than lose events. When it does not write at all (the disk is
 * full), we must not wait with every event: then records are dropped for a while, and the loss is recorded.
 */
static void take_record(struct sched_collector *collector, const struct sched_record *record)
{
    if (collector->clock_ns < collector->stalled_until_ns) {
        collector->dropped_count++;
        return;
    }

    uint64_t emitted_count = sched_pairing_emitted_count(collector->pairing);
    if (collector->dropped_count > 0) {
        struct sched_record lost = *record;

        lost.type = SCHED_RECORD_LOST;
        lost.count = collector->dropped_count;
        collector->dropped_count = 0;
        sched_pairing_add(collector->pairing, &lost);
    }

    sched_pairing_add(collector->pairing, record);
    if (sched_pairing_emitted_count(collector->pairing) == emitted_count)
        return; /* a stranger's, or half of something */

    uint64_t end_ns = now_ns();
    if (end_ns - collector->clock_ns >= STALL_NS)
        collector->stalled_until_ns = end_ns + STALL_PAUSE_NS;

    collector->clock_ns = end_ns;
}

/* Switches to threads are recorded in their own context: perf tells even those from a silent idle task. */
static void watch_cpu(struct sched_collector *collector, int cpu)
{
    struct watched_cpu *watched = &collector->cpus[cpu];

    watched->missed_count = MISSED_LIMIT;
    watched->switches_fd = perf_events_add_switches(&collector->perf, cpu);
    watched->is_told = watched->switches_fd >= 0;
}

/* A thread of ours is on a CPU that it was not told to have been put on. Now and then is bearable. */
static void count_missed(struct sched_collector *collector, uint16_t cpu)
{
    if (!collector->cpus || cpu >= collector->perf.cpu_count ||
        collector->cpus[cpu].missed_count >= MISSED_LIMIT)
        return;

    if (++collector->cpus[cpu].missed_count == MISSED_LIMIT)
        watch_cpu(collector, cpu);
}

/* Takes everything up to horizon out of the rings, in order of time. */
static void drain(struct sched_collector *collector, uint64_t horizon)
{
    struct record_stream **heap = collector->heap;
    unsigned count = 0;

    collector->clock_ns = now_ns();
    for (unsigned i = 0; i < collector->stream_count; i++) {
        if (collector->streams[i]->kind->refresh(collector->streams[i]))
            heap[count++] = collector->streams[i];
    }

    for (unsigned i = count / 2; i-- > 0;)
        heap_sift_down(heap, count, i);

    while (count > 0 && heap[0]->next_time <= horizon) {
        struct sched_record records[RECORD_STREAM_MAX_MEANINGS];
        unsigned record_count = heap[0]->kind->read(heap[0], records);

        uint64_t missed_count = sched_pairing_missed_count(collector->pairing);

        for (unsigned i = 0; i < record_count; i++)
            take_record(collector, &records[i]);

        if (sched_pairing_missed_count(collector->pairing) > missed_count)
            count_missed(collector, records[0].cpu);

        if (!heap[0]->kind->advance(heap[0]))
            heap[0] = heap[--count];

        heap_sift_down(heap, count, 0);
    }
}

/* Twice as often when a ring of the instance was a quarter full, half as often when all were nearly empty. */
static int next_interval_ms(struct sched_collector *collector, int interval_ms)
{
    uint64_t ring_bytes = collector->instance ? tracefs_instance_ring_bytes(collector->instance) : 0;
    uint64_t most_bytes = 0;

    for (unsigned i = 0; i < collector->instance_ring_count; i++) {
        struct tracefs_ring *ring = &collector->instance_rings[i];

        most_bytes = MAX(most_bytes, ring->read_count * ring->page_bytes);
        ring->read_count = 0;
    }

    if (most_bytes > ring_bytes / 4)
        return MAX(interval_ms / 2, MIN_DRAIN_INTERVAL_MS);

    return most_bytes < ring_bytes / 16 ? MIN(interval_ms * 2, MAX_DRAIN_INTERVAL_MS) : interval_ms;
}

static void adapt_sampling(struct sched_collector *collector, uint64_t passed_ns)
{
    uint64_t emitted_count = sched_pairing_emitted_count(collector->pairing);
    uint64_t limit = OFTEN_SWITCHED_HZ * passed_ns / UINT64_C(1000000000);
    bool is_often = emitted_count - collector->decision_emitted_count > limit;
    bool is_on = !is_often || collector->decision_count++ % SAMPLED_INTERVALS == SAMPLED_INTERVALS - 1;

    if (is_on != collector->is_sampling)
        perf_events_set_sampling(&collector->perf, is_on);

    collector->is_sampling = is_on;
    collector->decision_emitted_count = emitted_count;
}

/* What perf tells of CPUs whose idle task is silent, see OFTEN_SWITCHED_CPU_HZ. */
static void adapt_switches(struct sched_collector *collector, uint64_t passed_ns)
{
    for (unsigned i = 0; i < collector->instance_ring_count; i++) {
        struct tracefs_ring *ring = &collector->instance_rings[i];
        struct watched_cpu *watched = &collector->cpus[ring->cpu];
        bool is_often = ring->switch_count > OFTEN_SWITCHED_CPU_HZ * passed_ns / UINT64_C(1000000000);
        bool is_told = !is_often || ring->idle_count >= ring->switch_count / RARELY_IDLE_PART;

        if (watched->switches_fd >= 0 && is_told != watched->is_told)
            perf_events_switch(watched->switches_fd, is_told);

        watched->is_told = is_told;
        ring->switch_count = ring->idle_count = 0;
    }
}

/* Decides, now and then, what is recorded from now on. */
static void adapt(struct sched_collector *collector)
{
    uint64_t time_ns = now_ns();
    uint64_t passed_ns = time_ns - collector->decision_ns;

    if (passed_ns < DECISION_NS)
        return;

    if (collector->adapts_sampling)
        adapt_sampling(collector, passed_ns);

    adapt_switches(collector, passed_ns);
    collector->decision_ns = time_ns;
}

/* What the main thread wants. False: to stop. */
static bool look_at_wishes(struct sched_collector *collector, uint64_t *flush_count)
{
    uint64_t unused;

    while (read(collector->wake_fd, &unused, sizeof(unused)) < 0 && errno == EINTR)
        continue;

    g_mutex_lock(&collector->mutex);
    *flush_count = collector->wanted_flush_count;
    bool goes_on = !collector->is_stopping;
    g_mutex_unlock(&collector->mutex);
    return goes_on;
}

static void say_flushed(struct sched_collector *collector, uint64_t flush_count)
{
    g_mutex_lock(&collector->mutex);
    collector->flush_count = flush_count;
    g_cond_broadcast(&collector->is_flushed);
    g_mutex_unlock(&collector->mutex);
}

static gpointer run_collector(gpointer argument)
{
    struct sched_collector *collector = argument;
    unsigned count = collector->perf.ring_count;
    g_autofree struct pollfd *polled = g_new0(struct pollfd, count + 1);
    int interval_ms = MAX_DRAIN_INTERVAL_MS / 2;
    uint64_t flush_count = 0;

    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), COLLECTOR_NICE);

    for (unsigned i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = collector->perf.rings[i].fd, .events = POLLIN};

    polled[count] = (struct pollfd){.fd = collector->wake_fd, .events = POLLIN};
    for (;;) {
        poll(polled, count + 1, interval_ms);
        bool is_asked = polled[count].revents & POLLIN;

        if (is_asked && !look_at_wishes(collector, &flush_count))
            break;

        drain(collector, is_asked ? now_ns() : now_ns() - SETTLE_NS);
        if (is_asked)
            say_flushed(collector, flush_count);

        /* A ring whose threads have all ended says so for ever; there is nothing more to wait for. */
        for (unsigned i = 0; i < count; i++) {
            if (polled[i].revents & (POLLHUP | POLLERR))
                polled[i].fd = -1;
        }

        adapt(collector);
        interval_ms = next_interval_ms(collector, interval_ms);
    }

    drain(collector, UINT64_MAX);
    if (now_ns() >= collector->stalled_until_ns)
        sched_pairing_finish(collector->pairing, now_ns());

    return NULL;
}

/* --- opening ------------------------------------------------------------------------------------------ */

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
static bool open_instance_rings(struct sched_collector *collector)
{
    uint32_t page_bytes = tracefs_instance_page_bytes(collector->instance);
    int cpu_count = collector->perf.cpu_count;

    collector->instance_rings = g_new0(struct tracefs_ring, (gsize)cpu_count);
    for (int cpu = 0; cpu < cpu_count; cpu++) {
        int fd = tracefs_instance_open_ring(collector->instance, cpu);

        if (fd >= 0)
            tracefs_ring_init(&collector->instance_rings[collector->instance_ring_count++], fd, cpu,
                              &collector->tracepoints, page_bytes);
    }

    return collector->instance_ring_count > 0;
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

/* Sleeps a little on each CPU; when it is idle, that is seen as switches from and to its idle task. */
static void try_all_cpus(struct sched_collector *collector)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    int32_t tid = (int32_t)syscall(SYS_gettid);
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;

    for (int cpu = 0; cpu < MIN(collector->perf.cpu_count, MAX_TRIED_CPUS); cpu++) {
        cpu_set_t one;

        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (!CPU_ISSET(cpu, &allowed) || sched_setaffinity(0, sizeof(one), &one) != 0)
            continue;

        for (unsigned i = 0; i < NAPS; i++)
            nanosleep(&nap, NULL);
    }

    sched_setaffinity(0, sizeof(allowed), &allowed);
    for (unsigned i = 0; i < collector->instance_ring_count; i++) {
        struct tracefs_ring *ring = &collector->instance_rings[i];

        if (misses_own_switch(ring, tid))
            watch_cpu(collector, ring->cpu);
    }
}

static void close_instance(struct sched_collector *collector)
{
    for (unsigned i = 0; i < collector->instance_ring_count; i++)
        tracefs_ring_clear(&collector->instance_rings[i]);

    tracefs_instance_free(collector->instance);
    g_free(collector->instance_rings);
    collector->instance = NULL;
    collector->instance_rings = NULL;
    collector->instance_ring_count = 0;
}

/* What is not in the instance. Who asks for a rate of samples gets a clock of its own. */
static bool open_machine(struct sched_collector *collector, const struct sched_collector_options *options)
{
    struct tick_samples ticks;

    if (options->sample_hz != SCHED_COLLECTOR_DEFAULT_HZ || !tick_samples_find(SAMPLE_HZ, &ticks))
        return perf_events_open_machine(&collector->perf, sample_hz(options));

    return perf_events_open_machine(&collector->perf, 0) && perf_events_add_ticks(&collector->perf, &ticks);
}

/* Side-band first: no thread of ours is created unseen. */
static bool open_instance(struct sched_collector *collector, const struct sched_collector_options *options)
{
    collector->instance = tracefs_instance_new(wanted_ring_bytes(options));
    if (!collector->instance)
        return false;

    perf_events_init(&collector->perf, DEFAULT_RING_BYTES);
    if (open_machine(collector, options) && open_instance_rings(collector) &&
        tracefs_instance_enable(collector->instance, "sched_switch") &&
        tracefs_instance_enable(collector->instance, "sched_waking") &&
        tracefs_instance_enable(collector->instance, "sched_wakeup_new")) {
        collector->cpus = g_new0(struct watched_cpu, (gsize)collector->perf.cpu_count);
        for (int cpu = 0; cpu < collector->perf.cpu_count; cpu++)
            collector->cpus[cpu].switches_fd = -1;

        try_all_cpus(collector);
        return true;
    }

    perf_events_clear(&collector->perf);
    close_instance(collector);
    return false;
}

static bool open_perf(struct sched_collector *collector, pid_t pid,
                      const struct sched_collector_options *options, bool with_tracepoints, GError **error)
{
    const struct perf_program_settings settings = {
        .sample_hz = sample_hz(options),
        .is_running = options->is_running,
        .follow_children = options->follow_children,
    };

    perf_events_init(&collector->perf, wanted_ring_bytes(options));
    if ((!with_tracepoints || perf_events_open_tracepoints(&collector->perf, &collector->tracepoints)) &&
        perf_events_open_program(&collector->perf, pid, &settings, error))
        return true;

    perf_events_clear(&collector->perf);
    return false;
}

static bool open_source(struct sched_collector *collector, pid_t pid,
                        const struct sched_collector_options *options, GError **error)
{
    if (options->with_wakeups && sched_tracepoints_find(&collector->tracepoints)) {
        collector->source = EXECTRACE_SCHED_TRACEFS;
        if (open_instance(collector, options))
            return true;

        collector->source = EXECTRACE_SCHED_PERF_WAKING;
        if (open_perf(collector, pid, options, true, NULL))
            return true;
    }

    collector->source = EXECTRACE_SCHED_PERF_SWITCH;
    return open_perf(collector, pid, options, false, error);
}

static void list_streams(struct sched_collector *collector)
{
    gsize count = collector->perf.ring_count + collector->instance_ring_count;

    collector->streams = g_new0(struct record_stream *, count);
    collector->heap = g_new0(struct record_stream *, count);
    for (unsigned i = 0; i < collector->perf.ring_count; i++)
        collector->streams[collector->stream_count++] = &collector->perf.rings[i].stream;

    for (unsigned i = 0; i < collector->instance_ring_count; i++)
        collector->streams[collector->stream_count++] = &collector->instance_rings[i].stream;
}

void sched_collector_free(struct sched_collector *collector)
{
    if (!collector)
        return;

    close_instance(collector);
    perf_events_clear(&collector->perf);
    if (collector->wake_fd >= 0)
        close(collector->wake_fd);

    sched_pairing_free(collector->pairing);
    g_mutex_clear(&collector->mutex);
    g_cond_clear(&collector->is_flushed);
    g_free(collector->cpus);
    g_free(collector->streams);
    g_free(collector->heap);
    g_free(collector);
}

static void emit_source(const struct sched_collector *collector)
{
    static const char *const descriptions[] = {
        [EXECTRACE_SCHED_PERF_SWITCH] = "perf_event_open: context switches",
        [EXECTRACE_SCHED_PERF_WAKING] = "perf_event_open: sched_switch, sched_waking, sched_wakeup_new",
        [EXECTRACE_SCHED_TRACEFS] = "tracefs: sched_switch, sched_waking, sched_wakeup_new",
    };

    g_autoptr(GString) text = g_string_new(descriptions[collector->source]);

    for (int cpu = 0; collector->cpus && cpu < collector->perf.cpu_count; cpu++) {
        if (collector->cpus[cpu].switches_fd >= 0)
            g_string_append_printf(text, "; CPU %d also perf_event_open: context switches", cpu);
    }

    collector->events->sched_source(now_ns(), (uint8_t)collector->source, text->str);
}

struct sched_collector *sched_collector_new(pid_t pid, const struct sched_collector_options *options,
                                            const struct recorder_events *events, GError **error)
{
    struct sched_collector *collector = g_new0(struct sched_collector, 1);

    g_mutex_init(&collector->mutex);
    g_cond_init(&collector->is_flushed);
    collector->events = events;
    collector->pairing = sched_pairing_new(events, options->follow_children ? 0 : pid);
    collector->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (collector->wake_fd < 0) {
        g_set_error(error, SCHED_ERROR, errno, "cannot make an eventfd: %s", g_strerror(errno));
        sched_collector_free(collector);
        return NULL;
    }

    if (!open_source(collector, pid, options, error)) {
        sched_collector_free(collector);
        return NULL;
    }

    if (collector->source != EXECTRACE_SCHED_PERF_SWITCH)
        sched_pairing_expect_strangers(collector->pairing, pid);

    collector->is_sampling = true;
    collector->adapts_sampling =
        collector->source != EXECTRACE_SCHED_TRACEFS && options->sample_hz == SCHED_COLLECTOR_DEFAULT_HZ;
    collector->decision_ns = now_ns();
    list_streams(collector);
    emit_source(collector);
    if (options->is_running)
        existing_process_introduce(pid, now_ns(), collector->pairing);

    collector->thread = g_thread_new("sched", run_collector, collector);
    return collector;
}

uint64_t sched_collector_ring_bytes(const struct sched_collector *collector)
{
    return collector->instance ? tracefs_instance_ring_bytes(collector->instance)
                               : collector->perf.ring_bytes;
}

static void wake(struct sched_collector *collector)
{
    while (write(collector->wake_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0 && errno == EINTR)
        continue;
}

void sched_collector_flush(struct sched_collector *collector)
{
    g_mutex_lock(&collector->mutex);
    uint64_t wanted = ++collector->wanted_flush_count;

    wake(collector);
    while (collector->flush_count < wanted)
        g_cond_wait(&collector->is_flushed, &collector->mutex);

    g_mutex_unlock(&collector->mutex);
}

uint64_t sched_collector_stop(struct sched_collector *collector)
{
    if (collector->instance)
        tracefs_instance_stop(collector->instance);

    perf_events_stop(&collector->perf);
    g_mutex_lock(&collector->mutex);
    collector->is_stopping = true;
    g_mutex_unlock(&collector->mutex);
    wake(collector);
    g_thread_join(collector->thread);
    return sched_pairing_lost_count(collector->pairing) + collector->dropped_count;
}

uint64_t sched_collector_process_end(const struct sched_collector *collector, int32_t pid)
{
    return sched_pairing_process_end(collector->pairing, pid);
}
