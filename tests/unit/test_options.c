/* recorder/options.c: the command line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/options.h"

#include <string.h>

struct fixture {
    struct recorder_options options;
    GError *error;
};

static int set_up(void **state)
{
    *state = g_new0(struct fixture, 1);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    options_clear(&fixture->options);
    g_clear_error(&fixture->error);
    g_free(fixture);
    return 0;
}

/* Parses the words, "recorder" in front of them; the words must outlive the options. */
static enum options_result parse(struct fixture *fixture, char **words)
{
    static char *argv[32];
    int argc = 0;

    argv[argc++] = "recorder";
    while (*words)
        argv[argc++] = *words++;

    argv[argc] = NULL;
    return options_parse(&fixture->options, argc, argv, &fixture->error);
}

#define PARSE(fixture, ...) parse(fixture, (char *[]){__VA_ARGS__, NULL})

static void test_options__snapshot_says_when(void **state)
{
    static char *const words[] = {"--snapshot", "--snapshot=signal", "--snapshot=failure", "--snapshot=end"};
    static const enum snapshot_moment moments[] = {SNAPSHOT_ON_FAILURE, SNAPSHOT_ON_SIGNAL,
                                                   SNAPSHOT_ON_FAILURE, SNAPSHOT_AT_END};
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        assert_int_equal(PARSE(fixture, words[i], "ls"), OPTIONS_RUN);
        assert_int_equal(fixture->options.snapshot, moments[i]);
        options_clear(&fixture->options);
    }
    assert_int_equal(PARSE(fixture, "--snapshot=never", "ls"), OPTIONS_WRONG);
}

static void test_options__wait_children_needs_children(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "--wait-children", "ls"), OPTIONS_RUN);
    assert_true(fixture->options.wait_for_children);
    assert_int_equal(PARSE(fixture, "--wait-children", "--follow=none", "ls"), OPTIONS_WRONG);
    g_clear_error(&fixture->error);
    assert_int_equal(PARSE(fixture, "--wait-children", "--attach=1"), OPTIONS_WRONG);
}

static void test_options__lttng_kernel_records_what_is_not_left_out(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "ls"), OPTIONS_RUN);
    assert_false(fixture->options.with_kernel_tracer);
    options_clear(&fixture->options);
    assert_int_equal(PARSE(fixture, "--lttng-kernel", "ls"), OPTIONS_RUN);
    assert_true(fixture->options.with_kernel_tracer);
    options_clear(&fixture->options);
    assert_int_equal(PARSE(fixture, "--lttng-kernel", "--no-sched", "ls"), OPTIONS_WRONG);
    g_clear_error(&fixture->error);
    assert_int_equal(PARSE(fixture, "--lttng-kernel", "--no-wakeups", "ls"), OPTIONS_WRONG);
}

static void test_options__program_only_has_defaults(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "ls", "-l"), OPTIONS_RUN);
    assert_string_equal(fixture->options.program[0], "ls");
    assert_string_equal(fixture->options.program[1], "-l");
    assert_null(fixture->options.program[2]);
    assert_null(fixture->options.output);
    assert_true(fixture->options.follow_children);
    assert_true(fixture->options.with_sched);
    assert_null(fixture->options.alloc);
}

static void test_options__one_dash_or_two_are_the_same(void **state)
{
    static char *const spellings[] = {"-follow=none", "--follow=none"};

    for (unsigned i = 0; i < G_N_ELEMENTS(spellings); i++) {
        struct fixture *fixture = *state;

        assert_int_equal(PARSE(fixture, spellings[i], "--", "ls"), OPTIONS_RUN);
        assert_false(fixture->options.follow_children);
        options_clear(&fixture->options);
    }
}

static void test_options__arguments_of_the_program_are_left_alone(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "-o", "dir", "prog", "-o", "other", "--follow=none"), OPTIONS_RUN);
    assert_string_equal(fixture->options.output, "dir");
    assert_true(fixture->options.follow_children);
    assert_string_equal(fixture->options.program[2], "other");
}

static void test_options__values_become_environment_texts(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "-wait-threshold=20us", "--syscall-threshold", "1.5ms", "--alloc=512K",
                           "--stacks=0", "ls"),
                     OPTIONS_RUN);
    assert_string_equal(fixture->options.wait_threshold_ns, "20000");
    assert_string_equal(fixture->options.syscall_threshold_ns, "1500000");
    assert_string_equal(fixture->options.alloc, "524288");
    assert_string_equal(fixture->options.stacks, "0");
}

static void test_options__last_of_two_wins(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "--alloc=all", "--alloc=off", "-o", "a", "-o", "b", "ls"), OPTIONS_RUN);
    assert_string_equal(fixture->options.alloc, "off");
    assert_string_equal(fixture->options.output, "b");
}

static void test_options__mistakes_are_refused_with_a_sentence(void **state)
{
    static char *const mistakes[][2] = {
        {"--nonsense", "nonsense"},
        {"--follow=some", "some"},
        {"--stacks=129", "129"},
        {"--stacks=-1", "-1"},
        {"--samples=10001", "10001"},
        {"--alloc=maybe", "maybe"},
        {"--alloc=0", "0"},
        {"--buffer-size=2T", "2T"},
        {"--wait-threshold=-5", "-5"},
        {"--wait-threshold=2h", "2h"},
        {"--wait-threshold=61m", "61m"},
        {"--output=", "output"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        struct fixture *fixture = *state;

        assert_int_equal(PARSE(fixture, mistakes[i][0], "ls"), OPTIONS_WRONG);
        assert_non_null(fixture->error);
        assert_non_null(strstr(fixture->error->message, mistakes[i][1]));
        assert_null(fixture->options.program);
        g_clear_error(&fixture->error);
    }
}

static void test_options__no_program_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "-o", "dir", "--"), OPTIONS_WRONG);
    assert_non_null(strstr(fixture->error->message, "no program"));
}

static void test_options__attach_takes_no_program_but_a_duration(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "--attach", "123", "--duration=10s"), OPTIONS_RUN);
    assert_int_equal(fixture->options.attach_pid, 123);
    assert_int_equal(fixture->options.duration_ns, UINT64_C(10000000000));
}

static void test_options__what_excludes_each_other_is_refused(void **state)
{
    static char *const mistakes[][3] = {
        {"--attach=123", "ls", "leave the program out"},
        {"--duration=1s", "ls", "--attach only"},
        {"--attach=0", NULL, "is no value"},
        {"--url=http://host", "ls", "is no value"},
    };
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        assert_int_equal(PARSE(fixture, mistakes[i][0], mistakes[i][1]), OPTIONS_WRONG);
        assert_non_null(strstr(fixture->error->message, mistakes[i][2]));
        g_clear_error(&fixture->error);
    }

    assert_int_equal(PARSE(fixture, "--url=net://host", "-o", "dir", "ls"), OPTIONS_WRONG);
    assert_non_null(strstr(fixture->error->message, "either"));
}

static void test_options__missing_value_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(PARSE(fixture, "-o"), OPTIONS_WRONG);
    assert_non_null(strstr(fixture->error->message, "-o needs a value"));
}

static void test_options_parse_size__knows_suffixes_and_limits(void **state)
{
    uint64_t bytes = 7;

    (void)state;
    assert_true(options_parse_size("1", &bytes) && bytes == 1);
    assert_true(options_parse_size("2k", &bytes) && bytes == 2048);
    assert_true(options_parse_size("0.5M", &bytes) && bytes == 524288);
    assert_true(options_parse_size("1024G", &bytes) && bytes == UINT64_C(1) << 40);
    bytes = 7;
    assert_false(options_parse_size("1025G", &bytes));
    assert_false(options_parse_size("0", &bytes));
    assert_false(options_parse_size("", &bytes));
    assert_false(options_parse_size("1 K", &bytes));
    assert_false(options_parse_size("nan", &bytes));
    assert_int_equal(bytes, 7);
}

static void test_options_parse_duration__knows_suffixes_and_limits(void **state)
{
    uint64_t duration_ns = 7;

    (void)state;
    assert_true(options_parse_duration("0", &duration_ns) && duration_ns == 0);
    assert_true(options_parse_duration("250us", &duration_ns) && duration_ns == 250000);
    assert_true(options_parse_duration("3600s", &duration_ns) && duration_ns == UINT64_C(3600000000000));
    duration_ns = 7;
    assert_false(options_parse_duration("3601s", &duration_ns));
    assert_false(options_parse_duration("1e99s", &duration_ns));
    assert_false(options_parse_duration("s", &duration_ns));
    assert_int_equal(duration_ns, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_options__program_only_has_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__lttng_kernel_records_what_is_not_left_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_options__snapshot_says_when, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__wait_children_needs_children, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__one_dash_or_two_are_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__arguments_of_the_program_are_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_options__values_become_environment_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__last_of_two_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__mistakes_are_refused_with_a_sentence, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_options__no_program_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__attach_takes_no_program_but_a_duration, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_options__what_excludes_each_other_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options__missing_value_is_refused, set_up, tear_down),
        cmocka_unit_test(test_options_parse_size__knows_suffixes_and_limits),
        cmocka_unit_test(test_options_parse_duration__knows_suffixes_and_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
