#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "analyzer/profile_builders.h"
#include "analyzer/profile_sums.h"
#include "tests/support/model_from_text.h"

/* One process with a main program; stacks 1 to 3. Thread 101 waits twice for a lock that 102 releases. */
#define BEGIN                                                                                                \
    "1000000 100 100 - process_start contract=1 exe=/bin/app name=app\n"                                     \
    "1000000 100 100 - module base=0x400000 size=0x10000 path=/bin/app\n"                                    \
    "1000000 100 100 - stack stack=1 pcs=0x400101,0x400201\n"                                                \
    "1000000 100 100 - stack stack=2 pcs=0x400301,0x400201\n"                                                \
    "1000000 100 100 - stack stack=3 pcs=0x400401\n"                                                         \
    "1000001 100 101 - thread_start\n"                                                                       \
    "1000001 100 101 - thread_name name=early\n"                                                             \
    "1000002 100 102 - thread_start\n"

#define LOCK_WAITS                                                                                           \
    "2000000 100 102 - wake kind=mutex object=0x7f00 stack=2\n"                                              \
    "2000010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=1000 stack=1\n"            \
    "3000000 100 102 - wake kind=mutex object=0x7f00 stack=2\n"                                              \
    "3000010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=500 stack=1\n"             \
    "3500000 100 101 - thread_name name=late\n"

static struct profile *build(struct trace_model *model, const char *kind, const char *text)
{
    struct profile_builder *builder = profile_builder_new(profile_kind_find(kind), model);
    struct trace_observer observer = profile_builder_observer(builder);
    struct profile *profile;

    trace_model_add_observer(model, &observer);
    model_from_text(model, text);
    profile = profile_builder_finish(builder);
    profile_builder_free(builder);
    return profile;
}

struct collected {
    struct profile_sample_key keys[16];
    int64_t values[16][PROFILE_MAX_VALUES];
    int count;
};

static void collect(const struct profile_sample_key *key, const int64_t *values, void *user)
{
    struct collected *collected = user;

    assert_true(collected->count < 16);
    memcpy(&collected->keys[collected->count], key,
           offsetof(struct profile_sample_key, labels) + key->label_count * sizeof key->labels[0]);
    memcpy(collected->values[collected->count], values, sizeof *values * 2);
    collected->count++;
}

static const char *label(const struct profile_sample_key *key, const char *name)
{
    for (uint32_t i = 0; i < key->label_count; i++) {
        if (strcmp(key->labels[i].key, name) == 0)
            return key->labels[i].text;
    }
    return "";
}

/* Address of the leaf frame, as in the trace (minus 1). */
static uint64_t leaf(const struct trace_model *model, uint32_t stack)
{
    return trace_model_stack(model, stack)->frames[0].address;
}

static void test_profile_sync__equal_waits_are_summed(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, "sync", BEGIN LOCK_WAITS);
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 1);
    assert_int_equal(collected.values[0][0], 2);
    assert_int_equal(collected.values[0][1], 1500);
    assert_int_equal(leaf(model, collected.keys[0].stack), 0x400100);
    assert_string_equal(label(&collected.keys[0], "kind"), "mutex");
    assert_string_equal(label(&collected.keys[0], "object"), "0x7f00");
    assert_string_equal(label(&collected.keys[0], "pid"), "100");
    assert_string_equal(label(&collected.keys[0], "tid"), "101");
    assert_string_equal(label(&collected.keys[0], "process"), "app");
    assert_string_equal(label(&collected.keys[0], "idle"), "");
    assert_int_equal(profile_total(profile, 1), 1500);
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_sync__thread_has_its_last_name(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, "sync", BEGIN LOCK_WAITS);
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_string_equal(label(&collected.keys[0], "thread"), "late");
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_mutex__holder_is_charged(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, "mutex", BEGIN LOCK_WAITS);
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 1);
    assert_int_equal(collected.values[0][1], 1500);
    assert_int_equal(leaf(model, collected.keys[0].stack), 0x400300);
    assert_string_equal(label(&collected.keys[0], "tid"), "102");
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_mutex__condition_has_no_holder(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(
        model, "mutex",
        BEGIN "2000010 100 101 - wait kind=cond outcome=acquired object=0x7f10 duration_ns=1000 stack=1\n");

    (void)state;
    assert_int_equal(profile_sample_count(profile), 0);
    profile_free(profile);
    trace_model_free(model);
}

/* Rust's and Python's locks are futexes and semaphores: 101 and 102 both wait for it and wake it. */
static void test_profile_mutex__futex_used_like_a_lock_has_a_holder(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(
        model, "mutex",
        BEGIN "2000000 100 102 - wake kind=futex object=0x7f30 stack=2\n"
              "2000010 100 101 - wait kind=futex outcome=acquired object=0x7f30 duration_ns=1000 stack=1\n"
              "2100000 100 101 - wake kind=futex object=0x7f30 stack=3\n"
              "2100010 100 102 - wait kind=futex outcome=acquired object=0x7f30 duration_ns=700 stack=1\n"
              "2200000 100 102 - wake kind=futex object=0x7f38 stack=2\n"
              "2200010 100 101 - wait kind=futex outcome=acquired object=0x7f38 duration_ns=500 stack=1\n");
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 2);
    assert_int_equal(profile_total(profile, 1), 1700);
    assert_int_equal(leaf(model, collected.keys[0].stack), 0x400300);
    assert_int_equal(leaf(model, collected.keys[1].stack), 0x400400);
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_mutex__unseen_holder_is_said_so(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(
        model, "mutex",
        BEGIN "2000010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=9 stack=1\n");
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 1);
    assert_int_equal(collected.keys[0].stack, PROFILE_STACK_NO_HOLDER);
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_offwake__waker_is_outside_of_the_waiter(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, "offwake", BEGIN LOCK_WAITS);
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 1);
    assert_int_equal(leaf(model, collected.keys[0].stack), 0x400100);
    assert_int_equal(leaf(model, collected.keys[0].outer_stack), 0x400300);
    profile_free(profile);
    trace_model_free(model);
}

/* Thread 7 sleeps in two reads: a disk's interrupt wakes it, then thread 8, whose stack is known. */
#define KERNEL_READS                                                                                         \
    "1000 7 7 0 kernel_syscall_entry name=read fd=3\n"                                                       \
    "2000 7 7 0 kernel_switch prev_tid=7 next_tid=8 prev_state=1 next_comm=writer\n"                         \
    "3000 8 8 0 kernel_irq_entry irq=33 name=nvme0q1\n"                                                      \
    "3100 8 8 0 kernel_block_complete device=8388609\n"                                                      \
    "3200 7 7 0 sched_wakeup waker_tid=-1 is_waking=1\n"                                                     \
    "3300 7 7 0 sched_wakeup waker_tid=-1\n"                                                                 \
    "3400 8 8 0 kernel_irq_exit irq=33\n"                                                                    \
    "4000 8 8 0 kernel_switch prev_tid=8 next_tid=7 prev_state=0\n"                                          \
    "5000 7 7 0 kernel_syscall_exit name=read result=1\n"                                                    \
    "6000 7 7 0 kernel_syscall_entry name=read fd=4\n"                                                       \
    "7000 7 7 0 kernel_switch prev_tid=7 next_tid=8 prev_state=1 next_comm=writer\n"                         \
    "8000 7 7 0 sched_wakeup waker_tid=-1 is_waking=1 callstack=0x400301,0x400401\n"                         \
    "8500 8 8 0 kernel_switch prev_tid=8 next_tid=7 prev_state=0\n"                                          \
    "9000 7 7 0 kernel_syscall_exit name=read result=1\n"

static void test_profile_offwake__kernel_calls_have_wakers_too(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, "offwake", KERNEL_READS);
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 2);
    int by_disk = *label(&collected.keys[0], "waker") ? 0 : 1;
    assert_string_equal(label(&collected.keys[by_disk], "waker"), "disk/8:1");
    assert_int_equal(leaf(model, collected.keys[1 - by_disk].outer_stack), 0x400300);
    profile_free(profile);
    trace_model_free(model);
}

/* Process 7's descriptors when the recording began; the socket's packets come by eth0. */
#define KERNEL_DESCRIPTORS                                                                                   \
    "100 7 7 0 kernel_thread ppid=1 name=reader status=5 files=0xa0\n"                                       \
    "101 - - - kernel_fd fd=3 file=socket:[12] files=0xa0\n"                                                 \
    "102 7 - - kernel_fd fd=4 file=/etc/passwd\n"                                                            \
    "1000 7 7 0 kernel_syscall_entry name=read fd=3\n"                                                       \
    "2000 7 7 0 kernel_switch prev_tid=7 next_tid=8 prev_state=1 next_comm=writer\n"                         \
    "3000 8 8 0 kernel_irq_entry context=softirq irq=3\n"                                                    \
    "3100 8 8 0 kernel_net_receive name=eth0\n"                                                              \
    "3200 7 7 0 sched_wakeup waker_tid=-1 is_waking=1\n"                                                     \
    "3400 8 8 0 kernel_irq_exit context=softirq irq=3\n"                                                     \
    "4000 8 8 0 kernel_switch prev_tid=8 next_tid=7 prev_state=0\n"                                          \
    "5000 7 7 0 kernel_syscall_exit name=read result=1\n"                                                    \
    "6000 7 7 0 kernel_syscall_entry name=read fd=4\n"                                                       \
    "7000 7 7 0 kernel_syscall_exit name=read result=1\n"

static void test_profile__descriptors_of_the_state_dump_have_kinds(void **state)
{
    const struct {
        const char *profile, *fd_kind, *waker;
    } wanted[] = {{"net", "socket", ""}, {"syscall", "file", ""}, {"offwake", NULL, "net/eth0"}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        struct trace_model *model = trace_model_new();
        struct profile *profile = build(model, wanted[i].profile, KERNEL_DESCRIPTORS);
        struct collected collected = {0};
        profile_visit(profile, collect, &collected);
        assert_int_equal(collected.count, wanted[i].fd_kind ? 1 : 2);
        int at = collected.count == 2 && !*label(&collected.keys[0], "waker") ? 1 : 0;
        assert_string_equal(label(&collected.keys[at], "waker"), wanted[i].waker);
        if (wanted[i].fd_kind)
            assert_string_equal(label(&collected.keys[at], "fd_kind"), wanted[i].fd_kind);
        profile_free(profile);
        trace_model_free(model);
    }
}

/* The kernel tells of the call that a wait is made of as well. */
#define WAIT_AND_ITS_CALL                                                                                    \
    "2000 100 101 0 kernel_syscall_entry name=futex\n"                                                       \
    "9000 100 101 0 kernel_syscall_exit name=futex result=0\n"                                               \
    "9100 100 101 0 wait kind=mutex outcome=acquired object=0xa0 duration_ns=7000\n"

static void test_profile_sync__wait_and_the_kernels_call_count_once(void **state)
{
    const struct {
        const char *begin;
        int64_t count, delay_ns;
    } wanted[] = {
        {"1000 100 101 0 process_start contract=1 reason=library ppid=1 exe=/usr/bin/server\n", 1, 7000},
        {"", 2, 14000}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autofree char *text = g_strconcat(wanted[i].begin, WAIT_AND_ITS_CALL, NULL);
        struct trace_model *model = trace_model_new();
        struct profile *profile = build(model, "sync", text);
        assert_int_equal(profile_total(profile, 0), wanted[i].count);
        assert_int_equal(profile_total(profile, 1), wanted[i].delay_ns);
        profile_free(profile);
        trace_model_free(model);
    }
}

#define THREE_CALLS                                                                                          \
    "2000000 100 101 - call number=0 fd=3 fd_kind=pipe duration_ns=100 result=1 stack=1\n"                   \
    "2100000 100 101 - call number=45 fd=4 fd_kind=socket duration_ns=30 result=1 stack=1\n"                 \
    "2200000 100 101 - wait kind=semaphore outcome=acquired object=0x7f20 duration_ns=7 stack=3\n"

static void check_total(const char *kind, int64_t count, int64_t delay_ns)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, kind, BEGIN THREE_CALLS);

    assert_int_equal(profile_total(profile, 0), count);
    assert_int_equal(profile_total(profile, 1), delay_ns);
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_block__is_the_sum_of_its_three_parts(void **state)
{
    (void)state;
    check_total("syscall", 1, 100);
    check_total("net", 1, 30);
    check_total("sync", 1, 7);
    check_total("block", 3, 137);
}

static void test_profile_syscall__labels_name_call_and_descriptor(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(model, "syscall", BEGIN THREE_CALLS);
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 1);
    assert_string_equal(label(&collected.keys[0], "kind"), "read");
    assert_string_equal(label(&collected.keys[0], "syscall"), "read");
    assert_string_equal(label(&collected.keys[0], "fd_kind"), "pipe");
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_sync__open_wait_is_labelled(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = build(
        model, "sync",
        BEGIN "5000000 100 102 - open operation=sync kind=mutex object=0x7f00 duration_ns=2000000 stack=3\n");
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(collected.count, 1);
    assert_int_equal(collected.values[0][0], 1);
    assert_int_equal(collected.values[0][1], 2000000);
    assert_string_equal(label(&collected.keys[0], "open"), "true");
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_sched__preemption_is_exact(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile =
        build(model, "sched",
              BEGIN "4000000 100 101 1 off_cpu off_ns=250 prev_cpu=0 reason=preempted stack=1\n"
                    "5000000 100 101 1 off_cpu off_ns=50 prev_cpu=1 reason=preempted stack=1\n");
    struct collected collected = {0};

    (void)state;
    profile_visit(profile, collect, &collected);
    assert_int_equal(profile_total(profile, 0), 2);
    assert_int_equal(profile_total(profile, 1), 300);
    assert_string_equal(label(&collected.keys[0], "source"), "exact");
    assert_string_equal(label(&collected.keys[0], "kind"), "preempted");
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_heap__freed_memory_is_no_longer_in_use(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile =
        build(model, "heap",
              BEGIN "2000000 100 101 - alloc address=0x9000 size=64 weight_bytes=64 stack=1\n"
                    "2000001 100 101 - alloc address=0x9100 size=100 weight_bytes=100 stack=1\n"
                    "2000002 100 102 - free address=0x9000\n");

    (void)state;
    assert_int_equal(profile_total(profile, 0), 2);
    assert_int_equal(profile_total(profile, 1), 164);
    assert_int_equal(profile_total(profile, 2), 1);
    assert_int_equal(profile_total(profile, 3), 100);
    profile_free(profile);
    trace_model_free(model);
}

/* Many keys: the table of sums grows several times, and every wait is still found again. */
static void test_profile_sync__ten_thousand_objects_stay_apart(void **state)
{
    GString *text = g_string_new(BEGIN);
    struct trace_model *model = trace_model_new();
    struct profile *profile;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 10000; i++)
            g_string_append_printf(
                text, "%d 100 101 - wait kind=mutex outcome=acquired object=%d duration_ns=10 stack=1\n",
                2000000 + 20 * (round * 10000 + i), 0x1000 + i);
    }
    profile = build(model, "sync", text->str);
    assert_int_equal(profile_sample_count(profile), 10000);
    assert_int_equal(profile_total(profile, 0), 20000);
    assert_int_equal(profile_total(profile, 1), 200000);
    profile_free(profile);
    trace_model_free(model);
    g_string_free(text, TRUE);
}

/* 100 objects, two threads, two stacks: 200 samples with all labels, 4 without objects, 2 without threads. */
static struct profile *many_samples(struct trace_model *model)
{
    GString *text = g_string_new(BEGIN);
    struct profile *profile;

    for (int i = 0; i < 200; i++)
        g_string_append_printf(
            text, "%d 100 %d - wait kind=mutex outcome=acquired object=%d duration_ns=%d stack=%d\n",
            2000000 + 1000 * i, 101 + i % 2, 0x1000 + i / 2, 10 + i, 1 + i / 100);
    profile = build(model, "sync", text->str);
    g_string_free(text, TRUE);
    return profile;
}

static void check_limit(uint32_t max_samples, uint32_t expected, guint comments)
{
    struct trace_model *model = trace_model_new();
    struct profile *profile = many_samples(model);
    guint comments_before = profile_comments(profile)->len;

    profile_limit(profile, max_samples);
    assert_int_equal(profile_sample_count(profile), expected);
    assert_int_equal(profile_total(profile, 0), 200);
    assert_int_equal(profile_total(profile, 1), 200 * 10 + 199 * 200 / 2);
    assert_int_equal(profile_comments(profile)->len, comments_before + comments);
    profile_free(profile);
    trace_model_free(model);
}

static void test_profile_limit__labels_go_first_and_sums_stay(void **state)
{
    (void)state;
    check_limit(200, 200, 0);
    check_limit(199, 4, 1);
    check_limit(4, 4, 1);
    check_limit(3, 2, 3);
    check_limit(1, 1, 4);
    check_limit(0, 1, 4);
}

enum { MAX_SUMS = 100 };

/* Adds one of 1 to each of `count` sums that differ in the given part of the key. */
static void fill(struct sum_table *table, int count, size_t offset, size_t size)
{
    for (int i = 0; i < count; i++) {
        struct sum_key key = {.stack = 1, .thread = 1};
        uint64_t different = 0x1000 + (uint64_t)i;

        memcpy((char *)&key + offset, &different, size);
        sum_table_find(table, &key)->exact[0]++;
    }
}

static int64_t sum_of(const struct sum_table *table)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < sum_table_count(table); i++)
        sum += sum_table_at(table, i)->exact[0];
    return sum;
}

static void check_detail(int count, size_t offset, size_t size, enum sum_detail detail, uint32_t sums)
{
    struct trace_model *model = trace_model_new();
    struct sum_table *table;

    model_from_text(model, BEGIN);
    table = sum_table_new(model, MAX_SUMS, false);
    fill(table, count, offset, size);
    assert_int_equal(sum_table_detail(table), detail);
    assert_int_equal(sum_table_count(table), sums);
    assert_int_equal(sum_of(table), count);
    sum_table_free(table);
    trace_model_free(model);
}

static void test_sum_table__details_are_given_up_beyond_the_limit(void **state)
{
    const size_t object = offsetof(struct sum_key, object), peer = offsetof(struct sum_key, peer),
                 stack = offsetof(struct sum_key, stack);

    (void)state;
    check_detail(MAX_SUMS, object, sizeof(uint64_t), SUM_ALL_DETAILS, MAX_SUMS);
    check_detail(MAX_SUMS + 1, object, sizeof(uint64_t), SUM_WITHOUT_OBJECTS, 1);
    check_detail(MAX_SUMS + 1, peer, sizeof(uint64_t), SUM_WITHOUT_PEERS, 1);
    /* Stacks are never given up. */
    check_detail(MAX_SUMS + 50, stack, sizeof(uint32_t), SUM_WITHOUT_THREADS, MAX_SUMS + 50);
}

static void test_profile_kind_find__unknown_kind_is_null(void **state)
{
    (void)state;
    assert_null(profile_kind_find("cpu"));
    assert_null(profile_kind_find(""));
    for (const struct profile_kind *kind = profile_kinds; kind->name; kind++)
        assert_ptr_equal(profile_kind_find(kind->name), kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile_sync__equal_waits_are_summed),
        cmocka_unit_test(test_profile_sync__thread_has_its_last_name),
        cmocka_unit_test(test_profile_mutex__holder_is_charged),
        cmocka_unit_test(test_profile_mutex__condition_has_no_holder),
        cmocka_unit_test(test_profile_mutex__futex_used_like_a_lock_has_a_holder),
        cmocka_unit_test(test_profile_mutex__unseen_holder_is_said_so),
        cmocka_unit_test(test_profile_offwake__waker_is_outside_of_the_waiter),
        cmocka_unit_test(test_profile_offwake__kernel_calls_have_wakers_too),
        cmocka_unit_test(test_profile__descriptors_of_the_state_dump_have_kinds),
        cmocka_unit_test(test_profile_block__is_the_sum_of_its_three_parts),
        cmocka_unit_test(test_profile_sync__wait_and_the_kernels_call_count_once),
        cmocka_unit_test(test_profile_syscall__labels_name_call_and_descriptor),
        cmocka_unit_test(test_profile_sync__open_wait_is_labelled),
        cmocka_unit_test(test_profile_sched__preemption_is_exact),
        cmocka_unit_test(test_profile_heap__freed_memory_is_no_longer_in_use),
        cmocka_unit_test(test_profile_sync__ten_thousand_objects_stay_apart),
        cmocka_unit_test(test_profile_limit__labels_go_first_and_sums_stay),
        cmocka_unit_test(test_sum_table__details_are_given_up_beyond_the_limit),
        cmocka_unit_test(test_profile_kind_find__unknown_kind_is_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
