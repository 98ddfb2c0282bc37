#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "analyzer/event_text.h"

/* One line for each type, with each key of the type, as the writer writes it. */
static const char *const canonical_lines[] = {
    "1 2 3 - process_start contract=1 reason=fork ppid=7 cmdline_hash=0xfe exe=\"/bin/a b\" name=\"a\"",
    "1 2 3 - module base=0x1000 size=0x2000 offset=0x10 is_segment=1 path=\"/lib/x.so\" build_id=00ff7a",
    "1 2 3 - module_build_id base=0x1000 build_id=0a",
    "1 2 3 - module_unload base=0x1000",
    "1 2 3 - open operation=syscall object=0x5 number=7 fd=4 fd_kind=pipe duration_ns=55 leaf_pc=0x401234",
    "1 2 3 - open operation=sync kind=cond object=0x5 fd=0 fd_kind=none duration_ns=55 holder_tid=9",
    "1 2 3 - thread_start start_routine=0x44 creator_tid=9",
    "1 2 3 - thread_name name=\"worker \\\"1\\\"\\\\ \\n\\t\\x01\"",
    "1 2 3 - thread_exit",
    "1 2 3 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=900 stack=3",
    "1 2 3 - wait kind=rwlock_write outcome=timed_out object=0x7f00 duration_ns=18446744073709551615",
    "1 2 3 - wait kind=cond outcome=acquired object=0x7f00 duration_ns=900 waker_tid=4 waker_stack=7 "
    "since_wake_ns=80 stack=3",
    "1 2 3 - wake kind=semaphore object=0x7f00 stack=4294967295",
    "1 2 3 - wait_summary kind=spin object=0x8 count=5 total_ns=50 longest_ns=20 age_ns=7",
    "1 2 3 - call fd=3 fd_kind=socket result=-11 duration_ns=9",
    "1 2 3 - call number=10000 fd_kind=none result=4294967296 duration_ns=9",
    "1 2 3 - call_summary fd_kind=file number=1 count=2 errors=1 total_ns=3 shortest_ns=1 longest_ns=2 "
    "age_ns=7",
    "1 2 3 - peer fd=5 family=2 port=6379 address=7f000001",
    "1 2 3 - alloc address=0xff size=8 weight_bytes=512",
    "1 2 3 - free address=0xff",
    "1 2 3 - stack pcs=0x1,0xffffffffffffffff,0x3 stack=9",
    "1 2 3 - user_task_begin task=1 parent=2 name=\"request\"",
    "1 2 3 - user_task_end task=1",
    "1 2 3 - user_region_begin task=1 name=\"parse\" stack=2",
    "1 2 3 - user_region_end task=1 name=\"\"",
    "1 2 3 - user_log task=1 name=\"cat\" message=\"all = well\"",
    "1 2 3 - user_counter value=-1.5 name=\"queue\"",
    "1 2 3 1 off_cpu off_ns=100 prev_cpu=0 reason=preempted",
    "1 2 3 1 off_cpu off_ns=100 prev_cpu=0 reason=blocked runnable_ns=20 waker_tid=0",
    "1 2 3 - sched_wakeup waker_tid=0 target_cpu=3 is_new=1 is_waking=1",
    "1 2 3 - sched_exit",
    "1 2 3 - sched_start parent_pid=1 parent_tid=1 name=\"sh\"",
    "1 2 3 - sched_name name=\"sh\"",
    "1 - - - skipped count=12 types=0x800",
    "1 2 3 2 sched_sample pcs=0x401000",
    "1 - - 3 sched_lost count=12",
    "1 - - - sched_source source=perf_switch description=\"perf context switches\"",
    "1 2 - - metric_define id=1 name=\"process_cpu_seconds_total\" unit=\"s\" help=\"CPU\"",
    "1 2 - - metric id=1 value=0.25",
    "1 - - 0 kernel_switch prev_tid=0 next_tid=77 prev_state=-1 prev_prio=120 next_prio=-20 "
    "prev_comm=\"swapper/0\" next_comm=\"x\"",
    "1 2 3 0 kernel_syscall_entry name=\"read\" fd=3",
    "1 2 3 0 kernel_syscall_exit name=\"read\" result=-4",
    "1 2 3 0 kernel_thread ppid=1 name=\"init\" status=5 files=0xffff8880",
    "1 2 - - kernel_fd fd=7 file=\"socket:[12]\" files=0xffff8880",
    "1 - - 0 kernel_net_receive name=\"eth0\"",
    "1 - - 0 kernel_irq_entry context=irq irq=19 name=\"eth0\"",
    "1 - - 0 kernel_irq_exit context=softirq irq=3",
    "1 2 3 0 kernel_block_issue device=8388608 sector=123456789012 bytes=4096",
    "1 2 3 0 kernel_block_complete device=8388608 sector=123456789012",
    "1 2 3 - stock_lock_req mutex=0x1",
    "1 2 3 - stock_lock_acq mutex=0x1 status=-1",
    "1 2 3 - stock_lock_trylock mutex=0x1 status=16",
    "1 2 3 - stock_unlock mutex=0x1",
    "1 2 3 - stock_realloc old_address=0x1 new_address=0x2 size=3",
    "1 - - 4 lost count=728 since_ns=-5 until_ns=7 is_packets=1",
    "-9223372036854775808 2 3 - other host=1 stack=2 callstack=0x1,0x2 leaf_is_exact=1",
};

struct copy {
    FILE *out;
    uint64_t seen; /* bit n: an event of type n came */
    unsigned count;
};

static bool copy_event(void *self, const struct event *event)
{
    struct copy *copy = self;

    copy->seen |= UINT64_C(1) << event->type;
    copy->count++;
    event_text_write(event, copy->out);
    return true;
}

static bool read_text(const char *text, event_sink sink, void *self, GError **error)
{
    FILE *in = fmemopen((void *)text, strlen(text), "r");

    assert_non_null(in);
    bool is_fine = event_text_read(in, sink, self, error);
    fclose(in);
    return is_fine;
}

static void test_event_text__each_type_comes_back_the_same(void **state)
{
    struct copy copy = {0};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(canonical_lines); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *line = g_strconcat(canonical_lines[i], "\n", NULL);
        char *written = NULL;
        size_t size = 0;
        copy.out = open_memstream(&written, &size);
        bool is_fine = read_text(line, copy_event, &copy, &error);
        fclose(copy.out);
        if (!is_fine)
            fail_msg("%s: %s", line, error->message);
        assert_string_equal(written, line);
        free(written);
    }
    assert_int_equal(copy.seen, (UINT64_C(1) << EVENT_TYPE_END) - 1 - (UINT64_C(1) << EVENT_NONE));
}

static bool keep_event(void *self, const struct event *event)
{
    *(struct event *)self = *event;
    return true;
}

static void test_event_text__left_out_keys_have_their_default(void **state)
{
    struct event event;

    (void)state;
    assert_true(read_text("# comment\n\n  5 - 7 - call\n", keep_event, &event, NULL));
    assert_int_equal(event.time_ns, 5);
    assert_int_equal(event.pid, -1);
    assert_int_equal(event.tid, 7);
    assert_int_equal(event.call.fd, -1);
    assert_int_equal(event.call.number, 0);
    assert_int_equal(event.stack, 0);
}

static void test_event_text__numbers_stand_for_enum_names(void **state)
{
    struct event event;

    (void)state;
    assert_true(read_text("5 1 7 - wait kind=0x5 outcome=1 object=16", keep_event, &event, NULL));
    assert_int_equal(event.wait.kind, 5);
    assert_int_equal(event.wait.outcome, 1);
    assert_int_equal(event.wait.object, 16);
}

static bool stop_at_first(void *self, const struct event *event)
{
    (void)event;
    ++*(unsigned *)self;
    return false;
}

static void test_event_text__sink_stops_reading(void **state)
{
    unsigned count = 0;

    (void)state;
    assert_true(read_text("1 1 1 - other\nnonsense\n", stop_at_first, &count, NULL));
    assert_int_equal(count, 1);
}

static void test_event_text__bad_line_is_named(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"x 1 1 - other\n", "line 1: an event begins with TIME PID TID CPU TYPE"},
        {"1 1 1\n", "line 1: an event begins with TIME PID TID CPU TYPE"},
        {"1 1 99999999999 - other\n", "line 1: an event begins with TIME PID TID CPU TYPE"},
        {"1 1 1 - other\n1 1 1 - waits\n", "line 2: \"waits\" is no type of event"},
        {"1 1 1 - none\n", "line 1: \"none\" is no type of event"},
        {"1 1 1 - wait colour=1\n", "line 1: wait has no key \"colour\""},
        {"1 1 1 - wait object\n", "line 1: \"object\" has no value"},
        {"1 1 1 - wait object=\n", "line 1: the value of \"object\" is not valid"},
        {"1 1 1 - wait object=-1\n", "line 1: the value of \"object\" is not valid"},
        {"1 1 1 - wait kind=lock\n", "line 1: the value of \"kind\" is not valid"},
        {"1 1 1 - peer port=65536\n", "line 1: the value of \"port\" is not valid"},
        {"1 1 1 - module build_id=abc\n", "line 1: the value of \"build_id\" is not valid"},
        {"1 1 1 - stack pcs=1,,2\n", "line 1: the value of \"pcs\" is not valid"},
        {"1 1 1 - thread_name name=\"open\n", "line 1: the value of \"name\" is not valid"},
        {"1 1 1 - thread_name name=\"\\q\"\n", "line 1: the value of \"name\" is not valid"},
        {"1 1 1 - user_counter value=1.5x\n", "line 1: the value of \"value\" is not valid"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct event event;
        assert_false(read_text(cases[i].text, keep_event, &event, &error));
        assert_string_equal(error->message, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_text__each_type_comes_back_the_same),
        cmocka_unit_test(test_event_text__left_out_keys_have_their_default),
        cmocka_unit_test(test_event_text__numbers_stand_for_enum_names),
        cmocka_unit_test(test_event_text__sink_stops_reading),
        cmocka_unit_test(test_event_text__bad_line_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
