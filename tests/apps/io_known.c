/*
 * Input and output in known numbers, on each kind of descriptor, some of it waited for. Prints "main PID";
 * what the main thread did, as "CALL-NUMBER FD-KIND COUNT ERRORS LONG-COUNT LONG-NS" (calls, those that
 * failed, those that took a millisecond or more, and how long these took); and "peer FAMILY PORT" for the
 * connection.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "tracepoints/contract.h"

#define LONG_NS 1000000u

static struct count {
    int number;
    int kind;
    unsigned count;
    unsigned errors;
    unsigned long_count;
    uint64_t long_ns;
} counts[64];

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void note(int number, int kind, uint64_t ns, long result)
{
    struct count *count = counts;

    while (count->count > 0 && (count->number != number || count->kind != kind))
        count++;
    count->number = number;
    count->kind = kind;
    count->count++;
    count->errors += result < 0;
    if (ns >= LONG_NS) {
        count->long_count++;
        count->long_ns += ns;
    }
}

#define DO(number, kind, expression)                                                                         \
    do {                                                                                                     \
        uint64_t start_ns = now_ns();                                                                        \
        long returned = (long)(expression);                                                                  \
        note(number, kind, now_ns() - start_ns, returned);                                                   \
    } while (0)

static void on_pipes(void)
{
    char byte = 'x';
    int pipes[2];

    if (pipe(pipes) != 0)
        exit(1);
    for (int i = 0; i < 1000; i++) {
        DO(SYS_write, EXECTRACE_FD_PIPE, write(pipes[1], &byte, 1));
        DO(SYS_read, EXECTRACE_FD_PIPE, read(pipes[0], &byte, 1));
    }
    for (int i = 0; i < 3; i++)
        DO(SYS_poll, EXECTRACE_FD_PIPE, poll(&(struct pollfd){pipes[0], POLLIN, 0}, 1, 5));
    DO(SYS_write, EXECTRACE_FD_PIPE, write(pipes[0], &byte, 1));
    DO(SYS_close, EXECTRACE_FD_PIPE, close(pipes[0]));
    DO(SYS_close, EXECTRACE_FD_PIPE, close(pipes[1]));
}

static void *answer(void *argument)
{
    int listening = *(int *)argument;
    char byte;
    int fd;

    /* Not counted: these are another thread's. */
    fd = accept(listening, NULL, NULL);
    for (int i = 0; i < 20; i++) {
        if (recv(fd, &byte, 1, 0) != 1)
            break;
        nanosleep(&(struct timespec){0, 3000000}, NULL);
        if (send(fd, &byte, 1, 0) != 1)
            break;
    }
    close(fd);
    return NULL;
}

static void on_sockets(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;
    char byte = 'x';

    if (bind(listening, (struct sockaddr *)&address, length) != 0 || listen(listening, 1) != 0 ||
        getsockname(listening, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&thread, NULL, answer, &listening) != 0)
        exit(1);
    DO(SYS_connect, EXECTRACE_FD_SOCKET, connect(fd, (struct sockaddr *)&address, length));
    for (int i = 0; i < 20; i++) {
        DO(SYS_sendto, EXECTRACE_FD_SOCKET, send(fd, &byte, 1, 0));
        DO(SYS_recvfrom, EXECTRACE_FD_SOCKET, recv(fd, &byte, 1, 0));
    }
    pthread_join(thread, NULL);
    printf("peer %d %d\n", AF_INET, ntohs(address.sin_port));
    close(fd);
    close(listening);
}

static void on_the_rest(void)
{
    struct itimerspec soon = {{0, 0}, {0, 4000000}};
    struct epoll_event event = {.events = EPOLLIN};
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    int events = eventfd(1, EFD_NONBLOCK);
    int epoll = epoll_create1(0);
    int null = open("/dev/null", O_RDWR);
    uint64_t value;

    timerfd_settime(timer, 0, &soon, NULL);
    DO(SYS_read, EXECTRACE_FD_TIMERFD, read(timer, &value, 8));
    DO(SYS_read, EXECTRACE_FD_EVENTFD, read(events, &value, 8));
    DO(SYS_read, EXECTRACE_FD_EVENTFD, read(events, &value, 8));
    epoll_ctl(epoll, EPOLL_CTL_ADD, events, &event);
    for (int i = 0; i < 4; i++)
        DO(SYS_epoll_wait, EXECTRACE_FD_EPOLL, epoll_wait(epoll, &event, 1, 3));
    for (int i = 0; i < 100; i++)
        DO(SYS_write, EXECTRACE_FD_OTHER, write(null, &value, 8));
    DO(SYS_nanosleep, EXECTRACE_FD_NONE, nanosleep(&(struct timespec){0, 2000000}, NULL));
    DO(SYS_clock_nanosleep, EXECTRACE_FD_NONE,
       clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 2000000}, NULL));
    DO(SYS_read, EXECTRACE_FD_UNKNOWN, read(900000, &value, 8));
    close(timer);
    close(events);
    close(epoll);
    close(null);
}

static int ends[2];
static int slow_event;

/* Gives what the main thread waits for a while later: a line of wide characters, and a count. */
static void *give_late(void *unused)
{
    for (int i = 0; i < 2; i++) {
        thrd_sleep(&(struct timespec){0, 4000000}, NULL);
        if (i == 0 ? write(ends[1], "text\n", 5) != 5 : eventfd_write(slow_event, 1) != 0)
            exit(1);
    }
    return unused;
}

static pid_t fork_once(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid;
}

static void on_the_rarer(void)
{
    eventfd_t value = 0;
    wchar_t text[16];
    pthread_t thread;

    slow_event = eventfd(0, 0);
    if (pipe(ends) != 0 || pthread_create(&thread, NULL, give_late, NULL) != 0)
        exit(1);
    FILE *stream = fdopen(ends[0], "r");
    DO(EXECTRACE_CALL_FREAD, EXECTRACE_FD_PIPE, fgetws(text, 16, stream) != NULL);
    DO(SYS_read, EXECTRACE_FD_EVENTFD, eventfd_read(slow_event, &value));
    pthread_join(thread, NULL);
    DO(SYS_clock_nanosleep, EXECTRACE_FD_NONE, thrd_sleep(&(struct timespec){0, 2000000}, NULL));
    for (int i = 0; i < 3; i++) {
        DO(SYS_fork, EXECTRACE_FD_NONE, fork_once());
        DO(SYS_wait4, EXECTRACE_FD_NONE, wait(NULL));
    }
    for (int i = 0; i < 10; i++)
        DO(SYS_sched_yield, EXECTRACE_FD_NONE, sched_yield());
    DO(EXECTRACE_CALL_REALPATH, EXECTRACE_FD_NONE, realpath("/etc/passwd", NULL) == NULL);
    fclose(stream);
    close(slow_event);
}

int main(void)
{
    printf("main %d\n", getpid());
    on_pipes();
    on_sockets();
    on_the_rest();
    on_the_rarer();
    for (const struct count *count = counts; count->count > 0; count++)
        printf("%d %d %u %u %u %lu\n", count->number, count->kind, count->count, count->errors,
               count->long_count, (unsigned long)count->long_ns);
    return 0;
}
