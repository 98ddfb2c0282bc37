/*
 * An external merge sort. Used by perfetto_sched.c; main thread.
 *
 * How a thread left a CPU is known only when its next state is, which may be at the end of the recording; so
 * there is no bound after which the order is sure. The file holds sorted pieces of SCHED_RUNS_IN_MEMORY.
 */
#include "viewer_export/sched_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Of a piece of the file that is being read: so many at a time. */
#define READ_COUNT 256u

struct sched_runs {
    GArray *latest;       /* struct sched_run */
    int fd;               /* -1: no file yet */
    uint64_t piece_count; /* in the file */
    bool is_all_in_memory;
};

struct sched_runs *sched_runs_new(void)
{
    struct sched_runs *runs = g_new0(struct sched_runs, 1);
    runs->latest = g_array_new(FALSE, FALSE, sizeof(struct sched_run));
    runs->fd = -1;
    return runs;
}

void sched_runs_free(struct sched_runs *runs)
{
    if (!runs)
        return;
    if (runs->fd >= 0)
        close(runs->fd);
    g_array_unref(runs->latest);
    g_free(runs);
}

static bool is_before(const struct sched_run *left, const struct sched_run *right)
{
    if (left->cpu != right->cpu)
        return left->cpu < right->cpu;
    if (left->start_ns != right->start_ns)
        return left->start_ns < right->start_ns;
    return left->end_ns != right->end_ns ? left->end_ns < right->end_ns : left->tid < right->tid;
}

static int compare(const void *left, const void *right)
{
    return is_before(left, right) ? -1 : is_before(right, left);
}

static void sort_latest(struct sched_runs *runs)
{
    if (runs->latest->len > 0)
        qsort(runs->latest->data, runs->latest->len, sizeof(struct sched_run), compare);
}

static int open_nameless(void)
{
    int fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    g_autofree char *path = NULL;
    fd = g_file_open_tmp("viewer_export-XXXXXX", &path, NULL);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t count, off_t offset)
{
    while (count > 0) {
        ssize_t written = pwrite(fd, bytes, count, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        count -= (size_t)written;
        offset += written;
    }
    return true;
}

/* When that cannot be, memory has to do. */
static void put_aside(struct sched_runs *runs)
{
    const size_t piece_bytes = SCHED_RUNS_IN_MEMORY * sizeof(struct sched_run);
    sort_latest(runs);
    if (runs->fd < 0)
        runs->fd = open_nameless();
    runs->is_all_in_memory = runs->fd < 0 || !write_all(runs->fd, runs->latest->data, piece_bytes,
                                                        (off_t)(runs->piece_count * piece_bytes));
    if (runs->is_all_in_memory)
        return;
    runs->piece_count++;
    g_array_set_size(runs->latest, 0);
}

void sched_runs_add(struct sched_runs *runs, const struct sched_run *run)
{
    if (runs->latest->len == SCHED_RUNS_IN_MEMORY && !runs->is_all_in_memory)
        put_aside(runs);
    g_array_append_vals(runs->latest, run, 1);
}

uint64_t sched_runs_count(const struct sched_runs *runs)
{
    return runs->piece_count * SCHED_RUNS_IN_MEMORY + runs->latest->len;
}

/* A sorted piece from which runs are taken: of the file, or what is in memory. */
struct source {
    const struct sched_run *next, *end;
    struct sched_run *buffer; /* READ_COUNT of them, owned; NULL: in memory */
    uint64_t unread_first;    /* in the file */
    uint64_t unread_count;
};

static int refill(int fd, struct source *source)
{
    size_t count = (size_t)MIN(source->unread_count, READ_COUNT);
    size_t done = 0, wanted = count * sizeof(struct sched_run);
    while (done < wanted) {
        ssize_t got = pread(fd, (char *)source->buffer + done, wanted - done,
                            (off_t)(source->unread_first * sizeof(struct sched_run) + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EIO;
        done += (size_t)got;
    }
    source->next = source->buffer;
    source->end = source->buffer + count;
    source->unread_first += count;
    source->unread_count -= count;
    return 0;
}

/* heap: by the next run of each, the earliest first. */
static void sift_down(struct source *heap, size_t count, size_t index)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= count)
            return;
        if (child + 1 < count && is_before(heap[child + 1].next, heap[child].next))
            child++;
        if (!is_before(heap[child].next, heap[index].next))
            return;
        const struct source other = heap[index];
        heap[index] = heap[child];
        heap[child] = other;
        index = child;
    }
}

static int merge(int fd, struct source *heap, size_t count, sched_run_visitor visitor, void *user)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(heap, count, i);
    while (count > 0) {
        visitor(user, heap[0].next++);
        if (heap[0].next == heap[0].end) {
            int problem = heap[0].unread_count ? refill(fd, &heap[0]) : 0;
            if (problem)
                return problem;
            if (heap[0].next == heap[0].end) {
                const struct source empty = heap[0];
                heap[0] = heap[--count];
                heap[count] = empty;
            }
        }
        sift_down(heap, count, 0);
    }
    return 0;
}

int sched_runs_visit(struct sched_runs *runs, sched_run_visitor visitor, void *user)
{
    size_t count = 0;
    int problem = 0;
    struct source *heap = g_new0(struct source, runs->piece_count + 1);
    sort_latest(runs);
    for (; count < runs->piece_count && problem == 0; count++) {
        heap[count] = (struct source){.buffer = g_new(struct sched_run, READ_COUNT),
                                      .unread_first = count * SCHED_RUNS_IN_MEMORY,
                                      .unread_count = SCHED_RUNS_IN_MEMORY};
        problem = refill(runs->fd, &heap[count]);
    }
    const size_t file_count = count;
    const struct sched_run *latest = (const struct sched_run *)(const void *)runs->latest->data;
    if (runs->latest->len > 0)
        heap[count++] = (struct source){.next = latest, .end = latest + runs->latest->len};
    if (problem == 0)
        problem = merge(runs->fd, heap, count, visitor, user);
    for (size_t i = 0; i < file_count + (runs->latest->len > 0); i++)
        g_free(heap[i].buffer);
    g_free(heap);
    return problem;
}
