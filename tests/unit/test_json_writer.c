/* Escaping and numbers: viewer_export/json_writer.c. */
#include <setjmp.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "viewer_export/json_writer.h"

static int set_up(void **state)
{
    *state = output_open_nowhere();
    return 0;
}

static int tear_down(void **state)
{
    output_discard(*state);
    return 0;
}

/* What was written since the last call. */
static const char *written(struct output *output)
{
    *output_reserve(output, 1) = '\0';
    output->used_bytes = 0;
    return (const char *)output->buffer;
}

static const char *duration_text(int64_t ns)
{
    static char text[JSON_NUMBER_BYTES + 1];
    *json_put_duration((uint8_t *)text, ns) = '\0';
    return text;
}

static void test_json_string__control_characters_are_escaped(void **state)
{
    json_string(*state, "a\"b\\c\n\t\x01\x1f\x7f/");
    assert_string_equal(written(*state), "\"a\\\"b\\\\c\\n\\t\\u0001\\u001f\\u007f/\"");
}

static void test_json_string__invalid_utf8_is_replaced(void **state)
{
    json_string(*state, "gr\xc3\xbc\xc3\x9f \xff\xc3(");
    assert_string_equal(written(*state), "\"gr\xc3\xbc\xc3\x9f \xef\xbf\xbd\xef\xbf\xbd(\"");
}

static void test_json_string__longer_than_the_maximum_is_cut_at_a_character(void **state)
{
    g_autofree char *text = g_malloc(JSON_MAX_STRING_BYTES + 2);
    memset(text, 'x', JSON_MAX_STRING_BYTES + 1);
    text[JSON_MAX_STRING_BYTES + 1] = '\0';
    json_string(*state, text);
    size_t length = strlen(written(*state));
    assert_int_equal(length, JSON_MAX_STRING_BYTES + strlen("\"...\""));

    memcpy(text + JSON_MAX_STRING_BYTES - 1, "\xc3\xbc", 2);
    json_string(*state, text);
    length = strlen(written(*state));
    assert_int_equal(length, JSON_MAX_STRING_BYTES - 1 + strlen("\"...\""));
}

static void test_json_signed__extremes(void **state)
{
    json_signed(*state, INT64_MIN);
    assert_string_equal(written(*state), "-9223372036854775808");
    json_unsigned(*state, UINT64_MAX);
    assert_string_equal(written(*state), "18446744073709551615");
    json_hex(*state, UINT64_MAX);
    assert_string_equal(written(*state), "0xffffffffffffffff");
    json_hex(*state, 0);
    assert_string_equal(written(*state), "0x0");
}

static void test_json_double__never_an_exponent_or_nan(void **state)
{
    json_double(*state, 0.000125);
    assert_string_equal(written(*state), "0.000125");
    json_double(*state, 3e9);
    assert_string_equal(written(*state), "3000000000");
    json_double(*state, 0.0 / 0.0);
    assert_string_equal(written(*state), "0");
}

static void test_json_duration__three_decimals(void **state)
{
    (void)state;
    assert_string_equal(duration_text(0), "0.000");
    assert_string_equal(duration_text(1234567), "1234.567");
    assert_string_equal(duration_text(-1500), "-1.500");
}

static void test_json_duration__all_lengths(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252;
    for (unsigned i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        int64_t ns = (int64_t)(random >> (1 + i % 63));
        char expected[40];
        g_snprintf(expected, sizeof(expected), "%" PRId64 ".%03d", ns / 1000, (int)(ns % 1000));
        const char *text = duration_text(ns);
        assert_memory_equal(text, expected, strlen(expected));
        assert_true(strlen(text) <= strlen(expected) + 1);
    }
    assert_memory_equal(duration_text(INT64_MAX), "9223372036854775.807", strlen("9223372036854775.807"));
}

static void test_json_duration__truncating_reader_gets_the_same_nanoseconds(void **state)
{
    (void)state;
    unsigned fourth_decimals = 0;
    for (int64_t ns = 1; ns < INT64_C(4000000000000); ns += 1 + ns / 7) {
        for (int64_t near = ns; near < ns + 40; near++) {
            const char *text = duration_text(near);
            assert_int_equal((int64_t)(strtod(text, NULL) * 1000.0), near);
            fourth_decimals += strlen(strchr(text, '.')) > strlen(".000");
        }
    }
    assert_int_not_equal(fourth_decimals, 0); /* or the loop met no case that needs one */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_json_string__control_characters_are_escaped),
        TEST(test_json_string__invalid_utf8_is_replaced),
        TEST(test_json_string__longer_than_the_maximum_is_cut_at_a_character),
        TEST(test_json_signed__extremes),
        TEST(test_json_double__never_an_exponent_or_nan),
        TEST(test_json_duration__three_decimals),
        TEST(test_json_duration__all_lengths),
        TEST(test_json_duration__truncating_reader_gets_the_same_nanoseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
