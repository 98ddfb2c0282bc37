/*
 * The thread "metrics", and what it reads from /proc. Started and stopped by main.c on the main thread.
 * Names and units are as Prometheus client libraries have them.
 */
#include "recorder/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct {
    const char *name;
    const char *unit;
    const char *help;
} descriptions[METRIC_END] = {
    [METRIC_CPU_SECONDS] = {"process_cpu_seconds_total", "seconds", "User and system CPU time."},
    [METRIC_RESIDENT_BYTES] = {"process_resident_memory_bytes", "bytes", "Memory in RAM."},
    [METRIC_VIRTUAL_BYTES] = {"process_virtual_memory_bytes", "bytes", "Address space in use."},
    [METRIC_THREADS] = {"process_threads", "threads", "Threads, with those of the tracer."},
    [METRIC_OPEN_FDS] = {"process_open_fds", "fds", "Open file descriptors, with those of the tracer."},
    [METRIC_MAJOR_FAULTS] = {"process_major_page_faults_total", "faults", "Page faults that read from disk."},
};

struct metrics {
    pid_t pid;
    uint64_t interval_ns;
    const struct recorder_events *events; /* borrowed */
    GThread *thread;
    int stop_fd; /* eventfd: the main thread tells the thread to end */
};

bool metrics_parse_stat(const char *line, double *values)
{
    const char *rest = strrchr(line, ')'); /* a program's name may contain anything, also parentheses */
    uint64_t major_faults, user_ticks, system_ticks, thread_count, virtual_bytes, resident_pages;

    if (!rest || sscanf(rest,
                        ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %" SCNu64 " %*u %" SCNu64 " %" SCNu64
                        " %*d %*d %*d %*d %" SCNu64 " %*d %*u %" SCNu64 " %" SCNu64,
                        &major_faults, &user_ticks, &system_ticks, &thread_count, &virtual_bytes,
                        &resident_pages) != 6)
        return false;

    values[METRIC_CPU_SECONDS] = (double)(user_ticks + system_ticks) / (double)sysconf(_SC_CLK_TCK);
    values[METRIC_RESIDENT_BYTES] = (double)resident_pages * (double)sysconf(_SC_PAGESIZE);
    values[METRIC_VIRTUAL_BYTES] = (double)virtual_bytes;
    values[METRIC_THREADS] = (double)thread_count;
    values[METRIC_MAJOR_FAULTS] = (double)major_faults;
    return true;
}

/* False: the process is gone. */
static bool read_values(pid_t pid, double *values)
{
    g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *fds_path = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) fds = g_dir_open(fds_path, 0, NULL);
    g_autofree char *line = NULL;

    if (!g_file_get_contents(stat_path, &line, NULL, NULL) || !metrics_parse_stat(line, values))
        return false;

    values[METRIC_OPEN_FDS] = 0;
    while (fds && g_dir_read_name(fds))
        values[METRIC_OPEN_FDS]++;

    return true;
}

static bool sample(const struct metrics *metrics)
{
    double values[METRIC_END];
    uint64_t time = (uint64_t)g_get_monotonic_time() * 1000;

    if (!read_values(metrics->pid, values))
        return false;

    for (uint32_t id = 1; id < METRIC_END; id++)
        metrics->events->metric_sample(time, metrics->pid, id, values[id]);

    return true;
}

/* Waits for the next moment to sample. False: it is time to end. */
static bool wait_until(const struct metrics *metrics, gint64 next_us)
{
    struct pollfd polled = {.fd = metrics->stop_fd, .events = POLLIN};
    gint64 left_us = next_us - g_get_monotonic_time();

    return poll(&polled, 1, left_us > 0 ? (int)(left_us / 1000) + 1 : 0) <= 0;
}

static gpointer run_metrics(gpointer argument)
{
    struct metrics *metrics = argument;
    gint64 next_us = g_get_monotonic_time();

    for (uint32_t id = 1; id < METRIC_END; id++)
        metrics->events->metric_define(id, descriptions[id].name, descriptions[id].unit,
                                       descriptions[id].help);

    while (sample(metrics)) {
        next_us += (gint64)(metrics->interval_ns / 1000);
        if (!wait_until(metrics, next_us))
            break;
    }

    return NULL;
}

struct metrics *metrics_start(pid_t pid, uint64_t interval_ns, const struct recorder_events *events)
{
    int stop_fd = eventfd(0, EFD_CLOEXEC);

    if (stop_fd < 0)
        return NULL;

    struct metrics *metrics = g_new0(struct metrics, 1);
    metrics->pid = pid;
    metrics->interval_ns = interval_ns;
    metrics->events = events;
    metrics->stop_fd = stop_fd;
    metrics->thread = g_thread_new("metrics", run_metrics, metrics);
    return metrics;
}

void metrics_stop(struct metrics *metrics)
{
    if (!metrics)
        return;

    while (write(metrics->stop_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0 && errno == EINTR)
        continue;

    g_thread_join(metrics->thread);
    close(metrics->stop_fd);
    g_free(metrics);
}
