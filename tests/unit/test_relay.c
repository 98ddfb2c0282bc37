/* recorder/relay.c: URLs of relay daemons. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/relay.h"

#include <string.h>

static void test_relay_parse_url__host_and_control_port(void **state)
{
    static const char *const cases[][3] = {
        {"net://host", "host", "5342"},           {"net://10.0.0.1:1234:1235", "10.0.0.1", "1234"},
        {"net://host/some/path", "host", "5342"}, {"net6://[::1]:1234:1235", "::1", "1234"},
        {"net6://[::1]", "::1", "5342"},          {"tcp://host:99/path", "host", "99"},
    };
    struct relay_address address;

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(relay_parse_url(cases[i][0], &address));
        assert_string_equal(address.host, cases[i][1]);
        assert_string_equal(address.control_port, cases[i][2]);
    }
}

static void test_relay_parse_url__nonsense_is_refused(void **state)
{
    g_autofree char *long_host = g_strnfill(256, 'h');
    g_autofree char *long_url = g_strconcat("net://", long_host, NULL);
    struct relay_address address;

    (void)state;
    assert_false(relay_parse_url("host", &address));
    assert_false(relay_parse_url("net://", &address));
    assert_false(relay_parse_url("net://:1234", &address));
    assert_false(relay_parse_url("net://host:12345678", &address));
    assert_false(relay_parse_url(long_url, &address));
    long_url[strlen(long_url) - 1] = '\0';
    assert_true(relay_parse_url(long_url, &address));
}

static void test_relay_check__nobody_there_is_one_sentence(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_false(relay_check("net://127.0.0.1:1", &error)); /* tcpmux: nobody serves it */
    assert_non_null(strstr(error->message, "no lttng-relayd answers at net://127.0.0.1:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_parse_url__host_and_control_port),
        cmocka_unit_test(test_relay_parse_url__nonsense_is_refused),
        cmocka_unit_test(test_relay_check__nobody_there_is_one_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
