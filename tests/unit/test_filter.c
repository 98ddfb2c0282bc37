/* Filters: what users write, and that ranges partition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "analyzer/filter.h"
#include "tracepoints/contract.h"

static void test_options__times(void **state)
{
    static const struct {
        const char *text;
        enum time_point_kind kind;
        int64_t value;
    } cases[] = {
        {"2.5s", TIME_POINT_RELATIVE, 2500000000},
        {"300ms", TIME_POINT_RELATIVE, 300000000},
        {"7us", TIME_POINT_RELATIVE, 7000},
        {"8ns", TIME_POINT_RELATIVE, 8},
        {"3", TIME_POINT_RELATIVE, 3000000000},
        {"25%", TIME_POINT_PERCENT, 25000000},
        {"0%", TIME_POINT_PERCENT, 0},
        {"1700000000.000000001", TIME_POINT_ABSOLUTE, 1700000000000000001},
        {"1700000000000000001", TIME_POINT_ABSOLUTE, 1700000000000000001},
        {"2023-11-14T22:13:20.5Z", TIME_POINT_ABSOLUTE, 1700000000500000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter_options options = {0};
        assert_true(filter_options_set(&options, "from", cases[i].text, NULL));
        assert_int_equal(options.from.kind, cases[i].kind);
        assert_int_equal(options.from.value, cases[i].value);
    }
}

static void test_options__mistakes_are_named(void **state)
{
    static const char *const cases[][2] = {
        {"from", "soon"}, {"to", "101%"}, {"to", "-3s"},     {"from", ""},   {"min-duration", "10 parsecs"},
        {"pid", "12x"},   {"tid", ""},    {"thread", "a(b"}, {"focus", "["}, {"from", "5%%"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter_options options = {0};
        g_autoptr(GError) error = NULL;
        assert_false(filter_options_set(&options, cases[i][0], cases[i][1], &error));
        assert_non_null(strstr(error->message, cases[i][0]));
        filter_options_clear(&options);
    }
}

static void test_options__from_is_before_to(void **state)
{
    static const char *const cases[][3] = {
        {"80%", "20%", "-from and -to"},
        {"3s", "1000ms", "-from and -to"},
        {"5ms", "5ms", "-from and -to"},
        {"20%", "80%", NULL},
        {"5s", "10%", NULL}, /* the trace tells */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter_options options = {0};
        g_autoptr(GError) error = NULL;
        assert_true(filter_options_set(&options, "to", cases[i][1], NULL));
        assert_int_equal(filter_options_set(&options, "from", cases[i][0], &error), !cases[i][2]);
        assert_true(!cases[i][2] || strstr(error->message, cases[i][2]));
        filter_options_clear(&options);
    }
}

/* A trace of one thread: blocked and waiting from 10 to 40, a call from 50 to 60, then running to 100. */
static void feed(struct trace_model *model)
{
    const int64_t base = 1700000000000000000;
    struct event events[] = {
        {.type = EVENT_SCHED_START, .time_ns = 0, .tid = 5},
        {.type = EVENT_OFF_CPU,
         .time_ns = 40,
         .tid = 5,
         .off_cpu = {.off_ns = 30, .reason = EXECTRACE_OFF_BLOCKED}},
        {.type = EVENT_WAIT, .time_ns = 40, .tid = 5, .wait = {.object = 1, .duration_ns = 30, .kind = 1}},
        {.type = EVENT_CALL, .time_ns = 60, .tid = 5, .call = {.duration_ns = 10, .number = 0, .fd = 3}},
        {.type = EVENT_SCHED_EXIT, .time_ns = 100, .tid = 5},
    };

    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        events[i].time_ns += base;
        events[i].pid = 5;
        trace_model_event(model, &events[i]);
    }
    trace_model_finish(model);
}

struct sums {
    int64_t state_ns[4];
    uint64_t wait_ns, wait_count, operations;
};

static void add_state(void *self, const struct state_interval *interval)
{
    ((struct sums *)self)->state_ns[interval->state] += interval->end_ns - interval->start_ns;
}

static void add_blocking(void *self, const struct blocking *operation)
{
    struct sums *sums = self;

    sums->wait_ns += operation->total_ns;
    sums->wait_count += operation->count;
    sums->operations++;
    assert_int_equal(operation->end_ns - operation->start_ns, operation->total_ns);
}

static struct sums run(const char *const *arguments)
{
    struct trace_model *model = trace_model_new();
    struct filter_options options = {0};
    struct sums sums = {0};
    struct trace_observer observer = {.state = add_state, .blocking = add_blocking, .self = &sums};

    for (; *arguments; arguments += 2)
        assert_true(filter_options_set(&options, arguments[0], arguments[1], NULL));
    struct filter *filter = filter_new(model, &options, 1700000000000000000, 1700000000000000100);
    filter_add_observer(filter, &observer);
    feed(model);
    filter_free(filter);
    trace_model_free(model);
    filter_options_clear(&options);
    return sums;
}

static void test_filter__ranges_partition(void **state)
{
    struct sums whole = run((const char *const[]){NULL});

    (void)state;
    assert_int_equal(whole.wait_ns, 40);
    assert_int_equal(whole.wait_count, 2);
    assert_int_equal(whole.state_ns[THREAD_BLOCKED], 30);
    assert_int_equal(whole.state_ns[THREAD_RUNNING], 70);
    for (int percent = 0; percent <= 100; percent++) {
        char middle[16];
        g_snprintf(middle, sizeof middle, "%d%%", percent);
        struct sums first = run((const char *const[]){"to", middle, NULL});
        struct sums second = run((const char *const[]){"from", middle, NULL});
        assert_int_equal(first.wait_ns + second.wait_ns, whole.wait_ns);
        assert_int_equal(first.wait_count + second.wait_count, whole.wait_count);
        for (int i = 0; i < 4; i++)
            assert_int_equal(first.state_ns[i] + second.state_ns[i], whole.state_ns[i]);
    }
}

static void test_filter__reversed_range_is_empty(void **state)
{
    struct sums sums = run((const char *const[]){"from", "35ns", "to", "20%", NULL});

    (void)state;
    assert_int_equal(sums.wait_ns, 0);
    assert_int_equal(sums.wait_count, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sums.state_ns[i], 0);
}

static void test_filter__min_duration_looks_at_whole_operations(void **state)
{
    struct sums sums = run((const char *const[]){"min-duration", "20ns", "from", "35ns", NULL});

    (void)state;
    assert_int_equal(sums.operations, 1);
    assert_int_equal(sums.wait_ns, 5);
    assert_int_equal(sums.wait_count, 1);
}

static void test_filter__threads_and_processes(void **state)
{
    (void)state;
    assert_int_equal(run((const char *const[]){"pid", "4,5", NULL}).operations, 2);
    assert_int_equal(run((const char *const[]){"pid", "4", NULL}).operations, 0);
    assert_int_equal(run((const char *const[]){"tid", "5", NULL}).operations, 2);
    assert_int_equal(run((const char *const[]){"tid", "6", NULL}).operations, 0);
    assert_int_equal(run((const char *const[]){"thread", "^$", NULL}).operations, 2);
    assert_int_equal(run((const char *const[]){"thread", "worker", NULL}).operations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__times),
        cmocka_unit_test(test_options__mistakes_are_named),
        cmocka_unit_test(test_options__from_is_before_to),
        cmocka_unit_test(test_filter__ranges_partition),
        cmocka_unit_test(test_filter__reversed_range_is_empty),
        cmocka_unit_test(test_filter__min_duration_looks_at_whole_operations),
        cmocka_unit_test(test_filter__threads_and_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
