/*
 * Owns the files that viewer_export makes: buffer, gzip stream, temporary name. Called by main and the
 * exporters on the main thread; full buffers are compressed and written on output_writer.c's thread. The
 * signal handler here only unlinks the temporary file.
 */
#include "viewer_export/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "viewer_export/output_writer.h"

#define RESERVE_MIN_BYTES ((off_t)4 << 20)
#define RESERVE_MAX_BYTES ((off_t)64 << 20)
#define WRITE_UNIT_BYTES ((size_t)4096)
#define GZIP_LEVEL 3 /* level 6 takes three times as long for a tenth less */

enum target_kind {
    TARGET_NOWHERE,
    TARGET_STREAM, /* standard output, or an existing thing that is no regular file */
    TARGET_FILE,
};

struct output_target {
    enum target_kind kind;
    int fd;
    char *path;                          /* final name, or what to call it in messages */
    char *temporary;                     /* NULL unless TARGET_FILE */
    atomic_int error_number;             /* set by the thread that writes */
    off_t written_bytes, reserved_bytes; /* of a file; reserved: see reserve_space() */
    bool is_gzip;
    z_stream gzip;
    uint8_t *compressed;
};

/* What a signal handler has to remove. Files beyond the table are left behind by a signal. */
#define MAX_UNFINISHED 64
static char *volatile unfinished_files[MAX_UNFINISHED];

static void remember_unfinished(char *path)
{
    for (size_t i = 0; i < MAX_UNFINISHED; i++) {
        if (!unfinished_files[i]) {
            unfinished_files[i] = path;
            return;
        }
    }
}

static void forget_unfinished(const char *path)
{
    for (size_t i = 0; i < MAX_UNFINISHED; i++) {
        if (unfinished_files[i] == path)
            unfinished_files[i] = NULL;
    }
}

void output_remove_unfinished(void)
{
    for (size_t i = 0; i < MAX_UNFINISHED; i++) {
        char *path = unfinished_files[i];
        if (path)
            unlink(path);
    }
}

static void on_signal(int signal_number)
{
    output_remove_unfinished();
    raise(signal_number); /* SA_RESETHAND: the default action now */
}

static void watch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    static bool is_done;
    if (is_done)
        return;
    is_done = true;
    signal(SIGXFSZ, SIG_IGN); /* write() fails instead, and is reported */
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction old;
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
        sigemptyset(&action.sa_mask);
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
    }
}

/*
 * Large files get their space in few pieces, as much again as is written: a tenth of what writing costs.
 * Where a file system cannot do that, or the disk is nearly full, it is done without.
 */
static void reserve_space(struct output_target *target)
{
    if (target->kind != TARGET_FILE || target->written_bytes < target->reserved_bytes ||
        target->written_bytes < RESERVE_MIN_BYTES || target->reserved_bytes < 0)
        return;
    off_t count = MIN(target->written_bytes, RESERVE_MAX_BYTES);
    if (fallocate(target->fd, FALLOC_FL_KEEP_SIZE, target->written_bytes, count) == 0)
        target->reserved_bytes = target->written_bytes + count;
    else
        target->reserved_bytes = -1;
}

/* Gives back what was reserved and not used. */
static void trim_space(struct output_target *target)
{
    if (target->reserved_bytes > target->written_bytes && target->error_number == 0 &&
        ftruncate(target->fd, target->written_bytes) != 0)
        target->error_number = errno;
}

static void write_fd(struct output_target *target, const uint8_t *bytes, size_t count)
{
    reserve_space(target);
    while (count > 0 && target->error_number == 0) {
        ssize_t written = write(target->fd, bytes, count);
        if (written < 0) {
            if (errno != EINTR)
                target->error_number = errno;
            continue;
        }
        bytes += written;
        count -= (size_t)written;
        target->written_bytes += written;
    }
}

static void write_compressed(struct output_target *target, const uint8_t *bytes, size_t count, int flush)
{
    target->gzip.next_in = (uint8_t *)(uintptr_t)bytes;
    target->gzip.avail_in = (unsigned)count;
    do {
        target->gzip.next_out = target->compressed;
        target->gzip.avail_out = OUTPUT_BUFFER_BYTES;
        deflate(&target->gzip, flush);
        write_fd(target, target->compressed, OUTPUT_BUFFER_BYTES - target->gzip.avail_out);
    } while (target->gzip.avail_out == 0);
}

static void write_target(struct output_target *target, const uint8_t *bytes, size_t count, int flush)
{
    if (target->kind == TARGET_NOWHERE || target->error_number != 0)
        return;
    if (target->is_gzip)
        write_compressed(target, bytes, count, flush);
    else
        write_fd(target, bytes, count);
}

/* On the thread that writes. */
static void write_full_buffer(struct output_target *target, const uint8_t *bytes, size_t count)
{
    write_target(target, bytes, count, Z_NO_FLUSH);
}

static struct output *output_new(enum target_kind kind, int fd, const char *path, bool is_gzip)
{
    struct output *output = g_new0(struct output, 1);
    output->buffer = g_malloc(OUTPUT_BUFFER_BYTES);
    output->target = g_new0(struct output_target, 1);
    output->target->kind = kind;
    output->target->fd = fd;
    output->target->path = g_strdup(path);
    output->target->is_gzip = is_gzip;
    if (is_gzip) {
        output->target->compressed = g_malloc(OUTPUT_BUFFER_BYTES);
        /* 15 window bits, + 16: a gzip header */
        deflateInit2(&output->target->gzip, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    }
    if (kind != TARGET_NOWHERE)
        output_writer_acquire(OUTPUT_BUFFER_BYTES, write_full_buffer);
    return output;
}

struct output *output_open_nowhere(void)
{
    return output_new(TARGET_NOWHERE, -1, "", false);
}

static bool set_open_error(const char *path, GError **error)
{
    int number = errno;
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number), "cannot create %s: %s", path,
                g_strerror(number));
    return false;
}

/* A file of that name with the permissions that open() would have given it. */
static int make_temporary(const char *path, char **temporary)
{
    g_autofree char *name = g_strdup_printf("%s.part-XXXXXX", path);
    int fd = g_mkstemp_full(name, O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;

    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, 0666 & ~mask) != 0) {
        /* A file system without permissions: 0600 or whatever it has is as good. */
        errno = 0;
    }
    *temporary = g_steal_pointer(&name);
    return fd;
}

struct output *output_open(const char *path, bool is_gzip, GError **error)
{
    if (strcmp(path, "-") == 0)
        return output_new(TARGET_STREAM, STDOUT_FILENO, "standard output", is_gzip);

    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
            set_open_error(path, error);
            return NULL;
        }
        return output_new(TARGET_STREAM, fd, path, is_gzip);
    }

    /* A signal waits until the handler knows the file. */
    watch_signals();
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    char *temporary = NULL;
    int fd = make_temporary(path, &temporary);
    int open_errno = errno;
    if (fd >= 0)
        remember_unfinished(temporary);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (fd < 0) {
        errno = open_errno;
        set_open_error(path, error);
        return NULL;
    }
    struct output *output = output_new(TARGET_FILE, fd, path, is_gzip);
    output->target->temporary = temporary;
    return output;
}

static void hand_over(struct output *output, size_t count)
{
    output->flushed_bytes += count;
    if (output->target->kind != TARGET_NOWHERE)
        output->buffer = output_writer_hand_over(output->target, output->buffer, count);
    output->used_bytes -= count;
}

/* Whole pages: pieces of pages cost the kernel half as much again. What is left goes to the next buffer. */
void output_hand_over(struct output *output)
{
    uint8_t rest[WRITE_UNIT_BYTES];
    size_t rest_bytes = output->used_bytes % WRITE_UNIT_BYTES;
    memcpy(rest, output->buffer + output->used_bytes - rest_bytes, rest_bytes);
    hand_over(output, output->used_bytes - rest_bytes);
    memcpy(output->buffer, rest, rest_bytes);
}

void output_flush(struct output *output)
{
    hand_over(output, output->used_bytes);
    output_writer_wait(output->target);
}

void output_write_large(struct output *output, const void *bytes, size_t count)
{
    const uint8_t *next = bytes;
    while (count > 0) {
        size_t part = MIN(count, OUTPUT_MAX_RESERVE);
        output_write(output, next, part);
        next += part;
        count -= part;
    }
}

bool output_has_failed(const struct output *output)
{
    return output->target->error_number != 0;
}

void output_fail(struct output *output, int error_number)
{
    output_writer_wait(output->target);
    if (output->target->error_number == 0)
        output->target->error_number = error_number;
}

uint64_t output_bytes(const struct output *output)
{
    return output->flushed_bytes + output->used_bytes;
}

static void output_free(struct output *output)
{
    struct output_target *target = output->target;
    if (target->kind != TARGET_NOWHERE)
        output_writer_release();
    if (target->is_gzip)
        deflateEnd(&target->gzip);
    if (target->temporary)
        forget_unfinished(target->temporary);
    g_free(target->compressed);
    g_free(target->temporary);
    g_free(target->path);
    g_free(target);
    g_free(output->buffer);
    g_free(output);
}

static void close_fd(struct output_target *target)
{
    if (target->kind == TARGET_NOWHERE || target->fd == STDOUT_FILENO)
        return;
    if (close(target->fd) != 0 && target->error_number == 0)
        target->error_number = errno;
    target->fd = -1;
}

bool output_close(struct output *output, GError **error)
{
    struct output_target *target = output->target;
    output_writer_wait(target);
    write_target(target, output->buffer, output->used_bytes, Z_FINISH);
    trim_space(target);
    close_fd(target);
    if (target->temporary && target->error_number == 0 && rename(target->temporary, target->path) != 0)
        target->error_number = errno;

    int number = target->error_number;
    if (number != 0) {
        if (target->temporary)
            unlink(target->temporary);
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number), "cannot write %s: %s",
                    target->path, g_strerror(number));
    }
    output_free(output);
    return number == 0;
}

void output_discard(struct output *output)
{
    if (!output)
        return;
    output_writer_wait(output->target);
    close_fd(output->target);
    if (output->target->temporary)
        unlink(output->target->temporary);
    output_free(output);
}
