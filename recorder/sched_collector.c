/*
 * The only user of perf_event_open. Owns the kernel's events and the thread "sched" that drains them.
 *
 * One event per CPU, inherited by the program's threads and children. It is a task clock that samples, or a
 * dummy when samples are off; in both cases what matters most are the side-band records it carries: context
 * switches, forks, exits, names, mappings. The kernel's time stamps are CLOCK_MONOTONIC, as LTTng's are.
 *
 * sched_collector_new and _stop are called on the main thread; everything in between belongs to the thread.
 */
#include "recorder/sched_collector.h"
#include "recorder/existing_process.h"
#include "recorder/perf_ring.h"
#include "recorder/sched_pairing.h"

#include "tracepoints/contract.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SCHED_ERROR (g_quark_from_static_string("recorder-sched"))

/* How long the thread sleeps when no ring is half full (the kernel's own watermark). */
#define DRAIN_INTERVAL_MS 100
/* Records younger than this may still be on their way into another CPU's ring. */
#define SETTLE_NS UINT64_C(5000000)
/* What an ordinary user may lock per CPU by default (perf_event_mlock_kb). */
#define DEFAULT_RING_BYTES (UINT64_C(512) << 10)
/* What root gets, who is not limited and may see the switches of the whole machine: this for all CPUs
 * together. */
#define ROOT_TOTAL_BYTES (UINT64_C(64) << 20)
#define MAX_ROOT_RING_BYTES (UINT64_C(8) << 20)
#define MIN_RING_BYTES (UINT64_C(32) << 10)
#define MAX_RING_BYTES (UINT64_C(1) << 30)
/* So that a busy machine does not keep the thread from draining; only root may. */
#define COLLECTOR_NICE (-10)
#define MAX_SAMPLE_FRAMES 64
/* LTTng lets us wait for 200 ms (session.c); an event that took so long was lost. */
#define STALL_NS UINT64_C(150000000)
#define STALL_PAUSE_NS UINT64_C(2000000000)

struct sched_collector {
    const struct recorder_events *events; /* borrowed */
    struct sched_pairing *pairing;        /* owned */
    struct perf_ring *rings;              /* owned array */
    struct perf_ring **heap;              /* owned array: rings with a record, earliest first */
    GArray *joined_fds;                   /* owned: events that write into another event's ring */
    int cpu_count;
    unsigned ring_count;
    unsigned first_program_ring; /* those before are of the whole machine */
    uint64_t ring_bytes;
    struct sched_tracepoints tracepoints; /* valid when is_privileged */
    bool is_privileged;                   /* tracepoints of all CPUs may be used: wake-ups are known */
    uint64_t stalled_until_ns;            /* LTTng does not write: drop records until then */
    uint64_t dropped_count;               /* since stalled */
    int stop_fd;                          /* eventfd: the main thread tells the thread to end */
    GThread *thread;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- merging ------------------------------------------------------------------------------------------ */

static void heap_sift_down(struct perf_ring **heap, unsigned count, unsigned at)
{
    for (;;) {
        unsigned child = 2 * at + 1;

        if (child >= count)
            return;

        if (child + 1 < count && heap[child + 1]->next_time < heap[child]->next_time)
            child++;

        if (heap[at]->next_time <= heap[child]->next_time)
            return;

        struct perf_ring *swapped = heap[at];
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
    uint64_t start_ns = now_ns();

    if (start_ns < collector->stalled_until_ns) {
        collector->dropped_count++;
        return;
    }

    if (collector->dropped_count > 0) {
        struct sched_record lost = *record;

        lost.type = SCHED_RECORD_LOST;
        lost.count = collector->dropped_count;
        collector->dropped_count = 0;
        sched_pairing_add(collector->pairing, &lost);
    }

    sched_pairing_add(collector->pairing, record);
    uint64_t end_ns = now_ns();
    if (end_ns - start_ns >= STALL_NS)
        collector->stalled_until_ns = end_ns + STALL_PAUSE_NS;
}

/* Takes everything up to horizon out of the rings, in order of time. */
static void drain(struct sched_collector *collector, uint64_t horizon)
{
    struct perf_ring **heap = collector->heap;
    unsigned count = 0;

    for (unsigned i = 0; i < collector->ring_count; i++) {
        if (perf_ring_refresh(&collector->rings[i]))
            heap[count++] = &collector->rings[i];
    }

    for (unsigned i = count / 2; i-- > 0;)
        heap_sift_down(heap, count, i);

    while (count > 0 && heap[0]->next_time <= horizon) {
        struct sched_record records[PERF_RING_MAX_MEANINGS];
        unsigned record_count = perf_ring_read(heap[0], records);

        for (unsigned i = 0; i < record_count; i++)
            take_record(collector, &records[i]);

        if (!perf_ring_advance(heap[0]))
            heap[0] = heap[--count];

        heap_sift_down(heap, count, 0);
    }
}

static gpointer run_collector(gpointer argument)
{
    struct sched_collector *collector = argument;
    unsigned count = collector->ring_count;
    g_autofree struct pollfd *polled = g_new0(struct pollfd, count + 1);

    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), COLLECTOR_NICE);

    for (unsigned i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = collector->rings[i].fd, .events = POLLIN};

    polled[count] = (struct pollfd){.fd = collector->stop_fd, .events = POLLIN};
    while (!(polled[count].revents & POLLIN)) {
        poll(polled, count + 1, DRAIN_INTERVAL_MS);
        drain(collector, now_ns() - SETTLE_NS);

        /* A ring whose threads have all ended says so for ever; there is nothing more to wait for. */
        for (unsigned i = 0; i < count; i++) {
            if (polled[i].revents & (POLLHUP | POLLERR))
                polled[i].fd = -1;
        }
    }

    drain(collector, UINT64_MAX);
    if (now_ns() >= collector->stalled_until_ns)
        sched_pairing_finish(collector->pairing, now_ns());

    return NULL;
}

/* --- opening ------------------------------------------------------------------------------------------ */

static int open_event(struct perf_event_attr *attr, pid_t pid, int cpu)
{
    return (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static void describe_program_event(struct perf_event_attr *attr,
                                   const struct sched_collector_options *options)
{
    *attr = (struct perf_event_attr){
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(*attr),
        .config = options->sample_hz ? PERF_COUNT_SW_TASK_CLOCK : PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN,
        .sample_period = options->sample_hz ? 1000000000 / options->sample_hz : 0,
        .sample_max_stack = MAX_SAMPLE_FRAMES,
        .disabled = !options->is_running,
        .enable_on_exec = !options->is_running,
        .inherit = 1,
        .inherit_thread = !options->follow_children,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .exclude_callchain_kernel = 1,
        .context_switch = 1,
        .task = 1,
        .comm = 1,
        .comm_exec = 1,
        .mmap = 1,
        .mmap2 = 1,
        .sample_id_all = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
    };
}

/* A tracepoint, met by any task. It runs from its opening on; threads of others are sorted out later. */
static void describe_tracepoint(struct perf_event_attr *attr, uint16_t id)
{
    *attr = (struct perf_event_attr){
        .type = PERF_TYPE_TRACEPOINT,
        .size = sizeof(*attr),
        .config = id,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW,
        .sample_period = 1,
        .sample_id_all = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
    };
}

static void set_open_error(GError **error, int cause)
{
    if (cause == EACCES || cause == EPERM)
        g_set_error_literal(
            error, SCHED_ERROR, cause,
            "the kernel forbids perf_event_open; kernel.perf_event_paranoid must be 2 or less");
    else
        g_set_error(error, SCHED_ERROR, cause, "perf_event_open failed: %s", g_strerror(cause));
}

/* Maps the ring of an event; halves it until the limit on locked memory allows it. Takes fd, also on failure.
 */
static bool add_ring(struct sched_collector *collector, int fd, const struct sched_tracepoints *tracepoints,
                     GError **error)
{
    struct perf_ring *ring = &collector->rings[collector->ring_count];

    while (!perf_ring_init(ring, fd, tracepoints, collector->ring_bytes)) {
        int cause = errno;

        if ((cause != EPERM && cause != ENOMEM) || collector->ring_bytes / 2 < MIN_RING_BYTES) {
            g_set_error(error, SCHED_ERROR, cause,
                        "cannot map a ring of the kernel (%s); raise kernel.perf_event_mlock_kb or ulimit -l",
                        g_strerror(cause));
            close(fd);
            return false;
        }

        collector->ring_bytes /= 2;
    }

    collector->ring_count++;
    return true;
}

/* One ring per CPU for the program. */
static bool open_program_rings(struct sched_collector *collector, struct perf_event_attr *attr, pid_t pid,
                               GError **error)
{
    collector->first_program_ring = collector->ring_count;
    for (int cpu = 0; cpu < collector->cpu_count; cpu++) {
        int fd = open_event(attr, pid, cpu);

        if (fd < 0 && errno == ENODEV) /* the CPU is offline */
            continue;

        if (fd < 0) {
            set_open_error(error, errno);
            return false;
        }

        if (!add_ring(collector, fd, NULL, error))
            return false;

        collector->rings[collector->ring_count - 1].cpu = cpu;
    }

    return true;
}

/* Another thread of a process that runs already: its events go to the rings of the first thread. */
static bool join_thread(struct sched_collector *collector, struct perf_event_attr *attr, int32_t tid,
                        GError **error)
{
    for (unsigned i = collector->first_program_ring; i < collector->ring_count; i++) {
        int fd = open_event(attr, tid, collector->rings[i].cpu);

        if (fd < 0 && errno == ESRCH) /* it has ended */
            return true;

        if (fd < 0) {
            set_open_error(error, errno);
            return false;
        }

        g_array_append_val(collector->joined_fds, fd);
        ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, collector->rings[i].fd);
    }

    return true;
}

/* Threads come and go meanwhile: look again until there is no new one. What a known thread starts is
 * inherited. */
static bool join_threads(struct sched_collector *collector, struct perf_event_attr *attr, pid_t pid,
                         GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_direct_hash, g_direct_equal);
    bool has_new = true;

    g_hash_table_add(known, GINT_TO_POINTER(pid));
    while (has_new) {
        g_autoptr(GArray) tids = existing_process_threads(pid);

        has_new = false;
        for (unsigned i = 0; i < tids->len; i++) {
            int32_t tid = g_array_index(tids, int32_t, i);

            if (!g_hash_table_add(known, GINT_TO_POINTER(tid)))
                continue;

            has_new = true;
            if (!join_thread(collector, attr, tid, error))
                return false;
        }
    }

    return true;
}

/* Adds a tracepoint of one CPU to the ring of another. */
static bool join_ring(struct sched_collector *collector, uint16_t id, int cpu, int ring_fd)
{
    struct perf_event_attr attr;

    describe_tracepoint(&attr, id);
    int fd = open_event(&attr, -1, cpu);
    if (fd < 0)
        return false;

    g_array_append_val(collector->joined_fds, fd);
    return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring_fd) == 0;
}

/* One ring per CPU for the tracepoints of the whole machine. */
static bool open_machine_rings(struct sched_collector *collector)
{
    const struct sched_tracepoints *tracepoints = &collector->tracepoints;
    struct perf_event_attr attr;

    describe_tracepoint(&attr, tracepoints->sched_switch.id);
    for (int cpu = 0; cpu < collector->cpu_count; cpu++) {
        int fd = open_event(&attr, -1, cpu);

        if (fd < 0 && errno == ENODEV)
            continue;

        if (fd < 0 || !add_ring(collector, fd, tracepoints, NULL) ||
            !join_ring(collector, tracepoints->waking.id, cpu, fd) ||
            !join_ring(collector, tracepoints->wakeup_new.id, cpu, fd))
            return false;
    }

    return true;
}

static void close_rings(struct sched_collector *collector)
{
    for (unsigned i = 0; i < collector->joined_fds->len; i++)
        close(g_array_index(collector->joined_fds, int, i));

    for (unsigned i = 0; i < collector->ring_count; i++)
        perf_ring_clear(&collector->rings[i]);

    g_array_set_size(collector->joined_fds, 0);
    collector->ring_count = 0;
}

static uint64_t default_ring_bytes(int cpu_count)
{
    if (geteuid() != 0)
        return DEFAULT_RING_BYTES;

    return CLAMP(ROOT_TOTAL_BYTES / 2 / (uint64_t)cpu_count, DEFAULT_RING_BYTES, MAX_ROOT_RING_BYTES);
}

/* Rings are powers of two. */
static uint64_t first_ring_bytes(const struct sched_collector_options *options, int cpu_count)
{
    uint64_t wanted = options->ring_bytes ? options->ring_bytes : default_ring_bytes(cpu_count);
    uint64_t bytes = MIN_RING_BYTES;

    while (bytes * 2 <= wanted && bytes < MAX_RING_BYTES)
        bytes *= 2;

    return bytes;
}

static bool open_rings(struct sched_collector *collector, pid_t pid,
                       const struct sched_collector_options *options, GError **error)
{
    struct perf_event_attr attr;

    collector->ring_bytes = first_ring_bytes(options, collector->cpu_count);
    collector->is_privileged = options->with_wakeups && sched_tracepoints_find(&collector->tracepoints);
    if (collector->is_privileged && !open_machine_rings(collector)) {
        close_rings(collector);
        collector->is_privileged = false;
        collector->ring_bytes = first_ring_bytes(options, collector->cpu_count);
    }

    describe_program_event(&attr, options);
    /* Tracepoints have the exact times, but the kernel drops some; so the program's own records are kept,
     * too. */
    if (collector->is_privileged)
        sched_pairing_expect_strangers(collector->pairing);

    /* Kernels before 5.13 do not know how to inherit to threads only. */
    int probe_fd = open_event(&attr, pid, -1);
    if (probe_fd < 0 && errno == EINVAL)
        attr.inherit_thread = 0;
    else if (probe_fd >= 0)
        close(probe_fd);

    return open_program_rings(collector, &attr, pid, error) &&
           (!options->is_running || join_threads(collector, &attr, pid, error));
}

void sched_collector_free(struct sched_collector *collector)
{
    if (!collector)
        return;

    close_rings(collector);
    g_array_unref(collector->joined_fds);
    if (collector->stop_fd >= 0)
        close(collector->stop_fd);

    sched_pairing_free(collector->pairing);
    g_free(collector->rings);
    g_free(collector->heap);
    g_free(collector);
}

struct sched_collector *sched_collector_new(pid_t pid, const struct sched_collector_options *options,
                                            const struct recorder_events *events, GError **error)
{
    struct sched_collector *collector = g_new0(struct sched_collector, 1);

    collector->events = events;
    collector->pairing = sched_pairing_new(events, options->follow_children ? 0 : pid);
    collector->cpu_count = (int)sysconf(_SC_NPROCESSORS_CONF);
    collector->rings = g_new0(struct perf_ring, 2 * (gsize)collector->cpu_count);
    collector->heap = g_new0(struct perf_ring *, 2 * (gsize)collector->cpu_count);
    collector->joined_fds = g_array_new(FALSE, FALSE, sizeof(int));
    collector->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (collector->stop_fd < 0) {
        set_open_error(error, errno);
        sched_collector_free(collector);
        return NULL;
    }

    if (!open_rings(collector, pid, options, error)) {
        sched_collector_free(collector);
        return NULL;
    }

    if (collector->is_privileged)
        events->sched_source(now_ns(), EXECTRACE_SCHED_PERF_WAKING,
                             "perf_event_open: sched_switch, sched_waking, sched_wakeup_new");
    else
        events->sched_source(now_ns(), EXECTRACE_SCHED_PERF_SWITCH, "perf_event_open: context switches");

    if (options->is_running)
        existing_process_introduce(pid, now_ns(), collector->pairing);

    collector->thread = g_thread_new("sched", run_collector, collector);
    return collector;
}

uint64_t sched_collector_ring_bytes(const struct sched_collector *collector)
{
    return collector->ring_bytes;
}

uint64_t sched_collector_stop(struct sched_collector *collector)
{
    for (unsigned i = 0; i < collector->ring_count; i++)
        ioctl(collector->rings[i].fd, PERF_EVENT_IOC_DISABLE, 0);

    while (write(collector->stop_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0 && errno == EINTR)
        continue;

    g_thread_join(collector->thread);
    return sched_pairing_lost_count(collector->pairing) + collector->dropped_count;
}

uint64_t sched_collector_process_end(const struct sched_collector *collector, int32_t pid)
{
    return sched_pairing_process_end(collector->pairing, pid);
}
