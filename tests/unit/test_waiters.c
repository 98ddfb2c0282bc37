/* The table of waiters: marks, their age, several waiters, two objects in one line, forgetting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tracepoints/waiters.h"

static int clear_table(void **state)
{
    (void)state;
    waiters_reset();
    return 0;
}

/* Another object that falls into the same line. */
static uint64_t find_neighbour(uint64_t object)
{
    uint64_t other = object + 8;

    while (waiters_line_of(other) != waiters_line_of(object))
        other += 8;
    return other;
}

static void test_waiters__nobody_waits_at_first(void **state)
{
    (void)state;
    assert_false(waiters_has_any((const void *)0x1000));
    assert_int_equal(waiters_oldest_ns(0x1000), 0);
}

static void test_waiters__mark_is_seen_until_unmarked(void **state)
{
    struct waiter_mark mark = {.line = NULL};

    (void)state;
    waiters_mark(&mark, 0x1000, 77, 1);
    assert_non_null(mark.line);
    assert_true(waiters_has_any((const void *)0x1000));
    assert_int_equal(waiters_oldest_ns(0x1000), 77);
    waiters_unmark(&mark);
    assert_null(mark.line);
    assert_false(waiters_has_any((const void *)0x1000));
    waiters_unmark(&mark);
    assert_int_equal(waiters_line_of(0x1000)->count, 0);
}

static void test_waiters__oldest_of_several_counts(void **state)
{
    struct waiter_mark marks[3] = {{.line = NULL}};

    (void)state;
    waiters_mark(&marks[0], 0x2000, 300, 1);
    waiters_mark(&marks[1], 0x2000, 100, 1);
    waiters_mark(&marks[2], 0x2000, 200, 1);
    assert_int_equal(waiters_oldest_ns(0x2000), 100);
    waiters_unmark(&marks[1]);
    assert_int_equal(waiters_oldest_ns(0x2000), 200);
    waiters_unmark(&marks[0]);
    waiters_unmark(&marks[2]);
    assert_int_equal(waiters_oldest_ns(0x2000), 0);
}

static void test_waiters__more_than_the_places_share_the_latest(void **state)
{
    struct waiter_mark marks[WAITER_PLACE_COUNT + 2] = {{.line = NULL}};

    (void)state;
    for (uint32_t i = 0; i < WAITER_PLACE_COUNT + 2; i++)
        waiters_mark(&marks[i], 0x3000, 10 + i, 1);
    assert_int_equal(waiters_oldest_ns(0x3000), 10);
    for (uint32_t i = 0; i < WAITER_PLACE_COUNT; i++)
        waiters_unmark(&marks[i]);
    assert_true(waiters_has_any((const void *)0x3000));
    assert_int_equal(waiters_oldest_ns(0x3000), 10 + WAITER_PLACE_COUNT + 1);
    waiters_unmark(&marks[WAITER_PLACE_COUNT]);
    assert_true(waiters_has_any((const void *)0x3000));
    waiters_unmark(&marks[WAITER_PLACE_COUNT + 1]);
    assert_false(waiters_has_any((const void *)0x3000));
    assert_int_equal(waiters_oldest_ns(0x3000), 0);
}

static void test_waiters__neighbour_waits_its_turn(void **state)
{
    uint64_t other = find_neighbour(0x4000);
    struct waiter_mark first = {.line = NULL}, second = {.line = NULL};

    (void)state;
    waiters_mark(&first, 0x4000, 5, 1);
    waiters_mark(&second, other, 6, 1);
    assert_null(second.line);
    assert_int_equal(waiters_oldest_ns(other), 0);
    assert_int_equal(waiters_oldest_ns(0x4000), 5);
    waiters_unmark(&first);
    waiters_mark(&second, other, 7, 1);
    assert_non_null(second.line);
    assert_int_equal(waiters_oldest_ns(other), 7);
    assert_int_equal(waiters_oldest_ns(0x4000), 0);
    assert_false(waiters_has_any((const void *)0x4000));
}

static void test_waiters__release_is_found_by_those_who_waited(void **state)
{
    struct waiter_mark mark = {.line = NULL};
    struct waiter_release release = {.time_ns = 100, .tid = 0x3fffff, .stack = 0x3ffff}, found;

    (void)state;
    waiters_mark(&mark, 0x5000, 90, 1);
    assert_false(waiters_find_release(0x5000, 90, &found));
    assert_true(waiters_tell_release(0x5000, &release));
    assert_true(waiters_find_release(0x5000, 90, &found));
    assert_int_equal(found.time_ns, 100);
    assert_int_equal(found.tid, 0x3fffff);
    assert_int_equal(found.stack, 0x3ffff);
    assert_true(waiters_find_release(0x5000, 100, &found));
    assert_false(waiters_find_release(0x5000, 101, &found));
    waiters_unmark(&mark);
}

static void test_waiters__latest_release_counts(void **state)
{
    struct waiter_release first = {.time_ns = 100, .tid = 1, .stack = 2};
    struct waiter_release second = {.time_ns = 200, .tid = 3}, found;

    (void)state;
    assert_true(waiters_tell_release(0x5000, &first));
    assert_true(waiters_tell_release(0x5000, &second));
    assert_true(waiters_find_release(0x5000, 50, &found));
    assert_int_equal(found.tid, 3);
    assert_int_equal(found.stack, 0);
}

static void test_waiters__release_of_a_neighbour_is_not_taken(void **state)
{
    uint64_t other = find_neighbour(0x6000);
    struct waiter_release release = {.time_ns = 100, .tid = 1}, found;

    (void)state;
    assert_true(waiters_tell_release(other, &release));
    assert_false(waiters_find_release(0x6000, 50, &found));
    assert_true(waiters_find_release(other, 50, &found));
}

/* As a thread off its CPU in between leaves it. */
static void test_waiters__unfinished_release_is_neither_read_nor_overwritten(void **state)
{
    struct waiter_release release = {.time_ns = 100, .tid = 1}, found;

    (void)state;
    assert_true(waiters_tell_release(0x7000, &release));
    waiters_line_of(0x7000)->release_ns |= WAITER_RELEASE_BUSY;
    assert_false(waiters_find_release(0x7000, 50, &found));
    assert_false(waiters_tell_release(0x7000, &release));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_waiters__nobody_waits_at_first, clear_table),
        cmocka_unit_test_setup(test_waiters__mark_is_seen_until_unmarked, clear_table),
        cmocka_unit_test_setup(test_waiters__oldest_of_several_counts, clear_table),
        cmocka_unit_test_setup(test_waiters__more_than_the_places_share_the_latest, clear_table),
        cmocka_unit_test_setup(test_waiters__neighbour_waits_its_turn, clear_table),
        cmocka_unit_test_setup(test_waiters__release_is_found_by_those_who_waited, clear_table),
        cmocka_unit_test_setup(test_waiters__latest_release_counts, clear_table),
        cmocka_unit_test_setup(test_waiters__release_of_a_neighbour_is_not_taken, clear_table),
        cmocka_unit_test_setup(test_waiters__unfinished_release_is_neither_read_nor_overwritten, clear_table),
    };

    return cmocka_run_group_tests_name("waiters", tests, NULL, NULL);
}
