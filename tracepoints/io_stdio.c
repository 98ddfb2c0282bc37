/*
 * Wrappers of stdio: the C library's own reads and writes don't come through the wrappers of read and write.
 * Called by the traced program on any thread.
 *
 * Most stdio calls only copy to or from a buffer, in a few nanoseconds: whether a call will have to read or
 * write is seen from the stream's pointers, which is done without the stream's lock and may be wrong when
 * threads share it; then a short call is timed, or a long one is not.
 */
/* The headers' inline versions of some of these would come before ours. */
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1
#endif
#include "tracepoints/io_stdio.h"

#include <string.h>

#include "tracepoints/io_fds.h"

/* A guess at the bytes that a formatted output makes. */
#define TEXT_BYTES 256

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

/* A place in an append-only file, or one not known yet, is asked of the kernel. */
static bool must_ask(const FILE *stream)
{
    return stream->_offset < 0 || has_written(stream);
}

STDIO_READ_CALLS(WRAP_STDIO, )
STDIO_WRITE_CALLS(WRAP_STDIO, )
STDIO_OLD_SCAN_CALLS(WRAP_OLD_STDIO, )
STDIO_SEEK_CALLS(WRAP_STDIO, )
STDIO_OPEN_CALLS(WRAP_CALL_INSIDE, )

#undef getc
#undef putc
#undef getc_unlocked
#undef putc_unlocked
WRAP_ALIAS(getc, fgetc)
WRAP_ALIAS(_IO_getc, fgetc)
WRAP_ALIAS(putc, fputc)
WRAP_ALIAS(_IO_putc, fputc)
WRAP_ALIAS(getc_unlocked, fgetc_unlocked)
WRAP_ALIAS(putc_unlocked, fputc_unlocked)
WRAP_ALIAS(__getdelim, getdelim)
WRAP_ALIAS(fseeko64, fseeko)
WRAP_ALIAS(ftello64, ftello)
WRAP_ALIAS_64(int, fgetpos64, fgetpos, (FILE *restrict stream, fpos64_t *restrict position))
WRAP_ALIAS_64(int, fsetpos64, fsetpos, (FILE * stream, const fpos64_t *position))

EXECTRACE_EXPORT void rewind(FILE *stream)
{
    struct call call CALL_IN_FRAME = {.is_open = false};
    bool is_begun = TRACING(exectrace_syscall, call) && !guard_is_raised() &&
                    call_begin(&call, EXECTRACE_CALL_FSEEK, target_stream(stream), SITE);

    real.rewind(stream);
    if (is_begun)
        call_end(&call, stream_result(stream, 0));
}

EXECTRACE_EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    return recorded_fopen(path, mode);
}

WRAP_ALIAS(fopen64, fopen)

EXECTRACE_EXPORT FILE *tmpfile(void)
{
    return recorded_tmpfile();
}

WRAP_ALIAS(tmpfile64, tmpfile)

EXECTRACE_EXPORT FILE *popen(const char *command, const char *mode)
{
    return recorded_popen(command, mode);
}

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
WRAP_OLD_FORMAT(fscanf, (FILE *restrict stream, const char *restrict format, ...), old_vfscanf,
                (stream, format, values))
WRAP_OLD_FORMAT(scanf, (const char *restrict format, ...), old_vfscanf, (stdin, format, values))

EXECTRACE_EXPORT int old_vscanf(const char *restrict format, va_list values) __asm__("vscanf");
int old_vscanf(const char *restrict format, va_list values)
{
    return old_vfscanf(stdin, format, values);
}

EXECTRACE_EXPORT int __isoc99_vscanf(const char *restrict format, va_list values);
int __isoc99_vscanf(const char *restrict format, va_list values)
{
    return __isoc99_vfscanf(stdin, format, values);
}
