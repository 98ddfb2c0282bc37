/* recorder/metrics.c: what /proc/PID/stat says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/metrics.h"

#include <unistd.h>

static void test_metrics_parse_stat__survives_names_with_parentheses(void **state)
{
    double values[METRIC_END] = {0};

    (void)state;
    assert_true(
        metrics_parse_stat("7 (a) 1 b) (c) S 1 7 7 0 -1 4194304 900 0 5 0 150 50 0 0 20 0 3 0 100 8192000 "
                           "25 18446744073709551615",
                           values));
    assert_float_equal(values[METRIC_CPU_SECONDS], 200.0 / (double)sysconf(_SC_CLK_TCK), 1e-9);
    assert_float_equal(values[METRIC_RESIDENT_BYTES], 25.0 * (double)sysconf(_SC_PAGESIZE), 1e-9);
    assert_float_equal(values[METRIC_VIRTUAL_BYTES], 8192000, 1e-9);
    assert_float_equal(values[METRIC_THREADS], 3, 1e-9);
    assert_float_equal(values[METRIC_MAJOR_FAULTS], 5, 1e-9);
}

static void test_metrics_parse_stat__cut_line_changes_nothing(void **state)
{
    double values[METRIC_END] = {[METRIC_THREADS] = 7};

    (void)state;
    assert_false(metrics_parse_stat("7 (a) S 1 7 7 0 -1 4194304 900 0 5 0 150", values));
    assert_false(metrics_parse_stat("", values));
    assert_float_equal(values[METRIC_THREADS], 7, 1e-9);
}

static GString *output;
static GMutex output_lock;
static GCond output_changed;
static unsigned sample_count;

static void count_define(uint32_t id, const char *name, const char *unit, const char *help)
{
    (void)unit;
    assert_true(help[0]);
    g_string_append_printf(output, "%u %s\n", id, name);
}

static void count_sample(uint64_t time, int32_t pid, uint32_t id, double value)
{
    g_mutex_lock(&output_lock);
    assert_true(time > 0 && pid == getpid() && id > 0 && id < METRIC_END && value >= 0);
    sample_count++;
    g_cond_signal(&output_changed);
    g_mutex_unlock(&output_lock);
}

static void test_metrics__are_defined_once_and_sampled_until_stopped(void **state)
{
    static const struct recorder_events events = {.metric_define = count_define,
                                                  .metric_sample = count_sample};

    (void)state;
    output = g_string_new(NULL);
    struct metrics *metrics = metrics_start(getpid(), 1000000, &events);
    g_mutex_lock(&output_lock);
    while (sample_count < 3 * (METRIC_END - 1))
        g_cond_wait(&output_changed, &output_lock);

    g_mutex_unlock(&output_lock);
    metrics_stop(metrics);
    assert_string_equal(output->str, "1 process_cpu_seconds_total\n2 process_resident_memory_bytes\n"
                                     "3 process_virtual_memory_bytes\n4 process_threads\n5 process_open_fds\n"
                                     "6 process_major_page_faults_total\n");
    assert_int_equal(sample_count % (METRIC_END - 1), 0);
    g_string_free(output, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_parse_stat__survives_names_with_parentheses),
        cmocka_unit_test(test_metrics_parse_stat__cut_line_changes_nothing),
        cmocka_unit_test(test_metrics__are_defined_once_and_sampled_until_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
