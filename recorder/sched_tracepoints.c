/*
 * Reads ids and layouts of the scheduling tracepoints from tracefs, and decodes their records. Called by
 * sched_sources.c, perf_ring.c and tracefs_ring.c.
 */
#include "recorder/sched_tracepoints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Inode of the initial pid namespace (PROC_PID_INIT_INO in the kernel). */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCu

/* How every tracepoint's raw record begins (common_type, common_flags, ...). */
struct raw_header {
    uint16_t id;
    uint8_t flags;
    uint8_t preempt_count;
    int32_t tid;
};

/* common_flags: the tracepoint was met in an interrupt, not by the task that it happened to interrupt. */
#define RAW_FLAGS_INTERRUPT (0x08 | 0x10)
/* prev_state: bits of the states in which a task sleeps or has ended. None of them: it could run on. */
#define NOT_RUNNABLE_STATES 0xff

bool sched_tracepoints_parse_field(const char *format, const char *name, struct tracepoint_field *field)
{
    g_auto(GStrv) lines = g_strsplit(format, "\n", -1);
    g_autofree char *end_of_declaration = g_strdup_printf(" %s;", name);

    for (char **line = lines; *line; line++) {
        const char *offset = strstr(*line, "offset:");
        const char *size = strstr(*line, "size:");

        if (!strstr(*line, "field:") || !strstr(*line, end_of_declaration) || !offset || !size)
            continue;

        field->offset = (uint16_t)atoi(offset + strlen("offset:"));
        field->size = (uint16_t)atoi(size + strlen("size:"));
        return true;
    }

    return false;
}

int64_t sched_tracepoints_read(const struct tracepoint_field *field, const uint8_t *raw, uint32_t raw_bytes)
{
    union {
        int8_t one;
        int16_t two;
        int32_t four;
        int64_t eight;
    } value;

    if ((uint32_t)field->offset + field->size > raw_bytes || field->size > sizeof(value))
        return 0;

    memcpy(&value, raw + field->offset, field->size);
    switch (field->size) {
    case 1:
        return value.one;
    case 2:
        return value.two;
    case 4:
        return value.four;
    case 8:
        return value.eight;
    default:
        return 0;
    }
}

/* The text of a file of the tracepoint; NULL when it cannot be read. Caller frees. */
static char *read_file(const char *tracepoint, const char *name)
{
    static const char *const folders[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

    for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], "events", tracepoint, name, NULL);
        char *text;

        if (g_file_get_contents(path, &text, NULL, NULL))
            return text;
    }

    return NULL;
}

uint16_t sched_tracepoints_find_id(const char *tracepoint)
{
    g_autofree char *id = read_file(tracepoint, "id");

    return id ? (uint16_t)atoi(id) : 0;
}

static bool find_wake(const char *name, struct wake_layout *layout)
{
    g_autofree char *id = read_file(name, "id");
    g_autofree char *format = read_file(name, "format");

    if (!id || !format)
        return false;

    layout->id = (uint16_t)atoi(id);
    return sched_tracepoints_parse_field(format, "pid", &layout->pid);
}

static bool find_switch(struct switch_layout *layout)
{
    g_autofree char *id = read_file("sched/sched_switch", "id");
    g_autofree char *format = read_file("sched/sched_switch", "format");

    if (!id || !format)
        return false;

    layout->id = (uint16_t)atoi(id);
    return sched_tracepoints_parse_field(format, "prev_pid", &layout->prev_pid) &&
           sched_tracepoints_parse_field(format, "prev_state", &layout->prev_state) &&
           sched_tracepoints_parse_field(format, "next_pid", &layout->next_pid);
}

bool sched_tracepoints_find(struct sched_tracepoints *tracepoints)
{
    struct stat status;

    if (stat("/proc/self/ns/pid", &status) != 0 || status.st_ino != INITIAL_PID_NAMESPACE)
        return false;

    return find_switch(&tracepoints->sched_switch) && find_wake("sched/sched_waking", &tracepoints->waking) &&
           find_wake("sched/sched_wakeup_new", &tracepoints->wakeup_new);
}

unsigned sched_tracepoints_decode(const struct sched_tracepoints *tracepoints, const uint8_t *raw,
                                  uint32_t raw_bytes, struct sched_record *records)
{
    const struct switch_layout *layout = &tracepoints->sched_switch;
    struct raw_header header;

    if (raw_bytes < sizeof(header))
        return 0;

    memcpy(&header, raw, sizeof(header));
    if (header.id == layout->id) {
        int64_t state = sched_tracepoints_read(&layout->prev_state, raw, raw_bytes);

        records[1] = records[0];
        records[0].tid = (int32_t)sched_tracepoints_read(&layout->prev_pid, raw, raw_bytes);
        records[0].type = state & NOT_RUNNABLE_STATES ? SCHED_RECORD_OUT : SCHED_RECORD_OUT_PREEMPTED;
        records[1].tid = (int32_t)sched_tracepoints_read(&layout->next_pid, raw, raw_bytes);
        records[1].type = SCHED_RECORD_IN;
        return 2;
    }

    bool is_new = header.id == tracepoints->wakeup_new.id;
    if (!is_new && header.id != tracepoints->waking.id)
        return 0;

    const struct wake_layout *wake = is_new ? &tracepoints->wakeup_new : &tracepoints->waking;
    records[0].type = SCHED_RECORD_WAKEUP;
    records[0].waker_tid = header.flags & RAW_FLAGS_INTERRUPT ? 0 : header.tid;
    records[0].tid = (int32_t)sched_tracepoints_read(&wake->pid, raw, raw_bytes);
    return 1;
}
