/*
 * Reads /proc/PID/task and /proc/PID/maps. Called by sched_collector.c on the main thread, before its thread
 * runs.
 */
#include "recorder/existing_process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gint compare_tids(gconstpointer a, gconstpointer b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

GArray *existing_process_threads(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    GArray *tids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        int32_t tid = atoi(name);

        g_array_append_val(tids, tid);
    }

    g_array_sort(tids, compare_tids);
    return tids;
}

bool existing_process_parse_mapping(const char *line, struct sched_record *record)
{
    uint64_t end;
    char protection[8];
    int path_at = 0;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &record->base, &end, protection,
               &record->offset, &path_at) != 4 ||
        path_at == 0 || !strchr(protection, 'x'))
        return false;

    record->size = end - record->base;
    record->text = line + path_at;
    return record->text[0] == '/' || strcmp(record->text, "[vdso]") == 0;
}

static void introduce_thread(pid_t pid, int32_t tid, uint64_t time, struct sched_pairing *pairing)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/comm", (int)pid, tid);
    g_autofree char *name = NULL;

    sched_pairing_know_thread(pairing, pid, tid);
    if (!g_file_get_contents(path, &name, NULL, NULL))
        return;

    const struct sched_record record = {
        .type = SCHED_RECORD_NAME, .time = time, .pid = pid, .tid = tid, .text = g_strchomp(name)};
    sched_pairing_add(pairing, &record);
}

void existing_process_introduce(pid_t pid, uint64_t time, struct sched_pairing *pairing)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", (int)pid);
    g_autoptr(GArray) tids = existing_process_threads(pid);
    g_autofree char *maps = NULL;

    for (unsigned i = 0; i < tids->len; i++)
        introduce_thread(pid, g_array_index(tids, int32_t, i), time, pairing);

    if (!g_file_get_contents(path, &maps, NULL, NULL))
        return;

    g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
    for (char **line = lines; *line; line++) {
        struct sched_record record = {.type = SCHED_RECORD_MODULE, .time = time, .pid = pid, .tid = pid};

        if (existing_process_parse_mapping(*line, &record))
            sched_pairing_add(pairing, &record);
    }
}
