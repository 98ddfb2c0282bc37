#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include "analyzer/profile_builders.h"
#include "profile.pb-c.h"
#include "tests/support/model_from_text.h"

/* No file has these names, so every frame is unknown. 0x7f0... is in no object; stack 9 has no definition. */
#define BEGIN                                                                                                \
    "1000000 100 100 - module base=0x7f0000100000 size=0x10000 path=/nowhere/lib.so build_id=0102ff\n"       \
    "1000000 100 100 - process_start contract=1 exe=/nowhere/app name=app\n"                                 \
    "1000000 100 100 - module base=0x400000 size=0x10000 path=/nowhere/app\n"                                \
    "1000000 100 100 - stack stack=1 pcs=0x7f0000100101,0x400201\n"                                          \
    "1000000 100 100 - stack stack=2 pcs=0x400301,0x400201\n"                                                \
    "1000000 100 100 - stack stack=3 pcs=0x7f0000900001,0x7f0000900101,0x400201\n"

#define WAITS                                                                                                \
    "2000000 100 102 - wake kind=mutex object=0x7f00 stack=2\n"                                              \
    "2000010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=1000 stack=1\n"            \
    "2100010 100 101 - wait kind=semaphore outcome=acquired object=0x7f08 duration_ns=700 stack=3\n"         \
    "2200010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=600 stack=9\n"             \
    "2300010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=500\n"                     \
    "3000000 100 101 - thread_exit\n"

static int temporary_file(void)
{
    char name[] = "/tmp/test_pprof.XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

/* The decompressed content of fd, from its beginning. */
static GByteArray *read_gzip(int fd)
{
    GByteArray *content = g_byte_array_new();
    guint8 buffer[4096];
    gzFile file;
    int got;

    lseek(fd, 0, SEEK_SET);
    file = gzdopen(dup(fd), "rb");
    assert_int_equal(gzdirect(file), 0);
    while ((got = gzread(file, buffer, sizeof buffer)) > 0)
        g_byte_array_append(content, buffer, (guint)got);
    assert_int_equal(got, 0);
    gzclose(file);
    return content;
}

static Pprof__Profile *write_profile(const char *kind, const char *text, enum symbolize_mode mode)
{
    struct trace_model *model = trace_model_new();
    struct profile_builder *builder = profile_builder_new(profile_kind_find(kind), model);
    struct trace_observer observer = profile_builder_observer(builder);
    struct symbol_table *symbols = symbol_table_new(mode, NULL);
    struct profile *profile;
    Pprof__Profile *decoded;
    GByteArray *content;
    GError *error = NULL;
    int fd = temporary_file();

    trace_model_add_observer(model, &observer);
    model_from_text(model, text);
    symbol_table_learn_objects(symbols, model);
    profile = profile_builder_finish(builder);
    assert_true(pprof_write(profile, symbols, fd, &error));
    content = read_gzip(fd);
    decoded = pprof__profile__unpack(NULL, content->len, content->data);
    assert_non_null(decoded);
    close(fd);
    g_byte_array_free(content, TRUE);
    profile_free(profile);
    symbol_table_free(symbols);
    profile_builder_free(builder);
    trace_model_free(model);
    return decoded;
}

static const char *text_of(const Pprof__Profile *profile, int64_t index)
{
    assert_true(index >= 0 && (size_t)index < profile->n_string_table);
    return profile->string_table[index];
}

static const Pprof__Location *location_of(const Pprof__Profile *profile, uint64_t id)
{
    for (size_t i = 0; i < profile->n_location; i++) {
        if (profile->location[i]->id == id)
            return profile->location[i];
    }
    fail_msg("no location %d", (int)id);
    return NULL;
}

static const char *function_of(const Pprof__Profile *profile, const Pprof__Location *location)
{
    for (size_t i = 0; i < profile->n_function; i++) {
        if (profile->function[i]->id == location->line[0]->function_id)
            return text_of(profile, profile->function[i]->name);
    }
    return "";
}

static void test_pprof_write__header_says_what_the_numbers_are(void **state)
{
    Pprof__Profile *profile = write_profile("sync", BEGIN WAITS, SYMBOLIZE_LINES);

    (void)state;
    assert_string_equal(profile->string_table[0], "");
    assert_int_equal(profile->n_sample_type, 2);
    assert_string_equal(text_of(profile, profile->sample_type[0]->type), "contentions");
    assert_string_equal(text_of(profile, profile->sample_type[0]->unit), "count");
    assert_string_equal(text_of(profile, profile->sample_type[1]->type), "delay");
    assert_string_equal(text_of(profile, profile->sample_type[1]->unit), "nanoseconds");
    assert_string_equal(text_of(profile, profile->default_sample_type), "delay");
    assert_string_equal(text_of(profile, profile->period_type->type), "contentions");
    assert_string_equal(text_of(profile, profile->period_type->unit), "count");
    assert_int_equal(profile->period, 1);
    assert_int_equal(profile->time_nanos, 1000000);
    assert_int_equal(profile->duration_nanos, 2000000);
    assert_true(profile->n_comment >= 4);
    assert_true(g_str_has_prefix(text_of(profile, profile->comment[0]), "exectrace analyzer "));
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__samples_are_the_largest_first_with_labels(void **state)
{
    static const int64_t delays[] = {1000, 700, 600, 500};
    Pprof__Profile *profile = write_profile("sync", BEGIN WAITS, SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->n_sample, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(profile->sample[i]->n_value, 2);
        assert_int_equal(profile->sample[i]->value[0], 1);
        assert_int_equal(profile->sample[i]->value[1], delays[i]);
        assert_true(profile->sample[i]->n_label >= 4);
        for (size_t j = 0; j < profile->sample[i]->n_label; j++)
            assert_true(profile->sample[i]->label[j]->key != 0 && profile->sample[i]->label[j]->str != 0);
    }
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__unknown_places_stay_apart(void **state)
{
    Pprof__Profile *profile = write_profile("sync", BEGIN WAITS, SYMBOLIZE_LINES);
    const Pprof__Sample *first = profile->sample[0], *second = profile->sample[1];

    (void)state;
    assert_string_equal(function_of(profile, location_of(profile, first->location_id[0])),
                        "[unknown] lib.so+0x100");
    assert_string_equal(function_of(profile, location_of(profile, first->location_id[1])),
                        "[unknown] app+0x200");
    assert_string_equal(function_of(profile, location_of(profile, second->location_id[0])),
                        "[anonymous code] 0x7f0000900000");
    assert_string_equal(function_of(profile, location_of(profile, second->location_id[1])),
                        "[anonymous code] 0x7f0000900100");
    assert_int_equal(first->location_id[1], second->location_id[2]);
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__missing_stacks_are_shown(void **state)
{
    Pprof__Profile *profile = write_profile("sync", BEGIN WAITS, SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->sample[2]->n_location_id, 1);
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[2]->location_id[0])),
                        "[stack lost]");
    /* None was taken: the operation and its thread stand for it. */
    assert_int_equal(profile->sample[3]->n_location_id, 2);
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[3]->location_id[0])),
                        "[mutex]");
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[3]->location_id[1])),
                        "[thread 101]");
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__sums_have_a_name_of_their_own(void **state)
{
    Pprof__Profile *profile = write_profile(
        "syscall",
        BEGIN "2000000 100 101 - call_summary number=0 fd_kind=pipe count=7 total_ns=70 shortest_ns=10 "
              "longest_ns=10\n",
        SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->n_sample, 1);
    assert_int_equal(profile->sample[0]->value[0], 7);
    assert_int_equal(profile->sample[0]->value[1], 70);
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[0]->location_id[0])),
                        "[short read]");
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__kernel_trace_without_stacks_names_calls_and_threads(void **state)
{
    Pprof__Profile *profile = write_profile("offwake",
                                            "1000000 200 201 0 sched_name name=db\n"
                                            "2000000 200 201 0 kernel_syscall_entry name=read fd=3\n"
                                            "2500000 200 201 0 kernel_syscall_exit name=read result=1\n",
                                            SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->n_sample, 1);
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[0]->location_id[0])),
                        "[read]");
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[0]->location_id[1])),
                        "[thread db]");
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__no_location_has_address_zero_or_another_ones(void **state)
{
    Pprof__Profile *profile = write_profile("offwake", BEGIN WAITS, SYMBOLIZE_LINES);

    (void)state;
    for (size_t i = 0; i < profile->n_location; i++) {
        assert_true(profile->location[i]->address != 0 && profile->location[i]->id != 0);
        for (size_t j = 0; j < i; j++)
            assert_true(profile->location[i]->address != profile->location[j]->address);
    }
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__main_program_is_the_first_mapping(void **state)
{
    Pprof__Profile *profile = write_profile("sync", BEGIN WAITS, SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->n_mapping, 2);
    assert_string_equal(text_of(profile, profile->mapping[0]->filename), "/nowhere/app");
    assert_int_equal(profile->mapping[0]->memory_start, 0x400000);
    assert_int_equal(profile->mapping[0]->memory_limit, 0x410000);
    assert_string_equal(text_of(profile, profile->mapping[1]->filename), "/nowhere/lib.so");
    assert_string_equal(text_of(profile, profile->mapping[1]->build_id), "0102ff");
    assert_false(profile->mapping[0]->has_functions || profile->mapping[0]->has_line_numbers);
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__offwake_joins_both_stacks(void **state)
{
    Pprof__Profile *profile = write_profile("offwake", BEGIN WAITS, SYMBOLIZE_LINES);
    const Pprof__Sample *first = profile->sample[0];

    (void)state;
    assert_int_equal(first->n_location_id, 5);
    assert_string_equal(function_of(profile, location_of(profile, first->location_id[0])),
                        "[unknown] lib.so+0x100");
    assert_string_equal(function_of(profile, location_of(profile, first->location_id[2])), "[woken by]");
    assert_string_equal(function_of(profile, location_of(profile, first->location_id[3])),
                        "[unknown] app+0x300");
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__without_symbols_places_stay_apart(void **state)
{
    Pprof__Profile *profile = write_profile("sync", BEGIN WAITS, SYMBOLIZE_NONE);

    (void)state;
    assert_string_equal(function_of(profile, location_of(profile, profile->sample[0]->location_id[0])),
                        "[unknown] lib.so+0x100");
    assert_int_equal(location_of(profile, profile->sample[0]->location_id[0])->address, 0x7f0000100100);
    assert_false(profile->mapping[0]->has_functions);
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__empty_profile_is_whole(void **state)
{
    Pprof__Profile *profile = write_profile("net", BEGIN, SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->n_sample, 0);
    assert_int_equal(profile->n_sample_type, 2);
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__heap_has_four_values(void **state)
{
    Pprof__Profile *profile = write_profile(
        "heap", BEGIN "2000000 100 101 - alloc address=0x9000 size=64 weight_bytes=128 stack=1\n",
        SYMBOLIZE_LINES);

    (void)state;
    assert_int_equal(profile->n_sample_type, 4);
    assert_string_equal(text_of(profile, profile->default_sample_type), "inuse_space");
    assert_int_equal(profile->sample[0]->value[0], 2);
    assert_int_equal(profile->sample[0]->value[1], 128);
    assert_int_equal(profile->sample[0]->value[2], 2);
    assert_int_equal(profile->sample[0]->value[3], 128);
    pprof__profile__free_unpacked(profile, NULL);
}

static void test_pprof_write__invalid_utf8_is_made_valid(void **state)
{
    Pprof__Profile *profile = write_profile(
        "sync", BEGIN "1500000 100 101 - thread_name name=\"a\\xffz\"\n" WAITS, SYMBOLIZE_LINES);

    (void)state;
    for (size_t i = 0; i < profile->n_string_table; i++)
        assert_true(g_utf8_validate(profile->string_table[i], -1, NULL));
    pprof__profile__free_unpacked(profile, NULL);
}

static void check_focus(const char *kind, const char *pattern, uint32_t samples, int64_t delay_ns)
{
    struct trace_model *model = trace_model_new();
    struct profile_builder *builder = profile_builder_new(profile_kind_find(kind), model);
    struct trace_observer observer = profile_builder_observer(builder);
    struct symbol_table *symbols = symbol_table_new(SYMBOLIZE_LINES, NULL);
    GRegex *focus = g_regex_new(pattern, 0, 0, NULL);
    struct profile *profile;

    trace_model_add_observer(model, &observer);
    model_from_text(model, BEGIN WAITS);
    profile = profile_builder_finish(builder);
    profile_focus(profile, symbols, focus);
    assert_int_equal(profile_sample_count(profile), samples);
    assert_int_equal(profile_total(profile, 1), delay_ns);
    g_regex_unref(focus);
    profile_free(profile);
    symbol_table_free(symbols);
    profile_builder_free(builder);
    trace_model_free(model);
}

static void test_profile_focus__keeps_samples_with_such_a_function(void **state)
{
    (void)state;
    check_focus("sync", "lib\\.so\\+0x100$", 1, 1000);
    check_focus("sync", "app\\+0x200", 2, 1700);
    check_focus("sync", "nothing", 0, 0);
    /* What stands for a stack. */
    check_focus("sync", "^\\[thread 101\\]$", 1, 500);
    /* Of the waker's stack. */
    check_focus("offwake", "app\\+0x300", 1, 1000);
    /* Of the holder's, not of the waiter's. */
    check_focus("mutex", "app\\+0x300", 1, 1000);
    check_focus("mutex", "lib\\.so", 0, 0);
}

/* The kernel's record of the program has no build id; the program's own has one, and the file another. */
static void test_symbol_table_learn_objects__build_id_goes_for_all_with_the_path(void **state)
{
    struct trace_model *model = trace_model_new();
    struct symbol_table *symbols = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module without_id = {.base = 0x400000, .size = 0x10000, .path = "/proc/self/exe", .index = 7};
    struct frame frame = {.module = &without_id, .address = 0x400100};

    (void)state;
    model_from_text(
        model, "1000000 100 100 - module base=0x7f0000100000 size=0x10000 path=/proc/self/exe build_id=0102\n"
               "1000000 100 100 - stack stack=1 pcs=0x7f0000100101\n"
               "2000010 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=9 stack=1\n");
    symbol_table_learn_objects(symbols, model);
    symbol_table_find(symbols, &frame);
    assert_int_equal(symbol_table_warnings(symbols)->len, 1);
    assert_non_null(strstr(g_ptr_array_index(symbol_table_warnings(symbols), 0), "has changed"));
    symbol_table_free(symbols);
    trace_model_free(model);
}

static void test_pprof_write__full_disk_is_an_error(void **state)
{
    struct trace_model *model = trace_model_new();
    struct profile_builder *builder = profile_builder_new(profile_kind_find("sync"), model);
    struct symbol_table *symbols = symbol_table_new(SYMBOLIZE_NONE, NULL);
    struct profile *profile;
    GError *error = NULL;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    model_from_text(model, BEGIN);
    profile = profile_builder_finish(builder);
    assert_false(pprof_write(profile, symbols, fd, &error));
    assert_string_equal(error->message, g_strerror(ENOSPC));
    g_error_free(error);
    close(fd);
    profile_free(profile);
    symbol_table_free(symbols);
    profile_builder_free(builder);
    trace_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pprof_write__header_says_what_the_numbers_are),
        cmocka_unit_test(test_pprof_write__samples_are_the_largest_first_with_labels),
        cmocka_unit_test(test_pprof_write__unknown_places_stay_apart),
        cmocka_unit_test(test_pprof_write__missing_stacks_are_shown),
        cmocka_unit_test(test_pprof_write__sums_have_a_name_of_their_own),
        cmocka_unit_test(test_pprof_write__kernel_trace_without_stacks_names_calls_and_threads),
        cmocka_unit_test(test_pprof_write__no_location_has_address_zero_or_another_ones),
        cmocka_unit_test(test_pprof_write__main_program_is_the_first_mapping),
        cmocka_unit_test(test_pprof_write__offwake_joins_both_stacks),
        cmocka_unit_test(test_pprof_write__without_symbols_places_stay_apart),
        cmocka_unit_test(test_pprof_write__empty_profile_is_whole),
        cmocka_unit_test(test_pprof_write__heap_has_four_values),
        cmocka_unit_test(test_pprof_write__invalid_utf8_is_made_valid),
        cmocka_unit_test(test_profile_focus__keeps_samples_with_such_a_function),
        cmocka_unit_test(test_symbol_table_learn_objects__build_id_goes_for_all_with_the_path),
        cmocka_unit_test(test_pprof_write__full_disk_is_an_error),
    };

    /* Whatever the user has configured: no network. */
    g_unsetenv("DEBUGINFOD_URLS");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
