#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "analyzer/gzip_stream.h"

enum { BYTES = 1 << 20 };

static int temporary_file(void)
{
    char name[] = "/tmp/test_gzip_stream.XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

/* Bytes that do not compress: the output is as long as the input. */
static uint8_t *noise(void)
{
    uint8_t *bytes = g_malloc(BYTES);
    uint32_t state = 1;

    for (int i = 0; i < BYTES; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    return bytes;
}

static void check_round_trip(size_t piece)
{
    g_autofree uint8_t *bytes = noise(), *back = g_malloc(BYTES + 1);
    int fd = temporary_file();
    struct gzip_stream *stream = gzip_stream_new(fd);
    gzFile file;

    for (size_t at = 0; at < BYTES; at += piece)
        gzip_stream_write(stream, bytes + at, MIN(piece, BYTES - at));
    assert_true(gzip_stream_finish(stream, NULL));

    lseek(fd, 0, SEEK_SET);
    file = gzdopen(fd, "rb");
    assert_int_equal(gzread(file, back, BYTES + 1), BYTES);
    assert_memory_equal(back, bytes, BYTES);
    gzclose(file);
}

static void test_gzip_stream__pieces_of_any_size_come_back(void **state)
{
    (void)state;
    check_round_trip(7);
    check_round_trip(64 * 1024);
    check_round_trip(64 * 1024 + 1);
    check_round_trip(BYTES);
}

static void test_gzip_stream__nothing_is_a_valid_file(void **state)
{
    int fd = temporary_file();
    char byte;
    gzFile file;

    (void)state;
    assert_true(gzip_stream_finish(gzip_stream_new(fd), NULL));
    lseek(fd, 0, SEEK_SET);
    file = gzdopen(fd, "rb");
    assert_int_equal(gzread(file, &byte, 1), 0);
    assert_int_equal(gzdirect(file), 0);
    gzclose(file);
}

static void test_gzip_stream__same_input_gives_same_bytes(void **state)
{
    uint8_t first[64], second[64];
    ssize_t sizes[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd = temporary_file();
        struct gzip_stream *stream = gzip_stream_new(fd);

        gzip_stream_write(stream, "profile", 7);
        assert_true(gzip_stream_finish(stream, NULL));
        sizes[i] = pread(fd, i == 0 ? first : second, sizeof first, 0);
        close(fd);
    }
    assert_true(sizes[0] > 18 && sizes[0] == sizes[1]);
    assert_memory_equal(first, second, (size_t)sizes[0]);
}

static void test_gzip_stream__first_error_is_the_one_reported(void **state)
{
    g_autofree uint8_t *bytes = noise();
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct gzip_stream *stream = gzip_stream_new(fd);
    GError *error = NULL;

    (void)state;
    gzip_stream_write(stream, bytes, BYTES);
    close(fd);
    gzip_stream_write(stream, bytes, BYTES);
    assert_false(gzip_stream_finish(stream, &error));
    assert_string_equal(error->message, g_strerror(ENOSPC));
    g_error_free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip_stream__pieces_of_any_size_come_back),
        cmocka_unit_test(test_gzip_stream__nothing_is_a_valid_file),
        cmocka_unit_test(test_gzip_stream__same_input_gives_same_bytes),
        cmocka_unit_test(test_gzip_stream__first_error_is_the_one_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
