/*
 * Every wrapped call on files, memory, processes, queues and names, with good and with bad arguments: prints
 * its return value, errno and what it wrote. The output must not depend on being recorded.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/apps/show.h"

static void *volatile bad_address = (void *)8; /* volatile: not seen through by the compiler */
static void by_name(void)
{
    struct stat status;
    struct statx more;
    int fd;

    SHOW(mkdir("folder", 0750));
    SHOW(mkdir("folder", 0750));
    SHOW(mkdirat(AT_FDCWD, "folder/inner", 0700));
    SHOW(stat("folder", &status));
    printf("mode %o\n", status.st_mode);
    SHOW(open("folder/file", O_RDWR));
    SHOW((fd = open("folder/file", O_RDWR | O_CREAT | O_EXCL, 0640)) >= 0);
    SHOW(write(fd, "0123456789", 10));
    SHOW(fstat(fd, &status));
    printf("mode %o size %ld\n", status.st_mode, (long)status.st_size);
    SHOW(close(fd));
    SHOW((fd = openat(AT_FDCWD, "folder/other", O_WRONLY | O_CREAT, 0604)) >= 0);
    SHOW(fstat(fd, &status));
    printf("mode %o\n", status.st_mode);
    SHOW(close(fd));
    SHOW((fd = open("folder", O_RDWR | O_TMPFILE, 0600)) >= 0);
    SHOW(fstat(fd, &status));
    printf("mode %o\n", status.st_mode);
    SHOW(close(fd));
    SHOW((fd = creat("folder/third", 0600)) >= 0);
    SHOW(close(fd));
    SHOW(lstat("folder/third", &status));
    SHOW(fstatat(AT_FDCWD, "folder/third", &status, AT_SYMLINK_NOFOLLOW));
    SHOW(statx(AT_FDCWD, "folder/file", 0, STATX_SIZE, &more));
    printf("size %ld\n", (long)more.stx_size);
    SHOW(stat("nothing", &status));
    SHOW(stat(bad_address, &status));
    SHOW(fstat(-1, &status));
    SHOW(fstat(2000, &status));
    SHOW(open(bad_address, O_RDONLY));
    SHOW(openat(-1, "folder", O_RDONLY));
    SHOW(access("folder/file", R_OK));
    SHOW(access("nothing", R_OK));
    SHOW(faccessat(AT_FDCWD, "nothing", F_OK, 0));
    SHOW(rename("folder/third", "folder/fourth"));
    SHOW(rename("folder/third", "folder/fifth"));
    SHOW(renameat(AT_FDCWD, "folder/fourth", AT_FDCWD, "folder/fifth"));
    SHOW(renameat2(AT_FDCWD, "folder/fifth", AT_FDCWD, "folder/other", RENAME_NOREPLACE));
    SHOW(link("folder/other", "folder/linked"));
    SHOW(truncate("folder/other", 100));
    SHOW(unlink("folder/other"));
    SHOW(unlink("folder/other"));
    SHOW(unlinkat(AT_FDCWD, "folder/linked", 0));
    SHOW(unlink("folder/fifth"));
    SHOW(rmdir("folder"));
    SHOW(rmdir("folder/inner"));
}

static void open_files(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char buffer[32] = "";
    off_t offset = 2;
    int pipes[2];
    int more_pipes[2];
    int available = 0;
    int fd = open("folder/file", O_RDWR | O_CLOEXEC);
    int copy = open("folder/copy", O_RDWR | O_CREAT, 0600);

    SHOW(pipe(pipes));
    SHOW(pipe(more_pipes));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_SETFD, 0));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
    SHOW(fcntl(fd, F_SETLK, &lock));
    SHOW(fcntl(fd, F_SETLKW, &lock));
    SHOW(fcntl(fd, F_GETLK, &lock));
    SHOW(fcntl(fd, F_OFD_SETLK, &lock));
    SHOW(fcntl(fd, F_SETLK, bad_address));
    SHOW(fcntl(-1, F_GETFD));
    SHOW(fcntl(2000, F_GETFD));
    SHOW(fcntl(fd, 7777, 5));
    SHOW(close(fcntl(fd, F_DUPFD, 100)));
    SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 1 << 28));
    SHOW(flock(fd, LOCK_EX | LOCK_NB));
    SHOW(flock(fd, LOCK_UN));
    SHOW(flock(fd, 77));
    SHOW(lockf(fd, F_TLOCK, 5));
    SHOW(ftruncate(fd, 20));
    SHOW(ftruncate(fd, -1));
    SHOW(fallocate(fd, 0, 0, 0));
    SHOW(posix_fallocate(fd, 0, 30));
    SHOW(posix_fallocate(pipes[0], 0, 30));
    SHOW(syncfs(fd));
    SHOW(sync_file_range(pipes[0], 0, 0, 0));
    sync();
    SHOW(ioctl(pipes[0], FIONREAD, &available));
    SHOW(ioctl(fd, TIOCGWINSZ, buffer));
    SHOW(ioctl(-1, FIONREAD, &available));
    SHOW(tcdrain(fd));
    SHOW(sendfile(copy, fd, &offset, 5));
    printf("offset %ld\n", (long)offset);
    SHOW(sendfile(copy, 2000, NULL, 5));
    SHOW(write(pipes[1], "spliced", 7));
    SHOW(tee(pipes[0], more_pipes[1], 7, 0));
    SHOW(splice(pipes[0], NULL, copy, NULL, 7, 0));
    SHOW(splice(fd, NULL, copy, NULL, 7, 0));
    SHOW(vmsplice(more_pipes[1], &(struct iovec){buffer, 4}, 1, 0));
    SHOW(copy_file_range(fd, NULL, copy, NULL, 4, 0));
    SHOW(pread(copy, buffer, 31, 0));
    puts(buffer);
    SHOW(fcntl(pipes[0], F_SETFL, O_NONBLOCK));
    SHOW(tee(pipes[0], more_pipes[1], 7, SPLICE_F_NONBLOCK));
    close(pipes[0]);
    close(pipes[1]);
    close(more_pipes[0]);
    close(more_pipes[1]);
    close(fd);
    close(copy);
}

static void memory(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char random[8];
    volatile size_t too_many = 500;

    printf("page %d\n", page != MAP_FAILED);
    SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 2000, 0));
    SHOW(madvise(page, 8192, MADV_DONTNEED));
    SHOW(madvise(page, 8192, 7777));
    SHOW(msync(page, 4096, MS_SYNC));
    SHOW(msync(page + 1, 4096, MS_SYNC));
    SHOW(munmap(page, 8192));
    SHOW(munmap(page + 1, 8192));
    SHOW(getrandom(random, 8, 0));
    SHOW(getrandom(random, 8, 0xff00));
    SHOW(getrandom(bad_address, 8, 0));
    SHOW(getentropy(random, 8));
    SHOW(getentropy(random, too_many));
}

static void children(void)
{
    siginfo_t info = {0};
    struct rusage usage;
    int status = 0;
    pid_t pid;

    SHOW(wait(&status));
    SHOW(waitpid(-1, &status, WNOHANG));
    for (int i = 0; i < 4; i++) {
        fflush(stdout);
        pid = fork();
        if (pid == 0)
            _exit(20 + i);
        switch (i) {
        case 0:
            SHOW(wait(&status) == pid);
            break;
        case 1:
            SHOW(waitpid(pid, &status, 0) == pid);
            break;
        case 2:
            SHOW(wait4(pid, &status, 0, &usage) == pid);
            break;
        default:
            SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED));
            status = info.si_status << 8;
        }
        printf("status %x\n", status);
    }
    SHOW(wait3(&status, 0, NULL));
    SHOW(waitid(77, 0, NULL, WEXITED));
    SHOW(system("exit 3"));
    SHOW(system(NULL));
}

static void signals(void)
{
    struct timespec soon = {0, 2000000};
    sigset_t set;
    siginfo_t info;
    int number = 0;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    SHOW(sigtimedwait(&set, &info, &soon));
    raise(SIGUSR1);
    SHOW(sigwait(&set, &number) == 0 && number == SIGUSR1);
    raise(SIGUSR1);
    SHOW(sigwaitinfo(&set, &info) == SIGUSR1);
    SHOW(sigtimedwait(&set, NULL, bad_address));
}

static void queues(void)
{
    struct {
        long type;
        char text[8];
    } message = {1, "queued"};
    struct sembuf operation = {0, 1, IPC_NOWAIT};
    struct timespec soon = {0, 2000000};
    int queue = msgget(IPC_PRIVATE, 0600);
    int semaphore = semget(IPC_PRIVATE, 1, 0600);

    SHOW(msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT));
    SHOW(msgrcv(queue, &message, sizeof message.text, 0, 0));
    SHOW(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT));
    SHOW(msgctl(queue, IPC_RMID, NULL));
    SHOW(msgsnd(queue, &message, sizeof message.text, 0));
    SHOW(semop(semaphore, &operation, 1));
    operation.sem_op = -1;
    SHOW(semop(semaphore, &operation, 1));
    SHOW(semop(semaphore, &operation, 1));
    operation.sem_flg = 0;
    SHOW(semtimedop(semaphore, &operation, 1, &soon));
    SHOW(semctl(semaphore, 0, IPC_RMID));
    SHOW(semop(semaphore, &operation, 1));
}

static void names(void)
{
    struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    char host[64] = "";
    char service[64] = "";

    SHOW(getaddrinfo("127.0.0.1", "80", &numeric, &found));
    printf("family %d\n", found->ai_family);
    freeaddrinfo(found);
    SHOW(getaddrinfo("no number", "80", &numeric, &found));
    SHOW(getaddrinfo(NULL, NULL, &numeric, &found));
    SHOW(getnameinfo((struct sockaddr *)&address, sizeof address, host, sizeof host, service, sizeof service,
                     NI_NUMERICHOST | NI_NUMERICSERV));
    printf("%s %s\n", host, service);
    SHOW(getnameinfo((struct sockaddr *)&address, 1, host, sizeof host, NULL, 0, 0));
    SHOW(gethostbyname("127.0.0.1") != NULL);
}

static void by_number(void)
{
    char byte = 0;
    int pipes[2];

    SHOW(pipe(pipes));
    SHOW(syscall(SYS_write, pipes[1], "n", 1));
    SHOW(syscall(SYS_read, pipes[0], &byte, 1));
    SHOW(syscall(SYS_read, -1, &byte, 1));
    SHOW(syscall(SYS_io_uring_enter, pipes[0], 0, 0, 0, NULL, 0));
    SHOW(syscall(SYS_close, pipes[0]));
    SHOW(syscall(SYS_close_range, 3, ~0U, 0));
    SHOW(syscall(SYS_dup2, 1, pipes[1]) == pipes[1]);
    SHOW(syscall(SYS_close, pipes[1]));
    SHOW(syscall(777777));
    SHOW(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC));
}

int main(void)
{
    char folder[] = "/tmp/exectrace_files_XXXXXX";

    umask(0);
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    by_name();
    open_files();
    memory();
    children();
    signals();
    queues();
    names();
    by_number();
    unlink("folder/copy");
    unlink("folder/file");
    rmdir("folder");
    return rmdir(folder);
}
