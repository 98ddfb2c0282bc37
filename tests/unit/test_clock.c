/* The clock of the traced program agrees with CLOCK_MONOTONIC, whatever it is made from, on all threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "tracepoints/clock.h"

/* Many times what was ever seen; a wrong rate is off by more after a fraction of a second. */
#define TOLERANCE_NS 3000
#define LOOP_NS UINT64_C(350000000) /* more than three times the scale is renewed */

static uint64_t real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Our reading must lie between two readings of the real clock. */
static bool agrees(void)
{
    uint64_t before = real_ns();
    uint64_t ours = clock_now_ns();
    uint64_t after = real_ns();

    return ours + TOLERANCE_NS >= before && ours <= after + TOLERANCE_NS;
}

static void *compare_for_a_while(void *disagreements)
{
    uint64_t end = real_ns() + LOOP_NS;

    while (real_ns() < end)
        *(int *)disagreements += !agrees();
    return NULL;
}

static void test_clock__before_init_is_the_real_clock(void **state)
{
    (void)state;
    assert_true(agrees());
    assert_int_equal(clock_scale.limit_ticks, 0);
}

static void test_clock__agrees_on_all_threads(void **state)
{
    int disagreements[3] = {0};
    pthread_t threads[2];

    (void)state;
    clock_init();
    assert_true(agrees());
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compare_for_a_while, &disagreements[i]), 0);
    compare_for_a_while(&disagreements[2]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(disagreements[i], 0);
}

/* After the longest pause a scale is too old, not wrong. */
static void test_clock__agrees_after_a_pause(void **state)
{
    (void)state;
    nanosleep(&(struct timespec){0, 150000000}, NULL);
    assert_true(agrees());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__before_init_is_the_real_clock),
        cmocka_unit_test(test_clock__agrees_on_all_threads),
        cmocka_unit_test(test_clock__agrees_after_a_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
