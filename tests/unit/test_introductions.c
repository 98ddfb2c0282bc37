/* recorder/introductions.c: what is said again in every snapshot. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/introductions.h"

#include "tracepoints/contract.h"

#define SECOND_NS UINT64_C(1000000000)

static GString *output;

static void take_name(uint64_t time, int32_t pid, int32_t tid, bool is_exec, const char *name)
{
    g_string_append_printf(output, "name %d %d %s at %" G_GUINT64_FORMAT "%s\n", pid, tid, name, time,
                           is_exec ? " exec" : "");
}

static void take_module(uint64_t time, int32_t pid, uint64_t base, uint64_t size, uint64_t offset,
                        const char *path)
{
    (void)time;
    g_string_append_printf(output,
                           "module %d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s\n",
                           pid, base, size, offset, path);
}

static void take_source(uint64_t time, uint8_t source, const char *description)
{
    (void)time;
    g_string_append_printf(output, "source %u %s\n", source, description);
}

static void take_metric(uint32_t id, const char *name, const char *unit, const char *help)
{
    g_string_append_printf(output, "metric %u %s %s %s\n", id, name, unit, help);
}

static void take_exit(uint64_t time, int32_t pid, int32_t tid)
{
    g_string_append_printf(output, "exit %d %d at %" G_GUINT64_FORMAT "\n", pid, tid, time);
}

static const struct recorder_events collecting = {
    .sched_name = take_name,
    .sched_module = take_module,
    .sched_source = take_source,
    .sched_exit = take_exit,
    .metric_define = take_metric,
};

static int set_up(void **state)
{
    output = g_string_new(NULL);
    *state = (void *)introductions_watch(&collecting);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    introductions_clear();
    g_string_free(output, TRUE);
    return 0;
}

static void test_introductions__are_passed_on_and_repeated_at_the_last_time(void **state)
{
    const struct recorder_events *events = *state;

    events->sched_source(1, EXECTRACE_SCHED_PERF_SWITCH, "here");
    events->metric_define(3, "a", "b", "c");
    events->sched_name(2, 10, 10, true, "main");
    events->sched_module(5, 10, 4096, 8192, 0, "/bin/main");
    assert_string_equal(output->str, "source 1 here\nmetric 3 a b c\nname 10 10 main at 2 exec\n"
                                     "module 10 4096 8192 0 /bin/main\n");

    g_string_truncate(output, 0);
    introductions_repeat();
    assert_string_equal(output->str, "source 1 here\nmetric 3 a b c\nname 10 10 main at 5\n"
                                     "module 10 4096 8192 0 /bin/main\n");
}

static void test_introductions__ended_thread_is_forgotten_later(void **state)
{
    const struct recorder_events *events = *state;

    events->sched_name(1, 10, 11, false, "short");
    events->sched_exit(2, 10, 11);
    g_string_truncate(output, 0);
    introductions_repeat();
    assert_string_equal(output->str, "name 10 11 short at 2\n");

    events->sched_exit(100 * SECOND_NS, 20, 20);
    g_string_truncate(output, 0);
    introductions_repeat();
    assert_string_equal(output->str, "");
}

static void test_introductions__new_program_has_new_modules(void **state)
{
    const struct recorder_events *events = *state;

    events->sched_module(1, 10, 4096, 8192, 0, "/bin/old");
    events->sched_name(2, 10, 10, true, "new");
    g_string_truncate(output, 0);
    introductions_repeat();
    assert_string_equal(output->str, "name 10 10 new at 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_introductions__are_passed_on_and_repeated_at_the_last_time,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_introductions__ended_thread_is_forgotten_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_introductions__new_program_has_new_modules, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("introductions", tests, NULL, NULL);
}
