/*
 * From states to sched_switch and sched_waking. Called by perfetto.c only.
 *
 * A thread that runs gives two switches: onto its CPU and off it. How it left (preempted, blocked) is known
 * only with its next state, and where one thread follows another at the same nanosecond it must be one
 * switch, because viewers cannot tell the order of two. So all that ran is collected, and a CPU's switches
 * are written in their order at the end, in the format's compact form.
 */
#include "viewer_export/perfetto_sched.h"

#include "viewer_export/perfetto_fields.h"
#include "viewer_export/sched_runs.h"

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

#define IDLE_TID 0
/* Of one CPU in one packet. */
#define BUNDLE_SWITCHES 1024u
/* What they take mostly: of two switches, one if another thread follows at once. */
#define USUAL_RUN_BYTES 16u
#define WAKING_BYTES 64u

struct thread_line {
    uint32_t tid;
    uint32_t thread; /* model's index */
    bool is_off_pending;
    uint16_t cpu;
    int64_t on_ns, off_ns;
};

/* Columns of the compact form, for the CPU whose runs are being written. */
struct bundle {
    uint32_t count;
    int64_t last_ns;
    uint8_t *times, *states, *tids; /* the ends of what is in the three below */
    uint8_t time_bytes[BUNDLE_SWITCHES * 10], state_bytes[BUNDLE_SWITCHES * 2],
        tid_bytes[BUNDLE_SWITCHES * 5];
};

struct perfetto_sched {
    const struct trace_model *model;
    struct output *output;
    struct proto_writer *writer;
    GArray *threads; /* struct thread_line by track index */
    struct sched_runs *runs;
    bool has_last;
    struct sched_run last; /* the one whose end is not written yet */
    struct bundle bundle;
};

struct perfetto_sched *perfetto_sched_new(const struct trace_model *model, struct output *output,
                                          struct proto_writer *writer)
{
    struct perfetto_sched *sched = g_new0(struct perfetto_sched, 1);
    sched->model = model;
    sched->output = output;
    sched->writer = writer;
    sched->threads = g_array_new(FALSE, TRUE, sizeof(struct thread_line));
    sched->runs = sched_runs_new();
    return sched;
}

void perfetto_sched_free(struct perfetto_sched *sched)
{
    if (!sched)
        return;
    g_array_unref(sched->threads);
    sched_runs_free(sched->runs);
    g_free(sched);
}

static struct thread_line *line_of(struct perfetto_sched *sched, uint32_t track_index)
{
    if (sched->threads->len <= track_index)
        g_array_set_size(sched->threads, MAX(track_index + 1, sched->threads->len * 2));
    return &g_array_index(sched->threads, struct thread_line, track_index);
}

static void write_waking(struct perfetto_sched *sched, uint32_t cpu, int64_t time_ns, uint32_t waker_tid,
                         uint32_t tid)
{
    uint8_t *start = output_reserve(sched->output, WAKING_BYTES);
    uint8_t *packet = proto_put_tag(start, TRACE_PACKET, 2) + 1;
    uint8_t *next = proto_put_field(packet, PACKET_SEQUENCE_ID, 1);
    uint8_t *bundle = next = proto_put_tag(next, PACKET_FTRACE_EVENTS, 2) + 1;
    next = proto_put_field(next, BUNDLE_CPU, cpu);
    uint8_t *event = next = proto_put_tag(next, BUNDLE_EVENT, 2) + 1;
    next = proto_put_field(next, FTRACE_TIMESTAMP, (uint64_t)time_ns);
    next = proto_put_field(next, FTRACE_PID, waker_tid);
    uint8_t *waking = next = proto_put_tag(next, FTRACE_SCHED_WAKING, 2) + 1;
    next = proto_put_field(next, WAKING_PID, tid);
    next = proto_put_field(next, WAKING_TARGET_CPU, cpu);
    waking[-1] = (uint8_t)(next - waking);
    event[-1] = (uint8_t)(next - event);
    bundle[-1] = (uint8_t)(next - bundle);
    packet[-1] = (uint8_t)(next - packet);
    output_advance(sched->output, (size_t)(next - start));
}

static void add_run(struct perfetto_sched *sched, struct thread_line *line, uint16_t left)
{
    const struct sched_run run = {
        .start_ns = line->on_ns, .end_ns = line->off_ns, .tid = line->tid, .cpu = line->cpu, .left = left};
    sched_runs_add(sched->runs, &run);
    line->is_off_pending = false;
}

static uint16_t how_it_left(const struct thread_line *line, const struct export_state *state)
{
    if (state->start_ns != line->off_ns)
        return LEFT_UNKNOWN;
    return state->interval->state == THREAD_BLOCKED ? LEFT_SLEEPING : LEFT_RUNNABLE;
}

void perfetto_sched_state(struct perfetto_sched *sched, const struct export_state *state)
{
    const struct state_interval *interval = state->interval;
    struct thread_line *line = line_of(sched, state->track->index);
    line->tid = state->track->tid;
    line->thread = interval->thread;
    bool follows_running = line->is_off_pending && line->off_ns == state->start_ns;
    if (line->is_off_pending)
        add_run(sched, line, how_it_left(line, state));
    if (interval->state == THREAD_RUNNING && state->cpu_track) {
        line->is_off_pending = true;
        line->cpu = (uint16_t)state->cpu_track->number;
        line->on_ns = state->start_ns;
        line->off_ns = state->end_ns;
    } else if (interval->state == THREAD_RUNNABLE && !interval->is_preempted && !follows_running) {
        write_waking(sched, line->cpu, state->start_ns, state->waker_track ? state->waker_track->tid : 0,
                     line->tid);
    }
}

uint64_t perfetto_sched_held_bytes(const struct perfetto_sched *sched)
{
    return sched_runs_count(sched->runs) * USUAL_RUN_BYTES;
}

/* A column of numbers, before what was written since proto_begin(). */
static void write_column(struct proto_writer *writer, uint32_t field, const uint8_t *bytes,
                         const uint8_t *end)
{
    proto_bytes(writer, field, bytes, (size_t)(end - bytes));
}

static void begin_bundle(struct bundle *bundle)
{
    bundle->count = 0;
    bundle->last_ns = 0;
    bundle->times = bundle->time_bytes;
    bundle->states = bundle->state_bytes;
    bundle->tids = bundle->tid_bytes;
}

static void write_bundle(struct perfetto_sched *sched, uint16_t cpu)
{
    static const uint8_t zeros[BUNDLE_SWITCHES];
    struct bundle *bundle = &sched->bundle;
    struct proto_writer *writer = sched->writer;
    if (bundle->count == 0)
        return;
    proto_begin(writer);
    write_column(writer, COMPACT_NEXT_COMM_INDEX, zeros, zeros + bundle->count);
    proto_string(writer, COMPACT_INTERN_TABLE, "");
    write_column(writer, COMPACT_NEXT_PRIO, zeros, zeros + bundle->count);
    write_column(writer, COMPACT_NEXT_PID, bundle->tid_bytes, bundle->tids);
    write_column(writer, COMPACT_PREV_STATE, bundle->state_bytes, bundle->states);
    write_column(writer, COMPACT_TIMESTAMP, bundle->time_bytes, bundle->times);
    proto_close(writer, BUNDLE_COMPACT_SCHED, writer->end);
    proto_varint(writer, BUNDLE_CPU, cpu);
    proto_close(writer, PACKET_FTRACE_EVENTS, writer->end);
    proto_varint(writer, PACKET_SEQUENCE_ID, 1);
    proto_close(writer, TRACE_PACKET, writer->end);
    output_write(sched->output, writer->next, proto_length(writer));
    begin_bundle(bundle);
}

static void put_switch(struct perfetto_sched *sched, uint16_t cpu, int64_t time_ns, uint16_t prev_state,
                       uint32_t next_tid)
{
    struct bundle *bundle = &sched->bundle;
    if (bundle->count == BUNDLE_SWITCHES)
        write_bundle(sched, cpu);
    bundle->times = proto_put_varint(bundle->times, (uint64_t)(time_ns - bundle->last_ns));
    bundle->states = proto_put_varint(bundle->states, prev_state);
    bundle->tids = proto_put_varint(bundle->tids, next_tid);
    bundle->last_ns = time_ns;
    bundle->count++;
}

/* Of the compact form, viewers take a CPU's first switch only to learn who runs then. */
static void begin_cpu(struct perfetto_sched *sched, uint16_t cpu)
{
    begin_bundle(&sched->bundle);
    put_switch(sched, cpu, 0, LEFT_RUNNABLE, IDLE_TID);
}

static void end_cpu(struct perfetto_sched *sched)
{
    if (!sched->has_last)
        return;
    put_switch(sched, sched->last.cpu, sched->last.end_ns, sched->last.left, IDLE_TID);
    write_bundle(sched, sched->last.cpu);
}

/* Where two overlap, see place_on_cpu(), the later one counts. */
static void visit_run(void *user, const struct sched_run *run)
{
    struct perfetto_sched *sched = user;
    const struct sched_run *last = &sched->last;
    if (!sched->has_last || last->cpu != run->cpu) {
        end_cpu(sched);
        begin_cpu(sched, run->cpu);
        put_switch(sched, run->cpu, run->start_ns, LEFT_RUNNABLE, run->tid);
    } else if (last->end_ns < run->start_ns) {
        put_switch(sched, run->cpu, last->end_ns, last->left, IDLE_TID);
        put_switch(sched, run->cpu, run->start_ns, LEFT_RUNNABLE, run->tid);
    } else {
        put_switch(sched, run->cpu, run->start_ns, last->left, run->tid);
    }
    sched->has_last = true;
    sched->last = *run;
}

static uint16_t how_it_ended(const struct perfetto_sched *sched, const struct thread_line *line)
{
    return trace_model_thread(sched->model, line->thread)->is_end_seen ? LEFT_DEAD : LEFT_UNKNOWN;
}

int perfetto_sched_finish(struct perfetto_sched *sched)
{
    for (guint i = 0; i < sched->threads->len; i++) {
        struct thread_line *line = &g_array_index(sched->threads, struct thread_line, i);
        if (line->is_off_pending)
            add_run(sched, line, how_it_ended(sched, line));
    }
    int problem = sched_runs_visit(sched->runs, visit_run, sched);
    end_cpu(sched);
    return problem;
}
