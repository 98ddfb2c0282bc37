/* Numbers over time: viewer_export/step_sum.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "viewer_export/step_sum.h"

#define MAX_POINTS 8

struct curve {
    struct step_sum sum;
    int64_t times_ns[MAX_POINTS];
    double values[MAX_POINTS];
    size_t count;
    double area, last_value;
    int64_t last_ns;
};

static int set_up(void **state)
{
    static struct curve curve;
    curve = (struct curve){0};
    step_sum_init(&curve.sum);
    *state = &curve;
    return 0;
}

static int tear_down(void **state)
{
    step_sum_clear(&((struct curve *)*state)->sum);
    return 0;
}

static void take_point(void *user, int64_t time_ns, double value)
{
    struct curve *curve = user;
    curve->area += curve->last_value * (double)(time_ns - curve->last_ns);
    curve->last_ns = time_ns;
    curve->last_value = value;
    if (curve->count < MAX_POINTS) {
        curve->times_ns[curve->count] = time_ns;
        curve->values[curve->count] = value;
    }
    curve->count++;
}

static void test_step_sum_visit__steps_in_any_order_are_summed(void **state)
{
    struct curve *curve = *state;
    step_sum_add(&curve->sum, 20, 40);
    step_sum_add(&curve->sum, 10, 30);
    step_sum_add(&curve->sum, 40, 50); /* goes on where another ends: no step */
    step_sum_visit(&curve->sum, take_point, curve);
    const int64_t times_ns[] = {10, 20, 30, 50};
    const double values[] = {1, 2, 1, 0};
    assert_int_equal(curve->count, 4);
    assert_memory_equal(curve->times_ns, times_ns, sizeof(times_ns));
    assert_memory_equal(curve->values, values, sizeof(values));
    assert_int_equal(step_sum_average_ns(&curve->sum), 0);
}

static void test_step_sum_add__empty_interval_is_no_step(void **state)
{
    struct curve *curve = *state;
    step_sum_add(&curve->sum, 10, 10);
    step_sum_add(&curve->sum, 10, 5);
    step_sum_visit(&curve->sum, take_point, curve);
    assert_int_equal(curve->count, 0);
}

static void test_step_sum_add__more_than_the_maximum_becomes_averages_of_the_same_area(void **state)
{
    struct curve *curve = *state;
    double area = 0;
    for (int64_t i = 0; i < STEP_SUM_MAX_STEPS * 3; i++) {
        step_sum_add(&curve->sum, i * 1000, i * 1000 + 100 + i % 700);
        area += 100 + i % 700;
    }
    step_sum_visit(&curve->sum, take_point, curve);
    assert_int_not_equal(step_sum_average_ns(&curve->sum), 0);
    assert_true(curve->count <= STEP_SUM_BUCKETS + 1);
    assert_true(curve->last_value == 0);
    assert_true(curve->area > area * 0.999999 && curve->area < area * 1.000001);
}

static void test_step_sum_add__touching_intervals_stay_exact(void **state)
{
    struct curve *curve = *state;
    for (int64_t i = 0; i < STEP_SUM_MAX_STEPS * 3; i++)
        step_sum_add(&curve->sum, i * 10, i * 10 + 10);
    step_sum_visit(&curve->sum, take_point, curve);
    assert_int_equal(step_sum_average_ns(&curve->sum), 0);
    assert_int_equal(curve->count, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_step_sum_visit__steps_in_any_order_are_summed),
        TEST(test_step_sum_add__empty_interval_is_no_step),
        TEST(test_step_sum_add__more_than_the_maximum_becomes_averages_of_the_same_area),
        TEST(test_step_sum_add__touching_intervals_stay_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
