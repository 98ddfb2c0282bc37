/* Which events the model asks for, and when it finds that those were too few. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "analyzer/trace_model.h"
#include "tracepoints/contract.h"

static int set_up(void **state)
{
    *state = trace_model_new();
    return 0;
}

static int tear_down(void **state)
{
    trace_model_free(*state);
    return 0;
}

static void ignore_blocking(void *self, const struct blocking *operation)
{
    (void)self;
    (void)operation;
}

static void ignore_state(void *self, const struct state_interval *interval)
{
    (void)self;
    (void)interval;
}

static struct event_needs needs_with(struct trace_model *model, const struct trace_observer *observer)
{
    trace_model_add_observer(model, observer);
    return trace_model_needs(model);
}

static bool has(const struct event_needs *needs, uint32_t type)
{
    return (needs->types & event_type_bit(type)) != 0;
}

static void test_model_needs__nobody_needs_threads_and_stacks_only(void **state)
{
    struct event_needs needs = trace_model_needs(*state);

    assert_true(has(&needs, EVENT_THREAD_NAME));
    assert_true(has(&needs, EVENT_STACK));
    assert_true(has(&needs, EVENT_LOST));
    assert_false(has(&needs, EVENT_WAIT));
    assert_false(has(&needs, EVENT_ALLOC));
}

static void test_model_needs__waits_need_the_calls_that_can_be_habits(void **state)
{
    struct event_needs needs =
        needs_with(*state, &(struct trace_observer){.blocking = ignore_blocking,
                                                    .blocking_classes = TRACE_CLASS_BIT(BLOCKING_SYNC)});

    assert_true(has(&needs, EVENT_WAIT));
    assert_false(has(&needs, EVENT_CALL));
    assert_false(has(&needs, EVENT_OFF_CPU));
    assert_true(needs.has_calls);
    assert_true(event_needs_call(&needs, 7));  /* poll */
    assert_false(event_needs_call(&needs, 0)); /* read */
    assert_true(event_needs_call(&needs, EVENT_NEEDS_CALLS));
}

static void test_model_needs__are_those_of_all_observers(void **state)
{
    needs_with(*state, &(struct trace_observer){.blocking = ignore_blocking,
                                                .blocking_classes = TRACE_CLASS_BIT(BLOCKING_SYNC)});
    struct event_needs needs = needs_with(*state, &(struct trace_observer){.state = ignore_state});

    assert_true(has(&needs, EVENT_CALL));
    assert_true(has(&needs, EVENT_OFF_CPU));
    assert_true(has(&needs, EVENT_WAIT));
    assert_false(has(&needs, EVENT_ALLOC));
}

/* An operation that goes on at time 100, then calls that were skipped, up to a time. */
static void feed_open_and_skipped(struct trace_model *model, int64_t skipped_ns, uint32_t type)
{
    struct event open = {.time_ns = 100, .type = EVENT_OPEN, .pid = 1, .tid = 2, .cpu = -1};
    struct event skipped = {.time_ns = skipped_ns, .type = EVENT_SKIPPED, .pid = -1, .tid = -1, .cpu = -1};

    open.open.operation = EXECTRACE_OPERATION_SYNC;
    open.open.kind = EXECTRACE_WAIT_MUTEX;
    skipped.skipped.count = 3;
    skipped.skipped.types = event_type_bit(type);
    trace_model_event(model, skipped_ns < 100 ? &skipped : &open);
    trace_model_event(model, skipped_ns < 100 ? &open : &skipped);
    trace_model_finish(model);
    assert_int_equal(trace_model_event_count(model), 4);
}

static void test_model_needs__calls_skipped_after_an_open_operation_are_needed(void **state)
{
    feed_open_and_skipped(*state, 200, EVENT_CALL);
    assert_true(trace_model_needs_all_events(*state));
}

static void test_model_needs__calls_skipped_before_an_open_operation_are_not(void **state)
{
    feed_open_and_skipped(*state, 50, EVENT_CALL);
    assert_false(trace_model_needs_all_events(*state));
}

static void test_model_needs__switches_do_not_tell_that_an_operation_ended(void **state)
{
    feed_open_and_skipped(*state, 200, EVENT_OFF_CPU);
    assert_false(trace_model_needs_all_events(*state));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_model_needs__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_needs_threads_and_stacks_only),
        TEST(waits_need_the_calls_that_can_be_habits),
        TEST(are_those_of_all_observers),
        TEST(calls_skipped_after_an_open_operation_are_needed),
        TEST(calls_skipped_before_an_open_operation_are_not),
        TEST(switches_do_not_tell_that_an_operation_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
