/* States of one thread from scheduling events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "analyzer/thread_state.h"
#include "tracepoints/contract.h"

/* What came out, as text: "running 0-10, blocked 10-20 ...". */
static GString *seen;
static struct thread_timeline timeline;

static void note(void *self, struct state_interval *interval)
{
    static const char *const names[] = {"unknown", "running", "runnable", "blocked"};

    (void)self;
    g_string_append_printf(seen, "%s%s %d-%d%s%s%s", seen->len > 0 ? ", " : "", names[interval->state],
                           (int)interval->start_ns, (int)interval->end_ns,
                           interval->is_preempted ? " preempted" : "", interval->is_derived ? " derived" : "",
                           interval->is_open ? " open" : "");
    if (interval->waker_thread != 0)
        g_string_append_printf(seen, " by %u", interval->waker_thread);
}

static const struct state_sink sink = {note, NULL};

static int setup(void **state)
{
    (void)state;
    seen = g_string_new(NULL);
    thread_timeline_init(&timeline, 0, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    g_string_free(seen, TRUE);
    return 0;
}

static void off_cpu(int64_t from_ns, int64_t to_ns, uint32_t reason)
{
    struct event event = {
        .time_ns = to_ns,
        .cpu = 1,
        .off_cpu = {.off_ns = (uint64_t)(to_ns - from_ns), .prev_cpu = 0, .reason = reason},
    };

    thread_timeline_off_cpu(&timeline, &event, &sink);
}

static void test_kernel__wakeup_splits_blocked_and_runnable(void **state)
{
    (void)state;
    thread_timeline_switch_in(&timeline, 10, 0, &sink);
    thread_timeline_wakeup(&timeline, 15, 9, false, &sink); /* runs: ignored */
    thread_timeline_switch_out(&timeline, 20, 0, false, 0, &sink);
    thread_timeline_wakeup(&timeline, 30, 7, false, &sink);
    thread_timeline_wakeup(&timeline, 31, 8, false, &sink); /* only the first counts */
    thread_timeline_switch_in(&timeline, 40, 0, &sink);
    thread_timeline_end(&timeline, 50, true, &sink);
    assert_string_equal(
        seen->str, "unknown 0-10, running 10-20, blocked 20-30, runnable 30-40 by 7, running 40-50 open");
}

static void test_kernel__preempted_then_woken_are_two_intervals(void **state)
{
    (void)state;
    thread_timeline_switch_in(&timeline, 0, 0, &sink);
    thread_timeline_switch_out(&timeline, 10, 0, true, 0, &sink);
    thread_timeline_wakeup(&timeline, 12, 3, false, &sink);
    thread_timeline_switch_in(&timeline, 20, 0, &sink);
    thread_timeline_end(&timeline, 20, false, &sink);
    assert_string_equal(seen->str, "running 0-10, runnable 10-12 preempted, runnable 12-20 by 3");
}

static void test_kernel__woken_and_run_at_once_counts(void **state)
{
    (void)state;
    thread_timeline_switch_in(&timeline, 0, 0, &sink);
    thread_timeline_switch_out(&timeline, 10, 0, false, 0, &sink);
    thread_timeline_wakeup(&timeline, 20, 7, false, &sink);
    thread_timeline_switch_in(&timeline, 20, 0, &sink);
    thread_timeline_switch_out(&timeline, 30, 0, true, 0, &sink);
    thread_timeline_end(&timeline, 30, true, &sink);
    assert_string_equal(seen->str, "running 0-10, blocked 10-20, runnable 20-20 by 7, running 20-30, "
                                   "runnable 30-30 preempted open");
}

static void test_kernel__first_switch_out_ran_since_start(void **state)
{
    (void)state;
    thread_timeline_switch_out(&timeline, 10, 2, false, 0, &sink);
    thread_timeline_end(&timeline, 30, true, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-30 open");
}

static void test_kernel__wakeup_of_a_thread_found_running_is_taken_back(void **state)
{
    (void)state;
    thread_timeline_wakeup(&timeline, 5, 3, false, &sink);
    thread_timeline_switch_out(&timeline, 10, 2, false, 0, &sink);
    thread_timeline_end(&timeline, 12, true, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-12 open");
}

static void test_kernel__first_wakeup_of_a_sleeper_counts_unless_events_were_lost(void **state)
{
    (void)state;
    thread_timeline_wakeup(&timeline, 5, 3, false, &sink);
    thread_timeline_wakeup(&timeline, 6, 4, false, &sink);
    thread_timeline_switch_in(&timeline, 10, 2, &sink);
    thread_timeline_end(&timeline, 12, true, &sink);
    assert_string_equal(seen->str, "unknown 0-5, runnable 5-10 by 3, running 10-12 open");

    g_string_truncate(seen, 0);
    thread_timeline_init(&timeline, 0, false);
    thread_timeline_wakeup(&timeline, 5, 3, false, &sink);
    thread_timeline_lost(&timeline, 7, &sink);
    thread_timeline_switch_in(&timeline, 10, 2, &sink);
    thread_timeline_end(&timeline, 12, true, &sink);
    assert_string_equal(seen->str, "unknown 0-10, running 10-12 open");
}

static void test_kernel__woken_and_never_run_is_runnable_to_the_end(void **state)
{
    (void)state;
    thread_timeline_wakeup(&timeline, 5, 3, false, &sink);
    thread_timeline_end(&timeline, 12, true, &sink);
    assert_string_equal(seen->str, "unknown 0-5, runnable 5-12 open by 3");
}

static void test_kernel__switched_out_after_a_wakeup_with_the_switch_in_lost(void **state)
{
    (void)state;
    thread_timeline_found(&timeline, 2, THREAD_BLOCKED, &sink);
    thread_timeline_wakeup(&timeline, 5, 3, false, &sink);
    thread_timeline_switch_out(&timeline, 10, 2, false, 0, &sink);
    thread_timeline_end(&timeline, 12, true, &sink);
    assert_string_equal(seen->str, "unknown 0-2, blocked 2-5, unknown 5-10, blocked 10-12 open");
}

static void test_kernel__lost_switch_is_unknown(void **state)
{
    (void)state;
    thread_timeline_switch_in(&timeline, 0, 0, &sink);
    thread_timeline_switch_in(&timeline, 10, 1, &sink);            /* the switch away is missing */
    thread_timeline_switch_out(&timeline, 20, 3, false, 0, &sink); /* from another CPU than it was put on */
    thread_timeline_end(&timeline, 30, false, &sink);
    assert_string_equal(seen->str, "unknown 0-10, unknown 10-20, blocked 20-30");
}

static void test_kernel__found_blocked_in_the_state_dump(void **state)
{
    (void)state;
    thread_timeline_found(&timeline, 5, THREAD_BLOCKED, &sink);
    thread_timeline_wakeup(&timeline, 8, 2, false, &sink);
    thread_timeline_switch_in(&timeline, 9, 0, &sink);
    thread_timeline_end(&timeline, 10, false, &sink);
    assert_string_equal(seen->str, "unknown 0-5, blocked 5-8, runnable 8-9 by 2, running 9-10");
}

static void test_off_cpu__woken_and_open_at_the_end(void **state)
{
    (void)state;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    thread_timeline_wakeup(&timeline, 35, 4, true, &sink);
    off_cpu(30, 40, EXECTRACE_OFF_OPEN);
    thread_timeline_end(&timeline, 40, true, &sink);
    assert_string_equal(seen->str, "unknown 0-10, blocked 10-20, running 20-30, blocked 30-35, "
                                   "runnable 35-40 open by 4");
}

static void test_off_cpu__running_between_intervals(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    off_cpu(25, 30, EXECTRACE_OFF_PREEMPTED);
    thread_timeline_end(&timeline, 40, true, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-20, running 20-25, "
                                   "runnable 25-30 preempted, running 30-40 open");
}

static void test_off_cpu__without_birth_the_beginning_is_unknown(void **state)
{
    (void)state;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    thread_timeline_end(&timeline, 20, false, &sink);
    assert_string_equal(seen->str, "unknown 0-10, blocked 10-20");
}

static void test_off_cpu__first_time_on_a_cpu_is_runnable(void **state)
{
    (void)state;
    thread_timeline_init(&timeline, 1, true);
    off_cpu(2, 5, EXECTRACE_OFF_START);
    thread_timeline_end(&timeline, 9, false, &sink);
    assert_string_equal(seen->str, "runnable 1-5, running 5-9");
}

static void test_off_cpu__measured_wakeup_within_the_interval(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    thread_timeline_wakeup(&timeline, 5, 4, true, &sink); /* still ran then */
    thread_timeline_wakeup(&timeline, 15, 6, true, &sink);
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    thread_timeline_end(&timeline, 20, false, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-15, runnable 15-20 by 6");
}

static void test_off_cpu__woken_before_it_left_its_cpu(void **state)
{
    struct event event = {
        .time_ns = 20,
        .off_cpu = {.off_ns = 10, .reason = EXECTRACE_OFF_BLOCKED, .runnable_ns = 10, .waker_tid = 7},
    };

    (void)state;
    timeline.is_birth_seen = true;
    thread_timeline_wakeup(&timeline, 10, 7, true, &sink);
    thread_timeline_off_cpu(&timeline, &event, &sink);
    thread_timeline_end(&timeline, 30, true, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, runnable 10-20 preempted, running 20-30 open");
}

static void test_off_cpu__release_bounds_the_runnable_part(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    thread_timeline_released(&timeline, 9, 17, 5, 0, &sink);
    thread_timeline_end(&timeline, 30, false, &sink);
    assert_string_equal(
        seen->str, "running 0-10 derived, blocked 10-17 derived, runnable 17-20 derived by 5, running 20-30");
}

static void test_off_cpu__release_of_an_earlier_wait_does_not_count(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    thread_timeline_released(&timeline, 18, 17, 5, 0, &sink); /* that wait began after it went off */
    thread_timeline_end(&timeline, 20, false, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-20");
}

static void test_off_cpu__open_at_the_end(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    off_cpu(10, 20, EXECTRACE_OFF_OPEN);
    thread_timeline_end(&timeline, 20, true, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-20 open");
}

static void test_off_cpu__loss_makes_what_goes_on_unknown(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    thread_timeline_lost(&timeline, 25, &sink);
    off_cpu(30, 40, EXECTRACE_OFF_BLOCKED);
    thread_timeline_end(&timeline, 40, false, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-20, unknown 20-30, blocked 30-40");
}

static void test_off_cpu__overlapping_intervals_are_cut(void **state)
{
    (void)state;
    timeline.is_birth_seen = true;
    off_cpu(10, 20, EXECTRACE_OFF_BLOCKED);
    off_cpu(15, 30, EXECTRACE_OFF_BLOCKED);
    thread_timeline_end(&timeline, 30, false, &sink);
    assert_string_equal(seen->str, "running 0-10 derived, blocked 10-20, blocked 20-30");
}

static void test_sources__the_first_one_decides(void **state)
{
    (void)state;
    thread_timeline_switch_in(&timeline, 5, 0, &sink);
    off_cpu(6, 8, EXECTRACE_OFF_BLOCKED);
    thread_timeline_end(&timeline, 10, false, &sink);
    assert_string_equal(seen->str, "unknown 0-5, running 5-10");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kernel__wakeup_splits_blocked_and_runnable),
        TEST(test_kernel__preempted_then_woken_are_two_intervals),
        TEST(test_kernel__woken_and_run_at_once_counts),
        TEST(test_kernel__first_switch_out_ran_since_start),
        TEST(test_kernel__wakeup_of_a_thread_found_running_is_taken_back),
        TEST(test_kernel__first_wakeup_of_a_sleeper_counts_unless_events_were_lost),
        TEST(test_kernel__woken_and_never_run_is_runnable_to_the_end),
        TEST(test_kernel__switched_out_after_a_wakeup_with_the_switch_in_lost),
        TEST(test_kernel__lost_switch_is_unknown),
        TEST(test_kernel__found_blocked_in_the_state_dump),
        TEST(test_off_cpu__woken_and_open_at_the_end),
        TEST(test_off_cpu__running_between_intervals),
        TEST(test_off_cpu__without_birth_the_beginning_is_unknown),
        TEST(test_off_cpu__first_time_on_a_cpu_is_runnable),
        TEST(test_off_cpu__measured_wakeup_within_the_interval),
        TEST(test_off_cpu__woken_before_it_left_its_cpu),
        TEST(test_off_cpu__release_bounds_the_runnable_part),
        TEST(test_off_cpu__release_of_an_earlier_wait_does_not_count),
        TEST(test_off_cpu__open_at_the_end),
        TEST(test_off_cpu__loss_makes_what_goes_on_unknown),
        TEST(test_off_cpu__overlapping_intervals_are_cut),
        TEST(test_sources__the_first_one_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
