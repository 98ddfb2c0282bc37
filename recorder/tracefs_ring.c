/*
 * Reads the rings of a trace instance, a page with every read(2). A page that is not full yet is handed out
 * with what is in it. Called by sched_collector.c through record_stream.h, on its thread.
 */
#include "recorder/tracefs_ring.h"

#include <unistd.h>

/* To the next event of this page or of the next one that the kernel has. */
static bool step(struct tracefs_ring *ring)
{
    ring->has_event = trace_page_next(&ring->page);
    while (!ring->has_event) {
        ssize_t byte_count = read(ring->fd, ring->bytes, ring->page_bytes);

        if (byte_count <= 0)
            return false;

        ring->read_count++;
        trace_page_begin(&ring->page, ring->bytes, (uint32_t)byte_count);
        ring->lost_count += ring->page.lost_count;
        ring->has_event = trace_page_next(&ring->page);
    }

    ring->stream.next_time = ring->page.time;
    return true;
}

static bool refresh(struct record_stream *stream)
{
    struct tracefs_ring *ring = (struct tracefs_ring *)stream;

    return ring->has_event || step(ring);
}

/*
 * Who leaves the CPU must be who was put on it. On some machines the tracepoint is silent in the context of
 * some tasks, such as a CPU's idle task: then the switch from that task to the next was not told.
 */
static void check_switch(struct tracefs_ring *ring, struct sched_record *out, const struct sched_record *in)
{
    if (ring->running_tid >= 0 && ring->running_tid != out->tid)
        out->put_on_after = ring->running_since;

    ring->running_tid = in->tid;
    ring->running_since = in->time;
    ring->switch_count++;
    if (in->tid == 0)
        ring->idle_count++;
}

static unsigned read_records(struct record_stream *stream, struct sched_record *records)
{
    struct tracefs_ring *ring = (struct tracefs_ring *)stream;

    records[0] = (struct sched_record){.time = ring->page.time, .cpu = ring->cpu};
    if (ring->lost_count > 0) {
        records[0].type = SCHED_RECORD_LOST;
        records[0].count = ring->lost_count;
        ring->running_tid = -1;
        return 1;
    }

    unsigned count =
        sched_tracepoints_decode(ring->tracepoints, ring->page.event, ring->page.event_bytes, records);
    if (count == 2)
        check_switch(ring, &records[0], &records[1]);

    return count;
}

/* The event that follows a loss comes after it. */
static bool advance(struct record_stream *stream)
{
    struct tracefs_ring *ring = (struct tracefs_ring *)stream;

    if (ring->lost_count > 0) {
        ring->lost_count = 0;
        return true;
    }

    return step(ring);
}

void tracefs_ring_init(struct tracefs_ring *ring, int fd, int cpu,
                       const struct sched_tracepoints *tracepoints, uint32_t page_bytes)
{
    static const struct record_stream_kind kind = {refresh, read_records, advance};

    *ring = (struct tracefs_ring){
        .stream.kind = &kind,
        .fd = fd,
        .cpu = (uint16_t)cpu,
        .tracepoints = tracepoints,
        .bytes = g_malloc(page_bytes),
        .page_bytes = page_bytes,
        .running_tid = -1,
    };
}

void tracefs_ring_clear(struct tracefs_ring *ring)
{
    if (!ring->bytes)
        return;

    close(ring->fd);
    g_free(ring->bytes);
    *ring = (struct tracefs_ring){0};
}
