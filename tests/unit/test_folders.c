/* recorder/folders.c: the directories of a recording. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/folders.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char *folder;
    char *previous;
    GError *error;
};

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);

    fixture->previous = g_get_current_dir();
    fixture->folder = g_dir_make_tmp("exectrace-test-XXXXXX", NULL);
    *state = fixture;
    return fixture->folder && chdir(fixture->folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    folders_remove(fixture->folder);
    assert_int_equal(chdir(fixture->previous), 0);
    g_clear_error(&fixture->error);
    g_free(fixture->folder);
    g_free(fixture->previous);
    g_free(fixture);
    return 0;
}

static void assert_private_folder(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0700);
}

static void assert_refused(struct fixture *fixture, const char *wanted, const char *words)
{
    bool was_there;

    assert_null(folders_make_output(wanted, "prog", &was_there, &fixture->error));
    assert_non_null(strstr(fixture->error->message, words));
    g_clear_error(&fixture->error);
}

static void test_folders_make_output__new_one_is_private_and_absolute(void **state)
{
    struct fixture *fixture = *state;
    bool was_there = true;
    g_autofree char *path = folders_make_output("trace", "prog", &was_there, &fixture->error);

    assert_non_null(path);
    assert_true(g_path_is_absolute(path));
    assert_false(was_there);
    assert_private_folder(path);
}

static void test_folders_make_output__empty_one_is_taken_and_made_private(void **state)
{
    struct fixture *fixture = *state;
    bool was_there = false;

    assert_int_equal(mkdir("trace", 0755), 0);
    g_autofree char *path = folders_make_output("trace", "prog", &was_there, &fixture->error);
    assert_true(was_there);
    assert_private_folder(path);
}

static void test_folders_make_output__names_itself_after_the_program(void **state)
{
    struct fixture *fixture = *state;
    bool was_there;
    g_autofree char *first = folders_make_output(NULL, "/usr/bin/prog", &was_there, &fixture->error);
    g_autofree char *second = folders_make_output(NULL, "/usr/bin/prog", &was_there, &fixture->error);

    assert_non_null(strstr(first, "/exectrace-prog-"));
    assert_string_not_equal(first, second);
    assert_private_folder(second);
}

static void test_folders_make_output__what_is_there_is_never_overwritten(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(mkdir("full", 0700), 0);
    assert_true(g_file_set_contents("full/precious", "x", 1, NULL));
    assert_refused(fixture, "full", "not empty");
    assert_refused(fixture, "full/precious", "no directory");
    assert_refused(fixture, "missing/deeper", "No such file");
    assert_int_equal(access("full/precious", F_OK), 0);
}

static void test_folders_make_output__closed_folder_is_refused(void **state)
{
    struct fixture *fixture = *state;

    if (geteuid() == 0)
        skip(); /* nothing is closed to root */

    assert_int_equal(mkdir("closed", 0500), 0);
    assert_refused(fixture, "closed/trace", "Permission denied");
}

static void test_folders_make_runtime__is_private_and_short(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *path = folders_make_runtime(&fixture->error);

    assert_non_null(path);
    assert_private_folder(path);
    assert_true(strlen(path) < 80);
    folders_remove(path);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_folders_remove__does_not_follow_links(void **state)
{
    (void)state;
    assert_int_equal(mkdir("kept", 0700), 0);
    assert_true(g_file_set_contents("kept/file", "x", 1, NULL));
    assert_int_equal(mkdir("gone", 0700), 0);
    assert_int_equal(symlink("../kept", "gone/link"), 0);
    folders_remove("gone");
    folders_remove(NULL);
    assert_int_not_equal(access("gone", F_OK), 0);
    assert_int_equal(access("kept/file", F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_folders_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(make_output__new_one_is_private_and_absolute),
        TEST(make_output__empty_one_is_taken_and_made_private),
        TEST(make_output__names_itself_after_the_program),
        TEST(make_output__what_is_there_is_never_overwritten),
        TEST(make_output__closed_folder_is_refused),
        TEST(make_runtime__is_private_and_short),
        TEST(remove__does_not_follow_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
