/*
 * Every wrapped way to start a process, to look up a name and to write to the log, and the rarer waits:
 * prints results, errno and what came out. The output must not depend on being recorded.
 */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <shadow.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <threads.h>
#include <unistd.h>
#include <wordexp.h>

#include "tests/apps/show.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static int status_of(pid_t pid)
{
    int status = -1;

    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void spawned(void)
{
    char *const arguments[] = {"sh", "-c", "exit 3", NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, 1, 10);
    posix_spawn_file_actions_addopen(&actions, 11, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclose(&actions, 11);
    posix_spawn_file_actions_addclosefrom_np(&actions, 12);
    SHOW(posix_spawn(&pid, "/bin/sh", &actions, NULL, arguments, environment));
    SHOW(status_of(pid));
    SHOW(posix_spawnp(&pid, "sh", NULL, NULL, arguments, environment));
    SHOW(status_of(pid));
    SHOW(posix_spawn(&pid, "/nothing", NULL, NULL, arguments, environment));
    posix_spawn_file_actions_addopen(&actions, 11, "/nothing", O_RDONLY, 0);
    SHOW(posix_spawn(&pid, "/bin/sh", &actions, NULL, arguments, environment));
    posix_spawn_file_actions_destroy(&actions);
}

/* Leaves no zeros below the caller's frame. */
static __attribute__((noinline)) void soil_stack(void)
{
    char bytes[8192];

    memset(bytes, 0xff, sizeof bytes);
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

static void forked(void)
{
    char *const environment[] = {"NAME=value", NULL};
    int in_child = 5;

    SHOW(in_child);
    pid_t pid = fork();
    if (pid == 0) {
        in_child = errno == 77 ? 6 : 7;
        _exit(in_child);
    }
    SHOW(status_of(pid));
    if ((pid = fork()) == 0)
        execl("/bin/sh", "sh", "-c", "echo \"$0 $# $*\"; exit 4", "name", "one", "two", (char *)NULL);
    SHOW(status_of(pid));
    if ((pid = fork()) == 0)
        execlp("sh", "sh", "-c", "exit 5", (char *)NULL);
    SHOW(status_of(pid));
    if ((pid = vfork()) == 0)
        execle("/bin/sh", "sh", "-c", "echo $NAME; exit 6", (char *)NULL, environment);
    SHOW(status_of(pid));
    if ((pid = vfork()) == 0) {
        soil_stack();
        for (int fd = 3; fd < 20; fd++)
            close(fd);
        int null = open("/dev/null", O_RDWR);
        if (dup2(null, 10) != 10 || write(null, "x", 1) != 1 || fcntl(null, F_SETFD, FD_CLOEXEC) != 0 ||
            close(null) != 0)
            _exit(1);
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
    }
    SHOW(status_of(pid));
    SHOW(execl("/nothing", "nothing", (char *)NULL));
    SHOW(execlp("exectrace-nothing", "nothing", "else", (char *)NULL));
    SHOW(execle("/nothing", "nothing", (char *)NULL, environment));
}

static void names(void)
{
    struct in_addr local = {htonl(INADDR_LOOPBACK)};
    struct passwd user, *found_user;
    struct group group, *found_group;
    char buffer[1024];
    gid_t groups[64];
    int count = 64;

    SHOW(getpwnam("root")->pw_uid);
    SHOW(getpwnam("nobody of this name"));
    SHOW(strcmp(getpwuid(0)->pw_name, "root"));
    SHOW(getpwnam_r("root", &user, buffer, sizeof buffer, &found_user));
    SHOW(found_user == &user);
    SHOW(getpwuid_r(0, &user, buffer, 1, &found_user));
    SHOW(getgrnam("root")->gr_gid);
    SHOW(getgrgid(4000000000u));
    SHOW(getgrnam_r("root", &group, buffer, sizeof buffer, &found_group));
    SHOW(getgrgid_r(0, &group, buffer, sizeof buffer, &found_group));
    SHOW(getgrouplist("root", 0, groups, &count) > 0);
    SHOW(getservbyname("no such service", "tcp"));
    SHOW(getservbyport(1, "no such protocol"));
    SHOW(getprotobyname("no such protocol"));
    SHOW(gethostbyname2("127.0.0.1", AF_INET) != NULL);
    SHOW(gethostbyaddr(&local, 1, AF_INET));
    SHOW(gethostbyname2("127.0.0.1", 12345) == NULL);
}

static void more_names(void)
{
    struct gaicb request = {.ar_name = "127.0.0.1"}, *list[] = {&request};
    struct spwd *shadow, shadow_entry;
    struct netent *net, net_entry;
    struct passwd *user, user_entry;
    struct group *group, group_entry;
    char buffer[4096];
    int net_error;

    SHOW(getaddrinfo_a(GAI_WAIT, list, 1, NULL));
    SHOW(gai_error(&request));
    SHOW(getaddrinfo_a(7, list, 1, NULL));
    SHOW((shadow = getspnam("root")) != NULL);
    SHOW(getspnam_r("nobody of this name", &shadow_entry, buffer, sizeof buffer, &shadow));
    setpwent();
    SHOW((user = getpwent()) != NULL && user->pw_uid == 0);
    SHOW(getpwent_r(&user_entry, buffer, sizeof buffer, &user));
    SHOW(getpwent_r(&user_entry, buffer, 1, &user));
    endpwent();
    setgrent();
    SHOW((group = getgrent()) != NULL && group->gr_gid == 0);
    SHOW(getgrent_r(&group_entry, buffer, sizeof buffer, &group));
    endgrent();
    SHOW((net = getnetbyname("nothing of this name")) != NULL);
    SHOW(getnetbyname_r("nothing of this name", &net_entry, buffer, sizeof buffer, &net, &net_error));
    SHOW(getnetbyaddr(1, AF_INET) != NULL);
    SHOW(getnetbyaddr_r(1, AF_INET, &net_entry, buffer, sizeof buffer, &net, &net_error));
    SHOW(setnetgrent("nothing of this name"));
    SHOW(innetgr("nothing of this name", NULL, "root", NULL));
}

/* Without a terminal to ask at. */
static void asked(void)
{
    fflush(stdout);
    pid_t pid = fork();

    if (pid == 0) {
        setsid();
        SHOW(getpass("prompt") == NULL);
        SHOW(getpass("") == NULL);
        _exit(0);
    }
    SHOW(status_of(pid));
}

static void rarely(void)
{
    char buffer[4] = "", written[] = "rest";
    int fd = open("/dev/zero", O_RDONLY);
    struct aiocb from = {.aio_fildes = fd, .aio_buf = buffer, .aio_nbytes = 4, .aio_lio_opcode = LIO_READ};
    struct aiocb to = {.aio_fildes = -1, .aio_buf = written, .aio_nbytes = 4, .aio_lio_opcode = LIO_WRITE};
    struct aiocb *list[] = {&from, NULL, &to};
    wordexp_t words;

    SHOW(lio_listio(LIO_WAIT, list, 2, NULL));
    SHOW(aio_return(&from));
    SHOW(lio_listio(LIO_WAIT, list, 3, NULL));
    SHOW(aio_return(&from));
    SHOW(aio_error(&to));
    SHOW(lio_listio(77, list, 3, NULL));
    SHOW(wordexp("a `echo b; echo c >&2` $((1 + 2))", &words, WRDE_SHOWERR));
    SHOW(words.we_wordc == 3 && strcmp(words.we_wordv[1], "b") == 0);
    wordfree(&words);
    SHOW(wordexp("`echo`", &words, WRDE_NOCMD));
    SHOW(lckpwdf());
    SHOW(ulckpwdf());
    SHOW(klogctl(10, NULL, 0));
    SHOW(klogctl(99, NULL, 0));
    SHOW(malloc_trim(1 << 30) >= 0);
    close(fd);
}

static void note_signal(int number)
{
    (void)number;
}

static void waits(void)
{
    struct aiocb request = {.aio_fildes = open("/dev/zero", O_RDONLY), .aio_nbytes = 4};
    const struct aiocb *list[] = {&request};
    char buffer[4];
    sigset_t set;

    request.aio_buf = buffer;
    SHOW(aio_suspend(list, 0, &(struct timespec){0, 1000}));
    SHOW(aio_read(&request));
    SHOW(aio_suspend(list, 1, NULL));
    SHOW(aio_return(&request));
    close(request.aio_fildes);
    SHOW(sched_yield());
    thrd_yield();
    SHOW(thrd_sleep(&(struct timespec){0, 1000}, NULL));
    SHOW(thrd_sleep(&(struct timespec){0, -1}, NULL));
    signal(SIGUSR1, note_signal);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    SHOW(sigpause(SIGUSR1));
    SHOW(sigpause(1000));
}

int main(void)
{
    char *const environment[] = {NULL};

    errno = 77;
    spawned();
    forked();
    names();
    more_names();
    asked();
    rarely();
    waits();
    openlog("exectrace-test", 0, LOG_USER);
    SHOW((syslog(LOG_DEBUG, "%d %s", 1, "of a test"), 0));
    SHOW(setenv("PATH", "/bin:/usr/bin", 1));
    SHOW(environment[0] == NULL);
    return 0;
}
