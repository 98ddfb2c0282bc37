/*
 * The arithmetic of sampling allocations by bytes: every byte allocated is a sample with probability 1/mean,
 * so an allocation of `size` bytes is recorded with probability 1 - exp(-size/mean), whatever was recorded
 * before. A recorded one stands for size / (1 - exp(-size/mean)) bytes, which makes sums of weights
 * unbiased for every size (the scheme of tcmalloc's and Go's heap profiles). Pure functions: no state but the
 * one passed, no libm, async-signal-safe.
 */
#ifndef EXECTRACE_ALLOC_SAMPLING_H
#define EXECTRACE_ALLOC_SAMPLING_H

#include <stdint.h>

/* Next of a stream of random numbers (splitmix64). `state` may be shared between threads. */
uint64_t alloc_sampling_random(uint64_t *state);

/*
 * Bytes until the next sample, at least 1: geometrically distributed with the given mean. The allocation that
 * reaches this number is recorded. `random`: 64 random bits.
 */
int64_t alloc_sampling_distance(uint64_t random, uint64_t mean_bytes);

/* The bytes that a recorded allocation of `size` stands for. A mean of 1 or less: everything is recorded. */
uint64_t alloc_sampling_weight(uint64_t size, uint64_t mean_bytes);

#endif
