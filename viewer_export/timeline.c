/*
 * The one observer of the model: decides what is drawn where and hands it to the exporter. Main thread.
 *
 * Facts come when they have ended, so a thread's states come before the operation that explains them. A few
 * are held back per thread until that operation is known (see hold_state()). Kernel traces tell late which
 * process a thread belongs to; what is known of it before is held back too (see is_early()). A kernel's
 * system call of a process whose library tells of it too is left out, as in the profiles.
 */
#include "viewer_export/timeline.h"

#include <string.h>
#include "tracepoints/contract.h"
#include "viewer_export/counters.h"
#include "viewer_export/lane.h"
#include "viewer_export/open_spans.h"

#define MAX_HELD_STATES 12
#define MAX_EARLY_FACTS 65536
#define MAX_REMEMBERED_RELEASES 8
#define MAX_CPU 8191
#define MAX_LANES 64 /* tracks beside each other for what overlaps */

struct held_state {
    struct state_interval interval;
    struct operation_label reason;
};

/* A fact about a thread whose process is not known yet. */
struct early_fact {
    bool is_state;
    union {
        struct state_interval state;
        struct blocking operation;
    };
};

/* A point of a thread's track where arrows begin. */
struct release {
    int64_t time_ns;
    uint64_t flow; /* of the first of them */
};

/* A track beside a thread's own. */
struct overlap {
    struct lane lane;
    struct track *track; /* NULL: not used yet */
};

/* What is known about one thread; by the model's index. Times count from the trace's start. */
struct thread_line {
    uint32_t thread;
    const struct thread *known; /* the model's */
    struct track *track;        /* its own; NULL: not made yet, see track_of() */
    struct lane lane;
    struct overlap *overlaps; /* MAX_LANES of them; NULL: nothing overlapped yet */
    struct held_state held[MAX_HELD_STATES];
    uint32_t held_count;
    struct release releases[MAX_REMEMBERED_RELEASES]; /* drawn lately; a ring */
    uint32_t release_count;
    bool is_settled; /* it is shown in the process that it has now */
    GArray *early;   /* struct early_fact, while not settled; NULL: none */
    GArray *regions; /* struct open_span, innermost last; NULL: none yet */
};

/* Where a slice is put. */
struct place {
    struct lane *lane;
    int64_t inner_end_ns; /* see lane_add() */
};

struct cpu_line {
    struct lane lane;
    struct track *track; /* NULL: nothing ran there yet */
};

struct timeline {
    const struct trace_model *model;
    struct track_table *tracks;
    const struct exporter *exporter;
    void *exporter_self;
    int64_t origin_ns;
    bool has_origin;
    uint64_t flow_count;
    uint32_t early_count; /* facts held back in all, MAX_EARLY_FACTS at most */
    struct counters *counters;
    GPtrArray *threads;     /* struct thread_line * or NULL */
    GArray *tasks;          /* struct open_span */
    GHashTable *task_lanes; /* model's process index -> struct lane[MAX_LANES] */
    GArray *cpus;           /* struct cpu_line by CPU */
    struct lane loss_lanes[MAX_LANES];
    uint64_t undrawn_count;
    struct timeline_limits limits;
    struct timeline_left_out left_out;
};

static void lanes_free(gpointer pointer)
{
    struct lane *lanes = pointer;
    for (size_t i = 0; lanes && i < MAX_LANES; i++)
        lane_clear(&lanes[i]);
    g_free(lanes);
}

static void thread_line_free(gpointer pointer)
{
    struct thread_line *line = pointer;
    if (!line)
        return;
    lane_clear(&line->lane);
    for (size_t i = 0; line->overlaps && i < MAX_LANES; i++)
        lane_clear(&line->overlaps[i].lane);
    g_free(line->overlaps);
    if (line->early)
        g_array_unref(line->early);
    if (line->regions)
        g_array_unref(line->regions);
    g_free(line);
}

struct timeline *timeline_new(const struct trace_model *model, struct track_table *tracks)
{
    struct timeline *timeline = g_new0(struct timeline, 1);
    timeline->model = model;
    timeline->tracks = tracks;
    timeline->counters = counters_new();
    timeline->threads = g_ptr_array_new_with_free_func(thread_line_free);
    timeline->tasks = open_spans_new();
    timeline->cpus = g_array_new(FALSE, TRUE, sizeof(struct cpu_line));
    timeline->task_lanes = g_hash_table_new_full(NULL, NULL, NULL, lanes_free);
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    if (!timeline)
        return;
    counters_free(timeline->counters);
    g_ptr_array_unref(timeline->threads);
    g_array_unref(timeline->tasks);
    g_hash_table_unref(timeline->task_lanes);
    for (guint i = 0; i < timeline->cpus->len; i++)
        lane_clear(&g_array_index(timeline->cpus, struct cpu_line, i).lane);
    g_array_unref(timeline->cpus);
    for (size_t i = 0; i < MAX_LANES; i++)
        lane_clear(&timeline->loss_lanes[i]);
    g_free(timeline);
}

void timeline_set_exporter(struct timeline *timeline, const struct exporter *exporter, void *self)
{
    timeline->exporter = exporter;
    timeline->exporter_self = self;
}

void timeline_set_limits(struct timeline *timeline, const struct timeline_limits *limits)
{
    timeline->limits = *limits;
    counters_set_average(timeline->counters, limits->curve_average_ns);
}

struct timeline_left_out timeline_left_out(const struct timeline *timeline)
{
    return timeline->left_out;
}

/* Counts what is too short to be kept. */
static bool is_too_short(struct timeline *timeline, int64_t duration_ns)
{
    if (duration_ns >= timeline->limits.min_duration_ns)
        return false;
    timeline->left_out.count++;
    timeline->left_out.total_ns += duration_ns;
    return true;
}

/* Calls an exporter's function if it has it. */
#define HAND_OUT(timeline, what, fact)                                                                       \
    do {                                                                                                     \
        if ((timeline)->exporter && (timeline)->exporter->what)                                              \
            (timeline)->exporter->what((timeline)->exporter_self, (fact));                                   \
    } while (0)

static int64_t relative_ns(struct timeline *timeline, int64_t time_ns)
{
    if (!timeline->has_origin) {
        timeline->has_origin = true;
        timeline->origin_ns = trace_model_start_ns(timeline->model);
    }
    return MAX(time_ns - timeline->origin_ns, 0);
}

static struct thread_line *add_line(struct timeline *timeline, uint32_t thread)
{
    if (timeline->threads->len <= thread)
        g_ptr_array_set_size(timeline->threads, (gint)MAX(thread + 1, timeline->threads->len * 2));
    struct thread_line *line = g_new0(struct thread_line, 1);
    line->thread = thread;
    line->known = trace_model_thread(timeline->model, thread);
    timeline->threads->pdata[thread] = line;
    return line;
}

static inline struct thread_line *line_of(struct timeline *timeline, uint32_t thread)
{
    struct thread_line *line = thread < timeline->threads->len ? timeline->threads->pdata[thread] : NULL;
    return G_LIKELY(line) ? line : add_line(timeline, thread);
}

static inline struct track *track_of(struct timeline *timeline, struct thread_line *line)
{
    if (G_UNLIKELY(!line->track))
        line->track = track_table_thread(timeline->tracks, line->thread);
    return line->track;
}

/* Thread 0 is shown too: what is known of threads that the trace does not name. */
static inline bool is_shown(const struct thread_line *line)
{
    return !line->known->is_tracer && !line->known->is_interrupt;
}

/* NULL: not even there, which takes data that make no sense (threads that share a number); counted. */
static struct track *place_beside(struct timeline *timeline, struct thread_line *line, int64_t start_ns,
                                  int64_t end_ns, struct place *place)
{
    if (!line->overlaps)
        line->overlaps = g_new0(struct overlap, MAX_LANES);
    for (uint32_t i = 0; i < MAX_LANES; i++) {
        struct overlap *overlap = &line->overlaps[i];
        if (!lane_add(&overlap->lane, start_ns, end_ns, &place->inner_end_ns))
            continue;
        place->lane = &overlap->lane;
        if (!overlap->track)
            overlap->track =
                track_table_get(timeline->tracks, TRACK_OVERLAP, line->known->process, line->thread, i + 1);
        return overlap->track;
    }
    timeline->undrawn_count++;
    return NULL;
}

/* The thread's own track, or one beside it when the slice would not nest; NULL: see place_beside(). */
static struct track *place_slice(struct timeline *timeline, struct thread_line *line, int64_t start_ns,
                                 int64_t end_ns, struct place *place)
{
    struct track *track = track_of(timeline, line);
    track->slice_count++;
    place->lane = &line->lane;
    if (lane_add(&line->lane, start_ns, end_ns, &place->inner_end_ns))
        return track;
    return place_beside(timeline, line, start_ns, end_ns, place);
}

static struct operation_label label_of(const struct blocking *operation)
{
    return (struct operation_label){
        .word = blocking_kind_name(operation),
        .object = operation->object,
        .has_object = operation->wait_kind != 0,
        .object_is_tid = operation->wait_kind == EXECTRACE_WAIT_JOIN,
        .is_idle = operation->is_idle,
    };
}

/* Then states need no process, and no room on their CPU. */
static bool makes_state_tracks(const struct timeline *timeline)
{
    return timeline->exporter && timeline->exporter->has_state_tracks;
}

/*
 * The CPU's track; NULL when the thread did not run, or another did all the time. Two sources of the same
 * switch may differ by less than a microsecond: a run shows where no other is. Viewers with tracks of their
 * own get all.
 */
static struct track *place_on_cpu(struct timeline *timeline, const struct state_interval *interval,
                                  int64_t *start_ns, int64_t *end_ns)
{
    if (interval->state != THREAD_RUNNING || interval->cpu < 0 || interval->cpu > MAX_CPU)
        return NULL;
    guint cpu = (guint)interval->cpu;
    if (timeline->cpus->len <= cpu)
        g_array_set_size(timeline->cpus, cpu + 1);
    struct cpu_line *line = &g_array_index(timeline->cpus, struct cpu_line, cpu);
    if (!makes_state_tracks(timeline) && !lane_add_free_part(&line->lane, start_ns, end_ns))
        return NULL;
    if (!line->track)
        line->track = track_table_get(timeline->tracks, TRACK_CPU, 0, 0, cpu);
    line->track->slice_count++;
    return line->track;
}

static void count_state(struct timeline *timeline, const struct thread_line *line,
                        const struct state_interval *interval);
static void show_state(struct timeline *timeline, struct thread_line *line,
                       const struct state_interval *interval);
static void observe_blocking(void *self, const struct blocking *operation);

/* The thread is shown in the process that is known now, with all that was held back. */
static void settle(struct timeline *timeline, struct thread_line *line)
{
    line->is_settled = true;
    track_table_settle(timeline->tracks, line->thread);
    if (!line->early)
        return;
    g_autoptr(GArray) early = g_steal_pointer(&line->early);
    timeline->early_count -= early->len;
    for (guint i = 0; i < early->len; i++) {
        const struct early_fact *fact = &g_array_index(early, struct early_fact, i);
        if (fact->is_state)
            count_state(timeline, line, &fact->state);
        if (fact->is_state && !makes_state_tracks(timeline))
            show_state(timeline, line, &fact->state);
        if (!fact->is_state)
            observe_blocking(timeline, &fact->operation);
    }
}

/* Whether the thread has to wait for its process; if so, the fact has to be held back. */
static bool is_early(struct timeline *timeline, struct thread_line *line)
{
    if (G_LIKELY(line->is_settled))
        return false;
    if (line->thread != 0 && line->known->process == 0 && timeline->early_count < MAX_EARLY_FACTS)
        return true;
    settle(timeline, line);
    return false;
}

static void hand_out_state(struct timeline *timeline, struct thread_line *line,
                           const struct state_interval *interval, const struct operation_label *reason)
{
    struct export_state state = {
        .interval = interval,
        .track = track_of(timeline, line),
        .start_ns = relative_ns(timeline, interval->start_ns),
        .end_ns = relative_ns(timeline, interval->end_ns),
        .reason = *reason,
    };
    state.cpu_start_ns = state.start_ns;
    state.cpu_end_ns = state.end_ns;
    state.cpu_track = place_on_cpu(timeline, interval, &state.cpu_start_ns, &state.cpu_end_ns);
    if (interval->waker_thread && makes_state_tracks(timeline)) {
        struct thread_line *waker = line_of(timeline, interval->waker_thread);
        if (is_shown(waker))
            state.waker_track = track_of(timeline, waker);
    }
    HAND_OUT(timeline, state, &state);
}

static void release_states(struct timeline *timeline, struct thread_line *line, uint32_t count)
{
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        hand_out_state(timeline, line, &line->held[i].interval, &line->held[i].reason);
    line->held_count -= count;
    memmove(line->held, line->held + count, line->held_count * sizeof(*line->held));
}

/* Hands out all that comes before the first state that an operation may still explain. */
static void release_explained(struct timeline *timeline, struct thread_line *line)
{
    uint32_t count = 0;
    while (count < line->held_count &&
           (line->held[count].interval.state != THREAD_BLOCKED || line->held[count].reason.word))
        count++;
    release_states(timeline, line, count);
}

/*
 * Keeps a state until the operation that explains it has ended, or too many came after it. The first of those
 * that are held waits for its operation.
 */
static void hold_state(struct timeline *timeline, struct thread_line *line,
                       const struct state_interval *interval)
{
    static const struct operation_label no_reason;
    if (makes_state_tracks(timeline) || (line->held_count == 0 && interval->state != THREAD_BLOCKED)) {
        hand_out_state(timeline, line, interval, &no_reason);
        return;
    }
    if (line->held_count == MAX_HELD_STATES) {
        release_states(timeline, line, 1);
        release_explained(timeline, line);
    }
    line->held[line->held_count++] = (struct held_state){.interval = *interval};
    if (line->held_count == 1)
        release_explained(timeline, line);
}

/*
 * Whether the state lies in the operation, for the most part: an operation's event is stamped when it is
 * written, a little later than it ended, so all of it seems to come a little later.
 */
static bool is_explained_by(const struct state_interval *state, const struct blocking *operation)
{
    int64_t overlap_ns = MIN(state->end_ns, operation->end_ns) - MAX(state->start_ns, operation->start_ns);
    return overlap_ns > (state->end_ns - state->start_ns) / 2;
}

static void explain_states(struct timeline *timeline, struct thread_line *line,
                           const struct blocking *operation)
{
    for (uint32_t i = line->held_count; i-- > 0;) {
        struct held_state *held = &line->held[i];
        if (held->interval.end_ns <= operation->start_ns)
            break;
        if (held->interval.state == THREAD_BLOCKED && !held->reason.word &&
            is_explained_by(&held->interval, operation))
            held->reason = label_of(operation);
    }
    release_explained(timeline, line);
}

static void hold_early(struct timeline *timeline, struct thread_line *line, const struct early_fact *fact)
{
    if (!line->early)
        line->early = g_array_new(FALSE, FALSE, sizeof(struct early_fact));
    g_array_append_vals(line->early, fact, 1);
    timeline->early_count++;
}

static void count_state(struct timeline *timeline, const struct thread_line *line,
                        const struct state_interval *interval)
{
    counters_add_state(timeline->counters, line->known->process, interval->state,
                       relative_ns(timeline, interval->start_ns), relative_ns(timeline, interval->end_ns));
}

static void show_state(struct timeline *timeline, struct thread_line *line,
                       const struct state_interval *interval)
{
    if (timeline->limits.leaves_out_states) {
        timeline->left_out.state_count++;
        return;
    }
    track_of(timeline, line)->has_states = true;
    hold_state(timeline, line, interval);
}

static void observe_state(void *self, const struct state_interval *interval)
{
    struct timeline *timeline = self;
    struct thread_line *line = line_of(timeline, interval->thread);
    if (interval->thread == 0 || !is_shown(line) || interval->state == THREAD_UNKNOWN ||
        interval->start_ns >= interval->end_ns)
        return;
    bool is_held = is_early(timeline, line);
    if (is_held)
        hold_early(timeline, line, &(struct early_fact){.is_state = true, .state = *interval});
    else
        count_state(timeline, line, interval);
    if (!is_held || makes_state_tracks(timeline))
        show_state(timeline, line, interval);
}

/* The release from which an arrow at that time comes: several may wait for one. */
static uint64_t find_release(struct thread_line *line, int64_t time_ns, uint64_t flow)
{
    uint32_t known = MIN(line->release_count, MAX_REMEMBERED_RELEASES);
    for (uint32_t i = 0; i < known; i++) {
        if (line->releases[i].time_ns == time_ns)
            return line->releases[i].flow;
    }
    line->releases[line->release_count++ % MAX_REMEMBERED_RELEASES] =
        (struct release){.time_ns = time_ns, .flow = flow};
    return flow;
}

/* What is left of an operation after its release, behind all that lies in it, else on a track beside it. */
static void place_woken(struct timeline *timeline, struct thread_line *line, const struct place *place,
                        struct export_blocking *blocking)
{
    struct place beside;
    blocking->woken_ns = MAX(blocking->wake_ns, place->inner_end_ns);
    blocking->woken_track = blocking->track;
    if (blocking->woken_ns < blocking->end_ns) {
        lane_fill(place->lane, blocking->end_ns);
        return;
    }
    blocking->woken_ns = blocking->wake_ns;
    blocking->woken_track = place_beside(timeline, line, blocking->woken_ns, blocking->end_ns, &beside);
}

static void add_release(struct timeline *timeline, struct thread_line *line, const struct place *place,
                        struct export_blocking *blocking)
{
    const struct blocking *operation = blocking->operation;
    if (operation->waker_thread == 0 || operation->wake_ns == 0 || operation->is_summary)
        return;
    struct thread_line *waker = line_of(timeline, operation->waker_thread);
    if (!is_shown(waker))
        return;
    if (!waker->is_settled || waker->early)
        settle(timeline, waker);
    /* At the very end there would be nothing that the arrow could end at. */
    blocking->wake_ns =
        MIN(relative_ns(timeline, operation->wake_ns), MAX(blocking->end_ns - 1, blocking->start_ns));
    if (blocking->wake_ns > blocking->start_ns) {
        place_woken(timeline, line, place, blocking);
        if (!blocking->woken_track)
            return;
    }
    blocking->waker_track = track_of(timeline, waker);
    blocking->flow = ++timeline->flow_count;
    blocking->release = find_release(waker, blocking->wake_ns, blocking->flow);
}

static void observe_blocking(void *self, const struct blocking *operation)
{
    struct timeline *timeline = self;
    struct thread_line *line = line_of(timeline, operation->thread);
    if (!is_shown(line) || operation->is_covered)
        return;

    if (is_early(timeline, line)) {
        hold_early(timeline, line, &(struct early_fact){.operation = *operation});
        return;
    }
    int64_t start_ns = operation->is_summary ? operation->end_ns : operation->start_ns;
    if (!operation->is_summary && is_too_short(timeline, operation->end_ns - start_ns))
        return;
    int64_t end_ns = relative_ns(timeline, operation->end_ns);
    struct export_blocking blocking = {
        .operation = operation,
        .start_ns = MAX(start_ns - timeline->origin_ns, 0),
        .end_ns = end_ns,
        .cut_ns = MAX(timeline->origin_ns - start_ns, 0),
        .label = label_of(operation),
    };
    struct place place = {0};
    if (operation->is_summary) {
        blocking.track = track_of(timeline, line);
    } else {
        blocking.track = place_slice(timeline, line, blocking.start_ns, blocking.end_ns, &place);
        explain_states(timeline, line, operation);
    }
    if (!blocking.track)
        return;
    if (operation->blocking_class == BLOCKING_SYNC && !operation->is_idle && !operation->is_summary)
        counters_add_lock_wait(timeline->counters, blocking.track->process, blocking.start_ns,
                               blocking.end_ns);
    add_release(timeline, line, &place, &blocking);
    HAND_OUT(timeline, blocking, &blocking);
}

static struct track *place_in_lane(struct timeline *timeline, struct lane *lanes, enum track_kind kind,
                                   uint32_t process, int64_t start_ns, int64_t end_ns)
{
    for (uint32_t i = 0; i < MAX_LANES; i++) {
        if (lane_add_disjoint(&lanes[i], start_ns, end_ns)) {
            struct track *track = track_table_get(timeline->tracks, kind, process, 0, i + 1);
            track->slice_count++;
            return track;
        }
    }
    timeline->undrawn_count++;
    return NULL;
}

static void observe_loss(void *self, const struct loss *loss)
{
    struct timeline *timeline = self;
    const struct export_loss fact = {
        .track = place_in_lane(timeline, timeline->loss_lanes, TRACK_LOSS, 0, loss->start_ns, loss->end_ns),
        .start_ns = relative_ns(timeline, loss->start_ns),
        .end_ns = relative_ns(timeline, loss->end_ns),
        .count = loss->count,
        .what = loss->what,
    };
    if (fact.track)
        HAND_OUT(timeline, loss, &fact);
}

/* time_ns: relative. */
static void hand_out_point(void *self, uint32_t process, const char *name, const char *unit, int64_t time_ns,
                           double value)
{
    struct timeline *timeline = self;
    if (timeline->limits.leaves_out_curves) {
        timeline->left_out.point_count++;
        return;
    }
    const struct export_counter counter = {
        .track = track_table_counter(timeline->tracks, process, name, unit),
        /* Perfetto's page of 2021 fails an assertion when a curve has a point at time 0. */
        .time_ns = MAX(time_ns, 1),
        .value = value,
    };
    HAND_OUT(timeline, counter, &counter);
}

static void observe_metric(void *self, int64_t time_ns, uint32_t process, const char *name, const char *unit,
                           double value)
{
    hand_out_point(self, process, name, unit, relative_ns(self, time_ns), value);
}

static void observe_heap(void *self, const struct heap_sample *sample)
{
    struct timeline *timeline = self;
    uint32_t process = trace_model_thread(timeline->model, sample->thread)->process;
    int64_t time_ns = relative_ns(timeline, sample->time_ns);
    double bytes = sample->is_free ? -sample->bytes : sample->bytes, value;
    if (counters_add_heap(timeline->counters, process, time_ns, bytes, &value))
        hand_out_point(timeline, process, "heap in use", "bytes", time_ns, value);
}

static void end_region(void *self, const struct open_span *span, int64_t end_ns, bool is_open)
{
    struct timeline *timeline = self;
    struct place place;
    if (is_too_short(timeline, end_ns - span->start_ns))
        return;
    int64_t start_ns = relative_ns(timeline, span->start_ns);
    end_ns = relative_ns(timeline, end_ns);
    const struct export_span fact = {
        .track = place_slice(timeline, line_of(timeline, span->thread), start_ns, end_ns, &place),
        .start_ns = start_ns,
        .end_ns = end_ns,
        .category = "region",
        .name = span->name,
        .task = span->task,
        .is_open = is_open,
    };
    if (fact.track)
        HAND_OUT(timeline, span, &fact);
}

static void end_task(void *self, const struct open_span *span, int64_t end_ns, bool is_open)
{
    struct timeline *timeline = self;
    uint32_t process = trace_model_thread(timeline->model, span->thread)->process;
    struct lane *lanes = g_hash_table_lookup(timeline->task_lanes, GUINT_TO_POINTER(process));
    if (!lanes) {
        lanes = g_new0(struct lane, MAX_LANES);
        g_hash_table_insert(timeline->task_lanes, GUINT_TO_POINTER(process), lanes);
    }
    if (is_too_short(timeline, end_ns - span->start_ns))
        return;
    const struct export_span fact = {
        .track = place_in_lane(timeline, lanes, TRACK_TASK, process, span->start_ns, end_ns),
        .start_ns = relative_ns(timeline, span->start_ns),
        .end_ns = relative_ns(timeline, end_ns),
        .category = "task",
        .name = span->name,
        .task = span->task,
        .parent = span->parent,
        .is_open = is_open,
    };
    if (fact.track)
        HAND_OUT(timeline, span, &fact);
}

static void observe_log(struct timeline *timeline, const struct user_mark *mark)
{
    const struct export_log log = {
        .track = track_table_thread(timeline->tracks, mark->thread),
        .time_ns = relative_ns(timeline, mark->time_ns),
        .category = mark->name ? mark->name : "",
        .message = mark->message ? mark->message : "",
        .task = mark->task,
    };
    HAND_OUT(timeline, log, &log);
}

static void observe_mark(void *self, const struct user_mark *mark)
{
    struct timeline *timeline = self;
    struct thread_line *line = line_of(timeline, mark->thread);
    if (!is_shown(line))
        return;
    if (!line->regions)
        line->regions = open_spans_new();
    switch (mark->type) {
    case EVENT_USER_TASK_BEGIN:
        open_spans_begin(timeline->tasks, mark, end_task, timeline);
        break;
    case EVENT_USER_TASK_END:
        open_spans_end(timeline->tasks, mark, end_task, timeline);
        break;
    case EVENT_USER_REGION_BEGIN:
        open_spans_begin(line->regions, mark, end_region, timeline);
        break;
    case EVENT_USER_REGION_END:
        open_spans_end(line->regions, mark, end_region, timeline);
        break;
    case EVENT_USER_LOG:
        observe_log(timeline, mark);
        break;
    case EVENT_USER_COUNTER:
        observe_metric(timeline, mark->time_ns, trace_model_thread(timeline->model, mark->thread)->process,
                       mark->name, "", mark->value);
        break;
    default:
        break;
    }
}

struct trace_observer timeline_observer(struct timeline *timeline)
{
    return (struct trace_observer){
        .state = observe_state,
        .blocking = observe_blocking,
        .heap = observe_heap,
        .mark = observe_mark,
        .metric = observe_metric,
        .loss = observe_loss,
        .self = timeline,
    };
}

void timeline_finish(struct timeline *timeline)
{
    int64_t end_ns = trace_model_end_ns(timeline->model);

    for (guint i = 0; i < timeline->threads->len; i++) {
        if (timeline->threads->pdata[i])
            settle(timeline, timeline->threads->pdata[i]);
    }
    for (guint i = 0; i < timeline->threads->len; i++) {
        struct thread_line *line = timeline->threads->pdata[i];
        if (!line)
            continue;
        release_states(timeline, line, line->held_count);
        if (line->regions)
            open_spans_end_all(line->regions, end_ns, end_region, timeline);
    }
    open_spans_end_all(timeline->tasks, end_ns, end_task, timeline);
    counters_visit(timeline->counters, hand_out_point, timeline);
}

int64_t timeline_average_ns(const struct timeline *timeline)
{
    return counters_average_ns(timeline->counters);
}

uint64_t timeline_undrawn_count(const struct timeline *timeline)
{
    return timeline->undrawn_count;
}
