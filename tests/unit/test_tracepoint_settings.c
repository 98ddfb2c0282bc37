/* The environment variables of libexectrace.so: defaults, good values, values that are not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracepoints/contract.h"
#include "tracepoints/settings.h"

static struct settings defaults;

static int restore_defaults(void **state)
{
    (void)state;
    settings = defaults;
    unsetenv(EXECTRACE_ENV_WAIT_THRESHOLD);
    unsetenv(EXECTRACE_ENV_SYSCALL_THRESHOLD);
    unsetenv(EXECTRACE_ENV_ALLOC);
    unsetenv(EXECTRACE_ENV_STACKS);
    unsetenv(EXECTRACE_ENV_FOLLOW);
    unsetenv(EXECTRACE_ENV_STATE);
    return 0;
}

static void test_settings__nothing_set_keeps_defaults(void **state)
{
    (void)state;
    settings_read();
    assert_memory_equal(&settings, &defaults, sizeof(settings));
}

static void test_settings__good_values_are_taken(void **state)
{
    (void)state;
    setenv(EXECTRACE_ENV_WAIT_THRESHOLD, "0", 1);
    setenv(EXECTRACE_ENV_SYSCALL_THRESHOLD, "123456789", 1);
    setenv(EXECTRACE_ENV_STACKS, "16", 1);
    setenv(EXECTRACE_ENV_FOLLOW, "none", 1);
    setenv(EXECTRACE_ENV_STATE, "/some/where", 1);
    settings_read();
    assert_int_equal(settings.wait_threshold_ns, 0);
    assert_int_equal(settings.syscall_threshold_ns, 123456789);
    assert_int_equal(settings.stack_depth, 16);
    assert_false(settings.follow);
    assert_string_equal(settings.state_directory, "/some/where");
}

static void test_settings__allocation_has_words(void **state)
{
    (void)state;
    setenv(EXECTRACE_ENV_ALLOC, "off", 1);
    settings_read();
    assert_int_equal(settings.alloc_mean_bytes, 0);
    setenv(EXECTRACE_ENV_ALLOC, "all", 1);
    settings_read();
    assert_int_equal(settings.alloc_mean_bytes, 1);
    setenv(EXECTRACE_ENV_ALLOC, "4096", 1);
    settings_read();
    assert_int_equal(settings.alloc_mean_bytes, 4096);
}

static void test_settings__bad_values_are_not_taken(void **state)
{
    static const char *const bad[] = {
        "", "-1", "12x", " 5", "99999999999999999999999999", "18446744073709551616"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        setenv(EXECTRACE_ENV_WAIT_THRESHOLD, bad[i], 1);
        setenv(EXECTRACE_ENV_STACKS, bad[i], 1);
        setenv(EXECTRACE_ENV_ALLOC, bad[i], 1);
        settings_read();
        assert_int_equal(settings.wait_threshold_ns, defaults.wait_threshold_ns);
        assert_int_equal(settings.stack_depth, defaults.stack_depth);
        assert_int_equal(settings.alloc_mean_bytes, defaults.alloc_mean_bytes);
    }
}

static void test_settings__limits_hold(void **state)
{
    char path[sizeof(settings.state_directory) + 1];

    (void)state;
    setenv(EXECTRACE_ENV_STACKS, "129", 1);
    memset(path, 'd', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    setenv(EXECTRACE_ENV_STATE, path, 1);
    settings_read();
    assert_int_equal(settings.stack_depth, defaults.stack_depth);
    assert_string_equal(settings.state_directory, "");
    setenv(EXECTRACE_ENV_STACKS, "128", 1);
    path[sizeof(path) - 2] = '\0';
    setenv(EXECTRACE_ENV_STATE, path, 1);
    settings_read();
    assert_int_equal(settings.stack_depth, 128);
    assert_string_equal(settings.state_directory, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_settings__nothing_set_keeps_defaults, restore_defaults),
        cmocka_unit_test_setup(test_settings__good_values_are_taken, restore_defaults),
        cmocka_unit_test_setup(test_settings__allocation_has_words, restore_defaults),
        cmocka_unit_test_setup(test_settings__bad_values_are_not_taken, restore_defaults),
        cmocka_unit_test_setup(test_settings__limits_hold, restore_defaults),
    };

    defaults = settings;
    return cmocka_run_group_tests_name("tracepoint settings", tests, NULL, NULL);
}
