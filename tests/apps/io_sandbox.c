/*
 * A program that has the kernel end it when it makes a system call that it did not think of, and then reads
 * and writes descriptors of several kinds, polls, forks and ends. The same bare, preloaded and recorded.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int confine(int is_by_number)
{
    /* rt_sigprocmask: fork's own; set_robust_list: the child's. */
    static const unsigned allowed[] = {
        SYS_read,   SYS_write,           SYS_close,        SYS_pipe2,          SYS_poll,
        SYS_clone,  SYS_wait4,           SYS_exit_group,   SYS_rt_sigprocmask, SYS_recvfrom,
        SYS_sendto, SYS_set_robust_list, SYS_rt_sigreturn, SYS_clock_nanosleep};
    struct sock_filter filter[2 * COUNT(allowed) + 2];
    struct sock_fprog program = {COUNT(filter), filter};
    size_t at = 0;

    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT(allowed); i++) {
        filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
        filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return is_by_number ? (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)
                        : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void say(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
}

static void use_descriptors(int file, const int *sockets)
{
    char bytes[8];
    int pipes[2];

    if (pipe(pipes) != 0)
        return;
    for (int i = 0; i < 1000; i++) {
        (void)!write(pipes[1], "ab", 2);
        (void)!read(pipes[0], bytes, 2);
        (void)!write(file, "ab", 2);
        send(sockets[0], "ab", 2, 0);
        recv(sockets[1], bytes, 2, 0);
    }
    poll(&(struct pollfd){pipes[0], POLLIN, 0}, 1, 5);
    usleep(2000);
    close(pipes[0]);
    say("used\n");
}

/* In a child: the filter can't be taken off again. */
static int confined(int is_by_number)
{
    int file = open("/dev/null", O_WRONLY);
    int sockets[2], status;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 || confine(is_by_number) != 0) {
        say("no filter\n");
        return 1;
    }
    say("confined\n");
    use_descriptors(file, sockets);
    pid_t pid = fork();
    if (pid == 0) {
        say("in the child\n");
        _exit(3);
    }
    if (waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3)
        say("forked\n");
    return 4;
}

int main(void)
{
    for (int i = 0; i < 2; i++) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0)
            _exit(confined(i));
        waitpid(pid, &status, 0);
        printf("status %x\n", (unsigned)status);
        fflush(stdout);
    }
    return 0;
}
