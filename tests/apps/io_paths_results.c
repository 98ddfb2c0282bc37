/*
 * Every wrapped call on files by name, attributes and directories, with good and with failing arguments:
 * prints results, errno and what was found. The output must not depend on being recorded.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>
#include <utime.h>

#include "tests/apps/show.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void links(void)
{
    char text[64] = "";

    SHOW(symlink("target", "link"));
    SHOW(symlink("target", "link"));
    SHOW(symlinkat("target", AT_FDCWD, "link2"));
    SHOW(readlink("link", text, sizeof text));
    SHOW(strcmp(text, "target"));
    SHOW(readlink("nothing", text, sizeof text));
    SHOW(readlinkat(AT_FDCWD, "link2", text, 3));
    SHOW(readlinkat(-1, "link2", text, 3));
    SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "link3", 0));
    SHOW(remove("link3"));
    SHOW(remove("nothing"));
    SHOW(realpath("nothing/at/all", text));
    char *path = realpath("link2/..", NULL);
    SHOW(path == NULL);
    free(path);
    path = realpath(".", NULL);
    SHOW(path != NULL && path[0] == '/');
    free(path);
    path = canonicalize_file_name("/etc/../etc/passwd");
    SHOW(strcmp(path, "/etc/passwd"));
    free(path);
}

static void attributes(int fd)
{
    struct timespec times[2] = {{1000, 0}, {2000, 0}};
    struct timeval values[2] = {{1000, 0}, {2000, 0}};
    struct statvfs64 vfs64;
    struct statfs64 fs64;
    struct statvfs vfs;
    struct statfs fs;
    struct stat status;
    char text[64] = "";

    SHOW(chmod("file", 0640));
    SHOW(fchmod(fd, 0600));
    SHOW(fchmodat(AT_FDCWD, "file", 0644, 0));
    SHOW(chmod("nothing", 0640));
    SHOW(chown("file", (uid_t)-1, (gid_t)-1));
    SHOW(lchown("link", (uid_t)-1, (gid_t)-1));
    SHOW(fchown(fd, (uid_t)-1, (gid_t)-1));
    SHOW(fchownat(AT_FDCWD, "nothing", (uid_t)-1, (gid_t)-1, 0));
    SHOW(utime("file", &(struct utimbuf){5, 6}));
    SHOW(utimes("file", values));
    SHOW(futimes(fd, values));
    SHOW(utimensat(AT_FDCWD, "file", times, 0));
    SHOW(futimens(fd, times));
    SHOW(futimens(-1, times));
    SHOW(stat("file", &status) == 0 && status.st_mtime == 2000 && (status.st_mode & 0777) == 0644);
    SHOW(statfs(".", &fs));
    SHOW(statfs64("nothing", &fs64));
    SHOW(fstatfs(fd, &fs));
    SHOW(fstatfs64(-1, &fs64));
    SHOW(statvfs(".", &vfs));
    SHOW(statvfs64("nothing", &vfs64));
    SHOW(fstatvfs(fd, &vfs));
    SHOW(fstatvfs64(-1, &vfs64));
    SHOW(euidaccess("file", R_OK));
    SHOW(eaccess("nothing", R_OK));
    SHOW(getxattr("file", "user.nothing", text, sizeof text));
    SHOW(lgetxattr("nothing", "user.a", text, sizeof text));
    SHOW(fgetxattr(-1, "user.a", text, sizeof text));
    SHOW(setxattr("nothing", "user.a", "b", 1, 0));
    SHOW(lsetxattr("nothing", "user.a", "b", 1, 0));
    SHOW(fsetxattr(-1, "user.a", "b", 1, 0));
    SHOW(listxattr("file", NULL, 0) >= 0);
    SHOW(llistxattr("nothing", NULL, 0));
    SHOW(flistxattr(-1, NULL, 0));
    SHOW(removexattr("nothing", "user.a"));
    SHOW(lremovexattr("nothing", "user.a"));
    SHOW(fremovexattr(-1, "user.a"));
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    SHOW(posix_fadvise64(-1, 0, 0, POSIX_FADV_SEQUENTIAL));
    SHOW(readahead(fd, 0, 10));
    SHOW(tcsetattr(fd, TCSANOW, &(struct termios){0}));
    SHOW(tcsendbreak(fd, 0));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] == 'f';
}

static void folders(void)
{
    char *const start[] = {(char *)(uintptr_t) ".", NULL};
    struct dirent **names;
    struct dirent entry, *found;
    char buffer[1024];
    int count = 0;
    glob_t matches;

    SHOW(mkdir("folder", 0700));
    DIR *folder = opendir(".");
    while (readdir(folder) != NULL)
        count++;
    SHOW(count);
    SHOW(readdir(folder));
    rewinddir(folder);
    SHOW(readdir64(folder) != NULL);
    SHOW(readdir_r(folder, &entry, &found));
    SHOW(found != NULL);
    SHOW(closedir(folder));
    SHOW(opendir("nothing"));
    SHOW(scandir(".", &names, is_file, by_name));
    printf("%s\n", names[0]->d_name);
    SHOW(scandirat(AT_FDCWD, "nothing", &names, is_file, by_name));
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    SHOW(getdents64(fd, buffer, sizeof buffer) > 0);
    SHOW(getdents64(-1, buffer, sizeof buffer));
    SHOW(fchdir(fd));
    SHOW(fchdir(-1));
    SHOW(close(fd));
    SHOW(chdir("nothing"));
    SHOW(glob("l*", 0, NULL, &matches));
    for (size_t i = 0; i < matches.gl_pathc; i++)
        printf("%s\n", matches.gl_pathv[i]);
    globfree(&matches);
    SHOW(glob("nothing*", 0, NULL, &matches));
    FTS *walk = fts_open(start, FTS_PHYSICAL, NULL);
    for (count = 0; fts_read(walk) != NULL;)
        count++;
    SHOW(count);
    SHOW(fts_close(walk));
    SHOW(rmdir("folder"));
}

static void temporary(void)
{
    char one[] = "oneXXXXXX", two[] = "twoXXXXXX.c", three[] = "threeXXXXXX", four[] = "fourXXXXXX.c";
    char five[] = "fiveXXXXXX", bad[] = "bad";

    SHOW(close(mkstemp(one)));
    SHOW(close(mkstemps(two, 2)));
    SHOW(close(mkostemp(three, O_CLOEXEC)));
    SHOW(close(mkostemps(four, 2, O_CLOEXEC)));
    SHOW(mkdtemp(five) == five);
    SHOW(mkstemp(bad));
    SHOW(unlink(one) | unlink(two) | unlink(three) | unlink(four) | rmdir(five));
    SHOW(shm_open("/exectrace_nothing_of_this_name", O_RDONLY, 0));
    SHOW(shm_unlink("/exectrace_nothing_of_this_name"));
    SHOW(mount("nothing", "nothing", "nothing", 0, NULL) == -1);
    SHOW(umount("nothing") == -1);
    SHOW(umount2("nothing", 0) == -1);
}

static void memory(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char copy[4] = "";
    struct iovec here = {copy, 3}, there = {page, 3};
    int segment;

    strcpy(page, "abc");
    page = mremap(page, 4096, 8192, MREMAP_MAYMOVE);
    SHOW(strcmp(page, "abc"));
    SHOW(mremap(page, 8192, 8192, 0) == page);
    SHOW(mremap((void *)1, 4096, 4096, 0) == MAP_FAILED);
    char *wanted = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(mremap(page, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, wanted) == wanted);
    page = wanted;
    there.iov_base = page;
    SHOW(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
    SHOW(process_vm_writev(getpid(), &here, 1, &there, 1, 1));
    SHOW(mprotect(page, 4096, PROT_READ));
    SHOW(mprotect((void *)1, 4096, PROT_READ));
    SHOW(pkey_mprotect((void *)1, 4096, PROT_READ, -1));
    SHOW(posix_madvise(page, 4096, POSIX_MADV_WILLNEED));
    SHOW(mlock(page, 4096));
    SHOW(mlock2(page, 4096, 0x80) == -1);
    SHOW(munlock(page, 4096));
    SHOW(mlockall(0));
    SHOW(munlockall());
    SHOW(process_madvise(-1, &here, 1, MADV_COLD, 0));
    SHOW(munmap(page, 8192));
    segment = shmget(IPC_PRIVATE, 4096, 0600);
    page = shmat(segment, NULL, 0);
    SHOW(page != (void *)-1);
    SHOW(shmdt(page));
    SHOW(shmdt(page));
    SHOW(shmctl(segment, IPC_RMID, NULL));
    SHOW(shmat(-1, NULL, 0) == (void *)-1);
}

static void nodes(void)
{
    struct timeval times[2] = {{100, 1}, {200, 2}};
    struct file_handle handle = {.handle_bytes = 0};
    int mount_id, watcher = inotify_init1(IN_NONBLOCK);
    struct stat status;

    SHOW(mkfifo("fifo", 0640));
    SHOW(mkfifo("fifo", 0640));
    SHOW(mkfifoat(AT_FDCWD, "fifo2", 0600));
    SHOW(mknod("node", S_IFREG | 0600, 0));
    SHOW(mknodat(AT_FDCWD, "node2", S_IFSOCK | 0600, 0));
    SHOW(stat("fifo", &status) | status.st_mode);
    SHOW(lchmod("node", 0400));
    SHOW(lchmod("nothing", 0400));
    SHOW(futimesat(AT_FDCWD, "node", times));
    SHOW(lutimes("node", times));
    SHOW(stat("node", &status) | status.st_mtime);
    SHOW(inotify_add_watch(watcher, "node", IN_DELETE_SELF));
    SHOW(inotify_add_watch(watcher, "nothing", IN_DELETE_SELF));
    SHOW(fanotify_mark(-1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "node"));
    SHOW(name_to_handle_at(AT_FDCWD, "nothing", &handle, &mount_id, 0));
    SHOW(unlink("fifo") | unlink("fifo2") | unlink("node") | unlink("node2"));
    SHOW(close(watcher));
}

static void listed(void)
{
    off_t position = 0;
    char entries[4096];
    int folder = open(".", O_RDONLY | O_DIRECTORY);

    SHOW(getdirentries(folder, entries, sizeof entries, &position) > 0);
    SHOW(getdirentries(folder, entries, sizeof entries, &position));
    SHOW(getdirentries64(folder, entries, 1, (off64_t *)&position));
    SHOW(getdirentries(-1, entries, sizeof entries, &position));
    SHOW(close(folder));
}

static void counters(void)
{
    int fd = eventfd(3, EFD_NONBLOCK);
    eventfd_t count = 0;

    SHOW(eventfd_read(fd, &count));
    SHOW(count);
    SHOW(eventfd_read(fd, &count));
    SHOW(eventfd_write(fd, 5));
    SHOW(eventfd_write(-1, 5));
    SHOW(close(fd));
}

int main(void)
{
    char name[] = "/tmp/exectrace_paths_XXXXXX";
    int fd;

    if (mkdtemp(name) == NULL || chdir(name) != 0 || (fd = open("file", O_CREAT | O_RDWR, 0600)) < 0)
        return 1;
    links();
    attributes(fd);
    folders();
    nodes();
    listed();
    temporary();
    memory();
    counters();
    SHOW(unlink("file") | unlink("link") | unlink("link2"));
    return chdir("/") | rmdir(name);
}
