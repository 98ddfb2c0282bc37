/* recorder/sched_tracepoints.c and existing_process.c: texts of the kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/existing_process.h"
#include "recorder/sched_tracepoints.h"

#include <string.h>
#include <unistd.h>

static const char format[] = "name: sched_waking\n"
                             "ID: 301\n"
                             "format:\n"
                             "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
                             "\n"
                             "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
                             "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n";

static void test_sched_tracepoints_parse_field__finds_whole_names_only(void **state)
{
    struct tracepoint_field field = {0};

    (void)state;
    assert_true(sched_tracepoints_parse_field(format, "pid", &field));
    assert_int_equal(field.offset, 24);
    assert_int_equal(field.size, 4);
    assert_false(sched_tracepoints_parse_field(format, "id", &field));
    assert_false(sched_tracepoints_parse_field(format, "target_cpu", &field));
    assert_false(sched_tracepoints_parse_field("", "pid", &field));
}

static void test_sched_tracepoints_read__signs_and_limits(void **state)
{
    const uint8_t raw[8] = {0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0};

    (void)state;
    assert_int_equal(sched_tracepoints_read(&(struct tracepoint_field){0, 4}, raw, 8), -1);
    assert_int_equal(sched_tracepoints_read(&(struct tracepoint_field){4, 2}, raw, 8), 2);
    assert_int_equal(sched_tracepoints_read(&(struct tracepoint_field){0, 8}, raw, 8), INT64_C(0x2ffffffff));
    assert_int_equal(sched_tracepoints_read(&(struct tracepoint_field){4, 8}, raw, 8), 0);
    assert_int_equal(sched_tracepoints_read(&(struct tracepoint_field){0, 3}, raw, 8), 0);
    assert_int_equal(sched_tracepoints_read(&(struct tracepoint_field){65535, 4}, raw, 8), 0);
}

static void test_sched_tracepoints_decode__waker_is_the_task_unless_an_interrupt_wakes(void **state)
{
    const struct sched_tracepoints tracepoints = {
        .sched_switch.id = 1, .waking = {2, {24, 4}}, .wakeup_new.id = 3};
    struct sched_record records[2] = {{.time = 100, .cpu = 1}};
    uint8_t raw[32] = {2, 0, 0, 0, 66, [24] = 77};

    (void)state;
    assert_int_equal(sched_tracepoints_decode(&tracepoints, raw, sizeof(raw), records), 1);
    assert_int_equal(records[0].type, SCHED_RECORD_WAKEUP);
    assert_int_equal(records[0].tid, 77);
    assert_int_equal(records[0].waker_tid, 66);
    raw[2] = 0x08;
    assert_int_equal(sched_tracepoints_decode(&tracepoints, raw, sizeof(raw), records), 1);
    assert_int_equal(records[0].waker_tid, 0);
    raw[0] = 4; /* none of ours */
    assert_int_equal(sched_tracepoints_decode(&tracepoints, raw, sizeof(raw), records), 0);
}

static void test_existing_process_parse_mapping__takes_code_of_files_and_vdso(void **state)
{
    struct sched_record record = {0};

    (void)state;
    assert_true(existing_process_parse_mapping(
        "7f0000001000-7f0000003000 r-xp 00002000 fe:00 123    /usr/lib/with space.so", &record));
    assert_int_equal(record.base, 0x7f0000001000);
    assert_int_equal(record.size, 0x2000);
    assert_int_equal(record.offset, 0x2000);
    assert_string_equal(record.text, "/usr/lib/with space.so");
    assert_true(
        existing_process_parse_mapping("7ff000000000-7ff000002000 r-xp 00000000 00:00 0   [vdso]", &record));
    assert_false(existing_process_parse_mapping(
        "7f0000001000-7f0000003000 rw-p 00002000 fe:00 123 /usr/lib/a.so", &record));
    assert_false(existing_process_parse_mapping("7f0000001000-7f0000003000 r-xp 00000000 00:00 0 ", &record));
    assert_false(existing_process_parse_mapping("", &record));
}

static void test_existing_process_threads__has_ourselves(void **state)
{
    g_autoptr(GArray) tids = existing_process_threads(getpid());
    g_autoptr(GArray) none = existing_process_threads(0);

    (void)state;
    assert_int_equal(g_array_index(tids, int32_t, 0), getpid());
    assert_int_equal(none->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sched_tracepoints_parse_field__finds_whole_names_only),
        cmocka_unit_test(test_sched_tracepoints_read__signs_and_limits),
        cmocka_unit_test(test_sched_tracepoints_decode__waker_is_the_task_unless_an_interrupt_wakes),
        cmocka_unit_test(test_existing_process_parse_mapping__takes_code_of_files_and_vdso),
        cmocka_unit_test(test_existing_process_threads__has_ourselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
