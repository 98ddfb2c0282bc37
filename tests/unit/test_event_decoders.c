#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <glib.h>
#include "analyzer/event_decoders.h"
#include "tracepoints/contract.h"

static const struct decoder *find(const char *name)
{
    const char *call_name;

    return event_decoder_find(name, &call_name);
}

static bool has_field(const struct decoder *decoder, const char *name)
{
    for (const struct decoder_field *field = decoder->fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return true;
    return false;
}

/* Fields that the analyzer has no use for. */
static bool is_unused(const char *event, const char *field)
{
    static const char *const unused[][2] = {{"exectrace_process:start", "monotonic_ns"},
                                            {"exectrace_thread:exit", "start_routine"},
                                            {"exectrace_sched:name", "is_exec"}};

    for (size_t i = 0; i < G_N_ELEMENTS(unused); i++)
        if (strcmp(unused[i][0], event) == 0 && strcmp(unused[i][1], field) == 0)
            return true;
    return false;
}

/* Returns how many events the provider's header declares. */
static unsigned check_provider(const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(GRegex) event = g_regex_new("LTTNG_UST_TRACEPOINT_EVENT\\((\\w+),\\s*(\\w+),(.*?)\\n\\s*(?="
                                          "LTTNG_UST_TRACEPOINT_EVENT\\(|/\\* |#)",
                                          G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GRegex) field =
        g_regex_new("lttng_ust_field_(?:integer|integer_hex|sequence|float)\\([^,]+, (\\w+),"
                    "|lttng_ust_field_string\\((\\w+),",
                    0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    unsigned count = 0;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (g_regex_match(event, text, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *provider = g_match_info_fetch(match, 1), *short_name = g_match_info_fetch(match, 2);
        g_autofree char *body = g_match_info_fetch(match, 3);
        g_autofree char *name = g_strdup_printf("%s:%s", provider, short_name);
        const struct decoder *decoder = find(name);
        if (decoder->type == EVENT_OTHER)
            fail_msg("%s: no decoder for %s", path, name);
        g_autoptr(GMatchInfo) fields = NULL;
        for (g_regex_match(field, body, 0, &fields); g_match_info_matches(fields);
             g_match_info_next(fields, NULL)) {
            g_autofree char *number = g_match_info_fetch(fields, 1), *string = g_match_info_fetch(fields, 2);
            const char *field_name = number && *number ? number : string;
            if (!has_field(decoder, field_name) && !is_unused(name, field_name))
                fail_msg("%s: the decoder does not read the field %s", name, field_name);
        }
        count++;
    }
    return count;
}

static void test_event_decoders__all_fields_of_the_contract_are_read(void **state)
{
    g_autoptr(GDir) dir = g_dir_open(EXECTRACE_SOURCE_DIR "/tracepoints", 0, NULL);
    const char *name;
    unsigned count = 0;

    (void)state;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(EXECTRACE_SOURCE_DIR "/tracepoints", name, NULL);
        if (g_str_has_prefix(name, "provider_") && g_str_has_suffix(name, ".h"))
            count += check_provider(path);
    }
    assert_true(count >= 32);
}

static void test_event_decoders__short_forms_of_waits_are_unpacked(void **state)
{
    struct event woken = {.wait = {.object = EXECTRACE_WHAT(10, 4, 0x7fffffffffffff),
                                   .who = EXECTRACE_WHO(0x3fffff, 0x40000, 0x3ffff)}};
    struct event alone = {.stack = 9, .wait = {.object = EXECTRACE_WHAT(1, 0, 0x7f00)}};

    (void)state;
    find("exectrace_sync:wait_woken")->finish(&woken);
    assert_int_equal(woken.wait.kind, 10);
    assert_int_equal(woken.wait.outcome, 4);
    assert_int_equal(woken.wait.object, 0x7fffffffffffff);
    assert_int_equal(woken.wait.waker_tid, 0x3fffff);
    assert_int_equal(woken.wait.waker_stack, 0x40000);
    assert_int_equal(woken.stack, 0x3ffff);
    find("exectrace_sync:wait_short")->finish(&alone);
    assert_int_equal(alone.wait.kind, 1);
    assert_int_equal(alone.wait.outcome, 0);
    assert_int_equal(alone.wait.object, 0x7f00);
    assert_int_equal(alone.wait.waker_tid, 0);
    assert_int_equal(alone.stack, 9);
}

static void test_event_decoders__switch_of_old_recordings_knows_no_waker(void **state)
{
    struct event event = {.pid = 1, .tid = 2};

    (void)state;
    find("exectrace_sched:switch")->prepare(&event);
    assert_int_equal(event.off_cpu.waker_tid, -1);
    assert_int_equal(event.off_cpu.runnable_ns, 0);
    assert_int_equal(find("exectrace_sched:wakeup")->type, EVENT_SCHED_WAKEUP);
}

static void test_event_decoders__system_calls_of_any_age_have_their_name(void **state)
{
    static const struct {
        const char *event, *call;
        uint32_t type;
    } cases[] = {
        {"syscall_entry_read", "read", EVENT_KERNEL_SYSCALL_ENTRY},
        {"syscall_exit_read", "read", EVENT_KERNEL_SYSCALL_EXIT},
        {"compat_syscall_entry_read", "read", EVENT_KERNEL_SYSCALL_ENTRY},
        {"compat_syscall_exit_read", "read", EVENT_KERNEL_SYSCALL_EXIT},
        {"sys_read", "read", EVENT_KERNEL_SYSCALL_ENTRY},
        {"compat_sys_read", "read", EVENT_KERNEL_SYSCALL_ENTRY},
        {"exit_syscall", NULL, EVENT_KERNEL_SYSCALL_EXIT},
        {"raw_syscalls:sys_exit", NULL, EVENT_KERNEL_SYSCALL_EXIT},
        {"syscalls:sys_enter_read", "read", EVENT_KERNEL_SYSCALL_ENTRY},
        {"syscalls:sys_exit_read", "read", EVENT_KERNEL_SYSCALL_EXIT},
        {"system", NULL, EVENT_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *call_name = "x";
        assert_int_equal(event_decoder_find(cases[i].event, &call_name)->type, cases[i].type);
        assert_true(g_strcmp0(call_name, cases[i].call) == 0);
    }
}

static void test_event_decoders__old_names_are_known(void **state)
{
    (void)state;
    assert_ptr_equal(find("ust_libc:malloc"), find("lttng_ust_libc:malloc"));
    assert_int_equal(find("ust_libc:malloc")->type, EVENT_ALLOC);
    assert_int_equal(find("ust_baddr_statedump:soinfo")->type, EVENT_MODULE);
    assert_ptr_equal(find("my_program:event"), &event_decoder_other);
    assert_ptr_equal(find("perf_comm"), &event_decoder_perf_record);
}

/* Preempted threads are marked above 0xff, by a bit that differs between kernels. */
static void test_event_decoders__preemption_is_state_0(void **state)
{
    static const int64_t states[][2] = {{0, 0},     {1, 1},      {2, 2},       {0x100, 0},     {0x200, 0},
                                        {0x400, 0}, {0x1000, 0}, {0x82, 0x82}, {0x402, 0x402}, {0x10, 0x10}};
    const struct decoder *decoder = find("sched_switch");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        struct event event = {.kernel_switch = {.prev_tid = 7, .prev_state = states[i][0]}};
        decoder->finish(&event);
        assert_int_equal(event.kernel_switch.prev_state, states[i][1]);
        assert_int_equal(event.tid, 7);
    }
}

static void test_event_decoders__raw_calls_are_named_by_number(void **state)
{
    struct event event = {.kernel_syscall = {.number = 1}};

    (void)state;
    find("raw_syscalls:sys_enter")->finish(&event);
    assert_string_equal(event.kernel_syscall.name, "write");
    event.kernel_syscall.number = UINT32_MAX;
    find("raw_syscalls:sys_exit")->finish(&event);
    assert_string_equal(event.kernel_syscall.name, "[unknown call]");
}

static void test_event_decoders__allocations_have_their_size(void **state)
{
    struct event event = {.alloc = {.address = 1, .size = 8, .weight_bytes = 5}};

    (void)state;
    find("lttng_ust_libc:calloc")->finish(&event);
    assert_int_equal(event.alloc.size, 40);
    assert_int_equal(event.alloc.weight_bytes, 40);
    event.alloc.size = event.alloc.weight_bytes = UINT64_MAX;
    find("lttng_ust_libc:calloc")->finish(&event);
    assert_true(event.alloc.size == UINT64_MAX);
    event = (struct event){.alloc = {.address = 1, .size = 8, .weight_bytes = 12 /* ENOMEM */}};
    find("lttng_ust_libc:posix_memalign")->finish(&event);
    assert_int_equal(event.alloc.address, 0);
    event = (struct event){.alloc = {.address = 1, .size = 8}};
    find("lttng_ust_libc:posix_memalign")->finish(&event);
    assert_int_equal(event.alloc.address, 1);
    assert_int_equal(event.alloc.weight_bytes, 8);
}

static void test_event_decoders__exec_names_the_thread_as_the_kernel_does(void **state)
{
    char path[] = "/usr/bin/a-name-of-more-than-15-bytes";
    struct event event = {.name = path};

    (void)state;
    find("sched_process_exec")->finish(&event);
    assert_string_equal(event.name, "a-name-of-more-");
    event.name = NULL;
    find("sched_process_exec")->finish(&event);
    assert_null(event.name);
}

static void test_event_decoders__markers_in_a_call_chain_are_dropped(void **state)
{
    uint64_t chain[] = {(uint64_t)-128, 0xffffffff81000000, (uint64_t)-512, 0x401000, 0x402000};
    struct event event = {.callstack = {chain, G_N_ELEMENTS(chain), false}};

    (void)state;
    find("sched:sched_switch")->finish(&event);
    assert_int_equal(event.callstack.count, 3);
    assert_int_equal(event.callstack.pcs[0], 0xffffffff81000000);
    assert_int_equal(event.callstack.pcs[2], 0x402000);
    assert_true(event.callstack.leaf_is_exact);
    chain[0] = (uint64_t)-512;
    event.callstack = (struct event_pcs){chain, 1, false};
    find("sched:sched_switch")->finish(&event);
    assert_int_equal(event.callstack.count, 0);
    assert_false(event.callstack.leaf_is_exact);
}

static void test_event_decoders__recorder_is_not_the_subject_of_its_events(void **state)
{
    struct event event = {.pid = 5, .tid = 6, .cpu = 7};

    (void)state;
    find("exectrace_sched:wakeup")->prepare(&event);
    assert_int_equal(event.pid, -1);
    assert_int_equal(event.tid, -1);
    assert_int_equal(event.cpu, -1);
    assert_int_equal(event.wakeup.waker_tid, -1);
    event = (struct event){.pid = 5, .tid = 6};
    find("sched_waking")->prepare(&event);
    assert_int_equal(event.wakeup.waker_tid, 6);
    assert_int_equal(event.tid, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_decoders__all_fields_of_the_contract_are_read),
        cmocka_unit_test(test_event_decoders__short_forms_of_waits_are_unpacked),
        cmocka_unit_test(test_event_decoders__system_calls_of_any_age_have_their_name),
        cmocka_unit_test(test_event_decoders__switch_of_old_recordings_knows_no_waker),
        cmocka_unit_test(test_event_decoders__old_names_are_known),
        cmocka_unit_test(test_event_decoders__preemption_is_state_0),
        cmocka_unit_test(test_event_decoders__raw_calls_are_named_by_number),
        cmocka_unit_test(test_event_decoders__allocations_have_their_size),
        cmocka_unit_test(test_event_decoders__exec_names_the_thread_as_the_kernel_does),
        cmocka_unit_test(test_event_decoders__markers_in_a_call_chain_are_dropped),
        cmocka_unit_test(test_event_decoders__recorder_is_not_the_subject_of_its_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
