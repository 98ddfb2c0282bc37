/*
 * Durations summed up: count, total, extremes, mean and standard deviation exactly, quantiles exactly up to
 * DISTRIBUTION_EXACT values (as long as all distributions together have no more than DISTRIBUTION_EXACT_ALL)
 * and within 0.2 % beyond. Memory is bounded: 8 bytes for each value while exact, then 1 KB for each power of
 * two that occurs. Distributions of one thread only.
 */
#ifndef ANALYZER_DISTRIBUTION_H
#define ANALYZER_DISTRIBUTION_H

#include <stdio.h>
#include <stdbool.h>
#include <stdint.h>

/* As many values are kept as they are: of one, and of all distributions. */
#define DISTRIBUTION_EXACT (1u << 18)
#define DISTRIBUTION_EXACT_ALL (1u << 21)

struct distribution {
    uint64_t count;
    uint64_t total;
    uint64_t min, max;     /* min is 0 when count is */
    double mean, squares;  /* Welford: squares is the sum of (x - mean)^2 */
    uint64_t summed_count; /* of count: known only as sums (distribution_add_sum) */
    uint64_t *values;      /* count of them while is exact; owned */
    uint32_t value_count, value_capacity;
    bool is_sorted;
    uint32_t *octaves[64]; /* counts per bucket beyond that; NULL: none. Owned */
};

/* All zero is an empty distribution. */
void distribution_clear(struct distribution *distribution);
void distribution_add(struct distribution *distribution, uint64_t value);
/* Values of which only the sum and the extremes are known: these two, and so many of the others' average. */
void distribution_add_sum(struct distribution *distribution, uint64_t count, uint64_t total, uint64_t min,
                          uint64_t max);
double distribution_average(const struct distribution *distribution);
/* Of a sample (divided by count - 1), as lttng-analyses and Trace Compass do; 0 for fewer than 2 values. */
double distribution_deviation(const struct distribution *distribution);
/* The smallest value that at least this share (0 to 1) of the values does not exceed. */
uint64_t distribution_quantile(struct distribution *distribution, double share);

/* Bars per power of two, for people; unit "ns". Prints nothing for fewer than 2 values. */
void distribution_print_histogram(struct distribution *distribution, FILE *out);

#endif
