/* Curves per process. Used by timeline.c; pure. */
#include "viewer_export/counters.h"

#include <math.h>
#include "viewer_export/step_sum.h"

/* The first points of a heap's curve are all shown; then only those that differ by 5 %, or once in 100 ms. */
#define HEAP_FREE_POINTS 10000
#define HEAP_MIN_NS (INT64_C(1) * 1000000)
#define HEAP_MAX_NS (INT64_C(100) * 1000000)

enum curve { CURVE_RUNNING, CURVE_RUNNABLE, CURVE_BLOCKED, CURVE_LOCK_WAITERS, CURVE_END };
static const char *const curve_names[] = {
    [CURVE_RUNNING] = "threads running",
    [CURVE_RUNNABLE] = "threads runnable",
    [CURVE_BLOCKED] = "threads blocked",
    [CURVE_LOCK_WAITERS] = "lock waiters",
};

struct process_curves {
    struct step_sum sums[CURVE_END];
    double heap_bytes, shown_heap_bytes;
    int64_t shown_heap_ns;
    uint32_t heap_points;
};

struct counters {
    int64_t average_ns;   /* 0: exact as long as that is possible */
    GPtrArray *processes; /* struct process_curves * by the model's index, or NULL */
};

static void curves_free(gpointer pointer)
{
    struct process_curves *curves = pointer;
    if (!curves)
        return;
    for (size_t i = 0; i < CURVE_END; i++)
        step_sum_clear(&curves->sums[i]);
    g_free(curves);
}

struct counters *counters_new(void)
{
    struct counters *counters = g_new0(struct counters, 1);
    counters->processes = g_ptr_array_new_with_free_func(curves_free);
    return counters;
}

void counters_free(struct counters *counters)
{
    if (!counters)
        return;
    g_ptr_array_unref(counters->processes);
    g_free(counters);
}

void counters_set_average(struct counters *counters, int64_t average_ns)
{
    counters->average_ns = average_ns;
}

static struct process_curves *curves_of(struct counters *counters, uint32_t process)
{
    if (counters->processes->len <= process)
        g_ptr_array_set_size(counters->processes, (gint)process + 1);
    if (!counters->processes->pdata[process]) {
        struct process_curves *curves = g_new0(struct process_curves, 1);
        for (size_t i = 0; i < CURVE_END; i++) {
            if (counters->average_ns)
                step_sum_init_averages(&curves->sums[i], counters->average_ns);
            else
                step_sum_init(&curves->sums[i]);
        }
        counters->processes->pdata[process] = curves;
    }
    return counters->processes->pdata[process];
}

void counters_add_state(struct counters *counters, uint32_t process, enum thread_state state,
                        int64_t start_ns, int64_t end_ns)
{
    static const enum curve curves[] = {
        [THREAD_RUNNING] = CURVE_RUNNING,
        [THREAD_RUNNABLE] = CURVE_RUNNABLE,
        [THREAD_BLOCKED] = CURVE_BLOCKED,
    };
    if (state != THREAD_UNKNOWN)
        step_sum_add(&curves_of(counters, process)->sums[curves[state]], start_ns, end_ns);
}

void counters_add_lock_wait(struct counters *counters, uint32_t process, int64_t start_ns, int64_t end_ns)
{
    step_sum_add(&curves_of(counters, process)->sums[CURVE_LOCK_WAITERS], start_ns, end_ns);
}

bool counters_add_heap(struct counters *counters, uint32_t process, int64_t time_ns, double bytes,
                       double *value)
{
    struct process_curves *curves = curves_of(counters, process);
    curves->heap_bytes += bytes;
    *value = MAX(curves->heap_bytes, 0.0); /* memory from before the recording may be freed in it */
    if (curves->heap_points >= HEAP_FREE_POINTS) {
        bool is_other = fabs(*value - curves->shown_heap_bytes) > 0.05 * curves->shown_heap_bytes;
        if (time_ns - curves->shown_heap_ns < (is_other ? HEAP_MIN_NS : HEAP_MAX_NS))
            return false;
    }
    curves->heap_points++;
    curves->shown_heap_bytes = *value;
    curves->shown_heap_ns = time_ns;
    return true;
}

struct visit {
    counter_visitor visitor;
    void *user;
    uint32_t process;
    const char *name;
};

static void visit_point(void *user, int64_t time_ns, double value)
{
    const struct visit *visit = user;
    visit->visitor(visit->user, visit->process, visit->name, "", time_ns, value);
}

void counters_visit(struct counters *counters, counter_visitor visitor, void *user)
{
    for (guint process = 0; process < counters->processes->len; process++) {
        struct process_curves *curves = counters->processes->pdata[process];
        for (size_t i = 0; curves && i < CURVE_END; i++) {
            struct visit visit = {
                .visitor = visitor, .user = user, .process = process, .name = curve_names[i]};
            step_sum_visit(&curves->sums[i], visit_point, &visit);
        }
    }
}

int64_t counters_average_ns(const struct counters *counters)
{
    int64_t widest_ns = 0;
    for (guint process = 0; process < counters->processes->len; process++) {
        const struct process_curves *curves = counters->processes->pdata[process];
        for (size_t i = 0; curves && i < CURVE_END; i++)
            widest_ns = MAX(widest_ns, step_sum_average_ns(&curves->sums[i]));
    }
    return widest_ns;
}
