/* recorder/tick_samples.c: which kernels' ticks can be sampled on, and how many of them are left out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/tick_samples.h"

#include <glib.h>

/* As read from /sys, with the ends of their lines; a tick of 1000 Hz. */
static const struct tick_facts usual = {
    .device = "lapic-deadline\n",
    .tickless_cpus = " (null)\n",
    .tick_ns = 1000000,
    .tracepoint_id = 77,
};

static void test_tick_samples_choose__takes_one_of_so_many_ticks(void **state)
{
    static const struct {
        uint64_t tick_ns;
        unsigned hz, period;
    } cases[] = {
        {1000000, 250, 4},  {4000000, 250, 1},  {10000000, 250, 1}, {3333333, 250, 1},
        {1000000, 1000, 1}, {1000000, 1, 1000}, {1000000, 300, 3},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tick_facts facts = usual;
        struct tick_samples samples;

        facts.tick_ns = cases[i].tick_ns;
        assert_true(tick_samples_choose(&facts, cases[i].hz, &samples));
        assert_int_equal(samples.period, cases[i].period);
        assert_int_equal(samples.tracepoint_id, 77);
    }
}

static void test_tick_samples_choose__texts_may_be_missing_or_empty(void **state)
{
    struct tick_facts facts = usual;
    struct tick_samples samples;

    (void)state;
    facts.device = "lapic\n";
    facts.tickless_cpus = NULL;
    assert_true(tick_samples_choose(&facts, 250, &samples));
    facts.tickless_cpus = "\n";
    assert_true(tick_samples_choose(&facts, 250, &samples));
}

static void assert_refused(struct tick_facts facts, unsigned hz)
{
    struct tick_samples samples = {.tracepoint_id = 1, .period = 2};

    assert_false(tick_samples_choose(&facts, hz, &samples));
    assert_int_equal(samples.tracepoint_id, 1);
    assert_int_equal(samples.period, 2);
}

static void test_tick_samples_choose__refuses_other_ticks(void **state)
{
    struct tick_facts facts = usual;

    (void)state;
    assert_refused(facts, 0);

    facts.device = "Hyper-V clockevent\n";
    assert_refused(facts, 250);
    facts.device = "xen\n";
    assert_refused(facts, 250);
    facts.device = NULL;
    assert_refused(facts, 250);

    facts = usual;
    facts.tickless_cpus = "1-3\n";
    assert_refused(facts, 250);

    facts = usual;
    facts.tick_ns = 0;
    assert_refused(facts, 250);

    facts = usual;
    facts.tracepoint_id = 0;
    assert_refused(facts, 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tick_samples_choose__takes_one_of_so_many_ticks),
        cmocka_unit_test(test_tick_samples_choose__texts_may_be_missing_or_empty),
        cmocka_unit_test(test_tick_samples_choose__refuses_other_ticks),
    };

    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL); /* GLib bears with NULL, and says so */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
