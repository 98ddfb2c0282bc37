/* Distributions of durations; used by the reports. */
#include "analyzer/distribution.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analyzer/report_format.h"

/* Buckets per power of two: a value lies at most 1/512 from the middle of its bucket. */
enum { BUCKET_BITS = 8, BUCKETS = 1 << BUCKET_BITS, BAR_WIDTH = 40 };

/* Room for values in all distributions. */
static uint32_t all_capacity;

static void drop_values(struct distribution *distribution)
{
    all_capacity -= distribution->value_capacity;
    distribution->value_count = distribution->value_capacity = 0;
    g_clear_pointer(&distribution->values, g_free);
}

void distribution_clear(struct distribution *distribution)
{
    drop_values(distribution);
    for (size_t i = 0; i < G_N_ELEMENTS(distribution->octaves); i++)
        g_free(distribution->octaves[i]);
    *distribution = (struct distribution){0};
}

static unsigned octave_of(uint64_t value)
{
    return value == 0 ? 0 : 63 - (unsigned)__builtin_clzll(value);
}

static unsigned bucket_of(uint64_t value, unsigned octave)
{
    uint64_t rest = value - (value == 0 ? 0 : 1ULL << octave);

    return (unsigned)(octave >= BUCKET_BITS ? rest >> (octave - BUCKET_BITS)
                                            : rest << (BUCKET_BITS - octave));
}

static uint64_t bucket_middle(unsigned octave, unsigned bucket)
{
    uint64_t base = 1ULL << octave;

    if (octave < BUCKET_BITS)
        return base + ((uint64_t)bucket >> (BUCKET_BITS - octave));
    uint64_t width = 1ULL << (octave - BUCKET_BITS);
    return base + bucket * width + width / 2;
}

static void add_to_bucket(struct distribution *distribution, uint64_t value, uint32_t count)
{
    unsigned octave = octave_of(value);
    uint32_t **buckets = &distribution->octaves[octave];

    if (!*buckets)
        *buckets = g_new0(uint32_t, BUCKETS);
    uint32_t *bucket = &(*buckets)[bucket_of(value, octave)];
    *bucket = *bucket > G_MAXUINT32 - count ? G_MAXUINT32 : *bucket + count;
}

static bool is_exact(const struct distribution *distribution)
{
    return distribution->value_count == distribution->count - distribution->summed_count &&
           distribution->summed_count == 0;
}

static void spill(struct distribution *distribution)
{
    for (uint32_t i = 0; i < distribution->value_count; i++)
        add_to_bucket(distribution, distribution->values[i], 1);
    drop_values(distribution);
}

/* Makes room for one value more; false when there are enough. */
static bool reserve(struct distribution *distribution)
{
    uint32_t old = distribution->value_capacity, new = MAX(4, 2 * old);

    if (distribution->value_count < old)
        return true;
    if (new > DISTRIBUTION_EXACT || all_capacity - old > DISTRIBUTION_EXACT_ALL - new)
        return false;
    all_capacity += new - old;
    distribution->value_capacity = new;
    distribution->values = g_renew(uint64_t, distribution->values, new);
    return true;
}

static void add_extremes(struct distribution *distribution, uint64_t min, uint64_t max)
{
    distribution->min = distribution->count == 0 ? min : MIN(distribution->min, min);
    distribution->max = MAX(distribution->max, max);
}

void distribution_add(struct distribution *distribution, uint64_t value)
{
    add_extremes(distribution, value, value);
    if (is_exact(distribution) && reserve(distribution)) {
        distribution->values[distribution->value_count++] = value;
        distribution->is_sorted = false;
    } else {
        spill(distribution);
        add_to_bucket(distribution, value, 1);
    }
    distribution->count++;
    distribution->total += value;
    double before = (double)value - distribution->mean;
    distribution->mean += before / (double)distribution->count;
    distribution->squares += before * ((double)value - distribution->mean);
}

static void add_alike(struct distribution *distribution, uint64_t count, uint64_t total)
{
    if (count == 0)
        return;
    double average = (double)total / (double)count;
    double apart = average - distribution->mean;
    double all = (double)(distribution->count + count);

    distribution->squares += apart * apart * (double)distribution->count * (double)count / all;
    distribution->mean += apart * (double)count / all;
    distribution->count += count;
    distribution->summed_count += count;
    distribution->total += total;
    add_to_bucket(distribution, (uint64_t)llround(average), (uint32_t)MIN(count, G_MAXUINT32));
}

void distribution_add_sum(struct distribution *distribution, uint64_t count, uint64_t total, uint64_t min,
                          uint64_t max)
{
    if (count == 0)
        return;
    spill(distribution);
    add_extremes(distribution, min, max);
    /* A damaged trace may say anything. */
    if (count < 2 || min > max || min > total || max > total - min) {
        add_alike(distribution, count, total);
        return;
    }
    add_alike(distribution, 1, min);
    add_alike(distribution, 1, max);
    add_alike(distribution, count - 2, total - min - max);
}

double distribution_average(const struct distribution *distribution)
{
    return distribution->count == 0 ? 0 : (double)distribution->total / (double)distribution->count;
}

double distribution_deviation(const struct distribution *distribution)
{
    return distribution->count < 2 ? 0 : sqrt(distribution->squares / (double)(distribution->count - 1));
}

static int compare_values(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

uint64_t distribution_quantile(struct distribution *distribution, double share)
{
    /* 0.29 * 100 is a little more than 29. */
    uint64_t rank = (uint64_t)ceil(share * (double)distribution->count - 1e-6);

    if (distribution->count == 0)
        return 0;
    rank = CLAMP(rank, 1, distribution->count);
    if (is_exact(distribution)) {
        if (!distribution->is_sorted)
            qsort(distribution->values, distribution->value_count, sizeof *distribution->values,
                  compare_values);
        distribution->is_sorted = true;
        return distribution->values[rank - 1];
    }
    uint64_t seen = 0;
    for (unsigned octave = 0; octave < G_N_ELEMENTS(distribution->octaves); octave++) {
        const uint32_t *buckets = distribution->octaves[octave];
        for (unsigned bucket = 0; buckets && bucket < BUCKETS; bucket++) {
            seen += buckets[bucket];
            if (seen >= rank)
                return CLAMP(bucket_middle(octave, bucket), distribution->min, distribution->max);
        }
    }
    return distribution->max;
}

static void print_bar(unsigned octave, uint64_t count, uint64_t largest, FILE *out)
{
    char from[FORMAT_SIZE], to[FORMAT_SIZE], bar[BAR_WIDTH + 1];
    size_t width = (size_t)(((double)count * BAR_WIDTH + (double)largest - 1) / (double)largest);

    memset(bar, '#', width);
    bar[width] = '\0';
    fprintf(out, "  %9s to %9s %9" G_GUINT64_FORMAT " %s\n", format_ns(from, octave == 0 ? 0 : 1LL << octave),
            format_ns(to, octave >= 62 ? G_MAXINT64 : 1LL << (octave + 1)), count, bar);
}

void distribution_print_histogram(struct distribution *distribution, FILE *out)
{
    uint64_t counts[64] = {0}, largest = 0;
    unsigned first = octave_of(distribution->min), last = octave_of(distribution->max);

    if (distribution->count < 2)
        return;
    for (uint32_t i = 0; i < distribution->value_count; i++)
        counts[octave_of(distribution->values[i])]++;
    for (unsigned octave = 0; octave < 64; octave++) {
        const uint32_t *buckets = distribution->octaves[octave];
        for (unsigned bucket = 0; buckets && bucket < BUCKETS; bucket++)
            counts[octave] += buckets[bucket];
        largest = MAX(largest, counts[octave]);
    }
    for (unsigned octave = first; octave <= last; octave++) {
        if (counts[octave] > 0)
            print_bar(octave, counts[octave], largest, out);
        else if (counts[octave - 1] > 0)
            fputs("        ...\n", out);
    }
}
