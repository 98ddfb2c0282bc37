#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include "analyzer/demangle.h"

static void check(const char *mangled, const char *expected)
{
    g_autofree char *readable = demangle(mangled);

    assert_string_equal(readable, expected);
}

static void test_demangle__cxx_name_is_readable(void **state)
{
    (void)state;
    check("_ZN3foo3barEi", "foo::bar");
    check("_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work");
    check("_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()");
    check("_ZN3FooC4Ev", "Foo::Foo");
    check("_ZN3FooD0Ev", "Foo::~Foo");
    check("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back");
    check("__ZN3foo3barEi", "foo::bar");
}

static void test_demangle__rust_name_is_readable_in_both_manglings(void **state)
{
    (void)state;
    check("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
    check("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
    check("_RNvMCsavurR2QIlcu_7fixtureNtB2_6Worker3run", "<fixture::Worker>::run");
}

static void test_demangle__plain_name_stays(void **state)
{
    (void)state;
    check("main", "main");
    check("_start", "_start");
    check("__libc_start_main", "__libc_start_main");
    check("", "");
    check("_Z", "_Z");
    check("_R", "_R");
    check("_Zebra", "_Zebra");
}

static void test_demangle__suffix_of_clone_is_dropped(void **state)
{
    (void)state;
    check("work.cold", "work");
    check("work.constprop.0", "work");
    check("work.isra.0.cold", "work");
    check("work.part.12", "work");
    check("_ZN3foo3barEi.cold", "foo::bar");
    check("_ZN3foo3barEi.llvm.123456", "foo::bar");
    check(".cold", ".cold");
    check("file.name", "file.name");
}

static void check_survives(const GString *name)
{
    g_autofree char *readable = demangle(name->str);

    assert_non_null(readable);
    assert_true(strlen(readable) <= MAX(name->len, DEMANGLE_MAX_RESULT_BYTES));
}

static GString *repeat(const char *head, const char *part, size_t length, const char *tail)
{
    GString *name = g_string_new(head);

    while (name->len + strlen(tail) + strlen(part) <= length)
        g_string_append(name, part);
    return g_string_append(name, tail);
}

static void test_demangle__hostile_names_are_survived(void **state)
{
    static const char *const parts[] = {"P",  "S_", "N", "I",  "1a",  "1aI", "F",   "Dp",  "T_",
                                        "Z1", "v",  "R", "K",  "X",   "fp",  "cl",  "L_Z", "M",
                                        "A1", "U",  "B", "B0", "S0_", "NvC", "INv", "C1a", "1fIS_E"};
    static const char *const heads[] = {"_Z", "_Z1f", "_ZN", "_Z1fI", "_R", "_RNv", "_RI", "_RNvXs_"};

    (void)state;
    for (size_t head = 0; head < G_N_ELEMENTS(heads); head++) {
        for (size_t part = 0; part < G_N_ELEMENTS(parts); part++) {
            for (size_t length = 100; length <= DEMANGLE_MAX_NAME_BYTES + 1; length = length * 3 + 1) {
                GString *name = repeat(heads[head], parts[part], length, length % 2 ? "E" : "i");

                check_survives(name);
                g_string_free(name, TRUE);
            }
        }
    }
}

/* Each argument uses the one before twice: the readable name doubles with each. */
static void test_demangle__exponential_name_stays_as_it_is(void **state)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    GString *name = g_string_new("_Z1fI1aIiiE");
    g_autofree char *readable = NULL;

    (void)state;
    for (int i = 0; i < 17; i++)
        g_string_append_printf(name, "1aIS%c_S%c_E", digits[2 * i + 1 - (i > 0)],
                               digits[2 * i + 1 - (i > 0)]);
    g_string_append(name, "Evv");
    readable = demangle(name->str);
    assert_true(strlen(readable) <= DEMANGLE_MAX_RESULT_BYTES);
    g_string_free(name, TRUE);
}

static void test_demangle__name_over_the_limit_stays_as_it_is(void **state)
{
    GString *long_name = repeat("_ZN", "20aaaaaaaaaaaaaaaaaaaa", DEMANGLE_MAX_NAME_BYTES - 1, "Ev");
    GString *longer_name = repeat("_ZN", "20aaaaaaaaaaaaaaaaaaaa", DEMANGLE_MAX_NAME_BYTES + 30, "Ev");
    g_autofree char *readable = demangle(long_name->str), *same = demangle(longer_name->str);

    (void)state;
    assert_true(long_name->len <= DEMANGLE_MAX_NAME_BYTES && longer_name->len > DEMANGLE_MAX_NAME_BYTES);
    assert_true(g_str_has_prefix(readable, "aaaaaaaaaaaaaaaaaaaa::aaaa"));
    assert_string_equal(same, longer_name->str);
    g_string_free(long_name, TRUE);
    g_string_free(longer_name, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demangle__cxx_name_is_readable),
        cmocka_unit_test(test_demangle__rust_name_is_readable_in_both_manglings),
        cmocka_unit_test(test_demangle__plain_name_stays),
        cmocka_unit_test(test_demangle__suffix_of_clone_is_dropped),
        cmocka_unit_test(test_demangle__hostile_names_are_survived),
        cmocka_unit_test(test_demangle__exponential_name_stays_as_it_is),
        cmocka_unit_test(test_demangle__name_over_the_limit_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
