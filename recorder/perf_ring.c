/*
 * Rings of kernel records. The layout of a record follows from attr.sample_type in perf_events.c:
 * PERF_SAMPLE_TID | TIME | CPU with CALLCHAIN, or with RAW for tracepoints, and sample_id_all.
 * perf_event_open(2) describes all of it.
 */
#include "recorder/perf_ring.h"

#include <linux/perf_event.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What sample_id_all appends to every record but samples. */
struct record_id {
    uint32_t pid;
    uint32_t tid;
    uint64_t time;
    uint32_t cpu;
    uint32_t reserved;
};

struct task_record {
    struct perf_event_header header;
    uint32_t pid;
    uint32_t parent_pid;
    uint32_t tid;
    uint32_t parent_tid;
    uint64_t time;
};

struct name_record {
    struct perf_event_header header;
    uint32_t pid;
    uint32_t tid;
    char name[];
};

struct module_record {
    struct perf_event_header header;
    uint32_t pid;
    uint32_t tid;
    uint64_t base;
    uint64_t size;
    uint64_t offset;
    uint8_t file_id[24]; /* device, inode, generation, or a build id */
    uint32_t protection;
    uint32_t flags;
    char path[];
};

struct lost_record {
    struct perf_event_header header;
    uint64_t id;
    uint64_t count;
};

struct sample_record {
    struct perf_event_header header;
    struct record_id id;
    uint64_t pcs_count;
    uint64_t pcs[];
};

struct raw_record {
    struct perf_event_header header;
    struct record_id id;
    uint32_t raw_bytes;
    uint8_t raw[];
};

/* The record at the tail, contiguous; NULL when there is none. */
static const struct perf_event_header *borrow_record(struct perf_ring *ring)
{
    uint64_t start = ring->tail & (ring->byte_count - 1);
    const struct perf_event_header *header = (const void *)(ring->bytes + start);

    /* Records are multiples of 8 bytes, so a header never wraps. */
    if (ring->head - ring->tail < sizeof(*header) || header->size < sizeof(*header) ||
        ring->head - ring->tail < header->size)
        return NULL;

    if (start + header->size <= ring->byte_count)
        return header;

    uint64_t first = ring->byte_count - start;
    memcpy(ring->scratch, header, first);
    memcpy(ring->scratch + first, ring->bytes, header->size - first);
    return (const void *)ring->scratch;
}

static const struct record_id *record_id(const struct perf_event_header *header)
{
    if (header->type == PERF_RECORD_SAMPLE)
        return &((const struct sample_record *)(const void *)header)->id;

    return (const void *)((const uint8_t *)header + header->size - sizeof(struct record_id));
}

static bool look_at_next(struct perf_ring *ring)
{
    const struct perf_event_header *header = borrow_record(ring);

    if (!header)
        return false;

    ring->stream.next_time =
        header->size >= sizeof(*header) + sizeof(struct record_id) ? record_id(header)->time : 0;
    return true;
}

static bool refresh(struct record_stream *stream)
{
    struct perf_ring *ring = (struct perf_ring *)stream;
    const struct perf_event_mmap_page *control = ring->mapping;

    ring->head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
    return look_at_next(ring);
}

static bool advance(struct record_stream *stream)
{
    struct perf_ring *ring = (struct perf_ring *)stream;
    struct perf_event_mmap_page *control = ring->mapping;
    const struct perf_event_header *header = borrow_record(ring);

    if (!header)
        return false;

    ring->tail += header->size;
    __atomic_store_n(&control->data_tail, ring->tail, __ATOMIC_RELEASE);
    return look_at_next(ring);
}

/* Leaves out the markers that say whether frames are the kernel's or the user's. */
static void read_sample(const struct perf_event_header *header, struct sched_record *record)
{
    const struct sample_record *sample = (const void *)header;
    uint64_t room = (header->size - sizeof(*sample)) / sizeof(uint64_t);
    uint64_t count = MIN(sample->pcs_count, room);
    const uint64_t *pcs = sample->pcs;

    while (count > 0 && pcs[0] >= PERF_CONTEXT_MAX) {
        pcs++;
        count--;
    }

    record->type = SCHED_RECORD_SAMPLE;
    record->pcs = pcs;
    record->pcs_count = (uint32_t)count;
}

static void read_switch(const struct perf_event_header *header, struct sched_record *record)
{
    if (!(header->misc & PERF_RECORD_MISC_SWITCH_OUT))
        record->type = SCHED_RECORD_IN;
    else if (header->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT)
        record->type = SCHED_RECORD_OUT_PREEMPTED;
    else
        record->type = SCHED_RECORD_OUT;
}

/* Fork and exit. The ids are those of the task concerned, not of the one that wrote the record. */
static void read_task(const struct perf_event_header *header, struct sched_record *record)
{
    const struct task_record *task = (const void *)header;

    record->type = header->type == PERF_RECORD_FORK ? SCHED_RECORD_FORK : SCHED_RECORD_EXIT;
    record->pid = (int32_t)task->pid;
    record->tid = (int32_t)task->tid;
    record->parent_pid = (int32_t)task->parent_pid;
    record->parent_tid = (int32_t)task->parent_tid;
}

static void read_name(const struct perf_event_header *header, struct sched_record *record)
{
    const struct name_record *name = (const void *)header;

    record->type = SCHED_RECORD_NAME;
    record->pid = (int32_t)name->pid;
    record->tid = (int32_t)name->tid;
    record->is_exec = header->misc & PERF_RECORD_MISC_COMM_EXEC;
    record->text = name->name;
}

static void read_module(const struct perf_event_header *header, struct sched_record *record)
{
    const struct module_record *module = (const void *)header;

    record->type = SCHED_RECORD_MODULE;
    record->pid = (int32_t)module->pid;
    record->tid = (int32_t)module->tid;
    record->base = module->base;
    record->size = module->size;
    record->offset = module->offset;
    record->text = module->path;
}

static unsigned read_tracepoint(const struct sched_tracepoints *tracepoints,
                                const struct perf_event_header *header, struct sched_record *records)
{
    const struct raw_record *raw = (const void *)header;
    size_t raw_offset = offsetof(struct raw_record, raw); /* before the padding at the end of the struct */

    if (header->size < raw_offset || raw->raw_bytes > header->size - raw_offset)
        return 0;

    records[0].pid = 0;
    return sched_tracepoints_decode(tracepoints, raw->raw, raw->raw_bytes, records);
}

static unsigned read_one(const struct perf_event_header *header, struct sched_record *record)
{
    switch (header->type) {
    case PERF_RECORD_SWITCH:
    case PERF_RECORD_SWITCH_CPU_WIDE:
        read_switch(header, record);
        return 1;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
        read_task(header, record);
        return 1;
    case PERF_RECORD_COMM:
        read_name(header, record);
        return 1;
    case PERF_RECORD_MMAP2:
        read_module(header, record);
        return 1;
    case PERF_RECORD_SAMPLE:
        read_sample(header, record);
        return record->pcs_count > 0;
    case PERF_RECORD_LOST:
        record->type = SCHED_RECORD_LOST;
        record->count = ((const struct lost_record *)(const void *)header)->count;
        return 1;
    default:
        return 0;
    }
}

static unsigned read_records(struct record_stream *stream, struct sched_record *records)
{
    struct perf_ring *ring = (struct perf_ring *)stream;
    const struct perf_event_header *header = borrow_record(ring);

    if (!header || header->size < sizeof(*header) + sizeof(struct record_id))
        return 0;

    const struct record_id *id = record_id(header);
    records[0] = (struct sched_record){
        .time = id->time,
        .pid = (int32_t)id->pid,
        .tid = (int32_t)id->tid,
        .cpu = (uint16_t)id->cpu,
    };

    if (ring->tracepoints && header->type == PERF_RECORD_SAMPLE)
        return read_tracepoint(ring->tracepoints, header, records);

    return read_one(header, records);
}

bool perf_ring_init(struct perf_ring *ring, int fd, const struct sched_tracepoints *tracepoints,
                    uint64_t data_bytes)
{
    static const struct record_stream_kind kind = {refresh, read_records, advance};
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    void *mapping = mmap(NULL, page_bytes + data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (mapping == MAP_FAILED)
        return false;

    *ring = (struct perf_ring){
        .stream.kind = &kind,
        .fd = fd,
        .tracepoints = tracepoints,
        .mapping = mapping,
        .mapping_bytes = page_bytes + data_bytes,
        .bytes = (const uint8_t *)mapping + page_bytes,
        .byte_count = data_bytes,
        .scratch = g_malloc(PERF_RING_MAX_RECORD_BYTES),
    };
    return true;
}

void perf_ring_clear(struct perf_ring *ring)
{
    if (!ring->mapping)
        return;

    munmap(ring->mapping, ring->mapping_bytes);
    close(ring->fd);
    g_free(ring->scratch);
    memset(ring, 0, sizeof(*ring));
}
