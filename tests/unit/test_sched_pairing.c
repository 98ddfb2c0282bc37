/* recorder/sched_pairing.c: switch-out and switch-in records become one event per off-CPU interval. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/sched_pairing.h"

#include "tracepoints/contract.h"

/* The events that came out, one line each. Callbacks carry no context, so this is the only one. */
static GString *output;
static struct sched_pairing *pairing;

static void print_switch(uint64_t time, uint64_t off_ns, int32_t pid, int32_t tid, uint16_t cpu,
                         uint16_t prev_cpu, uint8_t reason, uint64_t runnable_ns, int32_t waker_tid)
{
    g_string_append_printf(output, "%" G_GUINT64_FORMAT " switch %d/%d off %" G_GUINT64_FORMAT " %d>%d %d",
                           time, pid, tid, off_ns, prev_cpu, cpu, reason);
    if (runnable_ns > 0)
        g_string_append_printf(output, " runnable %" G_GUINT64_FORMAT, runnable_ns);

    if (waker_tid >= 0)
        g_string_append_printf(output, " by %d", waker_tid);

    g_string_append_c(output, '\n');
}

static void print_start(uint64_t time, int32_t pid, int32_t tid, int32_t parent_pid, int32_t parent_tid)
{
    g_string_append_printf(output, "%" G_GUINT64_FORMAT " start %d/%d of %d/%d\n", time, pid, tid, parent_pid,
                           parent_tid);
}

static void print_exit(uint64_t time, int32_t pid, int32_t tid)
{
    g_string_append_printf(output, "%" G_GUINT64_FORMAT " exit %d/%d\n", time, pid, tid);
}

static void print_name(uint64_t time, int32_t pid, int32_t tid, bool is_exec, const char *name)
{
    (void)is_exec;
    g_string_append_printf(output, "%" G_GUINT64_FORMAT " name %d/%d %s\n", time, pid, tid, name);
}

static void print_lost(uint64_t time, uint16_t cpu, uint64_t count)
{
    g_string_append_printf(output, "%" G_GUINT64_FORMAT " lost %" G_GUINT64_FORMAT " on %d\n", time, count,
                           cpu);
}

static void print_sample(uint64_t time, int32_t pid, int32_t tid, const uint64_t *pcs, uint32_t pcs_count)
{
    (void)pcs;
    (void)pcs_count;
    g_string_append_printf(output, "%" G_GUINT64_FORMAT " sample %d/%d\n", time, pid, tid);
}

static const struct recorder_events printing_events = {
    .sched_switch = print_switch,
    .sched_start = print_start,
    .sched_exit = print_exit,
    .sched_name = print_name,
    .sched_sample = print_sample,
    .sched_lost = print_lost,
};

static int set_up(void **state)
{
    (void)state;
    output = g_string_new(NULL);
    pairing = sched_pairing_new(&printing_events, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sched_pairing_free(pairing);
    g_string_free(output, TRUE);
    return 0;
}

static void add(uint64_t time, enum sched_record_type type, int32_t tid, uint16_t cpu)
{
    const struct sched_record record = {.type = type,
                                        .time = time,
                                        .pid = 10,
                                        .tid = tid,
                                        .cpu = cpu,
                                        .parent_pid = 10,
                                        .parent_tid = 10,
                                        .waker_tid = 77,
                                        .count = 3};

    sched_pairing_add(pairing, &record);
}

static void test_sched_pairing__sleep_and_preemption_are_one_event_each(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(250, SCHED_RECORD_IN, 10, 1);
    add(300, SCHED_RECORD_OUT_PREEMPTED, 10, 1);
    add(310, SCHED_RECORD_IN, 10, 1);
    assert_string_equal(output->str, "250 switch 10/10 off 150 0>1 0\n"
                                     "310 switch 10/10 off 10 1>1 1 runnable 10\n");
}

static void test_sched_pairing__new_thread_is_off_since_its_creation(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_FORK, 11, 0);
    add(140, SCHED_RECORD_IN, 11, 1);
    assert_string_equal(output->str, "100 start 10/11 of 10/10\n"
                                     "140 switch 10/11 off 40 0>1 2\n");
}

static void test_sched_pairing__switch_in_without_out_says_nothing(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_IN, 10, 0);
    add(110, SCHED_RECORD_IN, 10, 0);
    assert_string_equal(output->str, "");
}

static void test_sched_pairing__loss_makes_open_intervals_unknown(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(120, SCHED_RECORD_LOST, 10, 1);
    add(250, SCHED_RECORD_IN, 10, 0);
    add(260, SCHED_RECORD_OUT, 10, 0);
    add(280, SCHED_RECORD_IN, 10, 0);
    assert_string_equal(output->str, "120 lost 3 on 1\n"
                                     "280 switch 10/10 off 20 0>0 0\n");
    assert_int_equal(sched_pairing_lost_count(pairing), 3);
}

static void test_sched_pairing__late_record_never_steps_time_back(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(100, SCHED_RECORD_OUT, 11, 1);
    add(300, SCHED_RECORD_IN, 10, 0);
    add(290, SCHED_RECORD_IN, 11, 1);
    assert_string_equal(output->str, "300 switch 10/10 off 200 0>0 0\n"
                                     "300 switch 10/11 off 190 1>1 0\n");
}

static void test_sched_pairing__late_switch_out_does_not_undo_a_newer_in(void **state)
{
    (void)state;
    add(200, SCHED_RECORD_IN, 10, 1);
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(300, SCHED_RECORD_OUT, 10, 1);
    add(305, SCHED_RECORD_IN, 10, 1);
    assert_string_equal(output->str, "305 switch 10/10 off 5 1>1 0\n");
}

static void test_sched_pairing__exit_forgets_the_thread(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(150, SCHED_RECORD_EXIT, 10, 0);
    sched_pairing_finish(pairing, 200);
    assert_string_equal(output->str, "150 exit 10/10\n");
}

static void test_sched_pairing__finish_reports_open_intervals_in_order_of_tid(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_OUT, 13, 1);
    add(110, SCHED_RECORD_OUT_PREEMPTED, 12, 0);
    add(120, SCHED_RECORD_OUT, 11, 0);
    add(130, SCHED_RECORD_IN, 11, 0);
    sched_pairing_finish(pairing, 200);
    assert_string_equal(output->str, "130 switch 10/11 off 10 0>0 0\n"
                                     "200 switch 10/12 off 90 0>0 4 runnable 90\n"
                                     "200 switch 10/13 off 100 1>1 3\n");
}

static void test_sched_pairing__first_wakeup_of_an_interval_counts(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_WAKEUP, 99, 0); /* a stranger */
    add(110, SCHED_RECORD_OUT, 10, 0);
    add(130, SCHED_RECORD_WAKEUP, 10, 1);
    add(140, SCHED_RECORD_WAKEUP, 10, 1);
    add(150, SCHED_RECORD_IN, 10, 1);
    assert_string_equal(output->str, "150 switch 10/10 off 40 0>1 0 runnable 20 by 77\n");
}

static void test_sched_pairing__wakeup_of_a_running_thread_says_nothing_of_a_later_sleep(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_IN, 10, 0);
    add(110, SCHED_RECORD_WAKEUP, 10, 1);
    add(120, SCHED_RECORD_OUT, 10, 0);
    add(130, SCHED_RECORD_WAKEUP, 10, 1);
    add(150, SCHED_RECORD_IN, 10, 1);
    add(160, SCHED_RECORD_OUT, 10, 1);
    add(170, SCHED_RECORD_IN, 10, 1);
    assert_string_equal(output->str, "150 switch 10/10 off 30 0>1 0 runnable 20 by 77\n"
                                     "170 switch 10/10 off 10 1>1 0\n");
}

static void test_sched_pairing__woken_before_it_was_off_it_could_run_all_the_time(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_IN, 10, 0);
    add(119, SCHED_RECORD_WAKEUP, 10, 1);
    add(120, SCHED_RECORD_OUT, 10, 0);
    add(150, SCHED_RECORD_IN, 10, 1);
    assert_string_equal(output->str, "150 switch 10/10 off 30 0>1 0 runnable 30 by 77\n");
}

static void test_sched_pairing__untold_switch_in_is_put_where_it_could_be_first(void **state)
{
    struct sched_record out = {
        .type = SCHED_RECORD_OUT, .time = 160, .pid = 10, .tid = 10, .cpu = 1, .put_on_after = 120};

    (void)state;
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(130, SCHED_RECORD_WAKEUP, 10, 1);
    sched_pairing_add(pairing, &out); /* the CPU was another's until 120, and it was woken at 130 */
    assert_int_equal(sched_pairing_missed_count(pairing), 1);
    add(200, SCHED_RECORD_IN, 10, 1);
    out.time = 260; /* its switch-in was told by another source */
    sched_pairing_add(pairing, &out);
    assert_int_equal(sched_pairing_missed_count(pairing), 1);
    assert_string_equal(output->str, "130 switch 10/10 off 30 0>1 0 by 77\n"
                                     "200 switch 10/10 off 40 1>1 0\n");
}

static void test_sched_pairing__who_wakes_or_is_sampled_runs_though_untold(void **state)
{
    const struct sched_record wakeup = {
        .type = SCHED_RECORD_WAKEUP, .time = 150, .tid = 11, .cpu = 1, .waker_tid = 10};
    const struct sched_record sample = {
        .type = SCHED_RECORD_SAMPLE, .time = 250, .pid = 10, .tid = 10, .cpu = 1};

    (void)state;
    sched_pairing_expect_strangers(pairing, 10);
    sched_pairing_know_thread(pairing, 10, 10);
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(130, SCHED_RECORD_WAKEUP, 10, 0);
    sched_pairing_add(pairing, &wakeup); /* by thread 10, which could run since 130 */
    assert_int_equal(sched_pairing_missed_count(pairing), 1);
    add(200, SCHED_RECORD_OUT_PREEMPTED, 10, 1);
    sched_pairing_add(pairing, &sample);
    sched_pairing_add(pairing, &sample);
    assert_int_equal(sched_pairing_missed_count(pairing), 2);
    assert_string_equal(output->str, "130 switch 10/10 off 30 0>1 0 by 77\n"
                                     "250 switch 10/10 off 50 1>1 1 runnable 50\n"
                                     "250 sample 10/10\n"
                                     "250 sample 10/10\n");
}

static void test_sched_pairing__woken_and_open_at_the_end(void **state)
{
    (void)state;
    add(120, SCHED_RECORD_OUT, 10, 0);
    add(150, SCHED_RECORD_WAKEUP, 10, 1);
    sched_pairing_finish(pairing, 200);
    assert_string_equal(output->str, "200 switch 10/10 off 80 0>0 3 runnable 50 by 77\n");
}

static void test_sched_pairing__of_the_whole_machine_only_ours_are_taken(void **state)
{
    const struct sched_record strangers_name = {
        .type = SCHED_RECORD_NAME, .time = 90, .pid = 9, .tid = 9, .is_exec = true, .text = "other"};
    const struct sched_record our_exec = {
        .type = SCHED_RECORD_NAME, .time = 200, .pid = 10, .tid = 10, .is_exec = true, .text = "prog"};
    const struct sched_record child = {
        .type = SCHED_RECORD_FORK, .time = 210, .pid = 20, .tid = 20, .parent_pid = 10, .parent_tid = 10};
    const struct sched_record strangers_child = {
        .type = SCHED_RECORD_FORK, .time = 220, .pid = 30, .tid = 30, .parent_pid = 9, .parent_tid = 9};

    (void)state;
    sched_pairing_expect_strangers(pairing, 10);
    sched_pairing_add(pairing, &strangers_name);
    add(100, SCHED_RECORD_OUT, 10, 0); /* it has not called exec yet */
    add(110, SCHED_RECORD_IN, 10, 0);
    sched_pairing_add(pairing, &our_exec);
    sched_pairing_add(pairing, &child);
    sched_pairing_add(pairing, &strangers_child);
    add(230, SCHED_RECORD_EXIT, 30, 0);
    add(240, SCHED_RECORD_EXIT, 20, 0);
    assert_string_equal(output->str, "200 name 10/10 prog\n"
                                     "210 start 20/20 of 10/10\n"
                                     "240 exit 10/20\n");
}

static void test_sched_pairing__number_used_again_is_a_new_thread(void **state)
{
    (void)state;
    add(100, SCHED_RECORD_OUT, 11, 0);
    add(200, SCHED_RECORD_EXIT, 11, 0);
    add(300, SCHED_RECORD_FORK, 11, 0);
    add(310, SCHED_RECORD_IN, 11, 0);
    assert_string_equal(output->str, "200 exit 10/11\n"
                                     "300 start 10/11 of 10/10\n"
                                     "310 switch 10/11 off 10 0>0 2\n");
}

static void test_sched_pairing__tracers_threads_are_named_but_silent(void **state)
{
    const struct sched_record name = {
        .type = SCHED_RECORD_NAME, .time = 50, .pid = 10, .tid = 12, .text = "prog-ust"};

    (void)state;
    sched_pairing_add(pairing, &name);
    add(100, SCHED_RECORD_OUT, 12, 0);
    add(200, SCHED_RECORD_IN, 12, 0);
    add(210, SCHED_RECORD_OUT, 12, 0);
    sched_pairing_finish(pairing, 300);
    assert_string_equal(output->str, "50 name 10/12 prog-ust\n");
}

static void test_sched_pairing__end_of_a_process_is_that_of_its_last_thread(void **state)
{
    (void)state;
    assert_int_equal(sched_pairing_process_end(pairing, 10), 0);
    add(100, SCHED_RECORD_EXIT, 10, 0);
    add(120, SCHED_RECORD_EXIT, 11, 0);
    assert_int_equal(sched_pairing_process_end(pairing, 10), 120);
}

static void test_sched_pairing__other_processes_are_dropped_when_one_is_chosen(void **state)
{
    (void)state;
    sched_pairing_free(pairing);
    pairing = sched_pairing_new(&printing_events, 11);
    add(100, SCHED_RECORD_EXIT, 10, 0);
    assert_string_equal(output->str, "");
    add(120, SCHED_RECORD_LOST, 10, 0);
    assert_string_equal(output->str, "120 lost 3 on 0\n");
}

static void test_sched_pairing__two_sources_give_one_interval_with_the_earlier_times(void **state)
{
    (void)state;
    sched_pairing_expect_strangers(pairing, 10);
    sched_pairing_know_thread(pairing, 10, 10);
    add(100, SCHED_RECORD_OUT, 10, 0);
    add(101, SCHED_RECORD_OUT, 10, 0);
    add(150, SCHED_RECORD_OUT, 99, 0); /* a stranger */
    add(200, SCHED_RECORD_IN, 10, 1);
    add(202, SCHED_RECORD_IN, 10, 1);
    add(302, SCHED_RECORD_OUT, 10, 1); /* the tracepoint was dropped */
    add(400, SCHED_RECORD_IN, 10, 1);
    assert_string_equal(output->str, "200 switch 10/10 off 100 0>1 0\n"
                                     "400 switch 10/10 off 98 1>1 0\n");
}

static void test_sched_pairing__switch_from_a_silent_idle_task_is_as_the_second_source_tells(void **state)
{
    const struct sched_record out = {
        .type = SCHED_RECORD_OUT, .time = 300, .tid = 10, .cpu = 1, .put_on_after = 100};

    (void)state;
    sched_pairing_expect_strangers(pairing, 10);
    sched_pairing_know_thread(pairing, 10, 10);
    add(100, SCHED_RECORD_OUT, 10, 1); /* to the idle task */
    add(101, SCHED_RECORD_OUT, 10, 1);
    add(150, SCHED_RECORD_WAKEUP, 10, 0);
    add(180, SCHED_RECORD_IN, 10, 1); /* by perf alone */
    sched_pairing_add(pairing, &out); /* the tracepoint's: it was never told of */
    add(301, SCHED_RECORD_OUT, 10, 1);
    add(350, SCHED_RECORD_IN, 10, 1);
    assert_int_equal(sched_pairing_missed_count(pairing), 0);
    assert_string_equal(output->str, "180 switch 10/10 off 80 1>1 0 runnable 30 by 77\n"
                                     "350 switch 10/10 off 50 1>1 0\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_sched_pairing__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sleep_and_preemption_are_one_event_each),
        TEST(new_thread_is_off_since_its_creation),
        TEST(switch_in_without_out_says_nothing),
        TEST(loss_makes_open_intervals_unknown),
        TEST(late_record_never_steps_time_back),
        TEST(late_switch_out_does_not_undo_a_newer_in),
        TEST(exit_forgets_the_thread),
        TEST(finish_reports_open_intervals_in_order_of_tid),
        TEST(first_wakeup_of_an_interval_counts),
        TEST(wakeup_of_a_running_thread_says_nothing_of_a_later_sleep),
        TEST(woken_before_it_was_off_it_could_run_all_the_time),
        TEST(untold_switch_in_is_put_where_it_could_be_first),
        TEST(who_wakes_or_is_sampled_runs_though_untold),
        TEST(woken_and_open_at_the_end),
        TEST(of_the_whole_machine_only_ours_are_taken),
        TEST(number_used_again_is_a_new_thread),
        TEST(other_processes_are_dropped_when_one_is_chosen),
        TEST(two_sources_give_one_interval_with_the_earlier_times),
        TEST(switch_from_a_silent_idle_task_is_as_the_second_source_tells),
        TEST(tracers_threads_are_named_but_silent),
        TEST(end_of_a_process_is_that_of_its_last_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
