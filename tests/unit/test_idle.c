/* The idle rule, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "analyzer/idle.h"
#include "tracepoints/contract.h"

/* One letter per operation handed out, in their order: its stack as a letter, capital when idle. */
static char seen[64];
static struct idle_habit habit;
static bool held_is_lock;

static void note(void *self, const struct blocking *operation)
{
    size_t length = strlen(seen);

    (void)self;
    assert_true(length + 1 < sizeof seen);
    seen[length] = (char)((operation->is_idle ? 'A' : 'a') + operation->stack - 10);
    seen[length + 1] = '\0';
}

static const struct blocking_sink sink = {note, NULL};

static bool is_lock(const struct blocking *held, void *user)
{
    (void)held;
    (void)user;
    return held_is_lock;
}

static int setup(void **state)
{
    (void)state;
    seen[0] = '\0';
    habit = (struct idle_habit){0};
    held_is_lock = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    g_free(habit.held);
    return 0;
}

/* place: 'a' to 'z'. */
static void operation(uint32_t wait_kind, const char *call, char place, uint32_t depth,
                      struct idle_clues clues)
{
    struct call_traits traits = call ? call_traits_find(call) : (struct call_traits){0};
    struct blocking waited = {
        .wait_kind = wait_kind, .call_name = call, .stack = 10 + (uint32_t)(place - 'a')};

    clues.call = call ? &traits : NULL;
    clues.depth = depth;
    clues.is_lock = is_lock;
    idle_habit_add(&habit, &waited, &clues, &sink);
}

static void cond(char place, uint32_t depth)
{
    operation(EXECTRACE_WAIT_COND, NULL, place, depth, (struct idle_clues){0});
}

static void test_idle__a_worker_comes_back_to_its_outermost_wait(void **state)
{
    (void)state;
    cond('q', 3);
    assert_string_equal(seen, "");
    cond('j', 7); /* within a job */
    cond('q', 3);
    cond('j', 7);
    cond('q', 3);
    assert_string_equal(seen, "jQQjQ");
}

static void cond_of(uint64_t object, char place, uint32_t depth)
{
    struct blocking waited = {
        .wait_kind = EXECTRACE_WAIT_COND, .object = object, .stack = 10 + (uint32_t)(place - 'a')};

    idle_habit_add(&habit, &waited, &(struct idle_clues){.depth = depth, .is_lock = is_lock}, &sink);
}

/* A loop that waits with a limit, or without. */
static void test_idle__a_worker_may_wait_in_two_places_for_one_object(void **state)
{
    (void)state;
    cond_of(1, 'q', 3);
    cond_of(1, 'r', 3);
    cond_of(2, 's', 3); /* another object */
    cond_of(1, 't', 4); /* deeper */
    cond_of(1, 'r', 3);
    assert_string_equal(seen, "QRstR");
}

static void test_idle__a_wait_that_never_comes_back_is_not(void **state)
{
    (void)state;
    cond('f', 3);
    cond('g', 4);
    idle_habit_end(&habit, &sink);
    assert_string_equal(seen, "gf");
}

static void test_idle__event_loops_are_idle_at_once(void **state)
{
    (void)state;
    operation(0, "epoll_wait", 'e', 9, (struct idle_clues){.is_main_thread = true});
    operation(0, "accept4", 'a', 9, (struct idle_clues){.is_main_thread = true});
    operation(0, "read", 'r', 9, (struct idle_clues){0});
    operation(EXECTRACE_WAIT_MUTEX, NULL, 'm', 1, (struct idle_clues){0});
    operation(EXECTRACE_WAIT_JOIN, NULL, 'j', 1, (struct idle_clues){0});
    assert_string_equal(seen, "EArmj");
}

static void test_idle__the_main_thread_polls_but_does_not_wait_for_work(void **state)
{
    struct idle_clues main_thread = {.is_main_thread = true};

    (void)state;
    for (int i = 0; i < 3; i++)
        operation(EXECTRACE_WAIT_COND, NULL, 'c', 3, main_thread);
    for (int i = 0; i < 3; i++)
        operation(0, "poll", 'p', 4, main_thread);
    assert_string_equal(seen, "cccPPP");
}

static void test_idle__a_lock_like_condition_is_contention(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        operation(EXECTRACE_WAIT_COND, NULL, 'g', 3, (struct idle_clues){.is_lock_like = true});
    assert_string_equal(seen, "ggg");
}

static void test_idle__what_turns_out_a_lock_gives_way(void **state)
{
    (void)state;
    cond('g', 2);
    held_is_lock = true;
    cond('q', 5);
    cond('q', 5);
    assert_string_equal(seen, "gQQ");
}

static void test_idle__an_outermost_wait_that_stays_alone_gives_way(void **state)
{
    (void)state;
    cond('s', 2);
    for (int i = 0; i < 12; i++)
        cond('q', 5);
    /* The fourth visit is held back until the fifth shows that it is a habit. */
    assert_string_equal(seen, "qqqsQQQQQQQQQ");
}

static void test_idle__a_shallower_place_takes_over(void **state)
{
    (void)state;
    cond('d', 5);
    cond('d', 5);
    cond('o', 3);
    cond('o', 3);
    cond('d', 5);
    assert_string_equal(seen, "DDOOd");
}

static void test_idle__a_lock_holder_does_not_sleep_idly(void **state)
{
    (void)state;
    operation(0, "nanosleep", 's', 3, (struct idle_clues){0});
    operation(0, "nanosleep", 's', 3, (struct idle_clues){0});
    operation(0, "nanosleep", 's', 3, (struct idle_clues){.is_lock_holder = true});
    operation(0, "nanosleep", 's', 3, (struct idle_clues){.is_lock_holder = true});
    assert_string_equal(seen, "SSss");
}

static void test_idle__open_waits_at_the_outermost_place(void **state)
{
    struct blocking open = {.wait_kind = EXECTRACE_WAIT_COND, .stack = 10, .is_open = true};
    struct idle_clues clues = {.depth = 3, .is_lock = is_lock};

    (void)state;
    idle_habit_add(&habit, &open, &clues, &sink); /* a parked worker */
    cond('b', 2);
    cond('b', 2);
    idle_habit_add(&habit, &open, &clues, &sink); /* deeper than its habit */
    assert_string_equal(seen, "ABBa");
}

static void test_idle__without_stacks_nothing_is_a_habit_but_kernel_calls(void **state)
{
    struct call_traits poll = call_traits_find("poll");
    struct idle_clues clues = {.call = &poll, .is_lock = is_lock};
    struct blocking call = {.call_name = "poll", .source = FACT_KERNEL};
    int idle_count = 0;

    (void)state;
    cond('a', 0);
    cond('a', 0);
    assert_string_equal(seen, "aa");
    seen[0] = '\0';
    for (int i = 0; i < 3; i++) {
        struct blocking each = call;
        each.stack = 0;
        idle_habit_add(&habit, &each, &clues, &sink);
    }
    /* Without a stack the letter is one of 'A' - 10. */
    for (const char *letter = seen; *letter; letter++)
        idle_count += *letter == 'A' - 10;
    assert_int_equal(idle_count, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_idle__a_worker_comes_back_to_its_outermost_wait),
        TEST(test_idle__a_worker_may_wait_in_two_places_for_one_object),
        TEST(test_idle__a_wait_that_never_comes_back_is_not),
        TEST(test_idle__event_loops_are_idle_at_once),
        TEST(test_idle__the_main_thread_polls_but_does_not_wait_for_work),
        TEST(test_idle__a_lock_like_condition_is_contention),
        TEST(test_idle__what_turns_out_a_lock_gives_way),
        TEST(test_idle__an_outermost_wait_that_stays_alone_gives_way),
        TEST(test_idle__a_shallower_place_takes_over),
        TEST(test_idle__a_lock_holder_does_not_sleep_idly),
        TEST(test_idle__open_waits_at_the_outermost_place),
        TEST(test_idle__without_stacks_nothing_is_a_habit_but_kernel_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
