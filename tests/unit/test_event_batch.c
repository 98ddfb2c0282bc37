#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <glib.h>
#include "analyzer/event_batch.h"

static int set_up(void **state)
{
    *state = event_batch_new(EVENT_BATCH_CAPACITY);
    return 0;
}

static int tear_down(void **state)
{
    event_batch_free(*state);
    return 0;
}

static void test_event_batch__is_full_at_its_capacity(void **state)
{
    struct event_batch *batch = *state;

    for (unsigned i = 0; i < EVENT_BATCH_CAPACITY; i++) {
        assert_false(event_batch_is_full(batch));
        struct event *event = event_batch_add(batch);
        assert_int_equal(event->pid, -1);
        assert_int_equal(event->time_ns, 0);
        event->time_ns = 1;
        event->pid = 1;
    }
    assert_true(event_batch_is_full(batch));
    event_batch_clear(batch);
    assert_false(event_batch_is_full(batch));
    assert_int_equal(event_batch_add(batch)->time_ns, 0);
}

static void test_event_batch__is_full_at_its_limit(void **state)
{
    struct event_batch *batch = event_batch_new(1);

    (void)state;
    event_batch_add(batch);
    assert_true(event_batch_is_full(batch));
    event_batch_free(batch);
}

static void test_event_batch__is_full_when_much_was_skipped(void **state)
{
    struct event_batch *batch = *state;

    event_batch_add(batch);
    batch->skipped_count = 1 << 20;
    assert_true(event_batch_is_full(batch));
    event_batch_clear(batch);
    assert_false(event_batch_is_full(batch));
}

static void test_event_batch__large_memory_makes_it_full_and_is_given_back(void **state)
{
    struct event_batch *batch = *state;
    char *large = event_batch_alloc(batch, 1 << 20);

    memset(large, 1, 1 << 20);
    assert_true(event_batch_is_full(batch));
    event_batch_clear(batch);
    assert_false(event_batch_is_full(batch));
    assert_null(batch->blocks);
}

static void test_event_batch__memory_does_not_move(void **state)
{
    struct event_batch *batch = *state;
    uint64_t *pieces[1000];

    for (unsigned i = 0; i < 1000; i++) {
        pieces[i] = event_batch_alloc(batch, 100 + i);
        assert_int_equal((uintptr_t)pieces[i] % 8, 0);
        *pieces[i] = i;
    }
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(*pieces[i], i);
}

static void test_event_batch__text_is_cut_at_its_limit(void **state)
{
    struct event_batch *batch = *state;

    assert_string_equal(event_batch_copy_text(batch, "abcdef", 6), "abcdef");
    assert_string_equal(event_batch_copy_text(batch, "abcdef", 5), "abcde");
    assert_string_equal(event_batch_copy_text(batch, "", 5), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_event_batch__is_full_at_its_capacity, set_up, tear_down),
        cmocka_unit_test(test_event_batch__is_full_at_its_limit),
        cmocka_unit_test_setup_teardown(test_event_batch__is_full_when_much_was_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_event_batch__large_memory_makes_it_full_and_is_given_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_event_batch__memory_does_not_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_event_batch__text_is_cut_at_its_limit, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
