/*
 * What the wrappers of narrow and wide stdio share: bits of a stream, and the body of a wrapper. For
 * io_stdio.c and io_wide_stdio.c.
 */
#ifndef EXECTRACE_IO_STDIO_H
#define EXECTRACE_IO_STDIO_H

#include "tracepoints/calls.h"

/* Bits of a stream's flags, as in the C library's libio.h. */
#define STREAM_UNBUFFERED 0x2
#define STREAM_ERROR 0x20
#define STREAM_LINE_BUFFERED 0x200

static inline struct call_target target_stream(const FILE *stream)
{
    return stream == NULL || stream->_fileno < 0 ? target_none() : target_fd(stream->_fileno);
}

/* Bytes or items, 0 at the end of the file, or -errno. */
static inline int64_t stream_result(const FILE *stream, int64_t value)
{
    if (stream != NULL && (stream->_flags & STREAM_ERROR) != 0)
        return -(int64_t)errno;
    return value > 0 ? value : 0;
}

/* A wrapper, `function`, of the real `name`, in two halves as in WRAP_CALL_AS. */
#define WRAP_STDIO_AS(function, type, name, parameters, arguments, number, stream, is_needed)                \
    static __attribute__((noinline)) type recording_##function parameters                                    \
    {                                                                                                        \
        if (guard_is_raised() || !(is_needed))                                                               \
            return real.name arguments;                                                                      \
                                                                                                             \
        struct call call CALL_IN_FRAME;                                                                      \
        call.is_open = false;                                                                                \
        if (!call_begin(&call, number, target_stream(stream), SITE))                                         \
            return real.name arguments;                                                                      \
        type value = real.name arguments;                                                                    \
        call_end(&call, stream_result(stream, (int64_t)(intptr_t)value));                                    \
        return value;                                                                                        \
    }                                                                                                        \
    type function parameters                                                                                 \
    {                                                                                                        \
        if (TRACING(exectrace_syscall, call))                                                                \
            return recording_##function arguments;                                                           \
        return real.name arguments;                                                                          \
    }

/* The wrapper of an entry of real_stdio.h. */
#define WRAP_STDIO(first, type, name, version, parameters, arguments, number, stream, is_needed)             \
    EXECTRACE_EXPORT type name parameters;                                                                   \
    WRAP_STDIO_AS(name, type, name, parameters, arguments, number, stream, is_needed)

/* The same for a name that the headers turn into another: the function is old_<name> to C. */
#define WRAP_OLD_STDIO(first, type, name, version, parameters, arguments, number, stream, is_needed)         \
    EXECTRACE_EXPORT type old_##name parameters __asm__(#name);                                              \
    WRAP_STDIO_AS(old_##name, type, name, parameters, arguments, number, stream, is_needed)

/* A function with a format and its values, made from the one that takes a va_list. */
#define WRAP_FORMAT_AS(function, parameters, inner, arguments)                                               \
    int function parameters                                                                                  \
    {                                                                                                        \
        va_list values;                                                                                      \
                                                                                                             \
        va_start(values, format);                                                                            \
        int result = inner arguments;                                                                        \
        va_end(values);                                                                                      \
        return result;                                                                                       \
    }
#define WRAP_FORMAT(name, parameters, inner, arguments)                                                      \
    EXECTRACE_EXPORT int name parameters;                                                                    \
    WRAP_FORMAT_AS(name, parameters, inner, arguments)
#define WRAP_OLD_FORMAT(name, parameters, inner, arguments)                                                  \
    EXECTRACE_EXPORT int old_##name parameters __asm__(#name);                                               \
    WRAP_FORMAT_AS(old_##name, parameters, inner, arguments)

#endif
