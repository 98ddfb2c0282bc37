/*
 * The table of wrapped input/output calls.
 *
 * An entry is F(X, result type, name, symbol version, (parameters), (arguments), number, target, result):
 * `number` is the system call's (contract.h), `target` says what the call works on and `result` how its
 * return value becomes the event's result (both: calls.h). WRAP_CALL makes the wrapper of an entry,
 * REAL_IO_ENTRY its place in the table of real functions. Entries of REAL_IO_BY_HAND have wrappers written
 * out in io_fds.c. Functions with variable arguments are entered with the most parameters they can take.
 */
#ifndef EXECTRACE_REAL_IO_H
#define EXECTRACE_REAL_IO_H

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>

#include "tracepoints/real_files.h"
#include "tracepoints/real_stdio.h"
#include "tracepoints/real_wide_stdio.h"

/* io.c: reading, writing and flushing. */
#define IO_READ_WRITE_CALLS(F, X)                                                                            \
    F(X, ssize_t, read, NULL, (int fd, void *buffer, size_t count), (fd, buffer, count), SYS_read,           \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, ssize_t, __read_chk, NULL, (int fd, void *buffer, size_t count, size_t room),                       \
      (fd, buffer, count, room), SYS_read, target_fd(fd), RESULT_ERRNO)                                      \
    F(X, ssize_t, readv, NULL, (int fd, const struct iovec *parts, int count), (fd, parts, count),           \
      SYS_readv, target_fd(fd), RESULT_ERRNO)                                                                \
    F(X, ssize_t, writev, NULL, (int fd, const struct iovec *parts, int count), (fd, parts, count),          \
      SYS_writev, target_fd(fd), RESULT_ERRNO)                                                               \
    F(X, ssize_t, pread, NULL, (int fd, void *buffer, size_t count, off_t offset),                           \
      (fd, buffer, count, offset), SYS_pread64, target_fd(fd), RESULT_ERRNO)                                 \
    F(X, ssize_t, __pread_chk, NULL, (int fd, void *buffer, size_t count, off_t offset, size_t room),        \
      (fd, buffer, count, offset, room), SYS_pread64, target_fd(fd), RESULT_ERRNO)                           \
    F(X, ssize_t, pwrite, NULL, (int fd, const void *buffer, size_t count, off_t offset),                    \
      (fd, buffer, count, offset), SYS_pwrite64, target_fd(fd), RESULT_ERRNO)                                \
    F(X, ssize_t, preadv, NULL, (int fd, const struct iovec *parts, int count, off_t offset),                \
      (fd, parts, count, offset), SYS_preadv, target_fd(fd), RESULT_ERRNO)                                   \
    F(X, ssize_t, pwritev, NULL, (int fd, const struct iovec *parts, int count, off_t offset),               \
      (fd, parts, count, offset), SYS_pwritev, target_fd(fd), RESULT_ERRNO)                                  \
    F(X, ssize_t, preadv2, NULL, (int fd, const struct iovec *parts, int count, off_t offset, int flags),    \
      (fd, parts, count, offset, flags), SYS_preadv2, target_fd(fd), RESULT_ERRNO)                           \
    F(X, ssize_t, pwritev2, NULL, (int fd, const struct iovec *parts, int count, off_t offset, int flags),   \
      (fd, parts, count, offset, flags), SYS_pwritev2, target_fd(fd), RESULT_ERRNO)                          \
    F(X, int, fsync, NULL, (int fd), (fd), SYS_fsync, target_fd(fd), RESULT_ERRNO)                           \
    F(X, int, fdatasync, NULL, (int fd), (fd), SYS_fdatasync, target_fd(fd), RESULT_ERRNO)

/* io.c: the wrapper written by hand around recorded_write(). */
#define IO_WRITE_CALL(F, X)                                                                                  \
    F(X, ssize_t, write, NULL, (int fd, const void *buffer, size_t count), (fd, buffer, count), SYS_write,   \
      target_fd(fd), RESULT_ERRNO)

/* io_fds.c: the wrapper written by hand around recorded_recvmsg(). */
#define IO_RECVMSG_CALL(F, X)                                                                                \
    F(X, ssize_t, recvmsg, NULL, (int fd, struct msghdr *message, int flags), (fd, message, flags),          \
      SYS_recvmsg, target_fd(fd), RESULT_ERRNO)

/* io_fds.c: wrappers written by hand around recorded_<name>(). */
#define IO_ACCEPT_CALLS(F, X)                                                                                \
    F(X, int, accept, NULL, (int fd, struct sockaddr *restrict address, socklen_t *restrict length),         \
      (fd, address, length), SYS_accept, target_fd(fd), RESULT_ERRNO)                                        \
    F(X, int, accept4, NULL,                                                                                 \
      (int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags),                    \
      (fd, address, length, flags), SYS_accept4, target_fd(fd), RESULT_ERRNO)

/* io_sockets.c: sending and receiving. */
#define IO_SOCKET_CALLS(F, X)                                                                                \
    F(X, ssize_t, recv, NULL, (int fd, void *buffer, size_t count, int flags), (fd, buffer, count, flags),   \
      SYS_recvfrom, target_fd(fd), RESULT_ERRNO)                                                             \
    F(X, ssize_t, __recv_chk, NULL, (int fd, void *buffer, size_t count, size_t room, int flags),            \
      (fd, buffer, count, room, flags), SYS_recvfrom, target_fd(fd), RESULT_ERRNO)                           \
    F(X, ssize_t, recvfrom, NULL,                                                                            \
      (int fd, void *restrict buffer, size_t count, int flags, struct sockaddr *restrict address,            \
       socklen_t *restrict length),                                                                          \
      (fd, buffer, count, flags, address, length), SYS_recvfrom, target_fd(fd), RESULT_ERRNO)                \
    F(X, ssize_t, __recvfrom_chk, NULL,                                                                      \
      (int fd, void *restrict buffer, size_t count, size_t room, int flags,                                  \
       struct sockaddr *restrict address, socklen_t *restrict length),                                       \
      (fd, buffer, count, room, flags, address, length), SYS_recvfrom, target_fd(fd), RESULT_ERRNO)          \
    F(X, int, recvmmsg, NULL,                                                                                \
      (int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout),           \
      (fd, messages, count, flags, timeout), SYS_recvmmsg, target_fd(fd), RESULT_ERRNO)                      \
    F(X, ssize_t, send, NULL, (int fd, const void *buffer, size_t count, int flags),                         \
      (fd, buffer, count, flags), SYS_sendto, target_fd(fd), RESULT_ERRNO)                                   \
    F(X, ssize_t, sendto, NULL,                                                                              \
      (int fd, const void *buffer, size_t count, int flags, const struct sockaddr *address,                  \
       socklen_t length),                                                                                    \
      (fd, buffer, count, flags, address, length), SYS_sendto, target_fd(fd), RESULT_ERRNO)                  \
    F(X, ssize_t, sendmsg, NULL, (int fd, const struct msghdr *message, int flags), (fd, message, flags),    \
      SYS_sendmsg, target_fd(fd), RESULT_ERRNO)                                                              \
    F(X, int, sendmmsg, NULL, (int fd, struct mmsghdr *messages, unsigned int count, int flags),             \
      (fd, messages, count, flags), SYS_sendmmsg, target_fd(fd), RESULT_ERRNO)                               \
    F(X, int, connect, NULL, (int fd, const struct sockaddr *address, socklen_t length),                     \
      (fd, address, length), SYS_connect, target_fd(fd), RESULT_ERRNO)

/*
 * io_waits.c: waiting for sets of descriptors. The sets are the program's memory, which may not be readable:
 * `look` says whether that has been found out.
 */
#define IO_SET_CALLS(F, X)                                                                                   \
    F(X, int, __poll_chk, NULL, (struct pollfd * fds, nfds_t count, int timeout, size_t room),               \
      (fds, count, timeout, room), SYS_poll, target_poll(look, fds, count), RESULT_ERRNO)                    \
    F(X, int, ppoll, NULL,                                                                                   \
      (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),             \
      (fds, count, timeout, mask), SYS_ppoll, target_poll(look, fds, count), RESULT_ERRNO)                   \
    F(X, int, __ppoll_chk, NULL,                                                                             \
      (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,              \
       size_t room),                                                                                         \
      (fds, count, timeout, mask, room), SYS_ppoll, target_poll(look, fds, count), RESULT_ERRNO)             \
    F(X, int, select, NULL,                                                                                  \
      (int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict exceptions,              \
       struct timeval *restrict timeout),                                                                    \
      (count, reads, writes, exceptions, timeout), SYS_select,                                               \
      target_select(look, count, reads, writes, exceptions), RESULT_ERRNO)                                   \
    F(X, int, pselect, NULL,                                                                                 \
      (int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict exceptions,              \
       const struct timespec *restrict timeout, const sigset_t *restrict mask),                              \
      (count, reads, writes, exceptions, timeout, mask), SYS_pselect6,                                       \
      target_select(look, count, reads, writes, exceptions), RESULT_ERRNO)

/* io_waits.c: the wrapper written by hand around recorded_poll(). */
#define IO_POLL_CALL(F, X)                                                                                   \
    F(X, int, poll, NULL, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), SYS_poll, \
      target_poll(look, fds, count), RESULT_ERRNO)

/* io_waits.c: epoll, and waiting for time to pass. */
#define IO_WAIT_CALLS(F, X)                                                                                  \
    F(X, int, epoll_wait, NULL, (int fd, struct epoll_event *events, int count, int timeout),                \
      (fd, events, count, timeout), SYS_epoll_wait, target_epoll(fd), RESULT_ERRNO)                          \
    F(X, int, epoll_pwait, NULL,                                                                             \
      (int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask),                    \
      (fd, events, count, timeout, mask), SYS_epoll_pwait, target_epoll(fd), RESULT_ERRNO)                   \
    F(X, int, epoll_pwait2, NULL,                                                                            \
      (int fd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask), \
      (fd, events, count, timeout, mask), SYS_epoll_pwait2, target_epoll(fd), RESULT_ERRNO)                  \
    F(X, int, nanosleep, NULL, (const struct timespec *wanted, struct timespec *rest), (wanted, rest),       \
      SYS_nanosleep, target_none(), RESULT_ERRNO)                                                            \
    F(X, int, clock_nanosleep, "GLIBC_2.17",                                                                 \
      (clockid_t clock, int flags, const struct timespec *wanted, struct timespec *rest),                    \
      (clock, flags, wanted, rest), SYS_clock_nanosleep, target_none(), RESULT_CODE)                         \
    F(X, int, thrd_sleep, NULL, (const struct timespec *wanted, struct timespec *rest), (wanted, rest),      \
      SYS_clock_nanosleep, target_none(), RESULT_VALUE)                                                      \
    F(X, int, usleep, NULL, (useconds_t wanted), (wanted), SYS_nanosleep, target_none(), RESULT_ERRNO)       \
    F(X, unsigned, sleep, NULL, (unsigned wanted), (wanted), SYS_nanosleep, target_none(), RESULT_VALUE)

/* io_fds.c: calls that make or end descriptors. X as in real_sync.h. */
#define REAL_IO_BY_HAND(X)                                                                                   \
    X(int, socket, NULL, (int domain, int type, int protocol), (domain, type, protocol))                     \
    X(int, socketpair, NULL, (int domain, int type, int protocol, int *fds), (domain, type, protocol, fds))  \
    X(int, pipe, NULL, (int *fds), (fds))                                                                    \
    X(int, pipe2, NULL, (int *fds, int flags), (fds, flags))                                                 \
    X(int, eventfd, NULL, (unsigned value, int flags), (value, flags))                                       \
    X(int, timerfd_create, NULL, (int clock, int flags), (clock, flags))                                     \
    X(int, epoll_create, NULL, (int size), (size))                                                           \
    X(int, epoll_create1, NULL, (int flags), (flags))                                                        \
    X(int, dup, NULL, (int fd), (fd))                                                                        \
    X(int, dup2, NULL, (int fd, int wanted), (fd, wanted))                                                   \
    X(int, dup3, NULL, (int fd, int wanted, int flags), (fd, wanted, flags))                                 \
    X(int, close, NULL, (int fd), (fd))                                                                      \
    X(int, close_range, NULL, (unsigned first, unsigned last, int flags), (first, last, flags))              \
    X(void, closefrom, NULL, (int first), (first))                                                           \
    X(int, closedir, NULL, (DIR * directory), (directory))

#define REAL_IO_ENTRY(X, type, name, version, parameters, arguments, number, target, result)                 \
    X(type, name, version, parameters, arguments)

#define REAL_IO_LIST(X)                                                                                      \
    IO_READ_WRITE_CALLS(REAL_IO_ENTRY, X)                                                                    \
    IO_WRITE_CALL(REAL_IO_ENTRY, X)                                                                          \
    IO_ACCEPT_CALLS(REAL_IO_ENTRY, X)                                                                        \
    IO_RECVMSG_CALL(REAL_IO_ENTRY, X)                                                                        \
    IO_SOCKET_CALLS(REAL_IO_ENTRY, X)                                                                        \
    IO_SET_CALLS(REAL_IO_ENTRY, X)                                                                           \
    IO_POLL_CALL(REAL_IO_ENTRY, X)                                                                           \
    IO_WAIT_CALLS(REAL_IO_ENTRY, X)                                                                          \
    REAL_IO_BY_HAND(X)                                                                                       \
    REAL_FILES_LIST(X)                                                                                       \
    REAL_STDIO_LIST(X)                                                                                       \
    REAL_WIDE_STDIO_LIST(X)

#endif
