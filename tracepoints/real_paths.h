/*
 * The table of wrapped calls on files by name and on directories; the form of an entry is explained in
 * real_io.h.
 */
#ifndef EXECTRACE_REAL_PATHS_H
#define EXECTRACE_REAL_PATHS_H

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <utime.h>

/* io_paths.c: files by name, and what is known of them. */
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
      RESULT_ERRNO)                                                                                          \
    F(X, int, symlink, NULL, (const char *to, const char *path), (to, path), SYS_symlink, target_none(),     \
      RESULT_ERRNO)                                                                                          \
    F(X, int, symlinkat, NULL, (const char *to, int folder, const char *path), (to, folder, path),           \
      SYS_symlinkat, target_none(), RESULT_ERRNO)                                                            \
    F(X, int, linkat, NULL, (int from_folder, const char *from, int to_folder, const char *to, int flags),   \
      (from_folder, from, to_folder, to, flags), SYS_linkat, target_none(), RESULT_ERRNO)                    \
    F(X, ssize_t, readlink, NULL, (const char *restrict path, char *restrict to, size_t room),               \
      (path, to, room), SYS_readlink, target_none(), RESULT_ERRNO)                                           \
    F(X, ssize_t, __readlink_chk, NULL,                                                                      \
      (const char *restrict path, char *restrict to, size_t count, size_t room), (path, to, count, room),    \
      SYS_readlink, target_none(), RESULT_ERRNO)                                                             \
    F(X, ssize_t, readlinkat, NULL, (int folder, const char *restrict path, char *restrict to, size_t room), \
      (folder, path, to, room), SYS_readlinkat, target_none(), RESULT_ERRNO)                                 \
    F(X, ssize_t, __readlinkat_chk, NULL,                                                                    \
      (int folder, const char *restrict path, char *restrict to, size_t count, size_t room),                 \
      (folder, path, to, count, room), SYS_readlinkat, target_none(), RESULT_ERRNO)                          \
    F(X, int, remove, NULL, (const char *path), (path), SYS_unlink, target_none(), RESULT_ERRNO)             \
    F(X, int, chdir, NULL, (const char *path), (path), SYS_chdir, target_none(), RESULT_ERRNO)               \
    F(X, int, chmod, NULL, (const char *path, mode_t mode), (path, mode), SYS_chmod, target_none(),          \
      RESULT_ERRNO)                                                                                          \
    F(X, int, fchmodat, NULL, (int folder, const char *path, mode_t mode, int flags),                        \
      (folder, path, mode, flags), SYS_fchmodat, target_none(), RESULT_ERRNO)                                \
    F(X, int, chown, NULL, (const char *path, uid_t user, gid_t group), (path, user, group), SYS_chown,      \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, lchown, NULL, (const char *path, uid_t user, gid_t group), (path, user, group), SYS_lchown,    \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, fchownat, NULL, (int folder, const char *path, uid_t user, gid_t group, int flags),            \
      (folder, path, user, group, flags), SYS_fchownat, target_none(), RESULT_ERRNO)                         \
    F(X, int, utime, NULL, (const char *path, const struct utimbuf *times), (path, times), SYS_utime,        \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, utimes, NULL, (const char *path, const struct timeval times[2]), (path, times), SYS_utimes,    \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, utimensat, NULL, (int folder, const char *path, const struct timespec times[2], int flags),    \
      (folder, path, times, flags), SYS_utimensat, target_none(), RESULT_ERRNO)                              \
    F(X, int, statfs, NULL, (const char *path, struct statfs *status), (path, status), SYS_statfs,           \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, statvfs, NULL, (const char *restrict path, struct statvfs *restrict status), (path, status),   \
      SYS_statfs, target_none(), RESULT_ERRNO)                                                               \
    F(X, int, euidaccess, NULL, (const char *path, int mode), (path, mode), SYS_faccessat, target_none(),    \
      RESULT_ERRNO)                                                                                          \
    F(X, int, mkstemp, NULL, (char *path), (path), SYS_open, target_none(), RESULT_ERRNO)                    \
    F(X, int, mkstemps, NULL, (char *path, int suffix), (path, suffix), SYS_open, target_none(),             \
      RESULT_ERRNO)                                                                                          \
    F(X, int, mkostemp, NULL, (char *path, int flags), (path, flags), SYS_open, target_none(), RESULT_ERRNO) \
    F(X, int, mkostemps, NULL, (char *path, int suffix, int flags), (path, suffix, flags), SYS_open,         \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, char *, mkdtemp, NULL, (char *path), (path), SYS_mkdir, target_none(), RESULT_POINTER)              \
    F(X, int, shm_open, NULL, (const char *name, int flags, mode_t mode), (name, flags, mode), SYS_open,     \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, shm_unlink, NULL, (const char *name), (name), SYS_unlink, target_none(), RESULT_ERRNO)         \
    F(X, int, open_by_handle_at, NULL, (int folder, struct file_handle *handle, int flags),                  \
      (folder, handle, flags), SYS_open_by_handle_at, target_none(), RESULT_ERRNO)                           \
    F(X, char *, realpath, "GLIBC_2.3", (const char *restrict path, char *restrict to), (path, to),          \
      EXECTRACE_CALL_REALPATH, target_none(), RESULT_POINTER)                                                \
    F(X, char *, __realpath_chk, NULL, (const char *restrict path, char *restrict to, size_t room),          \
      (path, to, room), EXECTRACE_CALL_REALPATH, target_none(), RESULT_POINTER)                              \
    F(X, char *, canonicalize_file_name, NULL, (const char *path), (path), EXECTRACE_CALL_REALPATH,          \
      target_none(), RESULT_POINTER)                                                                         \
    F(X, int, mount, NULL,                                                                                   \
      (const char *from, const char *path, const char *type, unsigned long flags, const void *options),      \
      (from, path, type, flags, options), SYS_mount, target_none(), RESULT_ERRNO)                            \
    F(X, int, umount, NULL, (const char *path), (path), SYS_umount2, target_none(), RESULT_ERRNO)            \
    F(X, int, umount2, NULL, (const char *path, int flags), (path, flags), SYS_umount2, target_none(),       \
      RESULT_ERRNO)                                                                                          \
    F(X, ssize_t, getxattr, NULL, (const char *path, const char *name, void *content, size_t size),          \
      (path, name, content, size), SYS_getxattr, target_none(), RESULT_ERRNO)                                \
    F(X, int, setxattr, NULL,                                                                                \
      (const char *path, const char *name, const void *content, size_t size, int flags),                     \
      (path, name, content, size, flags), SYS_setxattr, target_none(), RESULT_ERRNO)                         \
    F(X, ssize_t, listxattr, NULL, (const char *path, char *names, size_t size), (path, names, size),        \
      SYS_listxattr, target_none(), RESULT_ERRNO)                                                            \
    F(X, int, removexattr, NULL, (const char *path, const char *name), (path, name), SYS_removexattr,        \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, ssize_t, lgetxattr, NULL, (const char *path, const char *name, void *content, size_t size),         \
      (path, name, content, size), SYS_lgetxattr, target_none(), RESULT_ERRNO)                               \
    F(X, int, lsetxattr, NULL,                                                                               \
      (const char *path, const char *name, const void *content, size_t size, int flags),                     \
      (path, name, content, size, flags), SYS_lsetxattr, target_none(), RESULT_ERRNO)                        \
    F(X, ssize_t, llistxattr, NULL, (const char *path, char *names, size_t size), (path, names, size),       \
      SYS_llistxattr, target_none(), RESULT_ERRNO)                                                           \
    F(X, int, lremovexattr, NULL, (const char *path, const char *name), (path, name), SYS_lremovexattr,      \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, ssize_t, fgetxattr, NULL, (int fd, const char *name, void *content, size_t size),                   \
      (fd, name, content, size), SYS_fgetxattr, target_fd(fd), RESULT_ERRNO)                                 \
    F(X, int, fsetxattr, NULL, (int fd, const char *name, const void *content, size_t size, int flags),      \
      (fd, name, content, size, flags), SYS_fsetxattr, target_fd(fd), RESULT_ERRNO)                          \
    F(X, ssize_t, flistxattr, NULL, (int fd, char *names, size_t size), (fd, names, size), SYS_flistxattr,   \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, int, fremovexattr, NULL, (int fd, const char *name), (fd, name), SYS_fremovexattr, target_fd(fd),   \
      RESULT_ERRNO)                                                                                          \
    F(X, int, mkfifo, NULL, (const char *path, mode_t mode), (path, mode), SYS_mknodat, target_none(),       \
      RESULT_ERRNO)                                                                                          \
    F(X, int, mkfifoat, NULL, (int folder, const char *path, mode_t mode), (folder, path, mode),             \
      SYS_mknodat, target_none(), RESULT_ERRNO)                                                              \
    F(X, int, mknod, NULL, (const char *path, mode_t mode, dev_t device), (path, mode, device), SYS_mknodat, \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, int, mknodat, NULL, (int folder, const char *path, mode_t mode, dev_t device),                      \
      (folder, path, mode, device), SYS_mknodat, target_none(), RESULT_ERRNO)                                \
    F(X, int, __xmknod, NULL, (int version, const char *path, mode_t mode, dev_t *device),                   \
      (version, path, mode, device), SYS_mknodat, target_none(), RESULT_ERRNO)                               \
    F(X, int, __xmknodat, NULL, (int version, int folder, const char *path, mode_t mode, dev_t *device),     \
      (version, folder, path, mode, device), SYS_mknodat, target_none(), RESULT_ERRNO)                       \
    F(X, int, lchmod, NULL, (const char *path, mode_t mode), (path, mode), SYS_fchmodat, target_none(),      \
      RESULT_ERRNO)                                                                                          \
    F(X, int, futimesat, NULL, (int folder, const char *path, const struct timeval times[2]),                \
      (folder, path, times), SYS_futimesat, target_none(), RESULT_ERRNO)                                     \
    F(X, int, lutimes, NULL, (const char *path, const struct timeval times[2]), (path, times),               \
      SYS_utimensat, target_none(), RESULT_ERRNO)                                                            \
    F(X, int, inotify_add_watch, NULL, (int fd, const char *path, uint32_t mask), (fd, path, mask),          \
      SYS_inotify_add_watch, target_fd(fd), RESULT_ERRNO)                                                    \
    F(X, int, fanotify_mark, NULL, (int fd, unsigned flags, uint64_t mask, int folder, const char *path),    \
      (fd, flags, mask, folder, path), SYS_fanotify_mark, target_fd(fd), RESULT_ERRNO)                       \
    F(X, int, name_to_handle_at, NULL,                                                                       \
      (int folder, const char *path, struct file_handle *handle, int *mount, int flags),                     \
      (folder, path, handle, mount, flags), SYS_name_to_handle_at, target_none(), RESULT_ERRNO)

/*
 * io_paths.c: directories. An entry is mostly taken from a buffer; the call that had to read is the long one.
 * Functions that call the program back for every file (ftw, nftw) are left out: what it does is its own.
 */
#define IO_FOLDER_CALLS(F, X)                                                                                \
    F(X, DIR *, opendir, NULL, (const char *path), (path), SYS_openat, target_none(), RESULT_POINTER)        \
    F(X, struct dirent *, readdir, NULL, (DIR * folder), (folder), EXECTRACE_CALL_READDIR, target_none(),    \
      RESULT_ENTRY)                                                                                          \
    F(X, int, readdir_r, NULL,                                                                               \
      (DIR *restrict folder, struct dirent *restrict entry, struct dirent * *restrict found),                \
      (folder, entry, found), EXECTRACE_CALL_READDIR, target_none(), RESULT_CODE)                            \
    F(X, int, scandir, NULL,                                                                                 \
      (const char *restrict path, struct dirent ***restrict names, int (*filter)(const struct dirent *),     \
       int (*compare)(const struct dirent **, const struct dirent **)),                                      \
      (path, names, filter, compare), EXECTRACE_CALL_READDIR, target_none(), RESULT_ERRNO)                   \
    F(X, int, scandirat, NULL,                                                                               \
      (int folder, const char *restrict path, struct dirent ***restrict names,                               \
       int (*filter)(const struct dirent *),                                                                 \
       int (*compare)(const struct dirent **, const struct dirent **)),                                      \
      (folder, path, names, filter, compare), EXECTRACE_CALL_READDIR, target_none(), RESULT_ERRNO)           \
    F(X, ssize_t, getdents64, NULL, (int fd, void *buffer, size_t room), (fd, buffer, room), SYS_getdents64, \
      target_fd(fd), RESULT_ERRNO)                                                                           \
    F(X, int, glob, "GLIBC_2.27",                                                                            \
      (const char *restrict pattern, int flags, int (*on_error)(const char *, int), glob_t *restrict found), \
      (pattern, flags, on_error, found), EXECTRACE_CALL_READDIR, target_none(), RESULT_CODE)                 \
    F(X, FTSENT *, fts_read, NULL, (FTS * walk), (walk), EXECTRACE_CALL_READDIR, target_none(),              \
      RESULT_ENTRY)                                                                                          \
    F(X, FTSENT *, fts_children, NULL, (FTS * walk, int instructions), (walk, instructions),                 \
      EXECTRACE_CALL_READDIR, target_none(), RESULT_ENTRY)                                                   \
    F(X, ssize_t, getdirentries, NULL,                                                                       \
      (int fd, char *restrict buffer, size_t room, off_t *restrict position), (fd, buffer, room, position),  \
      SYS_getdents64, target_fd(fd), RESULT_ERRNO)

#define REAL_PATHS_LIST(X)                                                                                   \
    IO_PATH_CALLS(REAL_IO_ENTRY, X)                                                                          \
    IO_FOLDER_CALLS(REAL_IO_ENTRY, X)

#endif
