/*
 * Pairs the kernel's switch-out and switch-in records of each thread. Owns the table of living threads.
 * Used by sched_collector.c on the collector's thread, and by tests.
 */
#include "recorder/sched_pairing.h"

#include "tracepoints/contract.h"

/* How LTTng-UST names its threads in the program: the program's name and this. */
#define TRACER_NAME_SUFFIX "-ust"

enum thread_state {
    THREAD_UNKNOWN,   /* records were lost, or the recording began in the middle */
    THREAD_NEW,       /* created, never seen on a CPU */
    THREAD_ON,        /* on a CPU */
    THREAD_OFF,       /* sleeps */
    THREAD_PREEMPTED, /* off, could run */
};

struct thread {
    int32_t pid;
    enum thread_state state;
    uint16_t cpu;   /* the last it was seen on */
    uint64_t since; /* time of the last change of state */
    bool is_tracer; /* one of LTTng's */

    /*
     * The first wake-up since it is off its CPU. Between its decision to sleep and its switch-out it may be
     * woken already, and nobody wakes it again: so the last wake-up before that counts while there is none
     * after it.
     */
    bool is_woken;
    uint64_t woken; /* time; before `since`: it could run all the time */
    int32_t waker_tid;
};

struct sched_pairing {
    const struct recorder_events *events; /* borrowed */
    GHashTable *threads;                  /* tid -> struct thread, owned */
    GHashTable *ends;                     /* pid -> uint64_t, time of its last thread's end, owned */
    uint64_t latest;                      /* time of the last event emitted */
    uint64_t emitted_count;
    uint64_t missed_count;
    uint64_t lost_count;
    int32_t only_pid;       /* 0: all processes */
    bool expects_strangers; /* see sched_pairing_expect_strangers */
    int32_t program_pid;    /* valid when expects_strangers */
};

struct sched_pairing *sched_pairing_new(const struct recorder_events *events, int32_t only_pid)
{
    struct sched_pairing *pairing = g_new0(struct sched_pairing, 1);

    pairing->events = events;
    pairing->only_pid = only_pid;
    pairing->threads = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    pairing->ends = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    return pairing;
}

void sched_pairing_free(struct sched_pairing *pairing)
{
    if (!pairing)
        return;

    g_hash_table_destroy(pairing->threads);
    g_hash_table_destroy(pairing->ends);
    g_free(pairing);
}

uint64_t sched_pairing_process_end(const struct sched_pairing *pairing, int32_t pid)
{
    const uint64_t *time = g_hash_table_lookup(pairing->ends, GINT_TO_POINTER(pid));

    return time ? *time : 0;
}

uint64_t sched_pairing_lost_count(const struct sched_pairing *pairing)
{
    return pairing->lost_count;
}

static struct thread *find_thread(struct sched_pairing *pairing, int32_t tid)
{
    return g_hash_table_lookup(pairing->threads, GINT_TO_POINTER(tid));
}

static struct thread *get_thread(struct sched_pairing *pairing, int32_t pid, int32_t tid)
{
    struct thread *thread = find_thread(pairing, tid);

    if (!thread) {
        thread = g_new0(struct thread, 1);
        g_hash_table_insert(pairing->threads, GINT_TO_POINTER(tid), thread);
    }

    thread->pid = pid;
    return thread;
}

uint64_t sched_pairing_missed_count(const struct sched_pairing *pairing)
{
    return pairing->missed_count;
}

uint64_t sched_pairing_emitted_count(const struct sched_pairing *pairing)
{
    return pairing->emitted_count;
}

void sched_pairing_expect_strangers(struct sched_pairing *pairing, int32_t program_pid)
{
    pairing->expects_strangers = true;
    pairing->program_pid = program_pid;
}

/* Forks, names, ... of the whole machine: whether this one is about a process of ours. */
static bool is_ours(struct sched_pairing *pairing, const struct sched_record *record)
{
    if (!pairing->expects_strangers)
        return true;

    if (record->type == SCHED_RECORD_FORK)
        return find_thread(pairing, record->parent_tid);

    bool is_beginning =
        record->type == SCHED_RECORD_NAME && record->is_exec && record->tid == pairing->program_pid;
    return is_beginning || find_thread(pairing, record->tid);
}

/* The thread that a switch record is about; NULL: none of ours. */
static struct thread *switched_thread(struct sched_pairing *pairing, const struct sched_record *record)
{
    return pairing->expects_strangers ? find_thread(pairing, record->tid)
                                      : get_thread(pairing, record->pid, record->tid);
}

void sched_pairing_know_thread(struct sched_pairing *pairing, int32_t pid, int32_t tid)
{
    get_thread(pairing, pid, tid);
}

/* The time to emit with: within a stream it never steps back. */
static uint64_t advance(struct sched_pairing *pairing, uint64_t time)
{
    pairing->emitted_count++;
    pairing->latest = MAX(pairing->latest, time);
    return pairing->latest;
}

static void set_state(struct thread *thread, enum thread_state state, const struct sched_record *record)
{
    thread->state = state;
    thread->since = record->time;
    thread->cpu = record->cpu;
}

/* An interval off the CPU that ends, or is still going on, at `time`. */
static void emit_switch(struct sched_pairing *pairing, const struct thread *thread, int32_t tid,
                        uint64_t time, uint16_t cpu, uint8_t reason)
{
    uint64_t off_ns = time - MIN(time, thread->since);
    uint64_t runnable_ns = 0;
    int32_t waker_tid = -1;

    if (thread->state == THREAD_PREEMPTED) {
        runnable_ns = off_ns;
    } else if (thread->is_woken) {
        runnable_ns = MIN(off_ns, time - MIN(time, thread->woken));
        waker_tid = thread->waker_tid;
    }

    pairing->events->sched_switch(advance(pairing, time), off_ns, thread->pid, tid, cpu, thread->cpu, reason,
                                  runnable_ns, waker_tid);
}

static void add_in(struct sched_pairing *pairing, const struct sched_record *record)
{
    static const uint8_t reasons[] = {
        [THREAD_NEW] = EXECTRACE_OFF_START,
        [THREAD_OFF] = EXECTRACE_OFF_BLOCKED,
        [THREAD_PREEMPTED] = EXECTRACE_OFF_PREEMPTED,
    };
    struct thread *thread = switched_thread(pairing, record);

    if (!thread || thread->state == THREAD_ON)
        return;

    if (thread->state != THREAD_UNKNOWN && !thread->is_tracer)
        emit_switch(pairing, thread, record->tid, record->time, record->cpu, reasons[thread->state]);

    set_state(thread, THREAD_ON, record);
    thread->is_woken = false;
}

/* Its CPU was somebody else's until put_on_after, and it had to be woken first. */
static void add_missed_in(struct sched_pairing *pairing, const struct thread *thread,
                          const struct sched_record *out)
{
    struct sched_record in = *out;

    in.type = SCHED_RECORD_IN;
    in.time = MAX(out->put_on_after, thread->since);
    if (thread->is_woken)
        in.time = MAX(in.time, thread->woken);

    pairing->missed_count++;
    add_in(pairing, &in);
}

/* A thread did something; so it is on the record's CPU, even if that was not told. */
static void add_sign_of_running(struct sched_pairing *pairing, int32_t tid, const struct sched_record *sign)
{
    const struct thread *thread = pairing->expects_strangers ? find_thread(pairing, tid) : NULL;

    if (!thread || thread->state == THREAD_ON || thread->state == THREAD_UNKNOWN ||
        sign->time < thread->since)
        return;

    struct sched_record out = *sign;

    out.tid = tid;
    out.put_on_after = thread->is_woken ? thread->since : sign->time;
    add_missed_in(pairing, thread, &out);
}

static void add_out(struct sched_pairing *pairing, const struct sched_record *record)
{
    struct thread *thread = switched_thread(pairing, record);

    if (thread && record->put_on_after && thread->state != THREAD_ON && thread->state != THREAD_UNKNOWN)
        add_missed_in(pairing, thread, record);

    /* Older than what is known of the thread: it came late, and its switch-in was seen already. */
    if (!thread || record->time < thread->since)
        return;

    /* With two sources the first one, the tracepoint, has the exact time. */
    if (pairing->expects_strangers && (thread->state == THREAD_OFF || thread->state == THREAD_PREEMPTED))
        return;

    set_state(thread, record->type == SCHED_RECORD_OUT ? THREAD_OFF : THREAD_PREEMPTED, record);
}

static void add_fork(struct sched_pairing *pairing, const struct sched_record *record)
{
    struct thread *thread = get_thread(pairing, record->pid, record->tid);

    thread->is_tracer = false; /* the number may have been another thread's */
    thread->is_woken = false;
    g_hash_table_remove(pairing->ends, GINT_TO_POINTER(record->pid));

    /* The new thread may run, on another CPU, before its creator's record is written. */
    if (thread->state == THREAD_UNKNOWN || thread->since < record->time)
        set_state(thread, THREAD_NEW, record);

    pairing->events->sched_start(advance(pairing, record->time), record->pid, record->tid, record->parent_pid,
                                 record->parent_tid);
}

static void add_exit(struct sched_pairing *pairing, const struct sched_record *record)
{
    g_hash_table_remove(pairing->threads, GINT_TO_POINTER(record->tid));
    g_hash_table_insert(pairing->ends, GINT_TO_POINTER(record->pid),
                        g_memdup2(&record->time, sizeof(record->time)));
    pairing->events->sched_exit(advance(pairing, record->time), record->pid, record->tid);
}

static void add_name(struct sched_pairing *pairing, const struct sched_record *record)
{
    struct thread *thread = get_thread(pairing, record->pid, record->tid);

    thread->is_tracer = g_str_has_suffix(record->text, TRACER_NAME_SUFFIX);
    pairing->events->sched_name(advance(pairing, record->time), record->pid, record->tid, record->is_exec,
                                record->text);
}

static void add_sample(struct sched_pairing *pairing, const struct sched_record *record)
{
    add_sign_of_running(pairing, record->tid, record);

    const struct thread *thread = find_thread(pairing, record->tid);

    if (!thread || !thread->is_tracer)
        pairing->events->sched_sample(advance(pairing, record->time), record->pid, record->tid, record->pcs,
                                      record->pcs_count);
}

static void add_wakeup(struct sched_pairing *pairing, const struct sched_record *record)
{
    struct thread *thread = find_thread(pairing, record->tid);

    if (record->waker_tid > 0)
        add_sign_of_running(pairing, record->waker_tid, record);

    if (!thread)
        return;

    bool is_off = thread->state == THREAD_OFF || thread->state == THREAD_NEW;
    if (is_off && thread->is_woken && thread->woken >= thread->since)
        return;

    thread->is_woken = true;
    thread->woken = record->time;
    thread->waker_tid = record->waker_tid;
}

static void forget_state(struct thread *thread)
{
    thread->state = THREAD_UNKNOWN;
    thread->is_woken = false;
}

static void add_lost(struct sched_pairing *pairing, const struct sched_record *record)
{
    GHashTableIter iter;
    gpointer thread;

    /* Any thread may have been on and off again: what it does is unknown until its next switch. */
    g_hash_table_iter_init(&iter, pairing->threads);
    while (g_hash_table_iter_next(&iter, NULL, &thread))
        forget_state(thread);

    pairing->lost_count += record->count;
    pairing->events->sched_lost(advance(pairing, record->time), record->cpu, record->count);
}

/* Forks and exits, names, mappings, samples. */
static void add_rest(struct sched_pairing *pairing, const struct sched_record *record)
{
    switch (record->type) {
    case SCHED_RECORD_FORK:
        add_fork(pairing, record);
        break;
    case SCHED_RECORD_EXIT:
        add_exit(pairing, record);
        break;
    case SCHED_RECORD_NAME:
        add_name(pairing, record);
        break;
    case SCHED_RECORD_MODULE:
        pairing->events->sched_module(advance(pairing, record->time), record->pid, record->base, record->size,
                                      record->offset, record->text);
        break;
    case SCHED_RECORD_SAMPLE:
        add_sample(pairing, record);
        break;
    default:
        break;
    }
}

void sched_pairing_add(struct sched_pairing *pairing, const struct sched_record *record)
{
    bool is_others = pairing->only_pid && record->pid && record->pid != pairing->only_pid;
    if (is_others && record->type != SCHED_RECORD_LOST)
        return;

    switch (record->type) {
    case SCHED_RECORD_IN:
        add_in(pairing, record);
        return;
    case SCHED_RECORD_OUT:
    case SCHED_RECORD_OUT_PREEMPTED:
        add_out(pairing, record);
        return;
    case SCHED_RECORD_WAKEUP:
        add_wakeup(pairing, record);
        return;
    case SCHED_RECORD_LOST:
        add_lost(pairing, record);
        return;
    default:
        if (is_ours(pairing, record))
            add_rest(pairing, record);
    }
}

static gint compare_tids(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_INT(a) - GPOINTER_TO_INT(b);
}

void sched_pairing_finish(struct sched_pairing *pairing, uint64_t time)
{
    g_autoptr(GList) tids = g_list_sort(g_hash_table_get_keys(pairing->threads), compare_tids);

    for (const GList *node = tids; node; node = node->next) {
        int32_t tid = GPOINTER_TO_INT(node->data);
        const struct thread *thread = find_thread(pairing, tid);

        if ((thread->state != THREAD_OFF && thread->state != THREAD_PREEMPTED) || thread->is_tracer)
            continue;

        emit_switch(pairing, thread, tid, time, thread->cpu,
                    thread->state == THREAD_OFF ? EXECTRACE_OFF_OPEN : EXECTRACE_OFF_OPEN_PREEMPTED);
    }
}
