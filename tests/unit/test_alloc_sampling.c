/* Sampling allocations by bytes: the sum of weights is an unbiased estimate; the set of live samples. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "tracepoints/alloc_samples.h"
#include "tracepoints/alloc_sampling.h"

#define MEAN 4096
#define RUNS 2000
#define ALLOCATIONS 3000

static uint64_t total_of_sizes;

/* One run: the sum of the weights of what is recorded of a fixed mixture of sizes. */
static double estimate(uint64_t seed)
{
    static const uint64_t sizes[] = {1, 8, 16, 24, 64, 100, 512, 4096, 10000, 65536};
    uint64_t state = seed;
    int64_t left = alloc_sampling_distance(alloc_sampling_random(&state), MEAN);
    double weights = 0;

    total_of_sizes = 0;
    for (int i = 0; i < ALLOCATIONS; i++) {
        uint64_t size = sizes[(uint64_t)(i * 7 + i / 10) % 10];

        total_of_sizes += size;
        if ((int64_t)size < left) {
            left -= (int64_t)size;
            continue;
        }
        weights += (double)alloc_sampling_weight(size, MEAN);
        left = alloc_sampling_distance(alloc_sampling_random(&state), MEAN);
    }
    return weights;
}

/*
 * The mean of many independent runs must be the true total within five of its own standard errors: chance
 * alone exceeds that once in two million seeds, and the seed is fixed.
 */
static void test_alloc_sampling__sum_of_weights_is_unbiased(void **state)
{
    double sum = 0;
    double squares = 0;

    (void)state;
    for (uint64_t run = 0; run < RUNS; run++) {
        double value = estimate(run * 1000003 + 12345);
        sum += value;
        squares += value * value;
    }
    double mean = sum / RUNS;
    double error = sqrt((squares / RUNS - mean * mean) / RUNS);
    double truth = (double)total_of_sizes;

    print_message("mean %.0f, truth %.0f, standard error %.0f\n", mean, truth, error);
    assert_true(error < truth * 0.005);
    assert_true(fabs(mean - truth) < 5 * error);
}

/* The same for every size alone, where a wrong weight can't hide behind the large ones. */
static void test_alloc_sampling__each_size_is_unbiased(void **state)
{
    static const uint64_t sizes[] = {1, 16, 100, 1000, 4096, 20000, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint64_t size = sizes[i];
        const uint64_t count = 400 * 1000;
        uint64_t random = 99 + i;
        int64_t left = alloc_sampling_distance(alloc_sampling_random(&random), MEAN);
        double chance = 1 - exp(-(double)size / MEAN);
        double recorded = 0;

        for (uint64_t n = 0; n < count; n++) {
            if ((int64_t)size < left) {
                left -= (int64_t)size;
                continue;
            }
            recorded++;
            left = alloc_sampling_distance(alloc_sampling_random(&random), MEAN);
        }
        double expected = (double)count * chance;
        double deviation = sqrt((double)count * chance * (1 - chance));
        assert_true(fabs(recorded - expected) <= 5 * deviation + 1e-6);

        double weight = (double)alloc_sampling_weight(size, MEAN);
        assert_true(fabs(weight * chance - (double)size) <= 0.51 * chance);
    }
}

static void test_alloc_sampling__weights_at_the_edges(void **state)
{
    (void)state;
    assert_int_equal(alloc_sampling_weight(0, 524288), 0);
    assert_int_equal(alloc_sampling_weight(100, 1), 100);
    assert_int_equal(alloc_sampling_weight(100, 0), 100);
    assert_int_equal(alloc_sampling_weight(1, 524288), 524289); /* 1 / (1 - exp(-1/m)) = m + 1/2 + ... */
    assert_int_equal(alloc_sampling_weight(UINT64_C(1) << 40, 524288), UINT64_C(1) << 40);
}

static void test_alloc_sampling__distances_at_the_edges(void **state)
{
    (void)state;
    assert_int_equal(alloc_sampling_distance(12345, 1), 1);
    assert_int_equal(alloc_sampling_distance(12345, 0), 1);
    assert_int_equal(alloc_sampling_distance(UINT64_MAX, 524288), 1);
    assert_true(alloc_sampling_distance(0, 524288) > 19000000); /* -ln(2^-53) = 36.7 means */
    assert_true(alloc_sampling_distance(0, UINT64_C(1) << 40) > 0);
}

static void *at(uintptr_t address)
{
    return (void *)address;
}

static void test_alloc_samples__added_is_found_once(void **state)
{
    (void)state;
    assert_false(alloc_filter_hits(at(0x5000)));
    assert_true(alloc_samples_add(at(0x5000)));
    assert_true(alloc_filter_hits(at(0x5000)));
    assert_false(alloc_filter_hits(at(0x5010)));
    assert_false(alloc_samples_remove(at(0x5010)));
    assert_true(alloc_samples_remove(at(0x5000)));
    assert_false(alloc_samples_remove(at(0x5000)));
    assert_false(alloc_filter_hits(at(0x5000)));
    assert_false(alloc_samples_remove(NULL));
}

static void test_alloc_samples__marked_hits_for_ever(void **state)
{
    (void)state;
    alloc_filter_mark(at(0x7000));
    assert_true(alloc_filter_hits(at(0x7000)));
    assert_true(alloc_samples_add(at(0x7000)));
    assert_true(alloc_samples_remove(at(0x7000)));
    assert_true(alloc_filter_hits(at(0x7000)));
}

/* As many as there is room for, and more: what was refused is not found, what was added is. */
static void test_alloc_samples__more_than_there_is_room_for(void **state)
{
    const uint32_t tried = ALLOC_SAMPLES_COUNT * 2;
    uint32_t added = 0;
    uint32_t found = 0;
    bool *is_added = calloc(tried, sizeof *is_added);

    (void)state;
    for (uint32_t i = 0; i < tried; i++) {
        is_added[i] = alloc_samples_add(at(0x10000000 + (uintptr_t)i * 48));
        added += is_added[i];
    }
    assert_true(added > ALLOC_SAMPLES_COUNT / 2);
    assert_true(added <= ALLOC_SAMPLES_COUNT);
    for (uint32_t i = 0; i < tried; i++) {
        bool is_found = alloc_samples_remove(at(0x10000000 + (uintptr_t)i * 48));
        found += is_found;
        assert_int_equal(is_found, is_added[i]);
    }
    assert_int_equal(found, added);
    free(is_added);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_sampling__sum_of_weights_is_unbiased),
        cmocka_unit_test(test_alloc_sampling__each_size_is_unbiased),
        cmocka_unit_test(test_alloc_sampling__weights_at_the_edges),
        cmocka_unit_test(test_alloc_sampling__distances_at_the_edges),
        cmocka_unit_test(test_alloc_samples__added_is_found_once),
        cmocka_unit_test(test_alloc_samples__marked_hits_for_ever),
        cmocka_unit_test(test_alloc_samples__more_than_there_is_room_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
