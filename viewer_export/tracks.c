/* Owns the list of tracks. Filled by timeline.c, read by the exporters; main thread. */
#include "viewer_export/tracks.h"

#include <string.h>

/* Linux gives no pid or tid beyond 4194304: what is made up stays apart from what is real. */
#define MADE_UP_PID 10000000u
#define MADE_UP_TID 20000000u
#define PID_CPUS (MADE_UP_PID + 1)
#define PID_TRACE (MADE_UP_PID + 2)
#define PID_PROCESSES (MADE_UP_PID + 10)

struct track_key {
    enum track_kind kind;
    uint32_t process, thread, number;
};

struct track_table {
    const struct trace_model *model;
    GPtrArray *tracks;      /* struct track *, owned */
    GPtrArray *threads;     /* struct track *, by the model's thread index; NULL: none yet */
    GHashTable *by_key;     /* struct track_key * -> struct track * */
    GHashTable *by_counter; /* "process name" -> struct track * */
    GArray *pids;           /* uint32_t by the model's process index; 0: none yet */
    GHashTable *used_pids, *used_tids;
};

static guint key_hash(gconstpointer pointer)
{
    const struct track_key *key = pointer;
    return ((key->thread * 31 + key->process) * 31 + key->number) * 31 + (guint)key->kind;
}

static gboolean key_equal(gconstpointer left, gconstpointer right)
{
    return memcmp(left, right, sizeof(struct track_key)) == 0;
}

static void track_free(gpointer pointer)
{
    struct track *track = pointer;
    g_free((char *)(uintptr_t)track->counter_name);
    g_free((char *)(uintptr_t)track->counter_unit);
    g_free(track);
}

struct track_table *track_table_new(const struct trace_model *model)
{
    struct track_table *table = g_new0(struct track_table, 1);
    table->model = model;
    table->tracks = g_ptr_array_new_with_free_func(track_free);
    table->threads = g_ptr_array_new();
    table->by_key = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
    table->by_counter = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    table->pids = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    table->used_pids = g_hash_table_new(NULL, NULL);
    table->used_tids = g_hash_table_new(NULL, NULL);
    return table;
}

void track_table_free(struct track_table *table)
{
    if (!table)
        return;
    g_hash_table_unref(table->by_key);
    g_hash_table_unref(table->by_counter);
    g_hash_table_unref(table->used_pids);
    g_hash_table_unref(table->used_tids);
    g_array_unref(table->pids);
    g_ptr_array_unref(table->threads);
    g_ptr_array_unref(table->tracks);
    g_free(table);
}

/* The number itself when it is possible and free, else the made-up one. */
static uint32_t take_number(GHashTable *used, int32_t number, uint32_t made_up)
{
    if (number <= 0 || !g_hash_table_add(used, GINT_TO_POINTER(number)))
        return made_up;
    return (uint32_t)number;
}

static uint32_t process_pid(struct track_table *table, uint32_t process)
{
    if (process == 0)
        return PID_TRACE;
    if (table->pids->len <= process)
        g_array_set_size(table->pids, process + 1);
    uint32_t *pid = &g_array_index(table->pids, uint32_t, process);
    if (*pid == 0)
        *pid = take_number(table->used_pids, trace_model_process(table->model, process)->pid,
                           PID_PROCESSES + process);
    return *pid;
}

static struct track *add_track(struct track_table *table, const struct track_key *key)
{
    struct track *track = g_new0(struct track, 1);
    g_ptr_array_add(table->tracks, track);
    *track = (struct track){
        .index = table->tracks->len,
        .kind = key->kind,
        .process = key->process,
        .thread = key->thread,
        .number = key->number,
        .pid = key->kind == TRACK_CPU ? PID_CPUS : process_pid(table, key->process),
    };
    uint32_t made_up = MADE_UP_TID + track->index * 2;
    track->tid = made_up;
    track->state_tid = made_up + 1;
    if (key->kind == TRACK_THREAD && key->thread != 0)
        track->tid =
            take_number(table->used_tids, trace_model_thread(table->model, key->thread)->tid, made_up);
    return track;
}

struct track *track_table_thread(struct track_table *table, uint32_t thread)
{
    if (table->threads->len <= thread)
        g_ptr_array_set_size(table->threads, (gint)thread + 1);
    if (!table->threads->pdata[thread]) {
        const struct track_key key = {
            .kind = TRACK_THREAD,
            .process = trace_model_thread(table->model, thread)->process,
            .thread = thread,
        };
        table->threads->pdata[thread] = add_track(table, &key);
    }
    return table->threads->pdata[thread];
}

void track_table_settle(struct track_table *table, uint32_t thread)
{
    struct track *track = thread < table->threads->len ? table->threads->pdata[thread] : NULL;
    if (!track || track->process != 0)
        return;
    track->process = trace_model_thread(table->model, thread)->process;
    track->pid = process_pid(table, track->process);
}

struct track *track_table_get(struct track_table *table, enum track_kind kind, uint32_t process,
                              uint32_t thread, uint32_t number)
{
    const struct track_key key = {.kind = kind, .process = process, .thread = thread, .number = number};
    struct track *track = g_hash_table_lookup(table->by_key, &key);
    if (!track) {
        track = add_track(table, &key);
        g_hash_table_insert(table->by_key, g_memdup2(&key, sizeof(key)), track);
    }
    return track;
}

struct track *track_table_counter(struct track_table *table, uint32_t process, const char *name,
                                  const char *unit)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT32_FORMAT " %s", process, name);
    struct track *track = g_hash_table_lookup(table->by_counter, text);
    if (!track) {
        const struct track_key key = {
            .kind = TRACK_COUNTER,
            .process = process,
            .number = g_hash_table_size(table->by_counter) + 1,
        };
        track = add_track(table, &key);
        track->counter_name = g_strdup(name);
        track->counter_unit = g_strdup(unit ? unit : "");
        g_hash_table_insert(table->by_counter, g_steal_pointer(&text), track);
    }
    return track;
}

uint32_t track_table_count(const struct track_table *table)
{
    return table->tracks->len;
}

const struct track *track_table_at(const struct track_table *table, uint32_t index)
{
    return table->tracks->pdata[index - 1];
}

static char *thread_name(const struct track_table *table, uint32_t index)
{
    if (index == 0)
        return g_strdup("unknown threads");
    const struct thread *thread = trace_model_thread(table->model, index);
    if (thread->name && thread->name[0] != '\0')
        return g_strdup(thread->name);
    const struct process *process = trace_model_process(table->model, thread->process);
    if (thread->is_main && process->name && process->name[0] != '\0')
        return g_strdup(process->name);
    return g_strdup_printf("thread %d", thread->tid);
}

char *track_name(const struct track_table *table, const struct track *track)
{
    switch (track->kind) {
    case TRACK_THREAD:
        return thread_name(table, track->thread);
    case TRACK_OVERLAP: {
        g_autofree char *name = thread_name(table, track->thread);
        return g_strdup_printf("%s (overlapping)", name);
    }
    case TRACK_TASK:
        return track->number == 1 ? g_strdup("tasks") : g_strdup_printf("tasks %u", track->number);
    case TRACK_COUNTER:
        return g_strdup(track->counter_name);
    case TRACK_CPU:
        return g_strdup_printf("CPU %u", track->number);
    case TRACK_LOSS:
        return g_strdup("lost events");
    }
    g_assert_not_reached();
}

char *track_process_name(const struct track_table *table, const struct track *track)
{
    if (track->kind == TRACK_CPU)
        return g_strdup("CPUs");
    if (track->process == 0)
        return g_strdup("trace");
    const struct process *process = trace_model_process(table->model, track->process);
    if (process->name && process->name[0] != '\0')
        return g_strdup(process->name);
    return process->pid >= 0 ? g_strdup_printf("process %d", process->pid) : g_strdup("process");
}

/* What the order is made of, by track. */
struct sort_entry {
    const struct track *track;
    uint32_t process_rank, kind_rank;
    bool is_main;
    uint64_t busy_ns, slice_count;
};

static uint64_t thread_busy_ns(const struct track_table *table, uint32_t index)
{
    return index ? (uint64_t)MAX(trace_model_thread(table->model, index)->running_ns, 0) : 0;
}

#define COMPARE(left, right)                                                                                 \
    if ((left) != (right))                                                                                   \
    return (left) < (right) ? -1 : 1

struct process_entry {
    uint32_t pid;
    bool is_cpus, is_trace;
    uint64_t busy_ns, slice_count;
};

static gint compare_processes(gconstpointer left_pointer, gconstpointer right_pointer)
{
    const struct process_entry *left = left_pointer, *right = right_pointer;
    COMPARE(right->is_trace, left->is_trace);
    COMPARE(right->is_cpus, left->is_cpus);
    COMPARE(right->busy_ns, left->busy_ns);
    COMPARE(right->slice_count, left->slice_count);
    COMPARE(left->pid, right->pid);
    return 0;
}

/* pid -> rank. */
static GHashTable *rank_processes(const struct track_table *table)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct process_entry));
    g_autoptr(GHashTable) position = g_hash_table_new(NULL, NULL);
    for (uint32_t i = 1; i <= track_table_count(table); i++) {
        const struct track *track = track_table_at(table, i);
        gpointer at;
        if (!g_hash_table_lookup_extended(position, GUINT_TO_POINTER(track->pid), NULL, &at)) {
            at = GUINT_TO_POINTER(entries->len);
            g_hash_table_insert(position, GUINT_TO_POINTER(track->pid), at);
            const struct process_entry entry = {
                .pid = track->pid,
                .is_cpus = track->kind == TRACK_CPU,
                .is_trace = track->kind != TRACK_CPU && track->process == 0,
            };
            g_array_append_val(entries, entry);
        }
        struct process_entry *entry = &g_array_index(entries, struct process_entry, GPOINTER_TO_UINT(at));
        entry->slice_count += track->slice_count;
        if (track->kind == TRACK_THREAD)
            entry->busy_ns += thread_busy_ns(table, track->thread);
    }
    g_array_sort(entries, compare_processes);
    GHashTable *ranks = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < entries->len; i++)
        g_hash_table_insert(ranks, GUINT_TO_POINTER(g_array_index(entries, struct process_entry, i).pid),
                            GUINT_TO_POINTER(i));
    return ranks;
}

static gint compare_tracks(gconstpointer left_pointer, gconstpointer right_pointer)
{
    const struct sort_entry *left = left_pointer, *right = right_pointer;
    COMPARE(left->process_rank, right->process_rank);
    COMPARE(left->kind_rank, right->kind_rank);
    COMPARE(right->is_main, left->is_main);
    COMPARE(right->busy_ns, left->busy_ns);
    COMPARE(right->slice_count, left->slice_count);
    COMPARE(left->track->thread, right->track->thread);
    COMPARE(left->track->kind, right->track->kind);
    COMPARE(left->track->number, right->track->number);
    return 0;
}

static struct sort_entry sort_entry_of(const struct track_table *table, const struct track *track,
                                       GHashTable *process_ranks)
{
    static const uint32_t kind_ranks[] = {
        [TRACK_COUNTER] = 0, [TRACK_LOSS] = 1,   [TRACK_CPU] = 2,
        [TRACK_TASK] = 3,    [TRACK_THREAD] = 4, [TRACK_OVERLAP] = 4,
    };
    uint64_t slice_count = track->slice_count;
    if (track->kind == TRACK_OVERLAP && track->thread < table->threads->len &&
        table->threads->pdata[track->thread])
        slice_count = ((const struct track *)table->threads->pdata[track->thread])->slice_count;
    return (struct sort_entry){
        .track = track,
        .process_rank = GPOINTER_TO_UINT(g_hash_table_lookup(process_ranks, GUINT_TO_POINTER(track->pid))),
        .kind_rank = kind_ranks[track->kind],
        .is_main = track->thread && trace_model_thread(table->model, track->thread)->is_main,
        .busy_ns = thread_busy_ns(table, track->thread),
        .slice_count = slice_count,
    };
}

GPtrArray *track_table_sorted(const struct track_table *table)
{
    g_autoptr(GHashTable) ranks = rank_processes(table);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct sort_entry));
    for (uint32_t i = 1; i <= track_table_count(table); i++) {
        const struct sort_entry entry = sort_entry_of(table, track_table_at(table, i), ranks);
        g_array_append_val(entries, entry);
    }
    g_array_sort(entries, compare_tracks);
    GPtrArray *sorted = g_ptr_array_sized_new(entries->len);
    for (guint i = 0; i < entries->len; i++)
        g_ptr_array_add(sorted, (gpointer)(uintptr_t)g_array_index(entries, struct sort_entry, i).track);
    return sorted;
}
