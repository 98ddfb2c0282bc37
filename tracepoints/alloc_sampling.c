/* Sampling by bytes: see alloc_sampling.h. Called by the allocation wrappers, on any thread. */
#include "tracepoints/alloc_sampling.h"

#define LN_2 0.69314718055994530942

uint64_t alloc_sampling_random(uint64_t *state)
{
    uint64_t bits = __atomic_add_fetch(state, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);

    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

/* The natural logarithm of a number in (0, 1], to about 1e-13. */
static double logarithm(double value)
{
    int exponent = 0;

    while (value < 0.70710678118654752) {
        value *= 2;
        exponent--;
    }
    /* ln(v) = 2 artanh((v-1)/(v+1)), as a series: the argument is at most 0.172. */
    double argument = (value - 1) / (value + 1);
    double square = argument * argument;
    double power = argument;
    double sum = 0;
    for (int odd = 1; odd <= 17; odd += 2) {
        sum += power / odd;
        power *= square;
    }
    return 2 * sum + exponent * LN_2;
}

/* 1 - exp(-value) of a number >= 0, to about 1e-13 of itself. */
static double one_minus_exp(double value)
{
    double term = value;
    double sum = 0;

    if (value > 40)
        return 1;
    if (value > 0.5) {
        /* With h = 1 - exp(-value/2): 1 - exp(-value) = h (2 - h). At most seven steps down. */
        double half = one_minus_exp(value / 2);
        return half * (2 - half);
    }
    for (int i = 1; i <= 14; i++) {
        sum += term;
        term *= -value / (i + 1);
    }
    return sum;
}

int64_t alloc_sampling_distance(uint64_t random, uint64_t mean_bytes)
{
    if (mean_bytes <= 1)
        return 1;

    /* Uniform in (0, 1]: 53 bits, never zero. */
    double uniform = (double)((random >> 11) + 1) * 0x1p-53;
    return (int64_t)(-logarithm(uniform) * (double)mean_bytes) + 1;
}

uint64_t alloc_sampling_weight(uint64_t size, uint64_t mean_bytes)
{
    if (mean_bytes <= 1 || size == 0)
        return size;
    return (uint64_t)((double)size / one_minus_exp((double)size / (double)mean_bytes) + 0.5);
}
