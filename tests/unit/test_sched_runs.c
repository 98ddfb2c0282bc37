/* Runs by CPU and time: viewer_export/sched_runs.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "viewer_export/sched_runs.h"

static int set_up(void **state)
{
    *state = sched_runs_new();
    return 0;
}

static int tear_down(void **state)
{
    sched_runs_free(*state);
    return 0;
}

struct check {
    struct sched_run last;
    uint64_t count, tid_sum;
    bool is_in_order;
};

static void visit(void *user, const struct sched_run *run)
{
    struct check *check = user;
    bool follows =
        run->cpu > check->last.cpu || (run->cpu == check->last.cpu && run->start_ns >= check->last.start_ns);
    check->is_in_order &= check->count == 0 || follows;
    check->last = *run;
    check->count++;
    check->tid_sum += run->tid;
}

/* In an order that has nothing to do with theirs. */
static uint64_t add(struct sched_runs *runs, uint64_t count)
{
    uint64_t tid_sum = 0, random = 88172645463325252;
    for (uint64_t i = 0; i < count; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        const struct sched_run run = {
            .start_ns = (int64_t)(random >> 24), .tid = (uint32_t)i, .cpu = (uint16_t)(random % 5)};
        sched_runs_add(runs, &run);
        tid_sum += i;
    }
    return tid_sum;
}

static void check_all(struct sched_runs *runs, uint64_t count)
{
    struct check check = {.is_in_order = true};
    uint64_t tid_sum = add(runs, count);
    assert_int_equal(sched_runs_count(runs), count);
    assert_int_equal(sched_runs_visit(runs, visit, &check), 0);
    assert_true(check.is_in_order);
    assert_int_equal(check.count, count);
    assert_int_equal(check.tid_sum, tid_sum);
}

static void test_sched_runs__none(void **state)
{
    check_all(*state, 0);
}

static void test_sched_runs__as_many_as_memory_takes(void **state)
{
    check_all(*state, SCHED_RUNS_IN_MEMORY);
}

static void test_sched_runs__one_more_than_memory_takes(void **state)
{
    check_all(*state, SCHED_RUNS_IN_MEMORY + 1);
}

static void test_sched_runs__many_pieces(void **state)
{
    check_all(*state, 5 * SCHED_RUNS_IN_MEMORY + 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_sched_runs__none),
        TEST(test_sched_runs__as_many_as_memory_takes),
        TEST(test_sched_runs__one_more_than_memory_takes),
        TEST(test_sched_runs__many_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
