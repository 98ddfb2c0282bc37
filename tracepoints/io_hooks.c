/* System calls made by number through syscall(): see io_hooks.h. Runs on the calling thread. */
#include "tracepoints/io_hooks.h"

#include <errno.h>
#include <unistd.h>

#include "tracepoints/calls.h"
#include "tracepoints/io_fds.h"

/* What the first argument is. */
enum first_argument {
    NOT_RECORDED = 0,
    ANYTHING,
    DESCRIPTOR,
};

static enum first_argument first_argument(long number)
{
    switch (number) {
    case SYS_io_uring_enter:
    case SYS_read:
    case SYS_write:
    case SYS_readv:
    case SYS_writev:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_preadv2:
    case SYS_pwritev2:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
    case SYS_connect:
    case SYS_accept:
    case SYS_accept4:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_flock:
    case SYS_fallocate:
    case SYS_copy_file_range:
    case SYS_splice:
    case SYS_sendfile:
        return DESCRIPTOR;
    case SYS_io_getevents:
    case SYS_io_pgetevents:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_wait4:
    case SYS_waitid:
    case SYS_getrandom:
    case SYS_openat2:
    case SYS_renameat2:
    case SYS_statx:
        return ANYTHING;
    default:
        return NOT_RECORDED;
    }
}

/* Calls that could end the tracer's descriptors: as if made through their functions. */
static bool ends_descriptors(long number, const long arguments[6], const void *site, long *result)
{
    switch (number) {
    case SYS_close:
        /* Not through close(): LTTng's allocates when it is called first, and allocators (jemalloc) close by
         * number because they hold their locks. */
        if (!fds_is_hidden((int)arguments[0], site)) {
            fds_forget((int)arguments[0]);
            return false;
        }
        errno = EBADF;
        *result = -1;
        return true;
    case SYS_close_range:
        *result = close_range((unsigned)arguments[0], (unsigned)arguments[1], (int)arguments[2]);
        return true;
    case SYS_dup2:
        *result = dup2((int)arguments[0], (int)arguments[1]);
        return true;
    case SYS_dup3:
        *result = dup3((int)arguments[0], (int)arguments[1], (int)arguments[2]);
        return true;
    default:
        return false;
    }
}

bool io_syscall(long number, const long arguments[6], const void *site, long *result)
{
    enum first_argument first = first_argument(number);
    struct call call CALL_IN_FRAME = {.is_open = false};

    if (ends_descriptors(number, arguments, site, result))
        return true;
    if (first == NOT_RECORDED || !TRACING(exectrace_syscall, call) || guard_is_raised())
        return false;
    if (!call_begin(&call, (uint16_t)number,
                    first == DESCRIPTOR ? target_fd((int)arguments[0]) : target_none(), site))
        return false;
    *result = real.syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                           arguments[5]);
    call_end(&call, RESULT_ERRNO(*result));
    return true;
}
