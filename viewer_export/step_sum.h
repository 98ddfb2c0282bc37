/*
 * A number over time made of steps that come in any order: +1 where something begins, -1 where it ends.
 *
 * Exact as long as there are few steps; then averages over equal pieces of time, so that memory stays
 * bounded and the area below the curve exact.
 */
#ifndef VIEWER_EXPORT_STEP_SUM_H
#define VIEWER_EXPORT_STEP_SUM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Steps that are kept exactly; with more, this sum becomes averages. */
#define STEP_SUM_MAX_STEPS 16384u
#define STEP_SUM_BUCKETS 1024u

struct step_sum {
    GArray *steps;         /* struct step; NULL once it is averages */
    double *bucket_area;   /* value times ns in each bucket; NULL while exact */
    unsigned bucket_shift; /* a bucket lasts 1 << bucket_shift ns */
    int64_t end_ns;        /* the last end seen */
};

void step_sum_init(struct step_sum *sum);
/* Averages of that width, a power of two, from the beginning. */
void step_sum_init_averages(struct step_sum *sum, int64_t width_ns);
void step_sum_clear(struct step_sum *sum);
/* The sum is higher by 1 from start_ns (>= 0) to end_ns. */
static inline void step_sum_add(struct step_sum *sum, int64_t start_ns, int64_t end_ns);
void step_sum_add_slowly(struct step_sum *sum, int64_t start_ns, int64_t end_ns);

typedef void (*step_sum_visitor)(void *user, int64_t time_ns, double value);
/* The value from each time on, in the order of time; ends with 0. */
void step_sum_visit(struct step_sum *sum, step_sum_visitor visitor, void *user);
/* Width of the averages; 0: exact. */
int64_t step_sum_average_ns(const struct step_sum *sum);

/* Most lie in one piece of time. */
static inline void step_sum_add(struct step_sum *sum, int64_t start_ns, int64_t end_ns)
{
    int64_t bucket = start_ns >> sum->bucket_shift;
    if (sum->bucket_area && bucket == end_ns >> sum->bucket_shift && bucket < STEP_SUM_BUCKETS &&
        start_ns < end_ns) {
        sum->bucket_area[bucket] += (double)(end_ns - start_ns);
        sum->end_ns = MAX(sum->end_ns, end_ns);
    } else {
        step_sum_add_slowly(sum, start_ns, end_ns);
    }
}

#endif
