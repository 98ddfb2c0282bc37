/*
 * Wrappers of the calls that make and end file descriptors: they keep fd_kinds up to date, record accept and
 * close, and keep the traced program from closing the descriptors of the tracer that shares its process
 * (programs that close everything they don't know are common). Called by the traced program, and by LTTng
 * itself, on any thread, also from signal handlers and between vfork and exec.
 */
#include "tracepoints/calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tracepoints/io_fds.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/threads.h"

/* With fewer descriptors allowed LTTng is kept from connecting: it takes up to twenty. */
#define FEWEST_DESCRIPTORS 64

/*
 * Whether the calling code is the traced program's: not ours, and not LTTng's, which ends on the program's
 * thread. It does not matter whether anything is recorded: LTTng lives in children that are not, too.
 */
static bool is_program_calling(const void *site)
{
    return !guard_is_raised() && guard_words.role != GUARD_SILENT && !threads_is_tracer_code(site);
}

bool fds_is_hidden(int fd, const void *site)
{
    return fd_kinds_is_tracers(fd) && is_program_calling(site);
}

void fds_forget(int fd)
{
    if (!guard_is_vfork_child())
        fd_kinds_forget(fd);
}

/* A call of the program has made `fd`; -1 is passed through. */
static int made(int fd, enum exectrace_fd_kind kind)
{
    if (!guard_is_vfork_child())
        fd_kinds_set(fd, kind);
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

/* Whether the call comes from LTTng's code on one of its threads. */
static bool is_tracer_calling(const void *site)
{
    return guard_words.role != GUARD_TRACED && threads_is_tracer_code(site);
}

/* How many descriptors the process may have, as far as it matters here. */
static uint64_t descriptor_limit(void)
{
    uint64_t limits[2] = {1024, 1024};

    raw_syscall6(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)limits, 0, 0);
    return limits[0] < 1024 ? limits[0] : 1024;
}

/*
 * LTTng's own descriptors are moved out of the way: programs rely on getting the lowest free number, and put
 * descriptors of theirs at low numbers with dup2. They are marked, so that the program can't close them.
 */
static int claim_for_tracer(int fd)
{
    int saved_errno = errno;

    if (fd < 0)
        return fd;

    uint64_t limit = descriptor_limit();
    long moved = raw_syscall3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, (long)(limit - limit / 4));
    if (moved >= 0) {
        fd_kinds_forget(fd);
        raw_syscall3(SYS_close, fd, 0, 0);
        fd = (int)moved;
    }
    fd_kinds_set_tracers(fd);
    errno = saved_errno;
    return fd;
}

IO_RECVMSG_CALL(WRAP_CALL_INSIDE, )

EXECTRACE_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t count = recorded_recvmsg(fd, message, flags);

    if (likely(!is_tracer_calling(SITE)) || count < 0)
        return count;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        int *fds = (int *)(void *)CMSG_DATA(part);
        size_t fd_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof *fds;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < fd_count; i++)
            fds[i] = claim_for_tracer(fds[i]);
    }
    return count;
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
    if (likely(!is_tracer_calling(SITE)))
        return made(real.socket(domain, type, protocol), EXECTRACE_FD_SOCKET);

    /* LTTng stays away from a process that may have few: it can do without being recorded, not without files.
     */
    if (descriptor_limit() < FEWEST_DESCRIPTORS) {
        errno = EMFILE;
        return -1;
    }
    return claim_for_tracer(real.socket(domain, type, protocol));
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
    if (unlikely(fds_is_hidden(fd, SITE))) {
        errno = EBADF;
        return -1;
    }

    int copy = real.dup(fd);

    fds_forget(copy);
    return copy;
}

EXECTRACE_EXPORT int dup2(int fd, int wanted)
{
    if (unlikely(fds_is_hidden(fd, SITE) || fds_is_hidden(wanted, SITE))) {
        errno = EBADF;
        return -1;
    }

    int copy = real.dup2(fd, wanted);
    fds_forget(copy);
    return copy;
}

WRAP_ALIAS(__dup2, dup2)

EXECTRACE_EXPORT int dup3(int fd, int wanted, int flags)
{
    if (unlikely(fds_is_hidden(fd, SITE) || fds_is_hidden(wanted, SITE))) {
        errno = EBADF;
        return -1;
    }

    int copy = real.dup3(fd, wanted, flags);
    fds_forget(copy);
    return copy;
}

/*
 * Before our constructor has run, an allocator may close with its locks held, and close() of
 * liblttng-ust-fd.so allocates when it is called first: then the system call is made directly.
 */
static bool is_early(void)
{
    static bool is_over;

    if (unlikely(!is_over))
        is_over = guard_is_open;
    return !is_over;
}

EXECTRACE_EXPORT int close(int fd)
{
    if (unlikely(is_early())) {
        fds_forget(fd);
        return (int)raw_result(raw_syscall3(SYS_close, fd, 0, 0));
    }
    if (unlikely(fds_is_hidden(fd, SITE))) {
        errno = EBADF;
        return -1;
    }
    if (!TRACING(exectrace_syscall, call)) {
        fds_forget(fd);
        return real.close(fd);
    }

    struct call call CALL_IN_FRAME = {.is_open = false};
    bool is_begun = !guard_is_raised() && call_begin(&call, SYS_close, target_fd(fd), SITE);
    fds_forget(fd);
    int result = real.close(fd);
    if (is_begun)
        call_end(&call, RESULT_ERRNO(result));
    return result;
}

WRAP_ALIAS(__close, close)

/* Closes all of a range but the tracer's descriptors. */
EXECTRACE_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    unsigned from = first;
    int spared;

    if ((flags & CLOSE_RANGE_CLOEXEC) == 0 && !guard_is_vfork_child())
        fd_kinds_forget_others(first, last);
    while (first <= last && is_program_calling(SITE) && (spared = fd_kinds_next_tracers(from, last)) >= 0) {
        if ((unsigned)spared > from) {
            int result = real.close_range(from, (unsigned)spared - 1, flags);
            if (result != 0)
                return result;
        }
        if ((unsigned)spared == last)
            return 0;
        from = (unsigned)spared + 1;
    }
    return real.close_range(from, last, flags);
}

EXECTRACE_EXPORT void closefrom(int first)
{
    unsigned from = first < 0 ? 0 : (unsigned)first;

    if (close_range(from, ~0U, 0) != 0)
        real.closefrom(first);
}

EXECTRACE_EXPORT int closedir(DIR *directory)
{
    if (directory != NULL)
        fds_forget(dirfd(directory));
    return real.closedir(directory);
}
