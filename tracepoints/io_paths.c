/*
 * Wrappers of calls on files by name and on directories: made from the tables in real_paths.h. Called by the
 * traced program on any thread.
 */
#include "tracepoints/calls.h"

#include <unistd.h>

IO_PATH_CALLS(WRAP_CALL, )
IO_FOLDER_CALLS(WRAP_CALL, )

WRAP_ALIAS(creat64, creat)
WRAP_ALIAS(__open64_2, __open_2)
WRAP_ALIAS(__openat64_2, __openat_2)
WRAP_ALIAS(truncate64, truncate)
WRAP_ALIAS(__statfs, statfs)
WRAP_ALIAS(eaccess, euidaccess)
WRAP_ALIAS(mkstemp64, mkstemp)
WRAP_ALIAS(mkstemps64, mkstemps)
WRAP_ALIAS(mkostemp64, mkostemp)
WRAP_ALIAS(mkostemps64, mkostemps)

WRAP_ALIAS_64(int, stat64, stat, (const char *restrict path, struct stat64 *restrict status))
WRAP_ALIAS_64(int, lstat64, lstat, (const char *restrict path, struct stat64 *restrict status))
WRAP_ALIAS_64(int, fstatat64, fstatat,
              (int folder, const char *restrict path, struct stat64 *restrict status, int flags))
WRAP_ALIAS_64(int, __xstat64, __xstat, (int version, const char *path, struct stat64 *status))
WRAP_ALIAS_64(int, __lxstat64, __lxstat, (int version, const char *path, struct stat64 *status))
WRAP_ALIAS_64(int, __fxstatat64, __fxstatat,
              (int version, int folder, const char *path, struct stat64 *status, int flags))
WRAP_ALIAS_64(int, statfs64, statfs, (const char *path, struct statfs64 *status))

WRAP_ALIAS_64(int, statvfs64, statvfs, (const char *restrict path, struct statvfs64 *restrict status))
WRAP_ALIAS_64(struct dirent64 *, readdir64, readdir, (DIR * folder))
WRAP_ALIAS_64(int, readdir64_r, readdir_r,
              (DIR *restrict folder, struct dirent64 *restrict entry, struct dirent64 **restrict found))
WRAP_ALIAS_64(int, scandir64, scandir,
              (const char *restrict path, struct dirent64 ***restrict names,
               int (*filter)(const struct dirent64 *),
               int (*compare)(const struct dirent64 **, const struct dirent64 **)))
WRAP_ALIAS_64(int, scandirat64, scandirat,
              (int folder, const char *restrict path, struct dirent64 ***restrict names,
               int (*filter)(const struct dirent64 *),
               int (*compare)(const struct dirent64 **, const struct dirent64 **)))
WRAP_ALIAS_64(int, glob64, glob,
              (const char *restrict pattern, int flags, int (*on_error)(const char *, int),
               glob64_t *restrict found))
WRAP_ALIAS_64(FTSENT64 *, fts64_read, fts_read, (FTS64 * walk))
WRAP_ALIAS_64(FTSENT64 *, fts64_children, fts_children, (FTS64 * walk, int instructions))
WRAP_ALIAS(getdirentries64, getdirentries)
