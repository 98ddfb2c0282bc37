/*
 * Reads ids and layouts of the scheduling tracepoints from tracefs. Called by sched_collector.c and
 * perf_ring.c.
 */
#include "recorder/sched_tracepoints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Inode of the initial pid namespace (PROC_PID_INIT_INO in the kernel). */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCu

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
        g_autofree char *path = g_build_filename(folders[i], "events/sched", tracepoint, name, NULL);
        char *text;

        if (g_file_get_contents(path, &text, NULL, NULL))
            return text;
    }

    return NULL;
}

static bool find_wake(const char *name, struct wake_layout *layout)
{
    g_autofree char *id = read_file(name, "id");
    g_autofree char *format = read_file(name, "format");

    if (!id || !format)
        return false;

    layout->id = (uint16_t)atoi(id);
    return sched_tracepoints_parse_field(format, "pid", &layout->pid) &&
           sched_tracepoints_parse_field(format, "target_cpu", &layout->target_cpu);
}

static bool find_switch(struct switch_layout *layout)
{
    g_autofree char *id = read_file("sched_switch", "id");
    g_autofree char *format = read_file("sched_switch", "format");

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

    return find_switch(&tracepoints->sched_switch) && find_wake("sched_waking", &tracepoints->waking) &&
           find_wake("sched_wakeup_new", &tracepoints->wakeup_new);
}
