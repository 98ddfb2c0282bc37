/*
 * Wrappers of stdio on wide characters: see io_stdio.c. Called by the traced program on any thread.
 *
 * A stream of wide characters has a second buffer, of wide characters, in front of the bytes; whether a call
 * must read is seen from that one, and so taking characters over from the bytes counts as a short call.
 */
#include "tracepoints/io_stdio.h"

#include <string.h>

/* The beginning of a stream's part for wide characters, as in the C library's libio.h. */
struct _IO_wide_data {
    wchar_t *read_ptr;
    wchar_t *read_end;
    wchar_t *read_base;
    wchar_t *write_base;
    wchar_t *write_ptr;
    wchar_t *write_end;
};

/* A guess at the characters that a formatted output makes. */
#define WIDE_TEXT_COUNT 256

/* NULL for a stream without wide characters so far: the call decides what it will be. */
static const struct _IO_wide_data *wide_part(const FILE *stream)
{
    return stream->_mode > 0 ? stream->_wide_data : NULL;
}

static bool must_read_wide(const FILE *stream, size_t count)
{
    const struct _IO_wide_data *wide = wide_part(stream);

    return wide == NULL || count > (size_t)(wide->read_end - wide->read_ptr);
}

static bool must_read_wide_line(const FILE *stream, int size)
{
    const struct _IO_wide_data *wide = wide_part(stream);

    return size > 0 && must_read_wide(stream, (size_t)size) &&
           (wide == NULL || wide->read_ptr == NULL ||
            wmemchr(wide->read_ptr, L'\n', (size_t)(wide->read_end - wide->read_ptr)) == NULL);
}

static bool must_write_wide(const FILE *stream, size_t count)
{
    const struct _IO_wide_data *wide = wide_part(stream);

    return wide == NULL || (stream->_flags & (STREAM_UNBUFFERED | STREAM_LINE_BUFFERED)) != 0 ||
           count >= (size_t)(wide->write_end - wide->write_ptr);
}

WIDE_READ_CALLS(WRAP_STDIO, )
WIDE_WRITE_CALLS(WRAP_STDIO, )
WIDE_OLD_SCAN_CALLS(WRAP_OLD_STDIO, )

WRAP_ALIAS(getwc, fgetwc)
WRAP_ALIAS(getwc_unlocked, fgetwc_unlocked)
WRAP_ALIAS(putwc, fputwc)
WRAP_ALIAS(putwc_unlocked, fputwc_unlocked)

EXECTRACE_EXPORT int vwprintf(const wchar_t *restrict format, va_list values)
{
    return vfwprintf(stdout, format, values);
}

EXECTRACE_EXPORT int __vwprintf_chk(int level, const wchar_t *restrict format, va_list values);
int __vwprintf_chk(int level, const wchar_t *restrict format, va_list values)
{
    return __vfwprintf_chk(stdout, level, format, values);
}

EXECTRACE_EXPORT int old_vwscanf(const wchar_t *restrict format, va_list values) __asm__("vwscanf");
int old_vwscanf(const wchar_t *restrict format, va_list values)
{
    return old_vfwscanf(stdin, format, values);
}

EXECTRACE_EXPORT int __isoc99_vwscanf(const wchar_t *restrict format, va_list values);
int __isoc99_vwscanf(const wchar_t *restrict format, va_list values)
{
    return __isoc99_vfwscanf(stdin, format, values);
}

WRAP_FORMAT(fwprintf, (FILE *restrict stream, const wchar_t *restrict format, ...), vfwprintf,
            (stream, format, values))
WRAP_FORMAT(wprintf, (const wchar_t *restrict format, ...), vfwprintf, (stdout, format, values))
WRAP_FORMAT(__fwprintf_chk, (FILE *restrict stream, int level, const wchar_t *restrict format, ...),
            __vfwprintf_chk, (stream, level, format, values))
WRAP_FORMAT(__wprintf_chk, (int level, const wchar_t *restrict format, ...), __vfwprintf_chk,
            (stdout, level, format, values))
WRAP_OLD_FORMAT(fwscanf, (FILE *restrict stream, const wchar_t *restrict format, ...), old_vfwscanf,
                (stream, format, values))
WRAP_OLD_FORMAT(wscanf, (const wchar_t *restrict format, ...), old_vfwscanf, (stdin, format, values))
WRAP_FORMAT(__isoc99_fwscanf, (FILE *restrict stream, const wchar_t *restrict format, ...), __isoc99_vfwscanf,
            (stream, format, values))
WRAP_FORMAT(__isoc99_wscanf, (const wchar_t *restrict format, ...), __isoc99_vfwscanf,
            (stdin, format, values))
