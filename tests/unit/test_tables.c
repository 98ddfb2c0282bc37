/* The model's small tables: id_map, intern, wake_table, stack_table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "analyzer/id_map.h"
#include "analyzer/intern.h"
#include "analyzer/stack_table.h"
#include "analyzer/wake_table.h"

static void test_id_map__agrees_with_a_plain_table(void **state)
{
    struct id_map map = {0};
    uint64_t expected[512] = {0};
    bool is_there[512] = {0};
    size_t count = 0;
    GRand *random = g_rand_new_with_seed(7);

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint32_t key = (uint32_t)g_rand_int_range(random, 0, 512);
        bool is_new;
        switch (g_rand_int_range(random, 0, 3)) {
        case 0:
            *id_map_add(&map, key, &is_new) = (uint64_t)i;
            assert_int_equal(is_new, !is_there[key]);
            count += is_new;
            is_there[key] = true;
            expected[key] = (uint64_t)i;
            break;
        case 1:
            assert_int_equal(id_map_remove(&map, key), is_there[key]);
            count -= is_there[key];
            is_there[key] = false;
            break;
        default:
            assert_int_equal(id_map_find(&map, key) != NULL, is_there[key]);
            if (is_there[key])
                assert_int_equal(*id_map_find(&map, key), expected[key]);
        }
        assert_int_equal(map.count, count);
    }
    assert_true(map.capacity <= 4096);
    id_map_clear(&map);
    g_rand_free(random);
}

static void test_intern__equal_strings_are_one(void **state)
{
    struct intern_table *table = intern_table_new();
    char name[] = "worker";

    (void)state;
    assert_ptr_equal(intern(table, name), intern(table, "worker"));
    assert_string_equal(intern(table, NULL), "");
    assert_string_equal(intern(table, "bad \xff byte"), "bad \xef\xbf\xbd byte");
    intern_table_free(table);
}

static void test_intern__a_string_one_too_long_is_cut(void **state)
{
    struct intern_table *table = intern_table_new();
    char *fits = g_strnfill(INTERN_MAX_LENGTH, 'x');
    char *longer = g_strnfill(INTERN_MAX_LENGTH + 1, 'x');

    (void)state;
    assert_ptr_equal(intern(table, longer), intern(table, fits));
    g_free(fits);
    g_free(longer);
    intern_table_free(table);
}

static void add_wake(struct wake_table *table, uint64_t object, int64_t time_ns, uint32_t thread)
{
    wake_table_add(table, 1, object, &(struct wake){time_ns, thread, 10 + thread});
}

static void test_wake_table__latest_wake_by_another_thread(void **state)
{
    struct wake_table *table = wake_table_new();
    bool is_lock_like;

    (void)state;
    add_wake(table, 0xa, 1000000, 2);
    add_wake(table, 0xa, 2000000, 3);
    add_wake(table, 0xa, 3000000, 1); /* the waiter's own */
    struct wake wake = wake_table_wait(table, 1, 0xa, 1, 500000, 4000000, &is_lock_like);
    assert_int_equal(wake.thread, 3);
    assert_int_equal(wake.stack, 13);
    assert_true(is_lock_like);
    wake_table_free(table);
}

static void test_wake_table__wakes_outside_the_wait_do_not_count(void **state)
{
    struct wake_table *table = wake_table_new();
    bool is_lock_like;

    (void)state;
    add_wake(table, 0xa, 1000000, 2);
    assert_int_equal(wake_table_wait(table, 1, 0xa, 1, 3000000, 4000000, &is_lock_like).time_ns, 0);
    assert_int_equal(wake_table_wait(table, 1, 0xa, 1, 100000, 900000, &is_lock_like).time_ns, 0);
    assert_int_equal(wake_table_wait(table, 1, 0xb, 1, 0, 4000000, &is_lock_like).time_ns, 0);
    assert_int_equal(wake_table_wait(table, 2, 0xa, 1, 0, 4000000, &is_lock_like).time_ns, 0);
    assert_false(is_lock_like);
    wake_table_free(table);
}

static void test_wake_table__waiters_that_wake_make_a_lock(void **state)
{
    struct wake_table *table = wake_table_new();
    bool is_lock_like;

    (void)state;
    wake_table_wait(table, 1, 0xa, 1, 0, 10, &is_lock_like);
    assert_false(is_lock_like);
    add_wake(table, 0xa, 20, 9);
    wake_table_wait(table, 1, 0xa, 2, 11, 30, &is_lock_like);
    assert_false(is_lock_like);
    add_wake(table, 0xa, 40, 1);
    wake_table_wait(table, 1, 0xa, 2, 31, 50, &is_lock_like);
    assert_true(is_lock_like);
    wake_table_free(table);
}

static void test_wake_table__many_objects_age_and_the_used_ones_stay(void **state)
{
    struct wake_table *table = wake_table_new();
    bool is_lock_like;

    (void)state;
    add_wake(table, 1, 100, 2);
    add_wake(table, 2, 100, 2);
    for (uint64_t object = 10; object < 10 + 3ULL * WAKE_TABLE_OBJECTS; object++) {
        add_wake(table, object, 100, 2);
        if (object % 1000 == 0)
            wake_table_wait(table, 1, 1, 5, 0, 200, &is_lock_like);
    }
    assert_int_equal(wake_table_wait(table, 1, 1, 5, 0, 200, &is_lock_like).time_ns, 100);
    assert_int_equal(wake_table_wait(table, 1, 2, 5, 0, 200, &is_lock_like).time_ns, 0);
    wake_table_free(table);
}

struct stacks {
    struct intern_table *strings;
    struct stack_table *table;
};

static int setup_stacks(void **state)
{
    struct stacks *stacks = g_new0(struct stacks, 1);

    stacks->strings = intern_table_new();
    stacks->table = stack_table_new(stacks->strings);
    *state = stacks;
    return 0;
}

static int teardown_stacks(void **state)
{
    struct stacks *stacks = *state;

    stack_table_free(stacks->table);
    intern_table_free(stacks->strings);
    g_free(stacks);
    return 0;
}

static void add_module(struct stacks *stacks, uint32_t process, uint64_t base, uint64_t size,
                       const char *path)
{
    struct event event = {.type = EVENT_MODULE, .module = {.base = base, .size = size, .path = path}};

    stack_table_module_event(stacks->table, process, &event);
}

static uint32_t define(struct stacks *stacks, uint32_t process, uint32_t number, uint64_t first,
                       uint64_t second)
{
    uint64_t pcs[] = {first, second};
    struct event_pcs stack = {.pcs = pcs, .count = 2};

    stack_table_define(stacks->table, process, number, &stack);
    return stack_table_find(stacks->table, process, number);
}

static void test_stacks__numbers_belong_to_a_process(void **state)
{
    struct stacks *stacks = *state;

    add_module(stacks, 1, 0x1000, 0x1000, "/bin/a");
    uint32_t index = define(stacks, 1, 7, 0x1101, 0x1201);
    const struct stack *stack = stack_table_get(stacks->table, index);
    assert_int_equal(stack->frame_count, 2);
    assert_int_equal(stack->frames[0].address, 0x1100);
    assert_string_equal(stack->frames[0].module->path, "/bin/a");
    assert_int_equal(define(stacks, 1, 8, 0x1101, 0x1201), index);
    assert_true(stack_table_get(stacks->table, stack_table_find(stacks->table, 2, 9))->is_lost);
    assert_true(stack_table_get(stacks->table, STACK_LOST)->is_lost);
    assert_int_equal(stack_table_find(stacks->table, 1, 0), STACK_NONE);
    assert_int_not_equal(define(stacks, 2, 7, 0x1101, 0x1201), index);
}

static void test_stacks__a_new_image_forgets(void **state)
{
    struct stacks *stacks = *state;

    add_module(stacks, 1, 0x1000, 0x1000, "/bin/a");
    uint32_t old = define(stacks, 1, 7, 0x1101, 0x1201);
    stack_table_forget(stacks->table, 1);
    assert_true(stack_table_get(stacks->table, stack_table_find(stacks->table, 1, 7))->is_lost);
    add_module(stacks, 1, 0x1000, 0x1000, "/bin/b");
    uint32_t new = define(stacks, 1, 7, 0x1101, 0x1201);
    assert_string_equal(stack_table_get(stacks->table, old)->frames[0].module->path, "/bin/a");
    assert_string_equal(stack_table_get(stacks->table, new)->frames[0].module->path, "/bin/b");
}

static void test_stacks__a_module_may_be_announced_later(void **state)
{
    struct stacks *stacks = *state;
    uint32_t index = define(stacks, 1, 7, 0x1101, 0x9001);

    assert_null(stack_table_get(stacks->table, index)->frames[0].module);
    add_module(stacks, 1, 0x1000, 0x1000, "/bin/a");
    assert_string_equal(stack_table_get(stacks->table, index)->frames[0].module->path, "/bin/a");
    assert_null(stack_table_get(stacks->table, index)->frames[1].module);
}

static void test_stacks__a_definition_may_come_after_the_use(void **state)
{
    struct stacks *stacks = *state;
    uint32_t used = stack_table_find(stacks->table, 1, 7);

    assert_true(stack_table_get(stacks->table, used)->is_lost);
    assert_int_equal(stack_table_find(stacks->table, 1, 7), used);
    assert_int_equal(define(stacks, 1, 7, 0x1101, 0x9001), used);
    add_module(stacks, 1, 0x1000, 0x1000, "/bin/a");
    const struct stack *stack = stack_table_get(stacks->table, used);
    assert_false(stack->is_lost);
    assert_int_equal(stack->frame_count, 2);
    assert_string_equal(stack->frames[0].module->path, "/bin/a");
    assert_int_equal(define(stacks, 1, 7, 0x1101, 0x9001), used);
}

static void test_stacks__a_module_replaces_what_lay_there(void **state)
{
    struct stacks *stacks = *state;

    add_module(stacks, 1, 0x1000, 0x1000, "/lib/old1");
    add_module(stacks, 1, 0x2000, 0x1000, "/lib/old2");
    add_module(stacks, 1, 0x5000, 0x1000, "/lib/far");
    add_module(stacks, 1, 0x1800, 0x1000, "/lib/new");
    uint32_t index = define(stacks, 1, 1, 0x1901, 0x1101);
    const struct stack *stack = stack_table_get(stacks->table, index);
    assert_string_equal(stack->frames[0].module->path, "/lib/new");
    assert_null(stack->frames[1].module);
    index = define(stacks, 1, 2, 0x5001, 0x2801);
    stack = stack_table_get(stacks->table, index);
    assert_string_equal(stack->frames[0].module->path, "/lib/far");
    assert_null(stack->frames[1].module);
}

static void test_stacks__one_frame_too_many_is_cut(void **state)
{
    struct stacks *stacks = *state;
    uint64_t *pcs = g_new0(uint64_t, STACK_TABLE_MAX_DEPTH + 1);

    for (size_t i = 0; i < STACK_TABLE_MAX_DEPTH + 1; i++)
        pcs[i] = 0x1000 + i;
    struct event_pcs stack = {.pcs = pcs, .count = STACK_TABLE_MAX_DEPTH + 1};
    uint32_t index = stack_table_intern(stacks->table, 1, &stack);
    assert_int_equal(stack_table_get(stacks->table, index)->frame_count, STACK_TABLE_MAX_DEPTH);
    g_free(pcs);
}

static void test_stacks__a_sample_ends_where_it_goes_astray(void **state)
{
    struct stacks *stacks = *state;
    uint64_t pcs[] = {0x7100, 0x1101, 0x1201, 0x999999, 0x1301};
    struct event_pcs sample = {.pcs = pcs, .count = 5, .leaf_is_exact = true};

    add_module(stacks, 1, 0x1000, 0x1000, "/bin/a");
    add_module(stacks, 1, 0x7000, 0x1000, "/usr/lib/libexectrace.so.0");
    uint32_t index = stack_table_intern_sample(stacks->table, 1, &sample);
    const struct stack *stack = stack_table_get(stacks->table, index);
    assert_int_equal(stack->frame_count, 2);
    assert_int_equal(stack->frames[0].address, 0x1100);
    assert_int_equal(stack->frames[1].address, 0x1200);
}

#define STACK_TEST(name) cmocka_unit_test_setup_teardown(name, setup_stacks, teardown_stacks)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_map__agrees_with_a_plain_table),
        cmocka_unit_test(test_intern__equal_strings_are_one),
        cmocka_unit_test(test_intern__a_string_one_too_long_is_cut),
        cmocka_unit_test(test_wake_table__latest_wake_by_another_thread),
        cmocka_unit_test(test_wake_table__wakes_outside_the_wait_do_not_count),
        cmocka_unit_test(test_wake_table__waiters_that_wake_make_a_lock),
        cmocka_unit_test(test_wake_table__many_objects_age_and_the_used_ones_stay),
        STACK_TEST(test_stacks__numbers_belong_to_a_process),
        STACK_TEST(test_stacks__a_new_image_forgets),
        STACK_TEST(test_stacks__a_module_may_be_announced_later),
        STACK_TEST(test_stacks__a_definition_may_come_after_the_use),
        STACK_TEST(test_stacks__a_module_replaces_what_lay_there),
        STACK_TEST(test_stacks__one_frame_too_many_is_cut),
        STACK_TEST(test_stacks__a_sample_ends_where_it_goes_astray),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
