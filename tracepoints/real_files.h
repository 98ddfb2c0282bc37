/*
 * The table of wrapped calls on open files, memory and processes; the form of an entry is explained in
 * real_io.h.
 */
#ifndef EXECTRACE_REAL_FILES_H
#define EXECTRACE_REAL_FILES_H

#include <aio.h>
#include <malloc.h>
#include <mqueue.h>
#include <signal.h>
#include <shadow.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

#include "tracepoints/real_names.h"
#include "tracepoints/real_paths.h"

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
    F(X, ssize_t, readahead, NULL, (int fd, off_t offset, size_t count), (fd, offset, count), SYS_readahead, \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, int, posix_fadvise, NULL, (int fd, off_t offset, off_t length, int advice),                         \
      (fd, offset, length, advice), SYS_fadvise64, target_fd(fd), RESULT_CODE)                               \
    F(X, int, fchmod, NULL, (int fd, mode_t mode), (fd, mode), SYS_fchmod, target_fd(fd), RESULT_ERRNO)      \
    F(X, int, fchown, NULL, (int fd, uid_t user, gid_t group), (fd, user, group), SYS_fchown, target_fd(fd), \
      RESULT_ERRNO)                                                                                          \
    F(X, int, futimens, NULL, (int fd, const struct timespec times[2]), (fd, times), SYS_utimensat,          \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, int, futimes, NULL, (int fd, const struct timeval times[2]), (fd, times), SYS_utimensat,            \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, int, fchdir, NULL, (int fd), (fd), SYS_fchdir, target_fd(fd), RESULT_ERRNO)                         \
    F(X, int, fstatfs, NULL, (int fd, struct statfs *status), (fd, status), SYS_fstatfs, target_fd(fd),      \
      RESULT_ERRNO)                                                                                          \
    F(X, int, fstatvfs, NULL, (int fd, struct statvfs *status), (fd, status), SYS_fstatfs, target_fd(fd),    \
      RESULT_ERRNO)                                                                                          \
    F(X, int, eventfd_read, NULL, (int fd, eventfd_t *count), (fd, count), SYS_read, target_fd(fd),          \
      RESULT_ERRNO)                                                                                          \
    F(X, int, eventfd_write, NULL, (int fd, eventfd_t count), (fd, count), SYS_write, target_fd(fd),         \
      RESULT_ERRNO)                                                                                          \
    F(X, int, tcsetattr, NULL, (int fd, int actions, const struct termios *settings),                        \
      (fd, actions, settings), SYS_ioctl, target_fd(fd), RESULT_ERRNO)                                       \
    F(X, int, tcsendbreak, NULL, (int fd, int duration), (fd, duration), SYS_ioctl, target_fd(fd),           \
      RESULT_ERRNO)                                                                                          \
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

/* io_processes.c: memory, other processes, signals, System V and POSIX queues. */
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
    F(X, int, mprotect, NULL, (void *address, size_t length, int protection), (address, length, protection), \
      SYS_mprotect, target_none(), RESULT_ERRNO)                                                             \
    F(X, int, pkey_mprotect, NULL, (void *address, size_t length, int protection, int key),                  \
      (address, length, protection, key), SYS_pkey_mprotect, target_none(), RESULT_ERRNO)                    \
    F(X, int, posix_madvise, NULL, (void *address, size_t length, int advice), (address, length, advice),    \
      SYS_madvise, target_none(), RESULT_CODE)                                                               \
    F(X, int, mlock, NULL, (const void *address, size_t length), (address, length), SYS_mlock,               \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, mlock2, NULL, (const void *address, size_t length, unsigned flags), (address, length, flags),  \
      SYS_mlock2, target_none(), RESULT_ERRNO)                                                               \
    F(X, int, munlock, NULL, (const void *address, size_t length), (address, length), SYS_munlock,           \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, mlockall, NULL, (int flags), (flags), SYS_mlockall, target_none(), RESULT_ERRNO)               \
    F(X, int, munlockall, NULL, (void), (), SYS_munlockall, target_none(), RESULT_ERRNO)                     \
    F(X, void *, shmat, NULL, (int id, const void *address, int flags), (id, address, flags), SYS_shmat,     \
      target_none(), RESULT_MAPPING)                                                                         \
    F(X, int, shmdt, NULL, (const void *address), (address), SYS_shmdt, target_none(), RESULT_ERRNO)         \
    F(X, ssize_t, process_vm_readv, NULL,                                                                    \
      (pid_t pid, const struct iovec *here, unsigned long here_count, const struct iovec *there,             \
       unsigned long there_count, unsigned long flags),                                                      \
      (pid, here, here_count, there, there_count, flags), SYS_process_vm_readv, target_none(), RESULT_ERRNO) \
    F(X, ssize_t, process_vm_writev, NULL,                                                                   \
      (pid_t pid, const struct iovec *here, unsigned long here_count, const struct iovec *there,             \
       unsigned long there_count, unsigned long flags),                                                      \
      (pid, here, here_count, there, there_count, flags), SYS_process_vm_writev, target_none(),              \
      RESULT_ERRNO)                                                                                          \
    F(X, ssize_t, getrandom, NULL, (void *buffer, size_t count, unsigned flags), (buffer, count, flags),     \
      SYS_getrandom, target_none(), RESULT_ERRNO)                                                            \
    F(X, int, getentropy, NULL, (void *buffer, size_t count), (buffer, count), SYS_getrandom, target_none(), \
      RESULT_ERRNO)                                                                                          \
    F(X, ssize_t, process_madvise, NULL,                                                                     \
      (int pidfd, const struct iovec *parts, size_t count, int advice, unsigned flags),                      \
      (pidfd, parts, count, advice, flags), SYS_process_madvise, target_none(), RESULT_ERRNO)                \
    F(X, int, malloc_trim, NULL, (size_t kept), (kept), SYS_madvise, target_none(), RESULT_VALUE)

#define IO_BSD_CALLS(F, X)                                                                                   \
    F(X, int, sigpause, NULL, (int mask), (mask), SYS_rt_sigsuspend, target_none(), RESULT_ERRNO)

/* io_processes.c: the wrapper written by hand around recorded_mremap(). */
#define IO_MREMAP_CALL(F, X)                                                                                 \
    F(X, void *, mremap, NULL,                                                                               \
      (void *address, size_t length, size_t new_length, int flags, void *new_address),                       \
      (address, length, new_length, flags, new_address), SYS_mremap, target_none(), RESULT_MAPPING)

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
    F(X, int, posix_spawn, "GLIBC_2.15",                                                                     \
      (pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *restrict actions,   \
       const posix_spawnattr_t *restrict attributes, char *const *restrict arguments,                        \
       char *const *restrict environment),                                                                   \
      (pid, path, actions, attributes, arguments, environment), SYS_clone, target_none(), RESULT_CODE)       \
    F(X, int, posix_spawnp, "GLIBC_2.15",                                                                    \
      (pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *restrict actions,   \
       const posix_spawnattr_t *restrict attributes, char *const *restrict arguments,                        \
       char *const *restrict environment),                                                                   \
      (pid, file, actions, attributes, arguments, environment), SYS_clone, target_none(), RESULT_CODE)       \
    F(X, int, sched_yield, NULL, (void), (), SYS_sched_yield, target_none(), RESULT_ERRNO)                   \
    F(X, int, __sigpause, NULL, (int mask, int is_number), (mask, is_number), SYS_rt_sigsuspend,             \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, __xpg_sigpause, NULL, (int number), (number), SYS_rt_sigsuspend, target_none(), RESULT_ERRNO)  \
    F(X, int, aio_suspend, NULL,                                                                             \
      (const struct aiocb *const *list, int count, const struct timespec *timeout), (list, count, timeout),  \
      SYS_io_getevents, target_none(), RESULT_ERRNO)                                                         \
    F(X, int, gai_suspend, NULL,                                                                             \
      (const struct gaicb *const *list, int count, const struct timespec *timeout), (list, count, timeout),  \
      EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_VALUE)                                               \
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
      (queue, message, size, priority, until), SYS_mq_timedreceive, target_none(), RESULT_ERRNO)             \
    F(X, int, lio_listio, NULL,                                                                              \
      (int mode, struct aiocb *const list[restrict], int count, struct sigevent *restrict notice),           \
      (mode, list, count, notice), SYS_io_getevents, target_none(), RESULT_ERRNO)                            \
    F(X, int, wordexp, NULL, (const char *restrict text, wordexp_t *restrict words, int flags),              \
      (text, words, flags), SYS_wait4, target_none(), RESULT_VALUE)                                          \
    F(X, char *, getpass, NULL, (const char *prompt), (prompt), EXECTRACE_CALL_FREAD, target_none(),         \
      RESULT_POINTER)                                                                                        \
    F(X, int, lckpwdf, NULL, (void), (), SYS_fcntl, target_none(), RESULT_ERRNO)                             \
    F(X, int, klogctl, NULL, (int action, char *buffer, int room), (action, buffer, room), SYS_syslog,       \
      target_none(), RESULT_ERRNO)

/* Wrappers written by hand. X as in real_sync.h. */
#define REAL_FILES_BY_HAND(X)                                                                                \
    X(void, sync, NULL, (void), ())                                                                          \
    X(pid_t, fork, NULL, (void), ())                                                                         \
    X(int, sigpending, NULL, (sigset_t * set), (set))

#define REAL_FILES_LIST(X)                                                                                   \
    REAL_PATHS_LIST(X)                                                                                       \
    IO_FILE_CALLS(REAL_IO_ENTRY, X)                                                                          \
    IO_VARIADIC_CALLS(REAL_IO_ENTRY, X)                                                                      \
    IO_MEMORY_CALLS(REAL_IO_ENTRY, X)                                                                        \
    IO_MREMAP_CALL(REAL_IO_ENTRY, X)                                                                         \
    IO_BSD_CALLS(REAL_IO_ENTRY, X)                                                                           \
    IO_PROCESS_CALLS(REAL_IO_ENTRY, X)                                                                       \
    REAL_NAMES_LIST(X)                                                                                       \
    REAL_FILES_BY_HAND(X)

#endif
