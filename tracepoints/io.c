/*
 * Wrappers of reading, writing and flushing: made from the table in real_io.h. Called by the traced program
 * on any thread, also from signal handlers.
 */
#include "tracepoints/calls.h"

#include <unistd.h>

#include "tracepoints/raw_syscall.h"

IO_READ_WRITE_CALLS(WRAP_CALL, )
/* See WRAP_CALL_AS. LTTng wakes its reader up from within an event: that must not become a cancellation
 * point. */
#define WRAP_WRITE(first, type, name, version, parameters, arguments, number, target, result)                \
    static __attribute__((noinline)) type recording_##name parameters                                        \
    {                                                                                                        \
        if (unlikely(guard_is_raised()))                                                                     \
            return raw_result(raw_syscall3(SYS_##name, fd, (long)buffer, (long)count));                      \
        RECORD_CALL(type, name, arguments, number, target, result)                                           \
    }                                                                                                        \
    EXECTRACE_EXPORT type name parameters                                                                    \
    {                                                                                                        \
        if (TRACING(exectrace_syscall, call) || unlikely(guard_is_raised()))                                 \
            return recording_##name arguments;                                                               \
        return real.name arguments;                                                                          \
    }

IO_WRITE_CALL(WRAP_WRITE, )

WRAP_ALIAS(__read, read)
WRAP_ALIAS(__write, write)
WRAP_ALIAS(pread64, pread)
WRAP_ALIAS(__pread64, pread)
WRAP_ALIAS(__pread64_chk, __pread_chk)
WRAP_ALIAS(pwrite64, pwrite)
WRAP_ALIAS(__pwrite64, pwrite)
WRAP_ALIAS(preadv64, preadv)
WRAP_ALIAS(pwritev64, pwritev)
WRAP_ALIAS(preadv64v2, preadv2)
WRAP_ALIAS(pwritev64v2, pwritev2)
