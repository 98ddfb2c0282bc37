/*
 * From states to sched_switch and sched_waking. Called by perfetto.c only.
 *
 * A thread that runs gives two switches: onto its CPU and off it. How it left (preempted, blocked) is known
 * only with its next state, so the second is written later; viewers sort by time. Where one thread follows
 * another at the same nanosecond it must be one switch, because viewers cannot tell the order of two.
 */
#include "viewer_export/perfetto_sched.h"

#include <string.h>
#include "viewer_export/perfetto_fields.h"

/* Values of task_struct's state. */
enum {
    LEFT_RUNNABLE = 0,
    LEFT_SLEEPING = 1,
    LEFT_DEAD = 16,
    /*
     * It is not known what came after. The format has no state for that, and a number that means nothing is
     * an import error; this one is shown as "No Load", which no other thread here ever has.
     */
    LEFT_UNKNOWN = 1024,
};

/*
 * Switches onto a CPU that were written alone are remembered: the switch away of the thread that was there
 * until then may be written much later, and must then be clear of them. Sets of the latest few, by a hash; so
 * many later ones leave nearly all of them in place.
 */
#define SET_COUNT (1u << 18) /* a power of two; 8 MiB, touched as used */
#define SET_SIZE 4u
#define SURELY_REMEMBERED (SET_COUNT / 2)

struct cpu_line {
    uint32_t last_thread; /* whose switch off this CPU is still to be written; 0: nobody's */
    int64_t last_end_ns;
};

struct thread_line {
    uint32_t tid;
    uint32_t thread; /* model's index */
    bool is_off_pending;
    int32_t cpu;
    int64_t off_ns;
    uint32_t next_tid;         /* who followed at the same time; 0: nobody */
    uint64_t remembered_count; /* when it went onto the CPU */
    int64_t last_end_ns;
};

struct perfetto_sched {
    const struct trace_model *model;
    struct output *output;
    struct proto_writer *writer;
    GArray *cpus;                             /* struct cpu_line by CPU */
    GArray *threads;                          /* struct thread_line by track index */
    uint64_t remembered[SET_COUNT][SET_SIZE]; /* switch_key() or 0, the latest first */
    uint64_t remembered_count;                /* ever */
};

struct perfetto_sched *perfetto_sched_new(const struct trace_model *model, struct output *output,
                                          struct proto_writer *writer)
{
    struct perfetto_sched *sched = g_new0(struct perfetto_sched, 1);
    sched->model = model;
    sched->output = output;
    sched->writer = writer;
    sched->cpus = g_array_new(FALSE, TRUE, sizeof(struct cpu_line));
    sched->threads = g_array_new(FALSE, TRUE, sizeof(struct thread_line));
    return sched;
}

void perfetto_sched_free(struct perfetto_sched *sched)
{
    if (!sched)
        return;
    g_array_unref(sched->cpus);
    g_array_unref(sched->threads);
    g_free(sched);
}

static void *line_at(GArray *lines, uint32_t index, size_t size)
{
    if (lines->len <= index)
        g_array_set_size(lines, index + 1);
    return lines->data + index * size;
}

/* Around the event's own message, whose fields end at `end`. */
static void write_ftrace(struct perfetto_sched *sched, uint32_t field, const uint8_t *end, int32_t cpu,
                         int64_t time_ns, uint32_t current_tid)
{
    struct proto_writer *writer = sched->writer;
    proto_close(writer, field, end);
    proto_varint(writer, FTRACE_PID, current_tid);
    proto_varint(writer, FTRACE_TIMESTAMP, (uint64_t)time_ns);
    proto_close(writer, BUNDLE_EVENT, writer->end);
    proto_varint(writer, BUNDLE_CPU, (uint64_t)cpu);
    proto_close(writer, PACKET_FTRACE_EVENTS, writer->end);
    proto_varint(writer, PACKET_SEQUENCE_ID, 1);
    proto_close(writer, TRACE_PACKET, writer->end);
    output_write(sched->output, writer->next, proto_length(writer));
}

static void write_switch(struct perfetto_sched *sched, int32_t cpu, int64_t time_ns, uint32_t prev_tid,
                         uint32_t prev_state, uint32_t next_tid)
{
    struct proto_writer *writer = sched->writer;
    proto_begin(writer);
    proto_varint(writer, SWITCH_NEXT_PID, next_tid);
    proto_varint(writer, SWITCH_PREV_STATE, prev_state);
    proto_varint(writer, SWITCH_PREV_PID, prev_tid);
    write_ftrace(sched, FTRACE_SCHED_SWITCH, writer->end, cpu, time_ns, prev_tid);
}

static void write_waking(struct perfetto_sched *sched, int32_t cpu, int64_t time_ns, uint32_t waker_tid,
                         uint32_t tid)
{
    struct proto_writer *writer = sched->writer;
    proto_begin(writer);
    proto_varint(writer, WAKING_TARGET_CPU, (uint64_t)cpu);
    proto_varint(writer, WAKING_PID, tid);
    write_ftrace(sched, FTRACE_SCHED_WAKING, writer->end, cpu, time_ns, waker_tid);
}

static uint64_t switch_key(int32_t cpu, int64_t time_ns)
{
    return ((uint64_t)time_ns << 13 | (uint32_t)cpu) + 1;
}

static uint64_t *set_of(struct perfetto_sched *sched, uint64_t key)
{
    return sched->remembered[key * UINT64_C(0x9e3779b97f4a7c15) >> 46];
}

/* A switch onto this CPU at this time was written alone. */
static bool is_remembered(struct perfetto_sched *sched, int32_t cpu, int64_t time_ns)
{
    uint64_t key = switch_key(cpu, time_ns);
    const uint64_t *set = set_of(sched, key);
    for (uint32_t i = 0; i < SET_SIZE; i++) {
        if (set[i] == key)
            return true;
    }
    return false;
}

static void remember(struct perfetto_sched *sched, int32_t cpu, int64_t time_ns)
{
    uint64_t key = switch_key(cpu, time_ns);
    uint64_t *set = set_of(sched, key);
    memmove(set + 1, set, (SET_SIZE - 1) * sizeof(*set));
    set[0] = key;
    sched->remembered_count++;
}

/* The next thread's switch at the same time was written alone already, or may have been. */
static bool may_be_followed(struct perfetto_sched *sched, const struct thread_line *line)
{
    return sched->remembered_count - line->remembered_count > SURELY_REMEMBERED ||
           is_remembered(sched, line->cpu, line->off_ns);
}

static void write_off(struct perfetto_sched *sched, struct thread_line *line, uint32_t track_index,
                      uint32_t prev_state)
{
    struct cpu_line *cpu = line_at(sched->cpus, (uint32_t)line->cpu, sizeof(*cpu));
    int64_t time_ns = line->off_ns;
    if (line->next_tid == 0)
        time_ns -= may_be_followed(sched, line);
    write_switch(sched, line->cpu, time_ns, line->tid, prev_state, line->next_tid);
    line->is_off_pending = false;
    if (cpu->last_thread == track_index)
        cpu->last_thread = 0;
}

static void write_on(struct perfetto_sched *sched, const struct export_state *state)
{
    uint32_t number = state->cpu_track->number;
    struct cpu_line *cpu = line_at(sched->cpus, number, sizeof(*cpu));
    struct thread_line *line = line_at(sched->threads, state->track->index, sizeof(*line));
    if (cpu->last_thread != 0 && cpu->last_end_ns == state->start_ns) {
        struct thread_line *before = line_at(sched->threads, cpu->last_thread, sizeof(*before));
        before->next_tid = line->tid;
    } else {
        write_switch(sched, (int32_t)number, state->start_ns, 0, LEFT_RUNNABLE, line->tid);
        remember(sched, (int32_t)number, state->start_ns);
    }
    cpu->last_thread = 0;
    line->is_off_pending = true;
    line->cpu = (int32_t)number;
    line->off_ns = state->end_ns;
    line->next_tid = 0;
    line->remembered_count = sched->remembered_count;
    cpu->last_thread = state->track->index;
    cpu->last_end_ns = state->end_ns;
}

static uint32_t how_it_left(const struct thread_line *line, const struct export_state *state)
{
    if (state->start_ns != line->off_ns)
        return LEFT_UNKNOWN;
    return state->interval->state == THREAD_BLOCKED ? LEFT_SLEEPING : LEFT_RUNNABLE;
}

void perfetto_sched_state(struct perfetto_sched *sched, const struct export_state *state)
{
    const struct state_interval *interval = state->interval;
    uint32_t index = state->track->index;
    struct thread_line *line = line_at(sched->threads, index, sizeof(*line));
    line->tid = state->track->tid;
    line->thread = interval->thread;
    bool follows_running = line->is_off_pending && line->off_ns == state->start_ns;
    if (line->is_off_pending)
        write_off(sched, line, index, how_it_left(line, state));
    if (interval->state == THREAD_RUNNING && state->cpu_track)
        write_on(sched, state);
    else if (interval->state == THREAD_RUNNABLE && !interval->is_preempted && !follows_running)
        write_waking(sched, MAX(line->cpu, 0), state->start_ns,
                     state->waker_track ? state->waker_track->tid : 0, line->tid);
}

static uint32_t how_it_ended(const struct perfetto_sched *sched, const struct thread_line *line)
{
    return trace_model_thread(sched->model, line->thread)->is_end_seen ? LEFT_DEAD : LEFT_UNKNOWN;
}

void perfetto_sched_finish(struct perfetto_sched *sched)
{
    for (guint i = 0; i < sched->threads->len; i++) {
        struct thread_line *line = line_at(sched->threads, i, sizeof(*line));
        if (line->is_off_pending)
            write_off(sched, line, i, how_it_ended(sched, line));
    }
}
