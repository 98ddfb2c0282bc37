/*
 * The only user of perf_event_open. Called by sched_sources.c on the main thread.
 *
 * Of the program there is one event per CPU, inherited by its threads and children: a dummy that carries
 * side-band records, context switches, forks, exits, names, mappings; and a task clock that samples, which
 * can be switched off for a while because it sets a timer with every switch. The kernel's time stamps are
 * CLOCK_MONOTONIC, as LTTng's are. An event of a program costs each of its switches, even when it records
 * none; an event of a CPU costs nothing there.
 */
#include "recorder/perf_events.h"
#include "recorder/existing_process.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIN_RING_BYTES (UINT64_C(32) << 10)
#define MAX_RING_BYTES (UINT64_C(1) << 30)
#define MAX_SAMPLE_FRAMES 64
/* At most two rings per CPU: tracepoints, and the program. */
#define RINGS_PER_CPU 2

static int open_event(struct perf_event_attr *attr, pid_t pid, int cpu)
{
    return (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* What all have in common. The kernel's clock for sampling is chosen by the caller. */
static void describe_side_band(struct perf_event_attr *attr, uint64_t sampled_event, unsigned sample_hz)
{
    *attr = (struct perf_event_attr){
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(*attr),
        .config = sample_hz ? sampled_event : PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN,
        .sample_period = sample_hz ? 1000000000 / sample_hz : 0,
        .sample_max_stack = MAX_SAMPLE_FRAMES,
        .exclude_hv = 1,
        .exclude_callchain_kernel = 1,
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

static void describe_program_event(struct perf_event_attr *attr, const struct perf_program_settings *settings)
{
    describe_side_band(attr, 0, 0);
    attr->disabled = !settings->is_running;
    attr->enable_on_exec = !settings->is_running;
    attr->inherit = 1;
    attr->inherit_thread = !settings->follow_children;
    attr->exclude_kernel = 1;
    attr->context_switch = 1;
}

static void leave_out_side_band(struct perf_event_attr *attr)
{
    attr->task = attr->comm = attr->comm_exec = attr->mmap = attr->mmap2 = attr->context_switch = 0;
}

/* The same for the samples; program_event: as described above. */
static void describe_sampling(struct perf_event_attr *attr, const struct perf_event_attr *program_event,
                              unsigned sample_hz)
{
    *attr = *program_event;
    attr->config = PERF_COUNT_SW_TASK_CLOCK;
    attr->sample_period = 1000000000 / sample_hz;
    leave_out_side_band(attr);
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
            error, PERF_EVENTS_ERROR, cause,
            "the kernel forbids perf_event_open; kernel.perf_event_paranoid must be 2 or less");
    else
        g_set_error(error, PERF_EVENTS_ERROR, cause, "perf_event_open failed: %s", g_strerror(cause));
}

/* Maps the ring of an event; halves it until the limit on locked memory allows it. Takes fd, also on failure.
 */
static bool add_ring(struct perf_events *events, int fd, const struct sched_tracepoints *tracepoints,
                     GError **error)
{
    struct perf_ring *ring = &events->rings[events->ring_count];

    while (!perf_ring_init(ring, fd, tracepoints, events->ring_bytes)) {
        int cause = errno;

        if ((cause != EPERM && cause != ENOMEM) || events->ring_bytes / 2 < MIN_RING_BYTES) {
            g_set_error(error, PERF_EVENTS_ERROR, cause,
                        "cannot map a ring of the kernel (%s); raise kernel.perf_event_mlock_kb or ulimit -l",
                        g_strerror(cause));
            close(fd);
            return false;
        }

        events->ring_bytes /= 2;
    }

    events->ring_count++;
    return true;
}

/* One ring per CPU for the events of process pid; -1: of all. */
static bool open_rings(struct perf_events *events, struct perf_event_attr *attr, pid_t pid, GError **error)
{
    events->first_program_ring = events->ring_count;
    for (int cpu = 0; cpu < events->cpu_count; cpu++) {
        int fd = open_event(attr, pid, cpu);

        if (fd < 0 && errno == ENODEV) /* the CPU is offline */
            continue;

        if (fd < 0) {
            set_open_error(error, errno);
            return false;
        }

        if (!add_ring(events, fd, NULL, error))
            return false;

        events->rings[events->ring_count - 1].cpu = cpu;
    }

    return true;
}

/* Another event of a thread: it goes to the rings of the program. */
static bool join_thread(struct perf_events *events, struct perf_event_attr *attr, int32_t tid, GError **error)
{
    for (unsigned i = events->first_program_ring; i < events->ring_count; i++) {
        int fd = open_event(attr, tid, events->rings[i].cpu);

        if (fd < 0 && errno == ESRCH) /* it has ended */
            return true;

        if (fd < 0) {
            set_open_error(error, errno);
            return false;
        }

        g_array_append_val(events->joined_fds, fd);
        ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, events->rings[i].fd);
        if (attr->sample_period > 0)
            g_array_append_val(events->sampling_fds, fd);
    }

    return true;
}

/* Threads come and go meanwhile: look again until there is no new one. What a known thread starts is
 * inherited. */
static bool join_threads(struct perf_events *events, struct perf_event_attr *attr,
                         struct perf_event_attr *sampling, pid_t pid, GError **error)
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
            if (!join_thread(events, attr, tid, error) ||
                (sampling->sample_period > 0 && !join_thread(events, sampling, tid, error)))
                return false;
        }
    }

    return true;
}

bool perf_events_open_program(struct perf_events *events, pid_t pid,
                              const struct perf_program_settings *settings, GError **error)
{
    struct perf_event_attr attr, sampling = {0};

    describe_program_event(&attr, settings);

    /* Kernels before 5.13 do not know how to inherit to threads only. */
    int probe_fd = open_event(&attr, pid, -1);
    if (probe_fd < 0 && errno == EINVAL)
        attr.inherit_thread = 0;
    else if (probe_fd >= 0)
        close(probe_fd);

    if (settings->sample_hz > 0)
        describe_sampling(&sampling, &attr, settings->sample_hz);

    return open_rings(events, &attr, pid, error) &&
           (settings->sample_hz == 0 || join_thread(events, &sampling, pid, error)) &&
           (!settings->is_running || join_threads(events, &attr, &sampling, pid, error));
}

void perf_events_switch(int fd, bool is_on)
{
    ioctl(fd, is_on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
}

void perf_events_set_sampling(const struct perf_events *events, bool is_on)
{
    for (unsigned i = 0; i < events->sampling_fds->len; i++)
        perf_events_switch(g_array_index(events->sampling_fds, int, i), is_on);
}

/* Kernel code is sampled, too: the callchain is that of the system call's caller. */
bool perf_events_open_machine(struct perf_events *events, unsigned sample_hz)
{
    struct perf_event_attr attr;

    describe_side_band(&attr, PERF_COUNT_SW_CPU_CLOCK, sample_hz);
    attr.exclude_idle = 1;
    return open_rings(events, &attr, -1, NULL);
}

bool perf_events_add_ticks(struct perf_events *events, const struct tick_samples *samples)
{
    struct perf_event_attr attr;

    describe_side_band(&attr, 0, 0);
    leave_out_side_band(&attr);
    attr.type = PERF_TYPE_TRACEPOINT;
    attr.config = samples->tracepoint_id;
    attr.sample_period = samples->period;
    for (unsigned i = 0; i < events->ring_count; i++) {
        int fd = open_event(&attr, -1, events->rings[i].cpu);

        if (fd < 0)
            return false;

        g_array_append_val(events->joined_fds, fd);
        if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, events->rings[i].fd) != 0)
            return false;
    }

    return true;
}

int perf_events_add_switches(struct perf_events *events, int cpu)
{
    struct perf_event_attr attr;

    describe_side_band(&attr, 0, 0);
    leave_out_side_band(&attr);
    attr.context_switch = 1;
    for (unsigned i = 0; i < events->ring_count; i++) {
        if (events->rings[i].cpu != cpu)
            continue;

        int fd = open_event(&attr, -1, cpu);
        if (fd < 0)
            return -1;

        g_array_append_val(events->joined_fds, fd);
        return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, events->rings[i].fd) == 0 ? fd : -1;
    }

    return -1;
}

/* Adds a tracepoint of one CPU to the ring of another. */
static bool join_ring(struct perf_events *events, uint16_t id, int cpu, int ring_fd)
{
    struct perf_event_attr attr;

    describe_tracepoint(&attr, id);
    int fd = open_event(&attr, -1, cpu);
    if (fd < 0)
        return false;

    g_array_append_val(events->joined_fds, fd);
    return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring_fd) == 0;
}

bool perf_events_open_tracepoints(struct perf_events *events, const struct sched_tracepoints *tracepoints)
{
    struct perf_event_attr attr;

    describe_tracepoint(&attr, tracepoints->sched_switch.id);
    for (int cpu = 0; cpu < events->cpu_count; cpu++) {
        int fd = open_event(&attr, -1, cpu);

        if (fd < 0 && errno == ENODEV)
            continue;

        if (fd < 0 || !add_ring(events, fd, tracepoints, NULL) ||
            !join_ring(events, tracepoints->waking.id, cpu, fd) ||
            !join_ring(events, tracepoints->wakeup_new.id, cpu, fd))
            return false;
    }

    return true;
}

void perf_events_stop(const struct perf_events *events)
{
    for (unsigned i = 0; i < events->ring_count; i++)
        ioctl(events->rings[i].fd, PERF_EVENT_IOC_DISABLE, 0);
}

void perf_events_close(struct perf_events *events)
{
    for (unsigned i = 0; i < events->joined_fds->len; i++)
        close(g_array_index(events->joined_fds, int, i));

    for (unsigned i = 0; i < events->ring_count; i++)
        perf_ring_clear(&events->rings[i]);

    g_array_set_size(events->joined_fds, 0);
    g_array_set_size(events->sampling_fds, 0);
    events->ring_count = 0;
}

/* Rings are powers of two. */
void perf_events_init(struct perf_events *events, uint64_t ring_bytes)
{
    int cpu_count = (int)sysconf(_SC_NPROCESSORS_CONF);

    *events = (struct perf_events){
        .rings = g_new0(struct perf_ring, RINGS_PER_CPU * (gsize)cpu_count),
        .joined_fds = g_array_new(FALSE, FALSE, sizeof(int)),
        .sampling_fds = g_array_new(FALSE, FALSE, sizeof(int)),
        .cpu_count = cpu_count,
        .ring_bytes = MIN_RING_BYTES,
    };
    while (events->ring_bytes * 2 <= ring_bytes && events->ring_bytes < MAX_RING_BYTES)
        events->ring_bytes *= 2;
}

void perf_events_clear(struct perf_events *events)
{
    if (!events->rings)
        return;

    perf_events_close(events);
    g_array_unref(events->joined_fds);
    g_array_unref(events->sampling_fds);
    g_free(events->rings);
    *events = (struct perf_events){0};
}
