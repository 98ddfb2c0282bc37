/*
 * The table of wrapped calls on files, memory, processes and names; the form of an entry is explained in
 * real_io.h.
 */
#ifndef EXECTRACE_REAL_FILES_H
#define EXECTRACE_REAL_FILES_H

#include <mqueue.h>
#include <netdb.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

/* io_files.c: files by name, and what is known of them. */
#define IO_PATH_CALLS(F, X)                                                                                  \
    F(X, int, creat, NULL, (const char *path, mode_t mode), (path, mode), SYS_creat, target_none(),          \
      RESULT_ERRNO)                                                                                          \
    F(X, int, __open_2, NULL, (const char *path, int flags), (path, flags), SYS_open, target_none(),         \
      RESULT_ERRNO)                                                                                          \
    F(X, int, __openat_2, NULL, (int folder, const char *path, int flags), (folder, path, flags),            \
      SYS_openat, target_none(), RESULT_ERRNO)                                                               \
    F(X, int, stat, NULL, (const char *restrict path, struct stat *restrict status), (path, status),         \
      SYS_stat, target_none(), RESULT_ERRNO)                                                                 \
    F(X, int, lstat, NULL, (const char *restrict path, struct stat *restrict status), (path, status),        \
      SYS_lstat, target_none(), RESULT_ERRNO)                                                                \
    F(X, int, fstatat, NULL,                                                                                 \
      (int folder, const char *restrict path, struct stat *restrict status, int flags),                      \
      (folder, path, status, flags), SYS_newfstatat, target_none(), RESULT_ERRNO)                            \
    F(X, int, statx, NULL,                                                                                   \
      (int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict status),      \
      (folder, path, flags, mask, status), SYS_statx, target_none(), RESULT_ERRNO)                           \
    F(X, int, __xstat, NULL, (int version, const char *path, struct stat *status), (version, path, status),  \
      SYS_stat, target_none(), RESULT_ERRNO)                                                                 \
    F(X, int, __lxstat, NULL, (int version, const char *path, struct stat *status), (version, path, status), \
      SYS_lstat, target_none(), RESULT_ERRNO)                                                                \
    F(X, int, __fxstatat, NULL, (int version, int folder, const char *path, struct stat *status, int flags), \
      (version, folder, path, status, flags), SYS_newfstatat, target_none(), RESULT_ERRNO)                   \
    F(X, int, access, NULL, (const char *path, int mode), (path, mode), SYS_access, target_none(),           \
      RESULT_ERRNO)                                                                                          \
    F(X, int, faccessat, NULL, (int folder, const char *path, int mode, int flags),                          \
      (folder, path, mode, flags), SYS_faccessat, target_none(), RESULT_ERRNO)                               \
    F(X, int, rename, NULL, (const char *from, const char *to), (from, to), SYS_rename, target_none(),       \
      RESULT_ERRNO)                                                                                          \
    F(X, int, renameat, NULL, (int from_folder, const char *from, int to_folder, const char *to),            \
      (from_folder, from, to_folder, to), SYS_renameat, target_none(), RESULT_ERRNO)                         \
    F(X, int, renameat2, NULL,                                                                               \
      (int from_folder, const char *from, int to_folder, const char *to, unsigned flags),                    \
      (from_folder, from, to_folder, to, flags), SYS_renameat2, target_none(), RESULT_ERRNO)                 \
    F(X, int, unlink, NULL, (const char *path), (path), SYS_unlink, target_none(), RESULT_ERRNO)             \
    F(X, int, unlinkat, NULL, (int folder, const char *path, int flags), (folder, path, flags),              \
      SYS_unlinkat, target_none(), RESULT_ERRNO)                                                             \
    F(X, int, link, NULL, (const char *from, const char *to), (from, to), SYS_link, target_none(),           \
      RESULT_ERRNO)                                                                                          \
    F(X, int, mkdir, NULL, (const char *path, mode_t mode), (path, mode), SYS_mkdir, target_none(),          \
      RESULT_ERRNO)                                                                                          \
    F(X, int, mkdirat, NULL, (int folder, const char *path, mode_t mode), (folder, path, mode), SYS_mkdirat, \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, rmdir, NULL, (const char *path), (path), SYS_rmdir, target_none(), RESULT_ERRNO)               \
    F(X, int, truncate, NULL, (const char *path, off_t length), (path, length), SYS_truncate, target_none(), \
      RESULT_ERRNO)

/* io_files.c: open files. */
#define IO_FILE_CALLS(F, X)                                                                                  \
    F(X, int, ftruncate, NULL, (int fd, off_t length), (fd, length), SYS_ftruncate, target_fd(fd),           \
      RESULT_ERRNO)                                                                                          \
    F(X, int, fallocate, NULL, (int fd, int mode, off_t offset, off_t length), (fd, mode, offset, length),   \
      SYS_fallocate, target_fd(fd), RESULT_ERRNO)                                                            \
    F(X, int, posix_fallocate, NULL, (int fd, off_t offset, off_t length), (fd, offset, length),             \
      SYS_fallocate, target_fd(fd), RESULT_CODE)                                                             \
    F(X, int, syncfs, NULL, (int fd), (fd), SYS_syncfs, target_fd(fd), RESULT_ERRNO)                         \
    F(X, int, sync_file_range, NULL, (int fd, off_t offset, off_t length, unsigned flags),                   \
      (fd, offset, length, flags), SYS_sync_file_range, target_fd(fd), RESULT_ERRNO)                         \
    F(X, int, flock, NULL, (int fd, int operation), (fd, operation), SYS_flock, target_fd(fd), RESULT_ERRNO) \
    F(X, int, lockf, NULL, (int fd, int operation, off_t length), (fd, operation, length), SYS_fcntl,        \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, ssize_t, sendfile, NULL, (int out, int in, off_t *offset, size_t count), (out, in, offset, count),  \
      SYS_sendfile, target_fd(out), RESULT_ERRNO)                                                            \
    F(X, ssize_t, splice, NULL,                                                                              \
      (int in, off_t *in_offset, int out, off_t *out_offset, size_t count, unsigned flags),                  \
      (in, in_offset, out, out_offset, count, flags), SYS_splice, target_fd(in), RESULT_ERRNO)               \
    F(X, ssize_t, tee, NULL, (int in, int out, size_t count, unsigned flags), (in, out, count, flags),       \
      SYS_tee, target_fd(in), RESULT_ERRNO)                                                                  \
    F(X, ssize_t, vmsplice, NULL, (int fd, const struct iovec *parts, size_t count, unsigned flags),         \
      (fd, parts, count, flags), SYS_vmsplice, target_fd(fd), RESULT_ERRNO)                                  \
    F(X, ssize_t, copy_file_range, NULL,                                                                     \
      (int in, off_t *in_offset, int out, off_t *out_offset, size_t count, unsigned flags),                  \
      (in, in_offset, out, out_offset, count, flags), SYS_copy_file_range, target_fd(in), RESULT_ERRNO)      \
    F(X, int, tcdrain, NULL, (int fd), (fd), SYS_ioctl, target_fd(fd), RESULT_ERRNO)

/* io_files.c: wrappers written by hand around recorded_<name>(). */
#define IO_VARIADIC_CALLS(F, X)                                                                              \
    F(X, int, open, NULL, (const char *path, int flags, mode_t mode), (path, flags, mode), SYS_open,         \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, openat, NULL, (int folder, const char *path, int flags, mode_t mode),                          \
      (folder, path, flags, mode), SYS_openat, target_none(), RESULT_ERRNO)                                  \
    F(X, int, fcntl, NULL, (int fd, int command, void *argument), (fd, command, argument), SYS_fcntl,        \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, int, ioctl, NULL, (int fd, unsigned long request, void *argument), (fd, request, argument),         \
      SYS_ioctl, target_fd(fd), RESULT_ERRNO)                                                                \
    F(X, int, fstat, NULL, (int fd, struct stat *status), (fd, status), SYS_fstat, target_fd(fd),            \
      RESULT_ERRNO)                                                                                          \
    F(X, int, __fxstat, NULL, (int version, int fd, struct stat *status), (version, fd, status), SYS_fstat,  \
      target_fd(fd), RESULT_ERRNO)

/* io_processes.c: memory, other processes, signals, System V and POSIX queues, names. */
#define IO_MEMORY_CALLS(F, X)                                                                                \
    F(X, void *, mmap, NULL,                                                                                 \
      (void *address, size_t length, int protection, int flags, int fd, off_t offset),                       \
      (address, length, protection, flags, fd, offset), SYS_mmap, target_fd(fd), RESULT_MAPPING)             \
    F(X, int, munmap, NULL, (void *address, size_t length), (address, length), SYS_munmap, target_none(),    \
      RESULT_ERRNO)                                                                                          \
    F(X, int, madvise, NULL, (void *address, size_t length, int advice), (address, length, advice),          \
      SYS_madvise, target_none(), RESULT_ERRNO)                                                              \
    F(X, int, msync, NULL, (void *address, size_t length, int flags), (address, length, flags), SYS_msync,   \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, ssize_t, getrandom, NULL, (void *buffer, size_t count, unsigned flags), (buffer, count, flags),     \
      SYS_getrandom, target_none(), RESULT_ERRNO)                                                            \
    F(X, int, getentropy, NULL, (void *buffer, size_t count), (buffer, count), SYS_getrandom, target_none(), \
      RESULT_ERRNO)

#define IO_PROCESS_CALLS(F, X)                                                                               \
    F(X, pid_t, wait, NULL, (int *status), (status), SYS_wait4, target_none(), RESULT_ERRNO)                 \
    F(X, pid_t, waitpid, NULL, (pid_t pid, int *status, int options), (pid, status, options), SYS_wait4,     \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, pid_t, wait3, NULL, (int *status, int options, struct rusage *usage), (status, options, usage),     \
      SYS_wait4, target_none(), RESULT_ERRNO)                                                                \
    F(X, pid_t, wait4, NULL, (pid_t pid, int *status, int options, struct rusage *usage),                    \
      (pid, status, options, usage), SYS_wait4, target_none(), RESULT_ERRNO)                                 \
    F(X, int, waitid, NULL, (idtype_t type, id_t id, siginfo_t * status, int options),                       \
      (type, id, status, options), SYS_waitid, target_none(), RESULT_ERRNO)                                  \
    F(X, int, system, NULL, (const char *command), (command), SYS_wait4, target_none(), RESULT_ERRNO)        \
    F(X, int, pause, NULL, (void), (), SYS_pause, target_none(), RESULT_ERRNO)                               \
    F(X, int, sigsuspend, NULL, (const sigset_t *mask), (mask), SYS_rt_sigsuspend, target_none(),            \
      RESULT_ERRNO)                                                                                          \
    F(X, int, sigwait, NULL, (const sigset_t *restrict set, int *restrict number), (set, number),            \
      SYS_rt_sigtimedwait, target_none(), RESULT_CODE)                                                       \
    F(X, int, sigwaitinfo, NULL, (const sigset_t *restrict set, siginfo_t *restrict info), (set, info),      \
      SYS_rt_sigtimedwait, target_none(), RESULT_ERRNO)                                                      \
    F(X, int, sigtimedwait, NULL,                                                                            \
      (const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout),     \
      (set, info, timeout), SYS_rt_sigtimedwait, target_none(), RESULT_ERRNO)                                \
    F(X, int, semop, NULL, (int id, struct sembuf *operations, size_t count), (id, operations, count),       \
      SYS_semop, target_none(), RESULT_ERRNO)                                                                \
    F(X, int, semtimedop, NULL,                                                                              \
      (int id, struct sembuf *operations, size_t count, const struct timespec *timeout),                     \
      (id, operations, count, timeout), SYS_semtimedop, target_none(), RESULT_ERRNO)                         \
    F(X, int, msgsnd, NULL, (int id, const void *message, size_t size, int flags),                           \
      (id, message, size, flags), SYS_msgsnd, target_none(), RESULT_ERRNO)                                   \
    F(X, ssize_t, msgrcv, NULL, (int id, void *message, size_t size, long type, int flags),                  \
      (id, message, size, type, flags), SYS_msgrcv, target_none(), RESULT_ERRNO)                             \
    F(X, int, mq_send, NULL, (mqd_t queue, const char *message, size_t size, unsigned priority),             \
      (queue, message, size, priority), SYS_mq_timedsend, target_none(), RESULT_ERRNO)                       \
    F(X, int, mq_timedsend, NULL,                                                                            \
      (mqd_t queue, const char *message, size_t size, unsigned priority, const struct timespec *until),      \
      (queue, message, size, priority, until), SYS_mq_timedsend, target_none(), RESULT_ERRNO)                \
    F(X, ssize_t, mq_receive, NULL,                                                                          \
      (mqd_t queue, char *restrict message, size_t size, unsigned *restrict priority),                       \
      (queue, message, size, priority), SYS_mq_timedreceive, target_none(), RESULT_ERRNO)                    \
    F(X, ssize_t, mq_timedreceive, NULL,                                                                     \
      (mqd_t queue, char *restrict message, size_t size, unsigned *restrict priority,                        \
       const struct timespec *restrict until),                                                               \
      (queue, message, size, priority, until), SYS_mq_timedreceive, target_none(), RESULT_ERRNO)

#define IO_NAME_CALLS(F, X)                                                                                  \
    F(X, int, getaddrinfo, NULL,                                                                             \
      (const char *restrict host, const char *restrict service, const struct addrinfo *restrict hints,       \
       struct addrinfo **restrict found),                                                                    \
      (host, service, hints, found), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_VALUE)                \
    F(X, int, getnameinfo, NULL,                                                                             \
      (const struct sockaddr *restrict address, socklen_t length, char *restrict host, socklen_t host_room,  \
       char *restrict service, socklen_t service_room, int flags),                                           \
      (address, length, host, host_room, service, service_room, flags), EXECTRACE_CALL_GETNAMEINFO,          \
      target_none(), RESULT_VALUE)                                                                           \
    F(X, struct hostent *, gethostbyname, NULL, (const char *host), (host), EXECTRACE_CALL_GETADDRINFO,      \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, gethostbyname_r, NULL,                                                                         \
      (const char *restrict host, struct hostent *restrict entry, char *restrict buffer, size_t room,        \
       struct hostent **restrict found, int *restrict error),                                                \
      (host, entry, buffer, room, found, error), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_CODE)

/* io_files.c: no result. X as in real_sync.h. */
#define REAL_FILES_BY_HAND(X) X(void, sync, NULL, (void), ())

#define REAL_FILES_LIST(X)                                                                                   \
    IO_PATH_CALLS(REAL_IO_ENTRY, X)                                                                          \
    IO_FILE_CALLS(REAL_IO_ENTRY, X)                                                                          \
    IO_VARIADIC_CALLS(REAL_IO_ENTRY, X)                                                                      \
    IO_MEMORY_CALLS(REAL_IO_ENTRY, X)                                                                        \
    IO_PROCESS_CALLS(REAL_IO_ENTRY, X)                                                                       \
    IO_NAME_CALLS(REAL_IO_ENTRY, X)                                                                          \
    REAL_FILES_BY_HAND(X)

#endif
