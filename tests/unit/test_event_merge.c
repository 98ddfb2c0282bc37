#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <glib.h>
#include "analyzer/event_merge.h"

#define SOURCES 7
#define PER_SOURCE 500

/* Each source's times, sorted; many equal. */
struct sorted_sources {
    int64_t times[SOURCES][PER_SOURCE];
};

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int set_up(void **state)
{
    struct sorted_sources *sources = g_new(struct sorted_sources, 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (unsigned source = 0; source < SOURCES; source++) {
        for (unsigned i = 0; i < PER_SOURCE; i++)
            sources->times[source][i] = g_rand_int_range(rand, -300, 300);
        qsort(sources->times[source], PER_SOURCE, sizeof(int64_t), compare_times);
    }
    *state = sources;
    return 0;
}

static int tear_down(void **state)
{
    g_free(*state);
    return 0;
}

static void test_event_merge__output_is_sorted_by_time_then_order(void **state)
{
    const struct sorted_sources *sources = *state;
    struct event_merge merge;
    unsigned at[SOURCES] = {0}, count = 0;
    int64_t last_time = INT64_MIN;
    uint32_t last_order = 0;

    event_merge_init(&merge, SOURCES);
    for (uint32_t i = 0; i < SOURCES; i++)
        event_merge_add(&merge, i, sources->times[i][0], SOURCES - i);
    for (; merge.count > 0; count++) {
        uint32_t first = event_merge_first(&merge);
        int64_t time = sources->times[first][at[first]];
        assert_true(time > last_time || (time == last_time && SOURCES - first >= last_order));
        last_time = time;
        last_order = SOURCES - first;
        if (++at[first] < PER_SOURCE)
            event_merge_advance_first(&merge, sources->times[first][at[first]], SOURCES - first);
        else
            event_merge_remove_first(&merge);
    }
    assert_int_equal(count, SOURCES * PER_SOURCE);
    event_merge_clear(&merge);
}

static void test_event_merge__source_may_come_back(void **state)
{
    struct event_merge merge;

    (void)state;
    event_merge_init(&merge, 2);
    event_merge_add(&merge, 0, 5, 0);
    event_merge_add(&merge, 1, INT64_MIN, 1);
    assert_int_equal(event_merge_first(&merge), 1);
    event_merge_remove_first(&merge);
    assert_int_equal(event_merge_first(&merge), 0);
    event_merge_add(&merge, 1, 4, 1);
    assert_int_equal(event_merge_first(&merge), 1);
    event_merge_advance_first(&merge, INT64_MAX, 1);
    assert_int_equal(event_merge_first(&merge), 0);
    event_merge_clear(&merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_event_merge__output_is_sorted_by_time_then_order, set_up,
                                        tear_down),
        cmocka_unit_test(test_event_merge__source_may_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
