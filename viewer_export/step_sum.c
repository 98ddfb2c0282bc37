/* Numbers over time. Used by counters.c; pure. */
#include "viewer_export/step_sum.h"

#define FIRST_BUCKET_SHIFT 10

struct step {
    int64_t time_ns;
    int64_t change;
};

void step_sum_init(struct step_sum *sum)
{
    *sum = (struct step_sum){.steps = g_array_new(FALSE, FALSE, sizeof(struct step))};
}

void step_sum_init_averages(struct step_sum *sum, int64_t width_ns)
{
    *sum = (struct step_sum){
        .bucket_area = g_new0(double, STEP_SUM_BUCKETS),
        .bucket_shift = (unsigned)__builtin_ctzll((uint64_t)width_ns),
    };
}

void step_sum_clear(struct step_sum *sum)
{
    if (sum->steps)
        g_array_unref(sum->steps);
    g_free(sum->bucket_area);
    *sum = (struct step_sum){0};
}

static gint compare_steps(gconstpointer left, gconstpointer right)
{
    int64_t left_ns = ((const struct step *)left)->time_ns;
    int64_t right_ns = ((const struct step *)right)->time_ns;
    return left_ns < right_ns ? -1 : left_ns > right_ns;
}

/* Sorts, and makes one step of those at the same time. */
static void merge_steps(GArray *steps)
{
    g_array_sort(steps, compare_steps);
    struct step *all = &g_array_index(steps, struct step, 0);
    guint kept = 0;
    for (guint i = 0; i < steps->len; i++) {
        if (kept > 0 && all[kept - 1].time_ns == all[i].time_ns)
            all[kept - 1].change += all[i].change;
        else
            all[kept++] = all[i];
        if (all[kept - 1].change == 0)
            kept--;
    }
    g_array_set_size(steps, kept);
}

static void widen(struct step_sum *sum)
{
    for (guint i = 0; i < STEP_SUM_BUCKETS / 2; i++)
        sum->bucket_area[i] = sum->bucket_area[2 * i] + sum->bucket_area[2 * i + 1];
    for (guint i = STEP_SUM_BUCKETS / 2; i < STEP_SUM_BUCKETS; i++)
        sum->bucket_area[i] = 0;
    sum->bucket_shift++;
}

static void add_area(struct step_sum *sum, int64_t start_ns, int64_t end_ns, double value)
{
    while (end_ns >> sum->bucket_shift >= STEP_SUM_BUCKETS)
        widen(sum);
    while (start_ns < end_ns) {
        int64_t bucket = start_ns >> sum->bucket_shift;
        int64_t part_end_ns = MIN(end_ns, (bucket + 1) << sum->bucket_shift);
        sum->bucket_area[bucket] += value * (double)(part_end_ns - start_ns);
        start_ns = part_end_ns;
    }
}

static void make_averages(struct step_sum *sum)
{
    sum->bucket_area = g_new0(double, STEP_SUM_BUCKETS);
    sum->bucket_shift = FIRST_BUCKET_SHIFT;
    int64_t value = 0;
    for (guint i = 0; i + 1 < sum->steps->len; i++) {
        const struct step *step = &g_array_index(sum->steps, struct step, i);
        value += step->change;
        add_area(sum, step[0].time_ns, step[1].time_ns, (double)value);
    }
    g_array_unref(sum->steps);
    sum->steps = NULL;
}

void step_sum_add_slowly(struct step_sum *sum, int64_t start_ns, int64_t end_ns)
{
    if (start_ns >= end_ns)
        return;
    sum->end_ns = MAX(sum->end_ns, end_ns);
    if (!sum->steps) {
        add_area(sum, start_ns, end_ns, 1);
        return;
    }
    const struct step steps[] = {{.time_ns = start_ns, .change = 1}, {.time_ns = end_ns, .change = -1}};
    g_array_append_vals(sum->steps, steps, G_N_ELEMENTS(steps));
    if (sum->steps->len > STEP_SUM_MAX_STEPS) {
        merge_steps(sum->steps);
        if (sum->steps->len > STEP_SUM_MAX_STEPS / 2)
            make_averages(sum);
    }
}

static void visit_averages(const struct step_sum *sum, step_sum_visitor visitor, void *user)
{
    double last = 0;
    for (guint i = 0; i < STEP_SUM_BUCKETS; i++) {
        int64_t start_ns = (int64_t)i << sum->bucket_shift;
        int64_t width_ns = MIN(INT64_C(1) << sum->bucket_shift, sum->end_ns - start_ns);
        if (width_ns <= 0)
            break;
        double value = sum->bucket_area[i] / (double)width_ns;
        if (value != last)
            visitor(user, start_ns, value);
        last = value;
    }
    if (last != 0)
        visitor(user, sum->end_ns, 0);
}

void step_sum_visit(struct step_sum *sum, step_sum_visitor visitor, void *user)
{
    if (!sum->steps) {
        visit_averages(sum, visitor, user);
        return;
    }
    merge_steps(sum->steps);
    int64_t value = 0;
    for (guint i = 0; i < sum->steps->len; i++) {
        const struct step *step = &g_array_index(sum->steps, struct step, i);
        value += step->change;
        visitor(user, step->time_ns, (double)value);
    }
}

int64_t step_sum_average_ns(const struct step_sum *sum)
{
    return sum->steps ? 0 : INT64_C(1) << sum->bucket_shift;
}
