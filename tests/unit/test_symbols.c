#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "analyzer/symbols.h"

/* Lines in tests/apps/symbols/fixture.c. */
enum { LINE_INNER = 18, LINE_MIDDLE = 23, LINE_OUTER = 30, LINE_HIDDEN = 35 };

#define CALLS 8

/* A fixture in this process, and the return addresses it noted. */
struct fixture {
    void *handle;
    struct module module; /* as a trace would tell of it */
    uint64_t callers[CALLS];
};

static void read_build_id(const ElfW(Ehdr) * header, uint64_t bias, struct module *module)
{
    const ElfW(Phdr) *segments = (const void *)((const char *)header + header->e_phoff);

    for (int i = 0; i < header->e_phnum; i++) {
        const char *at = (const char *)(uintptr_t)(segments[i].p_vaddr + bias),
                   *end = at + segments[i].p_memsz;

        while (segments[i].p_type == PT_NOTE && at < end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const char *name = at + sizeof *note, *content = name + ((note->n_namesz + 3) & ~3u);

            if (note->n_type == NT_GNU_BUILD_ID && memcmp(name, "GNU", 4) == 0) {
                module->build_id_size = note->n_descsz;
                memcpy(module->build_id, content, note->n_descsz);
            }
            at = content + ((note->n_descsz + 3) & ~3u);
        }
    }
}

static void load_fixture(struct fixture *fixture, const char *path, const char *callers)
{
    struct link_map *map;
    void *const *addresses;

    fixture->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!fixture->handle)
        fail_msg("%s", dlerror());
    assert_int_equal(dlinfo(fixture->handle, RTLD_DI_LINKMAP, &map), 0);
    fixture->module.base = map->l_addr;
    fixture->module.size = 0x10000;
    fixture->module.path = path;
    read_build_id((const void *)map->l_addr, map->l_addr, &fixture->module);
    addresses = dlsym(fixture->handle, callers);
    for (int i = 0; addresses && i < CALLS; i++)
        fixture->callers[i] = (uintptr_t)addresses[i];
}

/* fixture.so with its three calls made; other variants of the file have the same addresses. */
static int setup(void **state)
{
    static struct fixture fixture;
    void *handle = dlopen(FIXTURES "/fixture.so", RTLD_NOW | RTLD_LOCAL);
    int (*call)(int);

    assert_non_null(handle);
    *(void **)&call = dlsym(handle, "fixture_outer");
    call(0);
    *(void **)&call = dlsym(handle, "fixture_call_hidden");
    call(1);
    load_fixture(&fixture, FIXTURES "/fixture.so", "fixture_callers");
    *state = &fixture;
    return 0;
}

/* What symbols.c says of one address, with the file `path` in place of the one that was loaded. */
static const struct symbolized_frame *find_in(struct symbol_table *table, struct module *module,
                                              const char *path, uint64_t address)
{
    struct frame frame = {.module = module, .address = address};

    module->path = path;
    return symbol_table_find(table, &frame);
}

static bool ends_with(const char *text, const char *end)
{
    return g_str_has_suffix(text, end);
}

static void check_inlined(const struct symbolized_frame *found)
{
    assert_true(found->is_known);
    assert_int_equal(found->count, 3);
    assert_string_equal(found->lines[0].function, "inner");
    assert_int_equal(found->lines[0].line, LINE_INNER);
    assert_string_equal(found->lines[1].function, "middle");
    assert_int_equal(found->lines[1].line, LINE_MIDDLE);
    assert_string_equal(found->lines[2].function, "fixture_outer");
    assert_string_equal(found->lines[2].system_name, "fixture_outer");
    assert_int_equal(found->lines[2].line, LINE_OUTER);
    assert_int_equal(found->lines[2].start_line, LINE_OUTER - 2);
    assert_true(ends_with(found->lines[2].file, "/tests/apps/symbols/fixture.c"));
}

static void test_symbols__inlined_calls_come_innermost_first(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;

    check_inlined(find_in(table, &module, FIXTURES "/fixture.so", fixture->callers[0] - 1));
    assert_int_equal(symbol_table_warnings(table)->len, 0);
    symbol_table_free(table);
}

static void check_forms_of_dwarf(struct fixture *fixture, struct symbol_table *table)
{
    static const char *const paths[] = {FIXTURES "/dwarf4.so", FIXTURES "/split.so", FIXTURES "/types.so",
                                        FIXTURES "/compressed.so"};
    struct module modules[G_N_ELEMENTS(paths)];

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        modules[i] = fixture->module;
        modules[i].build_id_size = 0;
        check_inlined(find_in(table, &modules[i], paths[i], fixture->callers[0] - 1));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        assert_string_equal(find_in(table, &modules[i], paths[i], fixture->callers[1] - 1)->lines[0].function,
                            "hidden_function");
}

static void test_symbols__forms_of_dwarf_give_the_same(void **state)
{
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);

    check_forms_of_dwarf(*state, table);
    symbol_table_free(table);
}

/* With no room for two files each is closed before the next, and opened again. */
static void test_symbols__closed_files_are_opened_again(void **state)
{
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);

    symbol_table_limit_memory(table, 1);
    check_forms_of_dwarf(*state, table);
    assert_int_equal(symbol_table_warnings(table)->len, 0);
    symbol_table_free(table);
}

static void test_symbols__static_function_has_its_line(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;
    const struct symbolized_frame *found =
        find_in(table, &module, FIXTURES "/fixture.so", fixture->callers[1] - 1);

    assert_int_equal(found->count, 1);
    assert_string_equal(found->lines[0].function, "hidden_function");
    assert_int_equal(found->lines[0].line, LINE_HIDDEN);
    symbol_table_free(table);
}

static void test_symbols__functions_mode_reads_no_lines(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_FUNCTIONS, NULL);
    struct module module = fixture->module;
    const struct symbolized_frame *found =
        find_in(table, &module, FIXTURES "/fixture.so", fixture->callers[0] - 1);

    assert_int_equal(found->count, 1);
    assert_string_equal(found->lines[0].function, "fixture_outer");
    assert_string_equal(found->lines[0].file, "");
    assert_int_equal(found->lines[0].line, 0);
    symbol_table_free(table);
}

static void test_symbols__none_mode_opens_no_file(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_NONE, NULL);
    struct module module = fixture->module;
    const struct symbolized_frame *found =
        find_in(table, &module, FIXTURES "/does_not_exist.so", fixture->callers[0] - 1);

    assert_false(found->is_known);
    assert_int_equal(symbol_table_warnings(table)->len, 0);
    symbol_table_free(table);
}

static void test_symbols__unknown_addresses_have_different_names(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;
    const char *path = FIXTURES "/does_not_exist.so";
    const struct symbolized_frame *first = find_in(table, &module, path, module.base + 0x1234);
    const struct symbolized_frame *second = find_in(table, &module, path, module.base + 0x1250);
    struct frame nowhere = {.module = NULL, .address = 0x1000},
                 kernel = {.address = UINT64_C(0xffffffff81000000)};

    assert_false(first->is_known);
    assert_string_equal(first->lines[0].function, "[unknown] does_not_exist.so+0x1234");
    assert_string_equal(second->lines[0].function, "[unknown] does_not_exist.so+0x1250");
    assert_string_equal(symbol_table_find(table, &nowhere)->lines[0].function, "[unknown] 0x1000");
    assert_string_equal(symbol_table_find(table, &kernel)->lines[0].function, "[kernel] 0xffffffff81000000");
    assert_int_equal(symbol_table_warnings(table)->len, 1);
    assert_non_null(strstr(g_ptr_array_index(symbol_table_warnings(table), 0), "does_not_exist.so"));
    symbol_table_free(table);
}

static void test_symbols__anonymous_code_is_named_so(void **state)
{
    static const char *const paths[] = {"//anon", "/memfd:jit (deleted)", "[anon:code]"};
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct module module = {.base = 0x10000, .size = 0x1000, .path = paths[i], .is_segment = true};

        assert_string_equal(find_in(table, &module, paths[i], 0x10010)->lines[0].function,
                            "[anonymous code] 0x10010");
    }
    assert_int_equal(symbol_table_warnings(table)->len, 0);
    symbol_table_free(table);
}

static void test_symbols__deleted_file_is_taken_with_its_build_id_only(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module known = fixture->module, unknown = fixture->module;
    const char *path = FIXTURES "/fixture.so (deleted)";

    unknown.build_id_size = 0;
    check_inlined(find_in(table, &known, path, fixture->callers[0] - 1));
    assert_false(find_in(table, &unknown, path, fixture->callers[0] - 1)->is_known);
    symbol_table_free(table);
}

static void test_symbols__stripped_file_knows_exported_functions_only(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;
    const struct symbolized_frame *exported =
        find_in(table, &module, FIXTURES "/stripped.so", fixture->callers[0] - 1);
    const struct symbolized_frame *hidden =
        find_in(table, &module, FIXTURES "/stripped.so", fixture->callers[1] - 1);

    assert_string_equal(exported->lines[0].function, "fixture_outer");
    assert_false(hidden->is_known);
    assert_true(g_str_has_prefix(hidden->lines[0].function, "[unknown] stripped.so+0x"));
    symbol_table_free(table);
}

static void test_symbols__debug_link_is_followed(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;

    check_inlined(find_in(table, &module, FIXTURES "/linked.so", fixture->callers[0] - 1));
    symbol_table_free(table);
}

static void test_symbols__small_symbol_table_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;

    if (access(FIXTURES "/mini.so", R_OK) != 0) {
        print_message("skipped: xz was not there when the tests were built\n");
        symbol_table_free(table);
        skip();
    }
    assert_string_equal(
        find_in(table, &module, FIXTURES "/mini.so", fixture->callers[1] - 1)->lines[0].function,
        "hidden_function");
    symbol_table_free(table);
}

static void test_symbols__changed_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;
    const struct symbolized_frame *found =
        find_in(table, &module, FIXTURES "/changed.so", fixture->callers[0] - 1);

    assert_false(found->is_known);
    assert_true(g_str_has_prefix(found->lines[0].function, "[unknown] changed.so+0x"));
    assert_int_equal(symbol_table_warnings(table)->len, 1);
    assert_non_null(strstr(g_ptr_array_index(symbol_table_warnings(table), 0), "has changed"));
    symbol_table_free(table);
}

/* A server may be a folder; nothing goes over the network. */
static void test_symbols__missing_file_is_asked_of_debuginfod(void **state)
{
    struct fixture *fixture = *state;
    struct module module = fixture->module;
    GString *folder = g_string_new(FIXTURES "/server/buildid/");
    g_autofree char *copy = NULL, *content = NULL;
    struct symbol_table *table;
    gsize size;

    for (uint32_t i = 0; i < module.build_id_size; i++)
        g_string_append_printf(folder, "%02x", module.build_id[i]);
    assert_int_equal(g_mkdir_with_parents(folder->str, 0700), 0);
    copy = g_strconcat(folder->str, "/executable", NULL);
    assert_true(g_file_get_contents(FIXTURES "/fixture.so", &content, &size, NULL));
    assert_true(g_file_set_contents(copy, content, (gssize)size, NULL));

    g_setenv("DEBUGINFOD_URLS", "file://" FIXTURES "/server", TRUE);
    g_setenv("DEBUGINFOD_CACHE_PATH", FIXTURES "/cache", TRUE);
    table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    if (find_in(table, &module, "/does/not/exist.so", fixture->callers[0] - 1)->is_known)
        check_inlined(find_in(table, &module, "/does/not/exist.so", fixture->callers[0] - 1));
    else
        print_message("not checked: libdebuginfod is not installed, or was not when the test began\n");
    symbol_table_free(table);
    g_unsetenv("DEBUGINFOD_URLS");
    g_string_free(folder, TRUE);
}

static void test_symbols__file_is_taken_when_trace_has_no_build_id(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;

    module.build_id_size = 0;
    assert_true(find_in(table, &module, FIXTURES "/changed.so", fixture->callers[0] - 1)->is_known);
    symbol_table_free(table);
}

static void test_symbols__what_is_no_object_file_gives_a_warning(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module text = fixture->module, folder = fixture->module, device = fixture->module;

    assert_false(find_in(table, &text, "/etc/passwd", fixture->callers[0] - 1)->is_known);
    assert_false(find_in(table, &folder, "/etc", fixture->callers[0] - 1)->is_known);
    assert_false(find_in(table, &device, "/dev/null", fixture->callers[0] - 1)->is_known);
    assert_int_equal(symbol_table_warnings(table)->len, 3);
    symbol_table_free(table);
}

static void test_symbols__sysroot_is_put_before_paths(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, FIXTURES "/root/");
    struct module module = fixture->module;

    check_inlined(find_in(table, &module, "/opt/moved.so", fixture->callers[0] - 1));
    symbol_table_free(table);
}

static void test_symbols__module_that_is_a_segment_is_found_by_offset(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;

    /* In this file offsets and addresses of code are the same. */
    module.base += 0x1000;
    module.offset = 0x1000;
    module.is_segment = true;
    check_inlined(find_in(table, &module, FIXTURES "/fixture.so", fixture->callers[0] - 1));
    assert_false(find_in(table, &module, FIXTURES "/fixture.so", module.base + 0x1000000)->is_known);
    symbol_table_free(table);
}

static void test_symbols__address_behind_a_sized_function_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_FUNCTIONS, NULL);
    struct module module = fixture->module;
    uint64_t sized = (uintptr_t)dlsym(fixture->handle, "fixture_sized");
    uint64_t sizeless = (uintptr_t)dlsym(fixture->handle, "fixture_sizeless");

    assert_string_equal(find_in(table, &module, FIXTURES "/fixture.so", sized)->lines[0].function,
                        "fixture_sized");
    assert_string_equal(find_in(table, &module, FIXTURES "/fixture.so", sized + 2)->lines[0].function,
                        "fixture_sized");
    assert_false(find_in(table, &module, FIXTURES "/fixture.so", sized + 5)->is_known);
    assert_string_equal(find_in(table, &module, FIXTURES "/fixture.so", sizeless + 1)->lines[0].function,
                        "fixture_sizeless");
    symbol_table_free(table);
}

static void test_symbols__data_are_no_code(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct frame in_code = {.module = &fixture->module, .address = fixture->callers[0] - 1};
    struct frame in_data = {.module = &fixture->module,
                            .address = (uintptr_t)dlsym(fixture->handle, "fixture_callers")};
    struct frame nowhere = {.address = 0x1000};

    assert_true(symbol_table_is_code(table, &in_code));
    assert_false(symbol_table_is_code(table, &in_data));
    assert_true(symbol_table_is_code(table, &nowhere));
    symbol_table_free(table);
}

static void test_symbols__same_frame_gives_the_same_answer_object(void **state)
{
    struct fixture *fixture = *state;
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = fixture->module;
    const struct symbolized_frame *first =
        find_in(table, &module, FIXTURES "/fixture.so", fixture->callers[0] - 1);

    assert_ptr_equal(find_in(table, &module, FIXTURES "/fixture.so", fixture->callers[0] - 1), first);
    symbol_table_free(table);
}

static void test_symbols__vdso_is_read_only_with_its_build_id(void **state)
{
    const ElfW(Ehdr) *header = (const void *)getauxval(AT_SYSINFO_EHDR);
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct module module = {.path = "[vdso]", .size = 0x2000}, unproven;
    void *handle = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
    uint64_t address = handle ? (uintptr_t)dlsym(handle, "__vdso_getcpu") : 0;

    (void)state;
    if (!header || address == 0) {
        symbol_table_free(table);
        skip();
    }
    module.base = (uintptr_t)header;
    read_build_id(header, module.base, &module);
    unproven = module;
    unproven.build_id[0] ^= 1;
    assert_string_equal(find_in(table, &module, "[vdso]", address)->lines[0].function, "getcpu");
    assert_true(
        g_str_has_prefix(find_in(table, &unproven, "[vdso]", address)->lines[0].function, "[vdso]+0x"));
    symbol_table_free(table);
}

static void test_symbols__cxx_names_have_their_scopes(void **state)
{
    static const char *const expected[] = {"(anonymous namespace)::in_anonymous", "space::Worker::run",
                                           "space::Worker::run_as<long>", "cxx_run_all::{lambda}::operator()",
                                           "(anonymous namespace)::inlined_anonymous"};
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct fixture fixture = {0};
    int (*run)(void);
    void *handle;

    (void)state;
    if (access(FIXTURES "/cxx.so", R_OK) != 0) {
        symbol_table_free(table);
        skip();
    }
    handle = dlopen(FIXTURES "/cxx.so", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(handle);
    *(void **)&run = dlsym(handle, "cxx_run_all");
    run();
    load_fixture(&fixture, FIXTURES "/cxx.so", "cxx_callers");
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        const struct symbolized_frame *found =
            find_in(table, &fixture.module, FIXTURES "/cxx.so", fixture.callers[i] - 1);

        assert_non_null(strstr(found->lines[0].function, expected[i]));
        assert_true(ends_with(found->lines[0].file, "/fixture.cpp"));
        assert_true(found->lines[0].line > 0);
    }
    symbol_table_free(table);
}

static uint64_t rust_callers[CALLS];

int rust_note(int slot);
__attribute__((noinline)) int rust_note(int slot)
{
    rust_callers[slot] = (uintptr_t)__builtin_return_address(0);
    return slot;
}

static void test_symbols__rust_names_are_readable(void **state)
{
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct fixture fixture = {0};
    const struct symbolized_frame *found;
    int (*run)(int);

    (void)state;
    if (access(FIXTURES "/rust.so", R_OK) != 0) {
        print_message("skipped: rustc was not there when the tests were built\n");
        symbol_table_free(table);
        skip();
    }
    load_fixture(&fixture, FIXTURES "/rust.so", "none");
    *(void **)&run = dlsym(fixture.handle, "rust_run_all");
    run(1);
    found = find_in(table, &fixture.module, FIXTURES "/rust.so", rust_callers[0] - 1);
    assert_non_null(strstr(found->lines[0].function, "fixture::Worker"));
    assert_true(ends_with(found->lines[0].function, "::run"));
    assert_true(ends_with(found->lines[0].file, "fixture.rs"));
    found = find_in(table, &fixture.module, FIXTURES "/rust.so", rust_callers[1] - 1);
    assert_non_null(strstr(found->lines[0].function, "fixture::rust_run_all::{"));
    symbol_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols__inlined_calls_come_innermost_first),
        cmocka_unit_test(test_symbols__forms_of_dwarf_give_the_same),
        cmocka_unit_test(test_symbols__closed_files_are_opened_again),
        cmocka_unit_test(test_symbols__static_function_has_its_line),
        cmocka_unit_test(test_symbols__functions_mode_reads_no_lines),
        cmocka_unit_test(test_symbols__none_mode_opens_no_file),
        cmocka_unit_test(test_symbols__unknown_addresses_have_different_names),
        cmocka_unit_test(test_symbols__anonymous_code_is_named_so),
        cmocka_unit_test(test_symbols__deleted_file_is_taken_with_its_build_id_only),
        cmocka_unit_test(test_symbols__stripped_file_knows_exported_functions_only),
        cmocka_unit_test(test_symbols__debug_link_is_followed),
        cmocka_unit_test(test_symbols__small_symbol_table_is_read),
        cmocka_unit_test(test_symbols__changed_file_is_refused),
        cmocka_unit_test(test_symbols__missing_file_is_asked_of_debuginfod),
        cmocka_unit_test(test_symbols__file_is_taken_when_trace_has_no_build_id),
        cmocka_unit_test(test_symbols__what_is_no_object_file_gives_a_warning),
        cmocka_unit_test(test_symbols__sysroot_is_put_before_paths),
        cmocka_unit_test(test_symbols__module_that_is_a_segment_is_found_by_offset),
        cmocka_unit_test(test_symbols__address_behind_a_sized_function_is_unknown),
        cmocka_unit_test(test_symbols__data_are_no_code),
        cmocka_unit_test(test_symbols__same_frame_gives_the_same_answer_object),
        cmocka_unit_test(test_symbols__vdso_is_read_only_with_its_build_id),
        cmocka_unit_test(test_symbols__cxx_names_have_their_scopes),
        cmocka_unit_test(test_symbols__rust_names_are_readable),
    };

    /* Whatever the user has configured: no network. */
    g_unsetenv("DEBUGINFOD_URLS");
    return cmocka_run_group_tests(tests, setup, NULL);
}
