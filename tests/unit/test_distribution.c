/* Distributions: exact sums, quantiles within 0.2 %. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <glib.h>
#include "analyzer/distribution.h"

static void test_distribution__empty(void **state)
{
    struct distribution distribution = {0};

    (void)state;
    assert_int_equal(distribution_quantile(&distribution, 0.5), 0);
    assert_true(distribution_average(&distribution) == 0);
    assert_true(distribution_deviation(&distribution) == 0);
    distribution_clear(&distribution);
}

static void test_distribution__few_values_are_exact(void **state)
{
    struct distribution distribution = {0};

    (void)state;
    for (uint64_t i = 10; i > 0; i--)
        distribution_add(&distribution, i * 1001);
    assert_int_equal(distribution.min, 1001);
    assert_int_equal(distribution.max, 10010);
    assert_int_equal(distribution_quantile(&distribution, 0.5), 5005);
    assert_int_equal(distribution_quantile(&distribution, 0.99), 10010);
    assert_int_equal(distribution_quantile(&distribution, 0), 1001);
    assert_true(distribution_average(&distribution) == 5505.5);
    /* sample deviation of 1..10 is 3.02765 */
    assert_true(distribution_deviation(&distribution) > 3030.67 &&
                distribution_deviation(&distribution) < 3030.69);
    distribution_clear(&distribution);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static void test_distribution__quantiles_of_many_values_within_a_fifth_of_a_percent(void **state)
{
    enum { COUNT = DISTRIBUTION_EXACT + 20000 };
    struct distribution distribution = {0};
    uint64_t *values = g_new(uint64_t, COUNT);
    GRand *random = g_rand_new_with_seed(3);

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = (uint64_t)g_rand_int(random) >> g_rand_int_range(random, 0, 30);
        distribution_add(&distribution, values[i]);
    }
    qsort(values, COUNT, sizeof *values, compare);
    for (int percent = 1; percent < 100; percent++) {
        double exact = (double)values[((size_t)percent * COUNT + 99) / 100 - 1];
        double found = (double)distribution_quantile(&distribution, percent / 100.);
        assert_true(found >= exact * 0.998 - 1 && found <= exact * 1.002 + 1);
    }
    distribution_clear(&distribution);
    g_rand_free(random);
    g_free(values);
}

static void test_distribution__thousands_of_values_are_exact(void **state)
{
    struct distribution distribution = {0};

    (void)state;
    for (uint64_t i = DISTRIBUTION_EXACT; i > 0; i--)
        distribution_add(&distribution, i * 3);
    assert_int_equal(distribution_quantile(&distribution, 0.5), DISTRIBUTION_EXACT / 2 * 3);
    assert_int_equal(distribution_quantile(&distribution, 0.99), (DISTRIBUTION_EXACT * 99ull + 99) / 100 * 3);
    distribution_add(&distribution, 1);
    assert_null(distribution.values);
    distribution_clear(&distribution);
}

/* Many distributions together keep a bounded number of values. */
static void test_distribution__all_together_are_bounded(void **state)
{
    enum { COUNT = DISTRIBUTION_EXACT_ALL / DISTRIBUTION_EXACT + 1 };
    struct distribution distributions[COUNT] = {{0}};

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        for (uint64_t j = 0; j < DISTRIBUTION_EXACT; j++)
            distribution_add(&distributions[i], j);
        assert_int_equal(distributions[i].count, DISTRIBUTION_EXACT);
    }
    assert_non_null(distributions[COUNT - 2].values);
    assert_null(distributions[COUNT - 1].values);
    for (int i = 0; i < COUNT; i++)
        distribution_clear(&distributions[i]);
    distribution_add(&distributions[0], 1);
    assert_non_null(distributions[0].values);
    distribution_clear(&distributions[0]);
}

static void test_distribution__sums_keep_count_total_and_extremes(void **state)
{
    struct distribution distribution = {0};

    (void)state;
    distribution_add(&distribution, 100);
    distribution_add_sum(&distribution, 10, 1150, 50, 300);
    distribution_add_sum(&distribution, 0, 0, 0, 0);
    distribution_add(&distribution, 100);
    assert_int_equal(distribution.count, 12);
    assert_int_equal(distribution.total, 1350);
    assert_int_equal(distribution.min, 50);
    assert_int_equal(distribution.max, 300);
    /* 50, 300, and ten times 100 */
    assert_true(fabs(distribution_deviation(&distribution) - sqrt(40625. / 11)) < 1e-6);
    assert_int_equal(distribution_quantile(&distribution, 0.05), 50);
    assert_int_equal(distribution_quantile(&distribution, 0.5), 100);
    assert_int_equal(distribution_quantile(&distribution, 1), 300);
    distribution_clear(&distribution);
    /* Nonsense, as damaged traces have it: the sum still counts. */
    distribution_add_sum(&distribution, 3, 30, 5, 100);
    assert_int_equal(distribution.total, 30);
    assert_int_equal(distribution.count, 3);
    assert_true(distribution_deviation(&distribution) < 1e-6);
    distribution_clear(&distribution);
}

static void test_distribution__extreme_values(void **state)
{
    struct distribution distribution = {0};

    (void)state;
    for (guint i = 0; i < DISTRIBUTION_EXACT; i++) {
        distribution_add(&distribution, 0);
        distribution_add(&distribution, UINT64_MAX / 2);
    }
    assert_true(distribution_quantile(&distribution, 0.4) <= 1);
    assert_true(distribution_quantile(&distribution, 0.9) > UINT64_MAX / 2 / 100 * 99);
    distribution_clear(&distribution);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distribution__empty),
        cmocka_unit_test(test_distribution__few_values_are_exact),
        cmocka_unit_test(test_distribution__quantiles_of_many_values_within_a_fifth_of_a_percent),
        cmocka_unit_test(test_distribution__thousands_of_values_are_exact),
        cmocka_unit_test(test_distribution__all_together_are_bounded),
        cmocka_unit_test(test_distribution__sums_keep_count_total_and_extremes),
        cmocka_unit_test(test_distribution__extreme_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
