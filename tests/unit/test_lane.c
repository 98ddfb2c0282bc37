/* Nesting of slices: viewer_export/lane.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "viewer_export/lane.h"

static int set_up(void **state)
{
    static struct lane lane;
    lane = (struct lane){0};
    *state = &lane;
    return 0;
}

static int tear_down(void **state)
{
    lane_clear(*state);
    return 0;
}

static bool add(struct lane *lane, int64_t start_ns, int64_t end_ns)
{
    int64_t inner_end_ns;
    return lane_add(lane, start_ns, end_ns, &inner_end_ns);
}

static void test_lane_add__one_after_the_other_fits(void **state)
{
    assert_true(add(*state, 0, 10));
    assert_true(add(*state, 10, 20));
    assert_true(add(*state, 25, 30));
}

static void test_lane_add__enclosing_slice_fits_and_tells_inner_end(void **state)
{
    int64_t inner_end_ns = 0;
    assert_true(add(*state, 5, 8));
    assert_true(add(*state, 10, 20));
    assert_true(lane_add(*state, 2, 30, &inner_end_ns));
    assert_int_equal(inner_end_ns, 20);
    assert_true(lane_add(*state, 30, 40, &inner_end_ns));
    assert_int_equal(inner_end_ns, 30);
}

static void test_lane_add__cutting_across_is_refused(void **state)
{
    assert_true(add(*state, 0, 10));
    assert_false(add(*state, 5, 20));
    assert_true(add(*state, 10, 20)); /* nothing was added before */
}

static void test_lane_add__outer_slice_with_the_same_start_is_refused(void **state)
{
    assert_true(add(*state, 5, 10));
    assert_false(add(*state, 5, 20));
}

static void test_lane_add__late_slices_fit_behind_what_is_inside(void **state)
{
    int64_t inner_end_ns = 0;
    assert_true(add(*state, 10, 20));
    assert_true(add(*state, 0, 100));
    assert_true(lane_add(*state, 30, 40, &inner_end_ns));
    assert_int_equal(inner_end_ns, 30);
    assert_false(add(*state, 15, 30)); /* cuts across the one from 10 */
    assert_false(add(*state, 35, 50)); /* and the one from 30 */
    assert_true(add(*state, 40, 50));
}

static void test_lane_fill__late_slices_do_not_fit(void **state)
{
    assert_true(add(*state, 0, 100));
    lane_fill(*state, 100);
    assert_false(add(*state, 10, 20));
    assert_true(add(*state, 100, 120));
}

static void test_lane_add__same_end_fits(void **state)
{
    assert_true(add(*state, 5, 20));
    assert_true(add(*state, 0, 20));
}

static void test_lane_add__point_is_no_obstacle(void **state)
{
    assert_true(add(*state, 5, 5));
    assert_true(add(*state, 5, 20));
    assert_true(add(*state, 20, 20));
}

static void test_lane_add__late_slice_fits_between_and_inside(void **state)
{
    assert_true(add(*state, 0, 10));
    assert_true(add(*state, 20, 30));
    assert_true(add(*state, 40, 60));
    assert_true(add(*state, 12, 18));
    assert_true(add(*state, 45, 50)); /* inside 40..60 */
    assert_false(add(*state, 15, 25));
    assert_false(add(*state, 35, 45));
}

static void test_lane_add__late_slice_that_touches_the_next_is_refused(void **state)
{
    assert_true(add(*state, 20, 30));
    assert_false(add(*state, 10, 20));
    assert_true(add(*state, 10, 19));
}

static void test_lane_add__more_than_the_maximum_forgets_the_oldest(void **state)
{
    struct lane *lane = *state;
    for (int64_t i = 0; i <= LANE_MAX_SPANS; i++)
        assert_true(add(lane, i * 10, i * 10 + 5));
    assert_true(lane->count <= LANE_MAX_SPANS);
    int64_t last_start = LANE_MAX_SPANS * 10;
    assert_false(add(lane, last_start + 3, last_start + 20));
}

static void test_lane_add_disjoint__nested_is_refused(void **state)
{
    assert_true(lane_add_disjoint(*state, 10, 20));
    assert_false(lane_add_disjoint(*state, 0, 30));
    assert_false(lane_add_disjoint(*state, 12, 15));
    assert_false(lane_add_disjoint(*state, 15, 25));
    assert_true(lane_add_disjoint(*state, 20, 30));
    assert_true(lane_add_disjoint(*state, 0, 10));
}

static bool add_free_part(struct lane *lane, int64_t start_ns, int64_t end_ns, int64_t expected_start_ns,
                          int64_t expected_end_ns)
{
    bool is_added = lane_add_free_part(lane, &start_ns, &end_ns);
    return is_added && start_ns == expected_start_ns && end_ns == expected_end_ns;
}

static void test_lane_add_free_part__what_overlaps_is_cut_off(void **state)
{
    assert_true(add_free_part(*state, 100, 200, 100, 200));
    assert_true(add_free_part(*state, 300, 400, 300, 400));
    assert_true(add_free_part(*state, 190, 310, 200, 300));
    assert_true(add_free_part(*state, 50, 500, 50, 100));
    assert_true(add_free_part(*state, 390, 500, 400, 500));
}

static void test_lane_add_free_part__nothing_free_is_refused(void **state)
{
    assert_true(add_free_part(*state, 100, 200, 100, 200));
    assert_false(add_free_part(*state, 120, 150, 0, 0));
    assert_false(add_free_part(*state, 100, 200, 0, 0));
    assert_true(add_free_part(*state, 200, 210, 200, 210));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_lane_add__one_after_the_other_fits),
        TEST(test_lane_add__enclosing_slice_fits_and_tells_inner_end),
        TEST(test_lane_add__cutting_across_is_refused),
        TEST(test_lane_add__outer_slice_with_the_same_start_is_refused),
        TEST(test_lane_add__late_slices_fit_behind_what_is_inside),
        TEST(test_lane_fill__late_slices_do_not_fit),
        TEST(test_lane_add__same_end_fits),
        TEST(test_lane_add__point_is_no_obstacle),
        TEST(test_lane_add__late_slice_fits_between_and_inside),
        TEST(test_lane_add__late_slice_that_touches_the_next_is_refused),
        TEST(test_lane_add__more_than_the_maximum_forgets_the_oldest),
        TEST(test_lane_add_disjoint__nested_is_refused),
        TEST(test_lane_add_free_part__what_overlaps_is_cut_off),
        TEST(test_lane_add_free_part__nothing_free_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
