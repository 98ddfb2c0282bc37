/*
 * Merges the kernel's scheduling records, from wherever they come (sched_sources.h), by time, and owns the
 * thread "sched" that does it.
 *
 * sched_collector_new, _flush and _stop are called on the main thread; everything in between belongs to the
 * thread.
 */
#include "recorder/sched_collector.h"
#include "recorder/existing_process.h"
#include "recorder/sched_pairing.h"
#include "recorder/sched_sources.h"

#include <errno.h>
#include <poll.h>
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
/* So that a busy machine does not keep the thread from draining; only root may. */
#define COLLECTOR_NICE (-10)
/* LTTng lets us wait for 200 ms (session.c); an event that took so long was lost. */
#define STALL_NS UINT64_C(150000000)
#define STALL_PAUSE_NS UINT64_C(2000000000)
/*
 * A CPU is sampled for next to nothing. A program's event sets a timer with every switch, which costs more
 * than the samples: of a program that switches more often than this a second, only every sixteenth interval
 * between two drains is sampled.
 */
#define OFTEN_SWITCHED_HZ 3000
#define SAMPLED_INTERVALS 16
#define DECISION_NS UINT64_C(100000000)

struct sched_collector {
    struct sched_pairing *pairing; /* owned */
    struct sched_sources sources;
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
            silent_cpus_count_missed(&collector->sources.silent_cpus, records[0].cpu);

        if (!heap[0]->kind->advance(heap[0]))
            heap[0] = heap[--count];

        heap_sift_down(heap, count, 0);
    }
}

/* Twice as often when a ring of the instance was a quarter full, half as often when all were nearly empty. */
static int next_interval_ms(struct sched_collector *collector, int interval_ms)
{
    struct sched_sources *sources = &collector->sources;
    uint64_t ring_bytes = sources->instance ? sched_sources_ring_bytes(sources) : 0;
    uint64_t most_bytes = 0;

    for (unsigned i = 0; i < sources->ring_count; i++) {
        struct tracefs_ring *ring = &sources->rings[i];

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
        perf_events_set_sampling(&collector->sources.perf, is_on);

    collector->is_sampling = is_on;
    collector->decision_emitted_count = emitted_count;
}

/* Decides, now and then, what is recorded from now on. */
static void adapt(struct sched_collector *collector)
{
    struct sched_sources *sources = &collector->sources;
    uint64_t time_ns = now_ns();
    uint64_t passed_ns = time_ns - collector->decision_ns;

    if (passed_ns < DECISION_NS)
        return;

    if (collector->adapts_sampling)
        adapt_sampling(collector, passed_ns);

    silent_cpus_adapt(&sources->silent_cpus, sources->rings, sources->ring_count, passed_ns);
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
    unsigned count = collector->sources.perf.ring_count;
    g_autofree struct pollfd *polled = g_new0(struct pollfd, count + 1);
    int interval_ms = MAX_DRAIN_INTERVAL_MS / 2;
    uint64_t flush_count = 0;

    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), COLLECTOR_NICE);

    for (unsigned i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = collector->sources.perf.rings[i].fd, .events = POLLIN};

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

/* --- on the main thread ------------------------------------------------------------------------------- */

void sched_collector_free(struct sched_collector *collector)
{
    if (!collector)
        return;

    sched_sources_close(&collector->sources);
    if (collector->wake_fd >= 0)
        close(collector->wake_fd);

    sched_pairing_free(collector->pairing);
    g_mutex_clear(&collector->mutex);
    g_cond_clear(&collector->is_flushed);
    g_free(collector->streams);
    g_free(collector->heap);
    g_free(collector);
}

struct sched_collector *sched_collector_new(pid_t pid, const struct sched_collector_options *options,
                                            const struct recorder_events *events, GError **error)
{
    struct sched_collector *collector = g_new0(struct sched_collector, 1);

    g_mutex_init(&collector->mutex);
    g_cond_init(&collector->is_flushed);
    collector->pairing = sched_pairing_new(events, options->follow_children ? 0 : pid);
    collector->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (collector->wake_fd < 0) {
        g_set_error(error, SCHED_ERROR, errno, "cannot make an eventfd: %s", g_strerror(errno));
        sched_collector_free(collector);
        return NULL;
    }

    if (!sched_sources_open(&collector->sources, pid, options, error)) {
        sched_collector_free(collector);
        return NULL;
    }

    if (collector->sources.kind != EXECTRACE_SCHED_PERF_SWITCH)
        sched_pairing_expect_strangers(collector->pairing, pid);

    collector->is_sampling = true;
    collector->adapts_sampling = collector->sources.kind != EXECTRACE_SCHED_TRACEFS &&
                                 options->sample_hz == SCHED_COLLECTOR_DEFAULT_HZ;
    collector->decision_ns = now_ns();
    collector->streams = sched_sources_list(&collector->sources, &collector->stream_count);
    collector->heap = g_new0(struct record_stream *, collector->stream_count);

    g_autofree char *description = sched_sources_describe(&collector->sources);
    events->sched_source(now_ns(), (uint8_t)collector->sources.kind, description);
    if (options->is_running)
        existing_process_introduce(pid, now_ns(), collector->pairing);

    collector->thread = g_thread_new("sched", run_collector, collector);
    return collector;
}

uint64_t sched_collector_ring_bytes(const struct sched_collector *collector)
{
    return sched_sources_ring_bytes(&collector->sources);
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
    sched_sources_stop(&collector->sources);
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
