/*
 * Programs that close every descriptor they don't know, and then go on: in a loop, with closefrom, with
 * close_range, as daemons do; and children made by fork, vfork and posix_spawn that do so before exec. The
 * output must not depend on being recorded, and the recording must go on afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Something to record, and to see that descriptors still do what they should. */
static void work(const char *when)
{
    int pipes[2];
    char byte = 0;

    if (pipe(pipes) != 0 || write(pipes[1], "x", 1) != 1 || read(pipes[0], &byte, 1) != 1)
        printf("%s: pipe failed, errno %d\n", when, errno);
    poll(NULL, 0, 2);
    close(pipes[0]);
    close(pipes[1]);
    printf("%s: %c, again %d\n", when, byte, close(pipes[0]));
}

static void report(const char *what, int status)
{
    printf("%s: status %x\n", what, status);
}

static void children(void)
{
    static char *const true_arguments[] = {"true", NULL};
    static char *const list_arguments[] = {"sh", "-c", "ls /proc/self/fd | wc -l", NULL};
    static char *const no_environment[] = {
        NULL}; /* a child that is not recorded: it inherits nothing of ours */
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        closefrom(3);
        work("fork child");
        fflush(stdout);
        _exit(7);
    }
    waitpid(pid, &status, 0);
    report("fork", status);

    pid = vfork();
    if (pid == 0) {
        for (int fd = 3; fd < 2000; fd++)
            close(fd);
        dup2(1, 9);
        dup2(1, 800);
        execv("/bin/true", true_arguments);
        _exit(9);
    }
    waitpid(pid, &status, 0);
    report("vfork", status);

    fflush(stdout);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, 0);
    posix_spawn(&pid, "/bin/sh", &actions, NULL, list_arguments, no_environment);
    waitpid(pid, &status, 0);
    report("posix_spawn", status);
    posix_spawn_file_actions_destroy(&actions);
}

/* The daemon is waited for, by its grandparent. */
static void become_daemon(void)
{
    int status;

    fflush(stdout);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (fork() == 0) {
        printf("daemon %d\n", daemon(1, 1));
        for (int fd = 3; fd < 2000; fd++)
            close(fd);
        work("daemon");
        exit(0);
    }
    while (wait(&status) > 0)
        continue;
}

int main(void)
{
    int kept = open("/dev/null", O_RDWR);

    work("start");
    for (int fd = 3; fd < 300; fd++)
        close(fd);
    printf("kept: %d errno %d\n", fcntl(kept, F_GETFD), errno);
    work("loop");
    closefrom(3);
    work("closefrom");
    printf("close_range %d\n", close_range(3, ~0U, 0));
    printf("close_range %d errno %d\n", close_range(7, 3, 0), errno);
    work("close_range");
    children();
    work("children");
    become_daemon();
    return 0;
}
