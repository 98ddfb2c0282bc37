/* recorder/program_check.c: which programs are refused, and how. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/program_check.h"

#include <elf.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char *folder;
    GError *error;
};

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);

    fixture->folder = g_dir_make_tmp("exectrace-test-XXXXXX", NULL);
    *state = fixture;
    return fixture->folder ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *position)
{
    (void)status;
    (void)type;
    (void)position;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    g_clear_error(&fixture->error);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

/* A file in the fixture's folder; the caller frees the path. */
static char *make_file(struct fixture *fixture, const char *name, const void *contents, gssize size,
                       mode_t mode)
{
    char *path = g_build_filename(fixture->folder, name, NULL);

    assert_true(g_file_set_contents(path, contents, size, NULL));
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void assert_refused(struct fixture *fixture, const char *path, int code, const char *words)
{
    assert_false(program_check(path, &fixture->error));
    assert_int_equal(fixture->error->code, code);
    assert_non_null(strstr(fixture->error->message, words));
    g_clear_error(&fixture->error);
}

static void test_program_find__searches_path(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *path = program_find("sh", &fixture->error);

    assert_non_null(path);
    assert_true(g_path_is_absolute(path));
}

static void test_program_find__missing_program_is_127(void **state)
{
    struct fixture *fixture = *state;

    assert_null(program_find("no-such-program-anywhere", &fixture->error));
    assert_int_equal(fixture->error->code, RECORDER_NOT_FOUND);
    g_clear_error(&fixture->error);
    assert_null(program_find("./no/such/program", &fixture->error));
    assert_int_equal(fixture->error->code, RECORDER_NOT_FOUND);
    g_clear_error(&fixture->error);
    assert_null(program_find("", &fixture->error));
    assert_int_equal(fixture->error->code, RECORDER_NOT_FOUND);
}

static void test_program_find__what_cannot_be_executed_is_126(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *path = make_file(fixture, "text", "hello\n", -1, 0644);

    assert_null(program_find(path, &fixture->error));
    assert_int_equal(fixture->error->code, RECORDER_NOT_EXECUTABLE);
    g_clear_error(&fixture->error);
    assert_null(program_find(fixture->folder, &fixture->error));
    assert_int_equal(fixture->error->code, RECORDER_NOT_EXECUTABLE);
    assert_non_null(strstr(fixture->error->message, "directory"));
}

static void test_program_check__ordinary_program_is_accepted(void **state)
{
    struct fixture *fixture = *state;

    assert_true(program_check("/bin/sh", &fixture->error));
    assert_null(fixture->error);
}

static void test_program_check__static_program_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_refused(fixture, STATIC_PROGRAM, RECORDER_FAILED, "statically linked");
}

static void test_program_limits__go_is_told(void **state)
{
    g_autofree char *limits = program_limits(GO_PROGRAM);

    (void)state;
    assert_non_null(limits);
    assert_non_null(strstr(limits, "Go program"));
    assert_null(program_limits("/bin/sh"));
    assert_null(program_limits("/no/such/file"));
}

static void test_program_check__script_is_judged_by_its_interpreter(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *good = make_file(fixture, "good", "#! /bin/sh -e\nexit 0\n", -1, 0755);
    g_autofree char *missing = make_file(fixture, "missing", "#!/no/such/interpreter\n", -1, 0755);
    g_autofree char *line = g_strdup_printf("#!%s\n", STATIC_PROGRAM);
    g_autofree char *by_static = make_file(fixture, "by-static", line, -1, 0755);
    g_autofree char *plain = make_file(fixture, "plain", "exit 0\n", -1, 0755);
    g_autofree char *empty = make_file(fixture, "empty", "", 0, 0755);

    assert_true(program_check(good, &fixture->error));
    assert_true(program_check(plain, &fixture->error));
    assert_true(program_check(empty, &fixture->error));
    assert_refused(fixture, missing, RECORDER_NOT_FOUND, "/no/such/interpreter");
    assert_refused(fixture, by_static, RECORDER_FAILED, "statically linked");
}

static void test_program_check__script_of_itself_ends(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *path = g_build_filename(fixture->folder, "loop", NULL);
    g_autofree char *line = g_strdup_printf("#!%s\n", path);
    g_autofree char *made = make_file(fixture, "loop", line, -1, 0755);

    assert_refused(fixture, made, RECORDER_NOT_EXECUTABLE, "too many interpreters");
}

static void test_program_check__foreign_and_damaged_elf_files_are_refused(void **state)
{
    struct fixture *fixture = *state;
    Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                         .e_machine = EM_386};
    g_autofree char *small = make_file(fixture, "i386", &header, sizeof(header), 0755);
    g_autofree char *cut = make_file(fixture, "cut", &header, EI_NIDENT, 0755);

    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_machine = EM_SPARC;
    g_autofree char *foreign = make_file(fixture, "sparc", &header, sizeof(header), 0755);

    header.e_machine = sizeof(void *) == 8 ? EM_X86_64 : EM_386;
    header.e_phoff = UINT64_MAX - 7;
    header.e_phnum = 65535;
    header.e_phentsize = sizeof(Elf64_Phdr);
    g_autofree char *damaged = make_file(fixture, "damaged", &header, sizeof(header), 0755);

    assert_refused(fixture, small, RECORDER_FAILED, "32-bit");
    assert_refused(fixture, cut, RECORDER_FAILED, "32-bit");
    assert_refused(fixture, foreign, RECORDER_FAILED, "another machine");
    assert_refused(fixture, damaged, RECORDER_NOT_EXECUTABLE, "damaged");
}

static void test_program_check__setuid_program_of_somebody_else_is_refused(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *contents = NULL;
    gsize size;

    if (getuid() != 0)
        skip(); /* only root can give a file away */

    assert_true(g_file_get_contents("/bin/sh", &contents, &size, NULL));
    g_autofree char *made = make_file(fixture, "copy", contents, (gssize)size, 0755);
    assert_int_equal(chown(made, 65534, 65534), 0);
    assert_int_equal(chmod(made, 04755), 0);
    assert_refused(fixture, made, RECORDER_FAILED, "setuid");
    assert_int_equal(chmod(made, 02755), 0);
    assert_refused(fixture, made, RECORDER_FAILED, "setgid");
    assert_int_equal(chmod(made, 0755), 0);
    assert_true(program_check(made, &fixture->error));
}

static void test_program_check__sanitized_program_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_refused(fixture, SANITIZED_PROGRAM, RECORDER_FAILED, "asan");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_program_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(find__searches_path),
        TEST(find__missing_program_is_127),
        TEST(find__what_cannot_be_executed_is_126),
        TEST(check__ordinary_program_is_accepted),
        TEST(check__static_program_is_refused),
        TEST(limits__go_is_told),
        TEST(check__script_is_judged_by_its_interpreter),
        TEST(check__script_of_itself_ends),
        TEST(check__foreign_and_damaged_elf_files_are_refused),
        TEST(check__setuid_program_of_somebody_else_is_refused),
        TEST(check__sanitized_program_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
