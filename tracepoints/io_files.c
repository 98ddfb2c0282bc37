/*
 * Wrappers of calls on open files: locks, copying, and the ones with variable arguments. Made from the tables
 * in real_files.h. Called by the traced program on any thread.
 */
#include "tracepoints/calls.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <termios.h>
#include <unistd.h>

#include "tracepoints/io_fds.h"

IO_FILE_CALLS(WRAP_CALL, )
IO_VARIADIC_CALLS(WRAP_CALL_INSIDE, )

WRAP_ALIAS(ftruncate64, ftruncate)
WRAP_ALIAS(fallocate64, fallocate)
WRAP_ALIAS(posix_fallocate64, posix_fallocate)
WRAP_ALIAS(lockf64, lockf)
WRAP_ALIAS(sendfile64, sendfile)
WRAP_ALIAS(posix_fadvise64, posix_fadvise)

EXECTRACE_EXPORT void sync(void)
{
    struct call call CALL_IN_FRAME = {0};

    if (!TRACING(exectrace_syscall, call) || !call_begin(&call, SYS_sync, target_none(), SITE)) {
        real.sync();
        return;
    }
    real.sync();
    call_end(&call, 0);
}

/* The mode is only passed when a file may be made. */
static mode_t mode_argument(int flags, va_list arguments)
{
    bool is_passed = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;

    return is_passed ? va_arg(arguments, mode_t) : 0;
}

EXECTRACE_EXPORT int open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = mode_argument(flags, arguments);
    va_end(arguments);
    return recorded_open(path, flags, mode);
}

WRAP_ALIAS(open64, open)
WRAP_ALIAS(__open, open)
WRAP_ALIAS(__open64, open)

EXECTRACE_EXPORT int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = mode_argument(flags, arguments);
    va_end(arguments);
    return recorded_openat(folder, path, flags, mode);
}

WRAP_ALIAS(openat64, openat)

/* Of fcntl's many commands only those that take locks can block. */
static bool is_lock(int command)
{
    switch (command) {
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return true;
    default:
        return false;
    }
}

EXECTRACE_EXPORT int fcntl(int fd, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (unlikely(fds_is_hidden(fd, SITE))) {
        errno = EBADF;
        return -1;
    }
    if (is_lock(command))
        return recorded_fcntl(fd, command, argument);

    int result = real.fcntl(fd, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        fds_forget(result);
    return result;
}

WRAP_ALIAS(fcntl64, fcntl)
WRAP_ALIAS(__fcntl, fcntl)

EXECTRACE_EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return recorded_ioctl(fd, request, argument);
}

EXECTRACE_EXPORT int fstat(int fd, struct stat *status)
{
    if (unlikely(fds_is_hidden(fd, SITE))) {
        errno = EBADF;
        return -1;
    }
    return recorded_fstat(fd, status);
}

EXECTRACE_EXPORT int __fxstat(int version, int fd, struct stat *status);
int __fxstat(int version, int fd, struct stat *status)
{
    if (unlikely(fds_is_hidden(fd, SITE))) {
        errno = EBADF;
        return -1;
    }
    return recorded___fxstat(version, fd, status);
}

WRAP_ALIAS_64(int, fstat64, fstat, (int fd, struct stat64 *status))
WRAP_ALIAS_64(int, __fxstat64, __fxstat, (int version, int fd, struct stat64 *status))
WRAP_ALIAS_64(int, fstatfs64, fstatfs, (int fd, struct statfs64 *status))
WRAP_ALIAS_64(int, fstatvfs64, fstatvfs, (int fd, struct statvfs64 *status))
