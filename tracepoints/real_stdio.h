/*
 * The table of wrapped stdio calls. An entry is F(X, result type, name, symbol version, (parameters),
 * (arguments), number, stream, must it read or write): see io_stdio.c; the rest is as in real_io.h. Functions
 * with a format are made from the forms that take a va_list.
 */
#ifndef EXECTRACE_REAL_STDIO_H
#define EXECTRACE_REAL_STDIO_H

#include <stdarg.h>
#include <stdio.h>

/* The headers' macros for these would be expanded in the table. */
#undef fread_unlocked
#undef fwrite_unlocked
#undef fgetc_unlocked
#undef getchar_unlocked
#undef fputc_unlocked
#undef putchar_unlocked

#define STDIO_READ_CALLS(F, X)                                                                               \
    F(X, size_t, fread, NULL, (void *restrict to, size_t size, size_t count, FILE *restrict stream),         \
      (to, size, count, stream), EXECTRACE_CALL_FREAD, stream, must_read(stream, size *count))               \
    F(X, size_t, fread_unlocked, NULL,                                                                       \
      (void *restrict to, size_t size, size_t count, FILE *restrict stream), (to, size, count, stream),      \
      EXECTRACE_CALL_FREAD, stream, must_read(stream, size *count))                                          \
    F(X, size_t, __fread_chk, NULL,                                                                          \
      (void *restrict to, size_t room, size_t size, size_t count, FILE *restrict stream),                    \
      (to, room, size, count, stream), EXECTRACE_CALL_FREAD, stream, must_read(stream, size *count))         \
    F(X, size_t, __fread_unlocked_chk, NULL,                                                                 \
      (void *restrict to, size_t room, size_t size, size_t count, FILE *restrict stream),                    \
      (to, room, size, count, stream), EXECTRACE_CALL_FREAD, stream, must_read(stream, size *count))         \
    F(X, char *, fgets, NULL, (char *restrict to, int size, FILE *restrict stream), (to, size, stream),      \
      EXECTRACE_CALL_FREAD, stream, must_read_line(stream, size))                                            \
    F(X, char *, fgets_unlocked, NULL, (char *restrict to, int size, FILE *restrict stream),                 \
      (to, size, stream), EXECTRACE_CALL_FREAD, stream, must_read_line(stream, size))                        \
    F(X, char *, __fgets_chk, NULL, (char *restrict to, size_t room, int size, FILE *restrict stream),       \
      (to, room, size, stream), EXECTRACE_CALL_FREAD, stream, must_read_line(stream, size))                  \
    F(X, int, fgetc, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream, must_read(stream, 1))    \
    F(X, int, getchar, NULL, (void), (), EXECTRACE_CALL_FREAD, stdin, must_read(stdin, 1))                   \
    F(X, ssize_t, getdelim, NULL,                                                                            \
      (char **restrict line, size_t *restrict room, int end, FILE *restrict stream),                         \
      (line, room, end, stream), EXECTRACE_CALL_FREAD, stream, must_read_line(stream, 0x7fffffff))           \
    F(X, ssize_t, getline, NULL, (char **restrict line, size_t *restrict room, FILE *restrict stream),       \
      (line, room, stream), EXECTRACE_CALL_FREAD, stream, must_read_line(stream, 0x7fffffff))                \
    F(X, int, __uflow, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream, true)                  \
    F(X, char *, __fgets_unlocked_chk, NULL,                                                                 \
      (char *restrict to, size_t room, int size, FILE *restrict stream), (to, room, size, stream),           \
      EXECTRACE_CALL_FREAD, stream, must_read_line(stream, size))                                            \
    F(X, int, fgetc_unlocked, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream,                 \
      must_read(stream, 1))                                                                                  \
    F(X, int, getchar_unlocked, NULL, (void), (), EXECTRACE_CALL_FREAD, stdin, must_read(stdin, 1))          \
    F(X, int, getw, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream,                           \
      must_read(stream, sizeof(int)))                                                                        \
    F(X, int, __underflow, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FREAD, stream, true)              \
    F(X, int, __isoc99_vfscanf, NULL, (FILE *restrict stream, const char *restrict format, va_list values),  \
      (stream, format, values), EXECTRACE_CALL_FREAD, stream, must_read_line(stream, 0x7fffffff))

#define STDIO_WRITE_CALLS(F, X)                                                                              \
    F(X, size_t, fwrite, NULL,                                                                               \
      (const void *restrict from, size_t size, size_t count, FILE *restrict stream),                         \
      (from, size, count, stream), EXECTRACE_CALL_FWRITE, stream, must_write(stream, size *count))           \
    F(X, size_t, fwrite_unlocked, NULL,                                                                      \
      (const void *restrict from, size_t size, size_t count, FILE *restrict stream),                         \
      (from, size, count, stream), EXECTRACE_CALL_FWRITE, stream, must_write(stream, size *count))           \
    F(X, int, fputs, NULL, (const char *restrict text, FILE *restrict stream), (text, stream),               \
      EXECTRACE_CALL_FWRITE, stream, must_write(stream, TEXT_BYTES))                                         \
    F(X, int, fputs_unlocked, NULL, (const char *restrict text, FILE *restrict stream), (text, stream),      \
      EXECTRACE_CALL_FWRITE, stream, must_write(stream, TEXT_BYTES))                                         \
    F(X, int, puts, NULL, (const char *text), (text), EXECTRACE_CALL_FWRITE, stdout,                         \
      must_write(stdout, TEXT_BYTES))                                                                        \
    F(X, int, fputc, NULL, (int byte, FILE *stream), (byte, stream), EXECTRACE_CALL_FWRITE, stream,          \
      must_write(stream, 1))                                                                                 \
    F(X, int, putchar, NULL, (int byte), (byte), EXECTRACE_CALL_FWRITE, stdout, must_write(stdout, 1))       \
    F(X, int, fputc_unlocked, NULL, (int byte, FILE *stream), (byte, stream), EXECTRACE_CALL_FWRITE, stream, \
      must_write(stream, 1))                                                                                 \
    F(X, int, putchar_unlocked, NULL, (int byte), (byte), EXECTRACE_CALL_FWRITE, stdout,                     \
      must_write(stdout, 1))                                                                                 \
    F(X, int, putw, NULL, (int word, FILE *stream), (word, stream), EXECTRACE_CALL_FWRITE, stream,           \
      must_write(stream, sizeof(int)))                                                                       \
    F(X, int, __overflow, NULL, (FILE * stream, int byte), (stream, byte), EXECTRACE_CALL_FWRITE, stream,    \
      true)                                                                                                  \
    F(X, int, fflush, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FFLUSH, stream, has_written(stream))   \
    F(X, int, fflush_unlocked, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FFLUSH, stream,               \
      has_written(stream))                                                                                   \
    F(X, int, vfprintf, NULL, (FILE *restrict stream, const char *restrict format, va_list values),          \
      (stream, format, values), EXECTRACE_CALL_FWRITE, stream, must_write(stream, TEXT_BYTES))               \
    F(X, int, vprintf, NULL, (const char *restrict format, va_list values), (format, values),                \
      EXECTRACE_CALL_FWRITE, stdout, must_write(stdout, TEXT_BYTES))                                         \
    F(X, int, __vfprintf_chk, NULL,                                                                          \
      (FILE *restrict stream, int level, const char *restrict format, va_list values),                       \
      (stream, level, format, values), EXECTRACE_CALL_FWRITE, stream, must_write(stream, TEXT_BYTES))        \
    F(X, int, __vprintf_chk, NULL, (int level, const char *restrict format, va_list values),                 \
      (level, format, values), EXECTRACE_CALL_FWRITE, stdout, must_write(stdout, TEXT_BYTES))

/* The headers turn this name into __isoc99_vfscanf. */
#define STDIO_OLD_SCAN_CALLS(F, X)                                                                           \
    F(X, int, vfscanf, NULL, (FILE *restrict stream, const char *restrict format, va_list values),           \
      (stream, format, values), EXECTRACE_CALL_FREAD, stream, must_read_line(stream, 0x7fffffff))

#define STDIO_SEEK_CALLS(F, X)                                                                               \
    F(X, int, fseek, NULL, (FILE * stream, long offset, int from), (stream, offset, from),                   \
      EXECTRACE_CALL_FSEEK, stream, true)                                                                    \
    F(X, int, fseeko, NULL, (FILE * stream, off_t offset, int from), (stream, offset, from),                 \
      EXECTRACE_CALL_FSEEK, stream, true)                                                                    \
    F(X, int, fsetpos, NULL, (FILE * stream, const fpos_t *position), (stream, position),                    \
      EXECTRACE_CALL_FSEEK, stream, true)                                                                    \
    F(X, long, ftell, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FSEEK, stream, must_ask(stream))       \
    F(X, off_t, ftello, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FSEEK, stream, must_ask(stream))     \
    F(X, int, fgetpos, NULL, (FILE *restrict stream, fpos_t *restrict position), (stream, position),         \
      EXECTRACE_CALL_FSEEK, stream, must_ask(stream))

/* Form of real_io.h: the streams come and go with these. */
#define STDIO_OPEN_CALLS(F, X)                                                                               \
    F(X, FILE *, fopen, NULL, (const char *restrict path, const char *restrict mode), (path, mode),          \
      EXECTRACE_CALL_FOPEN, target_none(), RESULT_POINTER)                                                   \
    F(X, FILE *, tmpfile, NULL, (void), (), EXECTRACE_CALL_FOPEN, target_none(), RESULT_POINTER)             \
    F(X, FILE *, popen, NULL, (const char *command, const char *mode), (command, mode), SYS_clone,           \
      target_none(), RESULT_POINTER)                                                                         \
    F(X, FILE *, freopen, NULL,                                                                              \
      (const char *restrict path, const char *restrict mode, FILE *restrict stream), (path, mode, stream),   \
      EXECTRACE_CALL_FOPEN, target_none(), RESULT_POINTER)                                                   \
    F(X, int, fclose, NULL, (FILE * stream), (stream), EXECTRACE_CALL_FCLOSE, target_stream(stream),         \
      RESULT_ERRNO)                                                                                          \
    F(X, int, pclose, NULL, (FILE * stream), (stream), SYS_wait4, target_stream(stream), RESULT_ERRNO)       \
    F(X, int, vdprintf, NULL, (int fd, const char *restrict format, va_list values), (fd, format, values),   \
      EXECTRACE_CALL_FWRITE, target_fd(fd), RESULT_ERRNO)                                                    \
    F(X, int, __vdprintf_chk, NULL, (int fd, int level, const char *restrict format, va_list values),        \
      (fd, level, format, values), EXECTRACE_CALL_FWRITE, target_fd(fd), RESULT_ERRNO)

#define REAL_STDIO_ENTRY(X, type, name, version, parameters, arguments, number, stream, is_needed)           \
    X(type, name, version, parameters, arguments)

/* io_stdio.c: no result. X as in real_sync.h. */
#define REAL_REWIND(X) X(void, rewind, NULL, (FILE * stream), (stream))

#define REAL_STDIO_LIST(X)                                                                                   \
    STDIO_READ_CALLS(REAL_STDIO_ENTRY, X)                                                                    \
    STDIO_WRITE_CALLS(REAL_STDIO_ENTRY, X)                                                                   \
    STDIO_OLD_SCAN_CALLS(REAL_STDIO_ENTRY, X)                                                                \
    STDIO_SEEK_CALLS(REAL_STDIO_ENTRY, X)                                                                    \
    REAL_REWIND(X)                                                                                           \
    STDIO_OPEN_CALLS(REAL_IO_ENTRY, X)

#endif
