/*
 * The only user of zlib. Called by pprof.c on the main thread. The same input gives the same bytes: the
 * header has no time and no name.
 */
#include "analyzer/gzip_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_BYTES (64u * 1024u)
/* deflateInit2: 15 bits of window, plus 16 for a gzip header. */
#define GZIP_WINDOW_BITS (15 + 16)

struct gzip_stream {
    int fd;
    int error; /* errno of the first failure, 0: none */
    z_stream zlib;
    size_t waiting;                    /* bytes in input */
    unsigned char input[BUFFER_BYTES]; /* small writes are collected: zlib is slow to call */
    unsigned char buffer[BUFFER_BYTES];
};

struct gzip_stream *gzip_stream_new(int fd)
{
    struct gzip_stream *stream = g_new0(struct gzip_stream, 1);

    stream->fd = fd;
    if (deflateInit2(&stream->zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        stream->error = ENOMEM;
    return stream;
}

static void flush_buffer(struct gzip_stream *stream)
{
    size_t left = BUFFER_BYTES - stream->zlib.avail_out, done = 0;

    while (done < left && stream->error == 0) {
        ssize_t written = write(stream->fd, stream->buffer + done, left - done);

        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            stream->error = errno;
    }
}

static void compress_input(struct gzip_stream *stream, int flush)
{
    stream->zlib.next_in = stream->input;
    stream->zlib.avail_in = (unsigned)stream->waiting;
    stream->waiting = 0;
    do {
        stream->zlib.next_out = stream->buffer;
        stream->zlib.avail_out = BUFFER_BYTES;
        deflate(&stream->zlib, flush);
        flush_buffer(stream);
    } while (stream->zlib.avail_out == 0 && stream->error == 0);
}

void gzip_stream_write(struct gzip_stream *stream, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    while (size > 0 && stream->error == 0) {
        size_t part = MIN(size, BUFFER_BYTES - stream->waiting);

        memcpy(stream->input + stream->waiting, at, part);
        stream->waiting += part;
        at += part;
        size -= part;
        if (stream->waiting == BUFFER_BYTES)
            compress_input(stream, Z_NO_FLUSH);
    }
}

bool gzip_stream_finish(struct gzip_stream *stream, GError **error)
{
    int failure;

    if (stream->error == 0)
        compress_input(stream, Z_FINISH);
    failure = stream->error;
    deflateEnd(&stream->zlib);
    g_free(stream);
    if (failure == 0)
        return true;

    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failure), "%s", g_strerror(failure));
    return false;
}
