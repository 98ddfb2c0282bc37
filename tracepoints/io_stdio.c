/*
 * Wrappers of stdio: the C library's own reads and writes don't come through the wrappers of read and write.
 * Called by the traced program on any thread.
 *
 * Most stdio calls only copy to or from a buffer, in a few nanoseconds: whether a call will have to read or
 * write is seen from the stream's pointers, which is done without the stream's lock and may be wrong when
 * threads share it; then a short call is timed, or a long one is not. Streams of wide characters and the
 * functions for them are not wrapped.
 */
#include "tracepoints/calls.h"

#include <string.h>

#include "tracepoints/io_fds.h"

/* Bits of a stream's flags, as in the C library's libio.h. */
#define STREAM_UNBUFFERED 0x2
#define STREAM_ERROR 0x20
#define STREAM_LINE_BUFFERED 0x200

/* A guess at the bytes that a formatted output makes. */
#define TEXT_BYTES 256

static struct call_target target_stream(const FILE *stream)
{
    return stream == NULL || stream->_fileno < 0 ? target_none() : target_fd(stream->_fileno);
}

static bool must_read(const FILE *stream, size_t count)
{
    return count > (size_t)(stream->_IO_read_end - stream->_IO_read_ptr);
}

/* A line is wanted, or `size` bytes: the buffer does when it holds one or the other. */
static bool must_read_line(const FILE *stream, int size)
{
    size_t available = (size_t)(stream->_IO_read_end - stream->_IO_read_ptr);

    return size > 0 && (size_t)size > available &&
           (available == 0 || memchr(stream->_IO_read_ptr, '\n', available) == NULL);
}

static bool must_write(const FILE *stream, size_t count)
{
    return (stream->_flags & (STREAM_UNBUFFERED | STREAM_LINE_BUFFERED)) != 0 ||
           count >= (size_t)(stream->_IO_write_end - stream->_IO_write_ptr);
}

static bool has_written(const FILE *stream)
{
    return stream == NULL || stream->_IO_write_ptr != stream->_IO_write_base;
}

/* Bytes or items, 0 at the end of the file, or -errno. */
static int64_t stream_result(const FILE *stream, int64_t value)
{
    if (stream != NULL && (stream->_flags & STREAM_ERROR) != 0)
        return -(int64_t)errno;
    return value > 0 ? value : 0;
}

#define WRAP_STDIO(first, type, name, version, parameters, arguments, number, stream, is_needed)             \
    EXECTRACE_EXPORT type name parameters;                                                                   \
    type name parameters                                                                                     \
    {                                                                                                        \
        if (!TRACING(exectrace_syscall, call) || guard_is_raised() || !(is_needed))                          \
            return real.name arguments;                                                                      \
                                                                                                             \
        struct call call CALL_IN_FRAME;                                                                      \
        if (!call_begin(&call, number, target_stream(stream), SITE))                                         \
            return real.name arguments;                                                                      \
        type value = real.name arguments;                                                                    \
        call_end(&call, stream_result(stream, (int64_t)(intptr_t)value));                                    \
        return value;                                                                                        \
    }

STDIO_READ_CALLS(WRAP_STDIO, )
STDIO_WRITE_CALLS(WRAP_STDIO, )
STDIO_OPEN_CALLS(WRAP_CALL_INSIDE, )

#undef getc
#undef putc
WRAP_ALIAS(getc, fgetc)
WRAP_ALIAS(_IO_getc, fgetc)
WRAP_ALIAS(putc, fputc)
WRAP_ALIAS(_IO_putc, fputc)
WRAP_ALIAS(__getdelim, getdelim)

EXECTRACE_EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    return recorded_fopen(path, mode);
}

WRAP_ALIAS(fopen64, fopen)

EXECTRACE_EXPORT FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
    fds_forget(stream->_fileno);
    return recorded_freopen(path, mode, stream);
}

WRAP_ALIAS(freopen64, freopen)

/* The kind is asked for before the descriptor ends, and forgotten before its number can be used again. */
EXECTRACE_EXPORT int fclose(FILE *stream)
{
    int fd = stream->_fileno;
    int result = recorded_fclose(stream);

    fds_forget(fd);
    return result;
}

EXECTRACE_EXPORT int pclose(FILE *stream)
{
    int fd = stream->_fileno;
    int result = recorded_pclose(stream);

    fds_forget(fd);
    return result;
}

EXECTRACE_EXPORT int vdprintf(int fd, const char *restrict format, va_list values)
{
    return recorded_vdprintf(fd, format, values);
}

EXECTRACE_EXPORT int __vdprintf_chk(int fd, int level, const char *restrict format, va_list values);
int __vdprintf_chk(int fd, int level, const char *restrict format, va_list values)
{
    return recorded___vdprintf_chk(fd, level, format, values);
}

/* A function with a format and its values, made from the one that takes a va_list. */
#define WRAP_FORMAT(name, parameters, inner, arguments)                                                      \
    EXECTRACE_EXPORT int name parameters;                                                                    \
    int name parameters                                                                                      \
    {                                                                                                        \
        va_list values;                                                                                      \
                                                                                                             \
        va_start(values, format);                                                                            \
        int result = inner arguments;                                                                        \
        va_end(values);                                                                                      \
        return result;                                                                                       \
    }

WRAP_FORMAT(fprintf, (FILE *restrict stream, const char *restrict format, ...), vfprintf,
            (stream, format, values))
WRAP_FORMAT(printf, (const char *restrict format, ...), vfprintf, (stdout, format, values))
WRAP_FORMAT(dprintf, (int fd, const char *restrict format, ...), recorded_vdprintf, (fd, format, values))
WRAP_FORMAT(__fprintf_chk, (FILE *restrict stream, int level, const char *restrict format, ...),
            __vfprintf_chk, (stream, level, format, values))
WRAP_FORMAT(__printf_chk, (int level, const char *restrict format, ...), __vfprintf_chk,
            (stdout, level, format, values))
WRAP_FORMAT(__dprintf_chk, (int fd, int level, const char *restrict format, ...), recorded___vdprintf_chk,
            (fd, level, format, values))
WRAP_FORMAT(__isoc99_fscanf, (FILE *restrict stream, const char *restrict format, ...), __isoc99_vfscanf,
            (stream, format, values))
WRAP_FORMAT(__isoc99_scanf, (const char *restrict format, ...), __isoc99_vfscanf, (stdin, format, values))
