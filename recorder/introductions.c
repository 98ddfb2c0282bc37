/*
 * The memory for introductions.h: one static table, under a lock, since events come from the threads of the
 * collector and of the metrics, and repetitions from the main thread.
 */
#include "recorder/introductions.h"

#include <string.h>

/* A thread that ended so long ago is in no snapshot any more that would miss its name. */
#define FORGET_AFTER_NS UINT64_C(30000000000)
/* Ended threads and processes are looked for when so many have ended. */
#define FORGET_INTERVAL 1024
#define MAX_MODULES_OF_PROCESS 4096
#define MAX_METRICS 64

struct module {
    uint64_t base;
    uint64_t size;
    uint64_t offset;
    char *path; /* owned */
};

struct process {
    GArray *modules;   /* of struct module, owned */
    uint64_t ended_ns; /* 0: it runs */
};

struct thread {
    int32_t pid;
    char *name;        /* owned */
    uint64_t ended_ns; /* 0: it runs */
};

struct metric {
    char *name; /* owned, all three; NULL: not defined */
    char *unit;
    char *help;
};

static GMutex lock;
static const struct recorder_events *real; /* borrowed */
static struct recorder_events watched;     /* what others emit through */
static GHashTable *threads;                /* tid -> struct thread, owned */
static GHashTable *processes;              /* pid -> struct process, owned */
static struct metric metrics[MAX_METRICS];
static uint8_t source;
static char *source_description; /* owned; NULL: not said yet */
static uint64_t last_ns;         /* time of the last event of channel `sched` */
static unsigned ended_count;

static void clear_module(gpointer module)
{
    g_free(((struct module *)module)->path);
}

static void free_process(gpointer pointer)
{
    struct process *process = pointer;

    g_array_unref(process->modules);
    g_free(process);
}

static void free_thread(gpointer pointer)
{
    struct thread *thread = pointer;

    g_free(thread->name);
    g_free(thread);
}

static struct process *get_process(int32_t pid)
{
    struct process *process = g_hash_table_lookup(processes, GINT_TO_POINTER(pid));

    if (!process) {
        process = g_new0(struct process, 1);
        process->modules = g_array_new(FALSE, FALSE, sizeof(struct module));
        g_array_set_clear_func(process->modules, clear_module);
        g_hash_table_insert(processes, GINT_TO_POINTER(pid), process);
    }

    return process;
}

static bool is_long_ago(uint64_t ended_ns)
{
    return ended_ns != 0 && ended_ns + FORGET_AFTER_NS < last_ns;
}

static gboolean is_forgotten_thread(gpointer tid, gpointer thread, gpointer unused)
{
    (void)tid;
    (void)unused;
    return is_long_ago(((struct thread *)thread)->ended_ns);
}

static gboolean is_forgotten_process(gpointer pid, gpointer process, gpointer unused)
{
    (void)pid;
    (void)unused;
    return is_long_ago(((struct process *)process)->ended_ns);
}

static void forget_ended(void)
{
    g_hash_table_foreach_remove(threads, is_forgotten_thread, NULL);
    g_hash_table_foreach_remove(processes, is_forgotten_process, NULL);
    ended_count = 0;
}

/* --- events on their way ------------------------------------------------------------------------------ */

static void begin(uint64_t time)
{
    g_mutex_lock(&lock);
    last_ns = MAX(last_ns, time);
}

static void end(void)
{
    g_mutex_unlock(&lock);
}

static void sched_switch(uint64_t time, uint64_t off_ns, int32_t pid, int32_t tid, uint16_t cpu,
                         uint16_t prev_cpu, uint8_t reason, uint64_t runnable_ns, int32_t waker_tid)
{
    begin(time);
    real->sched_switch(time, off_ns, pid, tid, cpu, prev_cpu, reason, runnable_ns, waker_tid);
    end();
}

static void sched_start(uint64_t time, int32_t pid, int32_t tid, int32_t parent_pid, int32_t parent_tid)
{
    begin(time);
    real->sched_start(time, pid, tid, parent_pid, parent_tid);
    end();
}

static void sched_exit(uint64_t time, int32_t pid, int32_t tid)
{
    begin(time);
    real->sched_exit(time, pid, tid);
    struct thread *thread = g_hash_table_lookup(threads, GINT_TO_POINTER(tid));
    struct process *process = pid == tid ? g_hash_table_lookup(processes, GINT_TO_POINTER(pid)) : NULL;

    if (thread)
        thread->ended_ns = time;

    if (process)
        process->ended_ns = time;

    if (++ended_count >= FORGET_INTERVAL)
        forget_ended();

    end();
}

static void sched_name(uint64_t time, int32_t pid, int32_t tid, bool is_exec, const char *name)
{
    struct thread *thread = g_new0(struct thread, 1);

    begin(time);
    real->sched_name(time, pid, tid, is_exec, name);
    thread->pid = pid;
    thread->name = g_strdup(name);
    g_hash_table_replace(threads, GINT_TO_POINTER(tid), thread);
    if (is_exec)
        g_hash_table_remove(processes, GINT_TO_POINTER(pid));

    end();
}

static void sched_module(uint64_t time, int32_t pid, uint64_t base, uint64_t size, uint64_t offset,
                         const char *path)
{
    begin(time);
    real->sched_module(time, pid, base, size, offset, path);
    struct process *process = get_process(pid);
    if (process->modules->len < MAX_MODULES_OF_PROCESS) {
        struct module module = {.base = base, .size = size, .offset = offset, .path = g_strdup(path)};

        process->ended_ns = 0;
        g_array_append_val(process->modules, module);
    }

    end();
}

static void sched_sample(uint64_t time, int32_t pid, int32_t tid, const uint64_t *pcs, uint32_t pcs_count)
{
    begin(time);
    real->sched_sample(time, pid, tid, pcs, pcs_count);
    end();
}

static void sched_lost(uint64_t time, uint16_t cpu, uint64_t count)
{
    begin(time);
    real->sched_lost(time, cpu, count);
    end();
}

static void sched_source(uint64_t time, uint8_t kind, const char *description)
{
    begin(time);
    real->sched_source(time, kind, description);
    g_free(source_description);
    source_description = g_strdup(description);
    source = kind;
    end();
}

static void metric_define(uint32_t id, const char *name, const char *unit, const char *help)
{
    begin(0);
    real->metric_define(id, name, unit, help);
    if (id < MAX_METRICS && !metrics[id].name)
        metrics[id] = (struct metric){.name = g_strdup(name), .unit = g_strdup(unit), .help = g_strdup(help)};

    end();
}

const struct recorder_events *introductions_watch(const struct recorder_events *events)
{
    real = events;
    watched = *events;
    watched.sched_switch = sched_switch;
    watched.sched_start = sched_start;
    watched.sched_exit = sched_exit;
    watched.sched_name = sched_name;
    watched.sched_module = sched_module;
    watched.sched_sample = sched_sample;
    watched.sched_lost = sched_lost;
    watched.sched_source = sched_source;
    watched.metric_define = metric_define;
    threads = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_thread);
    processes = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_process);
    return &watched;
}

/* --- again -------------------------------------------------------------------------------------------- */

static void repeat_modules(gpointer pid, gpointer pointer, gpointer unused)
{
    const struct process *process = pointer;

    (void)unused;
    for (unsigned i = 0; i < process->modules->len; i++) {
        const struct module *module = &g_array_index(process->modules, struct module, i);

        real->sched_module(last_ns, GPOINTER_TO_INT(pid), module->base, module->size, module->offset,
                           module->path);
    }
}

static void repeat_name(gpointer tid, gpointer pointer, gpointer unused)
{
    const struct thread *thread = pointer;

    (void)unused;
    real->sched_name(last_ns, thread->pid, GPOINTER_TO_INT(tid), false, thread->name);
}

void introductions_repeat(void)
{
    if (!real)
        return;

    g_mutex_lock(&lock);
    forget_ended();
    if (source_description)
        real->sched_source(last_ns, source, source_description);

    for (uint32_t id = 0; id < MAX_METRICS; id++) {
        if (metrics[id].name)
            real->metric_define(id, metrics[id].name, metrics[id].unit, metrics[id].help);
    }

    g_hash_table_foreach(threads, repeat_name, NULL);
    g_hash_table_foreach(processes, repeat_modules, NULL);
    g_mutex_unlock(&lock);
}

void introductions_clear(void)
{
    if (!real)
        return;

    g_hash_table_destroy(threads);
    g_hash_table_destroy(processes);
    g_clear_pointer(&source_description, g_free);
    for (uint32_t id = 0; id < MAX_METRICS; id++) {
        g_free(metrics[id].name);
        g_free(metrics[id].unit);
        g_free(metrics[id].help);
    }

    memset(metrics, 0, sizeof(metrics));
    real = NULL;
    last_ns = 0;
}
