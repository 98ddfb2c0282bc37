/*
 * Wrappers of reading, writing and flushing: made from the table in real_io.h. Called by the traced program
 * on any thread, also from signal handlers.
 */
#include "tracepoints/calls.h"

#include <unistd.h>

#include "tracepoints/raw_syscall.h"

IO_READ_WRITE_CALLS(WRAP_CALL, )
IO_WRITE_CALL(WRAP_CALL_INSIDE, )

EXECTRACE_EXPORT ssize_t write(int fd, const void *buffer, size_t count)
{
    /* LTTng wakes its reader up from within an event: that must not become a cancellation point. */
    if (unlikely(guard_is_raised())) {
        long result = raw_syscall3(SYS_write, fd, (long)buffer, (long)count);
        return raw_result(result);
    }
    return recorded_write(fd, buffer, count);
}

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
