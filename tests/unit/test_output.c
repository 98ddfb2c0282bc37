/* Files that appear complete or not at all: viewer_export/output.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include "viewer_export/output.h"

static int set_up(void **state)
{
    *state = g_dir_make_tmp("exectrace-output-XXXXXX", NULL);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    g_autofree char *folder = *state;
    return g_rmdir(folder);
}

static unsigned count_files(const char *folder)
{
    unsigned count = 0;
    GDir *dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

static void test_output_close__file_appears_complete(void **state)
{
    g_autofree char *path = g_build_filename(*state, "timeline.json", NULL);
    struct output *output = output_open(path, false, NULL);
    assert_non_null(output);
    output_write(output, "hello", 5);
    output_flush(output);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_true(output_close(output, NULL));

    g_autofree char *contents = NULL;
    assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    assert_string_equal(contents, "hello");
    assert_int_equal(count_files(*state), 1);
    g_unlink(path);
}

static void test_output_discard__leaves_no_file_and_keeps_the_old_one(void **state)
{
    g_autofree char *path = g_build_filename(*state, "timeline.json", NULL);
    assert_true(g_file_set_contents(path, "old", -1, NULL));
    struct output *output = output_open(path, false, NULL);
    output_write(output, "new", 3);
    output_discard(output);

    g_autofree char *contents = NULL;
    assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    assert_string_equal(contents, "old");
    assert_int_equal(count_files(*state), 1);
    g_unlink(path);
}

static void test_output_write__larger_than_the_buffer_arrives(void **state)
{
    g_autofree char *path = g_build_filename(*state, "large", NULL);
    size_t size = OUTPUT_MAX_RESERVE * 20 + 7;
    g_autofree char *bytes = g_malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 31 + i / 4096);
    struct output *output = output_open(path, false, NULL);
    output_write(output, "x", 1);
    output_write(output, bytes, size);
    assert_int_equal(output_bytes(output), size + 1);
    assert_true(output_close(output, NULL));

    g_autofree char *contents = NULL;
    gsize length;
    assert_true(g_file_get_contents(path, &contents, &length, NULL));
    assert_int_equal(length, size + 1);
    assert_memory_equal(contents + 1, bytes, size);
    g_unlink(path);
}

static void test_output_open__gzip_can_be_read_back(void **state)
{
    g_autofree char *path = g_build_filename(*state, "timeline.json.gz", NULL);
    struct output *output = output_open(path, true, NULL);
    for (int i = 0; i < 200000; i++)
        output_write(output, "0123456789", 10);
    assert_int_equal(output_bytes(output), 2000000);
    assert_true(output_close(output, NULL));

    gzFile file = gzopen(path, "rb");
    char line[10];
    int count = 0;
    while (gzread(file, line, sizeof(line)) == sizeof(line)) {
        assert_memory_equal(line, "0123456789", 10);
        count++;
    }
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(count, 200000);
    g_unlink(path);
}

static void test_output_close__full_disk_is_an_error_once(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    struct output *output = output_open("/dev/full", false, NULL);
    assert_non_null(output);
    output_write(output, "x", 1);
    output_flush(output);
    assert_true(output_has_failed(output));
    output_write(output, "y", 1);
    g_autoptr(GError) error = NULL;
    assert_false(output_close(output, &error));
    assert_string_equal(error->message, "cannot write /dev/full: No space left on device");
}

/* More than all buffers hold, so that the thread that writes meets the error while others are filled. */
static void write_much(struct output *output)
{
    static const char bytes[4096];
    for (int i = 0; i < 1024; i++)
        output_write(output, bytes, sizeof(bytes));
}

static void test_output_close__full_disk_while_more_is_written(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
        struct output *output = output_open("/dev/full", is_gzip, NULL);
        write_much(output);
        g_autoptr(GError) error = NULL;
        assert_false(output_close(output, &error));
        assert_string_equal(error->message, "cannot write /dev/full: No space left on device");
    }
}

static void test_output_close__file_that_may_not_grow_is_removed(void **state)
{
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    g_autofree char *path = g_build_filename(*state, "timeline.json", NULL);
    struct output *output = output_open(path, false, NULL);
    const struct rlimit small = {.rlim_cur = 1000000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    write_much(output);
    g_autoptr(GError) error = NULL;
    bool is_written = output_close(output, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(is_written);
    assert_non_null(strstr(error->message, "File too large"));
    assert_int_equal(count_files(*state), 0);
}

static void test_output_close__reader_that_leaves_is_an_error(void **state)
{
    (void)state;
    int pipe_fds[2], standard_output = dup(STDOUT_FILENO);
    assert_int_equal(pipe(pipe_fds), 0);
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    dup2(pipe_fds[1], STDOUT_FILENO);
    close(pipe_fds[0]);
    struct output *output = output_open("-", false, NULL);
    write_much(output);
    g_autoptr(GError) error = NULL;
    bool is_written = output_close(output, &error);
    dup2(standard_output, STDOUT_FILENO);
    close(standard_output);
    close(pipe_fds[1]);
    assert_false(is_written);
    assert_string_equal(error->message, "cannot write standard output: Broken pipe");
}

static void test_output_close__folder_that_vanished_is_an_error(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "folder", NULL);
    g_autofree char *path = g_build_filename(folder, "timeline.json", NULL);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    struct output *output = output_open(path, false, NULL);
    write_much(output);
    GDir *dir = g_dir_open(folder, 0, NULL);
    g_autofree char *temporary = g_build_filename(folder, g_dir_read_name(dir), NULL);
    g_dir_close(dir);
    g_unlink(temporary);
    assert_int_equal(g_rmdir(folder), 0);
    g_autoptr(GError) error = NULL;
    assert_false(output_close(output, &error));
    assert_non_null(strstr(error->message, "No such file or directory"));
}

static void test_output_open__missing_folder_is_an_error(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(output_open("/nonexistent/folder/x.json", false, &error));
    assert_string_equal(error->message,
                        "cannot create /nonexistent/folder/x.json: No such file or directory");
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_output_close__file_appears_complete),
        TEST(test_output_discard__leaves_no_file_and_keeps_the_old_one),
        TEST(test_output_write__larger_than_the_buffer_arrives),
        TEST(test_output_open__gzip_can_be_read_back),
        TEST(test_output_close__full_disk_is_an_error_once),
        TEST(test_output_close__full_disk_while_more_is_written),
        TEST(test_output_close__file_that_may_not_grow_is_removed),
        TEST(test_output_close__reader_that_leaves_is_an_error),
        TEST(test_output_close__folder_that_vanished_is_an_error),
        TEST(test_output_open__missing_folder_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
