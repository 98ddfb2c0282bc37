/*
 * The table of wrapped stdio calls on wide characters, in the form of real_stdio.h: see io_wide_stdio.c.
 */
#ifndef EXECTRACE_REAL_WIDE_STDIO_H
#define EXECTRACE_REAL_WIDE_STDIO_H

#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define WIDE_READ_CALLS(F, X)                                                                                \
    F(X, wint_t, fgetwc, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream,                      \
      must_read_wide(stream, 1))                                                                             \
    F(X, wint_t, fgetwc_unlocked, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream,             \
      must_read_wide(stream, 1))                                                                             \
    F(X, wint_t, getwchar, NULL, (void), (), EXECTRACE_CALL_FREAD, stdin, must_read_wide(stdin, 1))          \
    F(X, wint_t, getwchar_unlocked, NULL, (void), (), EXECTRACE_CALL_FREAD, stdin, must_read_wide(stdin, 1)) \
    F(X, wchar_t *, fgetws, NULL, (wchar_t *restrict to, int size, FILE *restrict stream),                   \
      (to, size, stream), EXECTRACE_CALL_FREAD, stream, must_read_wide_line(stream, size))                   \
    F(X, wchar_t *, fgetws_unlocked, NULL, (wchar_t *restrict to, int size, FILE *restrict stream),          \
      (to, size, stream), EXECTRACE_CALL_FREAD, stream, must_read_wide_line(stream, size))                   \
    F(X, wchar_t *, __fgetws_chk, NULL,                                                                      \
      (wchar_t *restrict to, size_t room, int size, FILE *restrict stream), (to, room, size, stream),        \
      EXECTRACE_CALL_FREAD, stream, must_read_wide_line(stream, size))                                       \
    F(X, wchar_t *, __fgetws_unlocked_chk, NULL,                                                             \
      (wchar_t *restrict to, size_t room, int size, FILE *restrict stream), (to, room, size, stream),        \
      EXECTRACE_CALL_FREAD, stream, must_read_wide_line(stream, size))                                       \
    F(X, wint_t, __wuflow, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream, true)              \
    F(X, wint_t, __wunderflow, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream, true)          \
    F(X, int, __isoc99_vfwscanf, NULL,                                                                       \
      (FILE *restrict stream, const wchar_t *restrict format, va_list values), (stream, format, values),     \
      EXECTRACE_CALL_FREAD, stream, must_read_wide_line(stream, 0x7fffffff))

#define WIDE_WRITE_CALLS(F, X)                                                                               \
    F(X, wint_t, fputwc, NULL, (wchar_t character, FILE * stream), (character, stream),                      \
      EXECTRACE_CALL_FWRITE, stream, must_write_wide(stream, 1))                                             \
    F(X, wint_t, fputwc_unlocked, NULL, (wchar_t character, FILE * stream), (character, stream),             \
      EXECTRACE_CALL_FWRITE, stream, must_write_wide(stream, 1))                                             \
    F(X, wint_t, putwchar, NULL, (wchar_t character), (character), EXECTRACE_CALL_FWRITE, stdout,            \
      must_write_wide(stdout, 1))                                                                            \
    F(X, wint_t, putwchar_unlocked, NULL, (wchar_t character), (character), EXECTRACE_CALL_FWRITE, stdout,   \
      must_write_wide(stdout, 1))                                                                            \
    F(X, int, fputws, NULL, (const wchar_t *restrict text, FILE *restrict stream), (text, stream),           \
      EXECTRACE_CALL_FWRITE, stream, must_write_wide(stream, WIDE_TEXT_COUNT))                               \
    F(X, int, fputws_unlocked, NULL, (const wchar_t *restrict text, FILE *restrict stream), (text, stream),  \
      EXECTRACE_CALL_FWRITE, stream, must_write_wide(stream, WIDE_TEXT_COUNT))                               \
    F(X, wint_t, __woverflow, NULL, (FILE * stream, wint_t character), (stream, character),                  \
      EXECTRACE_CALL_FWRITE, stream, true)                                                                   \
    F(X, int, vfwprintf, NULL, (FILE *restrict stream, const wchar_t *restrict format, va_list values),      \
      (stream, format, values), EXECTRACE_CALL_FWRITE, stream, must_write_wide(stream, WIDE_TEXT_COUNT))     \
    F(X, int, __vfwprintf_chk, NULL,                                                                         \
      (FILE *restrict stream, int level, const wchar_t *restrict format, va_list values),                    \
      (stream, level, format, values), EXECTRACE_CALL_FWRITE, stream,                                        \
      must_write_wide(stream, WIDE_TEXT_COUNT))

/* The headers turn this name into __isoc99_vfwscanf. */
#define WIDE_OLD_SCAN_CALLS(F, X)                                                                            \
    F(X, int, vfwscanf, NULL, (FILE *restrict stream, const wchar_t *restrict format, va_list values),       \
      (stream, format, values), EXECTRACE_CALL_FREAD, stream, must_read_wide_line(stream, 0x7fffffff))

#define REAL_WIDE_STDIO_LIST(X)                                                                              \
    WIDE_OLD_SCAN_CALLS(REAL_STDIO_ENTRY, X)                                                                 \
    WIDE_READ_CALLS(REAL_STDIO_ENTRY, X)                                                                     \
    WIDE_WRITE_CALLS(REAL_STDIO_ENTRY, X)

#endif
