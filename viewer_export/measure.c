/* Sizes of an export. Used by main for -split and -max-size. */
#include "viewer_export/measure.h"

#define TIME_BUCKETS 16384u
#define FIRST_BUCKET_NS 1024
#define SUB_BUCKETS 8                       /* per power of two */
#define DURATION_BUCKETS (61 * SUB_BUCKETS) /* up to the longest int64_t */

struct measure {
    struct exporter exporter; /* this one */
    const struct exporter *inner;
    void *inner_self;
    struct output *output; /* borrowed from the context */
    uint64_t state_bytes, counter_bytes;
    uint64_t name_bytes; /* what end() wrote: names and order of tracks */
    uint64_t duration_bytes[DURATION_BUCKETS];
    uint64_t *time_bytes; /* TIME_BUCKETS */
    int64_t bucket_ns;
};

static unsigned duration_bucket(int64_t duration_ns)
{
    uint64_t duration = (uint64_t)MAX(duration_ns, 0);
    if (duration < SUB_BUCKETS)
        return (unsigned)duration;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(duration);
    return (exponent - 2) * SUB_BUCKETS + (unsigned)(duration >> (exponent - 3) & (SUB_BUCKETS - 1));
}

static int64_t bucket_min_ns(unsigned bucket)
{
    if (bucket < SUB_BUCKETS)
        return bucket;
    unsigned exponent = bucket / SUB_BUCKETS + 2;
    return (int64_t)(SUB_BUCKETS + bucket % SUB_BUCKETS) << (exponent - 3);
}

static void widen(struct measure *measure)
{
    for (unsigned i = 0; i < TIME_BUCKETS / 2; i++)
        measure->time_bytes[i] = measure->time_bytes[2 * i] + measure->time_bytes[2 * i + 1];
    for (unsigned i = TIME_BUCKETS / 2; i < TIME_BUCKETS; i++)
        measure->time_bytes[i] = 0;
    measure->bucket_ns *= 2;
}

/* So far, with what is still to be written because of it. */
static uint64_t written_bytes(const struct measure *measure)
{
    uint64_t held = measure->inner->held_bytes ? measure->inner->held_bytes(measure->inner_self) : 0;
    return output_bytes(measure->output) + held;
}

/* What was written since `before` belongs to a fact that ended at that time. */
static uint64_t add_time(struct measure *measure, uint64_t before, int64_t end_ns)
{
    uint64_t bytes = written_bytes(measure) - before;
    while (end_ns / measure->bucket_ns >= TIME_BUCKETS)
        widen(measure);
    measure->time_bytes[end_ns / measure->bucket_ns] += bytes;
    return bytes;
}

static void measure_begin(void *self)
{
    struct measure *measure = self;
    measure->inner->begin(measure->inner_self);
}

static void measure_state(void *self, const struct export_state *state)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->state(measure->inner_self, state);
    measure->state_bytes += add_time(measure, before, state->end_ns);
}

static void measure_blocking(void *self, const struct export_blocking *blocking)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->blocking(measure->inner_self, blocking);
    uint64_t bytes = add_time(measure, before, blocking->end_ns);
    if (!blocking->operation->is_summary)
        measure->duration_bytes[duration_bucket(blocking->end_ns - blocking->start_ns)] += bytes;
}

static void measure_span(void *self, const struct export_span *span)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->span(measure->inner_self, span);
    measure->duration_bytes[duration_bucket(span->end_ns - span->start_ns)] +=
        add_time(measure, before, span->end_ns);
}

static void measure_log(void *self, const struct export_log *log)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->log(measure->inner_self, log);
    add_time(measure, before, log->time_ns);
}

static void measure_counter(void *self, const struct export_counter *counter)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->counter(measure->inner_self, counter);
    measure->counter_bytes += add_time(measure, before, counter->time_ns);
}

static void measure_loss(void *self, const struct export_loss *loss)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->loss(measure->inner_self, loss);
    add_time(measure, before, loss->end_ns);
}

static void measure_end(void *self)
{
    struct measure *measure = self;
    uint64_t before = written_bytes(measure);
    measure->inner->end(measure->inner_self);
    uint64_t all = output_bytes(measure->output);
    measure->name_bytes = all > before ? all - before : 0;
}

struct measure *measure_new(const struct exporter *exporter, const struct export_context *context)
{
    struct measure *measure = g_new0(struct measure, 1);
    measure->inner = exporter;
    measure->inner_self = exporter->new (context);
    measure->output = context->output;
    measure->time_bytes = g_new0(uint64_t, TIME_BUCKETS);
    measure->bucket_ns = FIRST_BUCKET_NS;
    measure->exporter = (struct exporter){
        .name = exporter->name,
        .has_state_tracks = exporter->has_state_tracks,
        .begin = measure_begin,
        .state = exporter->state ? measure_state : NULL,
        .blocking = exporter->blocking ? measure_blocking : NULL,
        .span = exporter->span ? measure_span : NULL,
        .log = exporter->log ? measure_log : NULL,
        .counter = exporter->counter ? measure_counter : NULL,
        .loss = exporter->loss ? measure_loss : NULL,
        .end = measure_end,
    };
    return measure;
}

void measure_free(struct measure *measure)
{
    if (!measure)
        return;
    measure->inner->free(measure->inner_self);
    g_free(measure->time_bytes);
    g_free(measure);
}

const struct exporter *measure_exporter(struct measure *measure)
{
    return &measure->exporter;
}

uint64_t measure_total_bytes(const struct measure *measure)
{
    return output_bytes(measure->output);
}

struct timeline_limits measure_limits(const struct measure *measure, uint64_t limit_bytes)
{
    struct timeline_limits limits = {
        .leaves_out_curves = measure->counter_bytes > limit_bytes / 4,
        .leaves_out_states = measure->state_bytes > limit_bytes / 2,
    };
    uint64_t rest = measure_total_bytes(measure) - measure->name_bytes;
    if (limits.leaves_out_curves)
        rest -= measure->counter_bytes;
    if (limits.leaves_out_states)
        rest -= measure->state_bytes;
    unsigned bucket = 0;
    while (rest > limit_bytes && bucket < DURATION_BUCKETS)
        rest -= measure->duration_bytes[bucket++];
    limits.min_duration_ns = bucket < DURATION_BUCKETS ? bucket_min_ns(bucket) : INT64_MAX;
    return limits;
}

GArray *measure_cuts(const struct measure *measure, uint64_t limit_bytes)
{
    GArray *cuts = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (measure_total_bytes(measure) <= limit_bytes)
        return cuts;
    /* Each piece repeats the names, and for each thread what reaches over its borders. */
    uint64_t repeated_bytes = measure->name_bytes + measure->name_bytes / 2;
    uint64_t piece_bytes = limit_bytes - MIN(repeated_bytes, limit_bytes * 6 / 10);
    piece_bytes -= piece_bytes / 20;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < TIME_BUCKETS; i++) {
        int64_t start_ns = (int64_t)i * measure->bucket_ns;
        if (bytes > 0 && bytes + measure->time_bytes[i] > piece_bytes && start_ns > 0) {
            g_array_append_val(cuts, start_ns);
            bytes = 0;
        }
        bytes += measure->time_bytes[i];
    }
    return cuts;
}
