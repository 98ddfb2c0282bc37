/*
 * Wrappers of the calls that make and end file descriptors: they keep fd_kinds up to date, record accept and
 * close, and keep the traced program from closing the descriptors of the tracer that shares its process
 * (programs that close everything they don't know are common). Called by the traced program, and by LTTng
 * itself, on any thread, also from signal handlers and between vfork and exec.
 */
#include "tracepoints/calls.h"

#include <dirent.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * LTTng's list of its own descriptors (liblttng-ust-common): calls `close_it` unless `fd` is on the list,
 * then fails with EBADF. Part of no header; liblttng-ust-fd.so is built on it. Absent: nothing is protected.
 */
extern int lttng_ust_safe_close_fd(int fd, int (*close_it)(int fd)) __attribute__((weak));

/* Whether the calling code is the traced program's, as far as we can tell. */
static bool is_program_calling(void)
{
    return !guard_is_raised() && guard_is_open && guard_words.role != GUARD_SILENT;
}

/* A call has made `fd`; -1 is passed through. */
static int made(int fd, enum exectrace_fd_kind kind)
{
    if (fd >= 0 && is_program_calling())
        fd_kinds_set(fd, kind);
    else
        fd_kinds_forget(fd);
    return fd;
}

static int made_both(int result, const int *fds, enum exectrace_fd_kind kind)
{
    if (result == 0) {
        made(fds[0], kind);
        made(fds[1], kind);
    }
    return result;
}

IO_ACCEPT_CALLS(WRAP_CALL_INSIDE, )

EXECTRACE_EXPORT int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
    return made(recorded_accept(fd, address, length), EXECTRACE_FD_SOCKET);
}

EXECTRACE_EXPORT int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags)
{
    return made(recorded_accept4(fd, address, length, flags), EXECTRACE_FD_SOCKET);
}

EXECTRACE_EXPORT int socket(int domain, int type, int protocol)
{
    return made(real.socket(domain, type, protocol), EXECTRACE_FD_SOCKET);
}

EXECTRACE_EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
    return made_both(real.socketpair(domain, type, protocol, fds), fds, EXECTRACE_FD_SOCKET);
}

EXECTRACE_EXPORT int pipe(int fds[2])
{
    return made_both(real.pipe(fds), fds, EXECTRACE_FD_PIPE);
}

WRAP_ALIAS(__pipe, pipe)

EXECTRACE_EXPORT int pipe2(int fds[2], int flags)
{
    return made_both(real.pipe2(fds, flags), fds, EXECTRACE_FD_PIPE);
}

EXECTRACE_EXPORT int eventfd(unsigned value, int flags)
{
    return made(real.eventfd(value, flags), EXECTRACE_FD_EVENTFD);
}

EXECTRACE_EXPORT int timerfd_create(int clock, int flags)
{
    return made(real.timerfd_create(clock, flags), EXECTRACE_FD_TIMERFD);
}

EXECTRACE_EXPORT int epoll_create(int size)
{
    return made(real.epoll_create(size), EXECTRACE_FD_EPOLL);
}

EXECTRACE_EXPORT int epoll_create1(int flags)
{
    return made(real.epoll_create1(flags), EXECTRACE_FD_EPOLL);
}

/* Copies are of the original's kind; asking for that again is left to their first use. */
EXECTRACE_EXPORT int dup(int fd)
{
    int copy = real.dup(fd);

    fd_kinds_forget(copy);
    return copy;
}

EXECTRACE_EXPORT int dup2(int fd, int wanted)
{
    int copy = real.dup2(fd, wanted);

    fd_kinds_forget(copy);
    return copy;
}

WRAP_ALIAS(__dup2, dup2)

EXECTRACE_EXPORT int dup3(int fd, int wanted, int flags)
{
    int copy = real.dup3(fd, wanted, flags);

    fd_kinds_forget(copy);
    return copy;
}

static int pretend_to_close(int fd)
{
    (void)fd;
    return 0;
}

/*
 * Whether `fd` is one of LTTng's. Its list has a lock that LTTng never holds for long, and blocks signals
 * meanwhile; we ask only about descriptors that no wrapper saw the program make.
 */
static bool is_tracers(int fd)
{
    int saved_errno = errno;
    bool is_listed = !fd_kinds_is_programs(fd) && lttng_ust_safe_close_fd != NULL &&
                     lttng_ust_safe_close_fd(fd, pretend_to_close) != 0;

    errno = saved_errno;
    return is_listed;
}

EXECTRACE_EXPORT int close(int fd)
{
    if (!is_program_calling()) {
        fd_kinds_forget(fd);
        return real.close(fd);
    }
    if (is_tracers(fd)) {
        errno = EBADF;
        return -1;
    }
    if (!TRACING(exectrace_syscall, call)) {
        fd_kinds_forget(fd);
        return real.close(fd);
    }

    struct call call CALL_IN_FRAME;
    bool is_begun = call_begin(&call, SYS_close, target_fd(fd), __builtin_return_address(0));
    fd_kinds_forget(fd);
    int result = real.close(fd);
    if (is_begun)
        call_end(&call, RESULT_ERRNO(result));
    return result;
}

WRAP_ALIAS(__close, close)

EXECTRACE_EXPORT int fclose(FILE *stream)
{
    fd_kinds_forget(fileno(stream));
    return real.fclose(stream);
}

EXECTRACE_EXPORT int pclose(FILE *stream)
{
    fd_kinds_forget(fileno(stream));
    return real.pclose(stream);
}

EXECTRACE_EXPORT int closedir(DIR *directory)
{
    if (directory != NULL)
        fd_kinds_forget(dirfd(directory));
    return real.closedir(directory);
}
