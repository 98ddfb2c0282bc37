/* recorder/silent_cpus.c: when perf tells the switches of a CPU, and when it does not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/silent_cpus.h"

#define CPUS 3
#define FIRST_FD 50
#define TENTH_NS UINT64_C(100000000) /* in which 1,000 switches are 10,000 a second */
#define MISSED_LIMIT 8

/* What was asked of perf; the linker puts these functions in front of its own. */
static unsigned added_count;
static int added_cpu;
static unsigned switch_count;
static int switched_fd;
static bool is_on;

int __wrap_perf_events_add_switches(struct perf_events *events, int cpu);
void __wrap_perf_events_switch(int fd, bool wanted);

int __wrap_perf_events_add_switches(struct perf_events *events, int cpu)
{
    (void)events;
    added_count++;
    added_cpu = cpu;
    return FIRST_FD + cpu;
}

void __wrap_perf_events_switch(int fd, bool wanted)
{
    switch_count++;
    switched_fd = fd;
    is_on = wanted;
}

struct fixture {
    struct perf_events perf;
    struct silent_cpus cpus;
    struct tracefs_ring rings[CPUS];
};

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);

    fixture->perf.cpu_count = CPUS;
    silent_cpus_init(&fixture->cpus, &fixture->perf);
    for (unsigned i = 0; i < CPUS; i++)
        fixture->rings[i].cpu = (uint16_t)i;

    added_count = switch_count = 0;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    silent_cpus_clear(&fixture->cpus);
    g_free(fixture);
    return 0;
}

static void miss(struct fixture *fixture, uint16_t cpu, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        silent_cpus_count_missed(&fixture->cpus, cpu);
}

/* A tenth of a second in which CPU 1 switched so often, and so often to its idle task. */
static void pass(struct fixture *fixture, uint64_t switches, uint64_t idle)
{
    fixture->rings[1].switch_count = switches;
    fixture->rings[1].idle_count = idle;
    silent_cpus_adapt(&fixture->cpus, fixture->rings, CPUS, TENTH_NS);
}

static void test_silent_cpus_are_worth_telling__not_when_busy_with_switches(void **state)
{
    static const struct {
        uint64_t switches, idle, passed_ns;
        bool is_worth;
    } cases[] = {
        {0, 0, TENTH_NS, true},       {1000, 0, TENTH_NS, true}, /* 10,000 a second */
        {1001, 0, TENTH_NS, false},   {1001, 0, 2 * TENTH_NS, true},
        {8000, 999, TENTH_NS, false}, /* every eighth to the idle task */
        {8000, 1000, TENTH_NS, true}, {8000, 4000, TENTH_NS, true},
    };

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct tracefs_ring ring = {.switch_count = cases[i].switches, .idle_count = cases[i].idle};

        assert_int_equal(silent_cpus_are_worth_telling(&ring, cases[i].passed_ns), cases[i].is_worth);
    }
}

static void test_silent_cpus_count_missed__perf_is_asked_once_after_the_limit(void **state)
{
    struct fixture *fixture = *state;

    miss(fixture, 1, MISSED_LIMIT - 1);
    miss(fixture, 2, MISSED_LIMIT - 1);
    assert_int_equal(added_count, 0);
    assert_false(silent_cpus_has(&fixture->cpus, 1));

    miss(fixture, 1, 1);
    assert_int_equal(added_count, 1);
    assert_int_equal(added_cpu, 1);
    assert_true(silent_cpus_has(&fixture->cpus, 1));
    assert_false(silent_cpus_has(&fixture->cpus, 2));

    miss(fixture, 1, 3 * MISSED_LIMIT);
    assert_int_equal(added_count, 1);
}

static void test_silent_cpus_count_missed__strange_cpus_and_no_instance_are_fine(void **state)
{
    struct fixture *fixture = *state;
    struct silent_cpus none = {0};

    miss(fixture, CPUS, MISSED_LIMIT);
    for (unsigned i = 0; i < MISSED_LIMIT; i++)
        silent_cpus_count_missed(&none, 0);

    assert_int_equal(added_count, 0);
    assert_false(silent_cpus_has(&fixture->cpus, CPUS));
    assert_false(silent_cpus_has(&none, 0));
}

static void test_silent_cpus_adapt__switches_perf_off_and_on_again(void **state)
{
    struct fixture *fixture = *state;

    miss(fixture, 1, MISSED_LIMIT);
    pass(fixture, 1000, 0);
    assert_int_equal(switch_count, 0);
    assert_int_equal(fixture->rings[1].switch_count, 0);

    pass(fixture, 5000, 0);
    assert_int_equal(switch_count, 1);
    assert_int_equal(switched_fd, FIRST_FD + 1);
    assert_false(is_on);
    pass(fixture, 5000, 0);
    assert_int_equal(switch_count, 1);

    pass(fixture, 5000, 2500);
    assert_int_equal(switch_count, 2);
    assert_int_equal(switched_fd, FIRST_FD + 1);
    assert_true(is_on);
    assert_int_equal(fixture->rings[1].idle_count, 0);
}

static void test_silent_cpus_adapt__leaves_cpus_alone_that_are_not_silent(void **state)
{
    struct fixture *fixture = *state;

    pass(fixture, 5000, 0);
    pass(fixture, 0, 0);
    assert_int_equal(switch_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent_cpus_are_worth_telling__not_when_busy_with_switches),
        cmocka_unit_test_setup_teardown(test_silent_cpus_count_missed__perf_is_asked_once_after_the_limit,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent_cpus_count_missed__strange_cpus_and_no_instance_are_fine,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent_cpus_adapt__switches_perf_off_and_on_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_silent_cpus_adapt__leaves_cpus_alone_that_are_not_silent, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
