/*
 * Every wrapped input/output call with good and with bad arguments: prints its return value, errno and what
 * it wrote. The output must not depend on whether the program is recorded.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/apps/show.h"

/* Volatile, so that the compiler does not see through them. */
static void *volatile bad_address = (void *)8;
static void *volatile no_address;
static volatile int minus_one = -1;
static volatile unsigned far_too_many = 1u << 30;

#define BAD bad_address

static const struct timespec no_time = {0, 0};
static const struct timespec some_time = {0, 2000000};
static const struct timespec bad_time = {0, 2000000000};

static void read_and_write(void)
{
    char buffer[64] = "";
    char name[] = "/tmp/exectrace_io_XXXXXX";
    int file = mkstemp(name);
    int pipes[2];
    struct iovec parts[2] = {{buffer, 3}, {buffer + 8, 5}};
    struct iovec bad_parts[1] = {{BAD, 8}};

    unlink(name);
    SHOW(write(file, "0123456789", 10));
    SHOW(pwrite(file, "ab", 2, 20));
    SHOW(pwrite64(file, "cd", 2, 30));
    SHOW(pread(file, buffer, 10, 2));
    puts(buffer);
    SHOW(pread64(file, buffer, 64, 31));
    SHOW(lseek(file, 1, SEEK_SET));
    SHOW(readv(file, parts, 2));
    printf("%.3s %.5s\n", buffer, buffer + 8);
    SHOW(preadv(file, parts, 2, 4));
    SHOW(preadv2(file, parts, 2, -1, 0));
    SHOW(pwritev(file, parts, 2, 4));
    SHOW(pwritev2(file, parts, 2, 4, 0x7fff0000));
    SHOW(writev(file, parts, minus_one));
    SHOW(writev(file, bad_parts, 1));
    SHOW(readv(file, BAD, 1));
    SHOW(read(file, BAD, 8));
    SHOW(write(file, BAD, 8));
    SHOW(fsync(file));
    SHOW(fdatasync(file));
    SHOW(read(-1, buffer, 1));
    SHOW(write(-1, buffer, 1));
    SHOW(read(1000, buffer, 1));
    SHOW(fsync(1000));
    SHOW(fsync(-5));
    SHOW(pipe(pipes));
    SHOW(pread(pipes[0], buffer, 1, 0));
    SHOW(fsync(pipes[0]));
    SHOW(write(pipes[1], "xyz", 3));
    SHOW(read(pipes[0], buffer, 64));
    SHOW(fcntl(pipes[0], F_SETFL, O_NONBLOCK));
    SHOW(read(pipes[0], buffer, 1));
    SHOW(write(pipes[0], buffer, 1));
    SHOW(close(pipes[1]));
    SHOW(read(pipes[0], buffer, 1));
    SHOW(close(pipes[0]));
    SHOW(close(pipes[0]));
    SHOW(close(-1));
    SHOW(close(file));
    SHOW(pipe(BAD));
    SHOW(pipe2(pipes, 0x7fffffff));
}

static void write_to_nobody(void)
{
    int pipes[2];

    signal(SIGPIPE, SIG_IGN);
    SHOW(pipe2(pipes, O_CLOEXEC));
    SHOW(close(pipes[0]));
    SHOW(write(pipes[1], "x", 1));
    SHOW(close(pipes[1]));
}

static void socket_pair(void)
{
    int sockets[2];
    char buffer[16] = "";
    struct iovec part = {buffer, sizeof buffer};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr messages[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
    struct timespec timeout = some_time;
    struct sockaddr_un address;
    socklen_t length = sizeof address;

    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
    SHOW(send(sockets[0], "one", 3, 0));
    SHOW(recv(sockets[1], buffer, 16, 0));
    SHOW(sendto(sockets[0], "two", 3, 0, NULL, 0));
    SHOW(recvfrom(sockets[1], buffer, 16, 0, (struct sockaddr *)&address, &length));
    printf("length %u\n", length);
    SHOW(sendmsg(sockets[0], &message, 0));
    SHOW(recvmsg(sockets[1], &message, MSG_DONTWAIT));
    printf("flags %d name %u\n", message.msg_flags, message.msg_namelen);
    SHOW(sendmmsg(sockets[0], messages, 2, 0));
    printf("%u %u\n", messages[0].msg_len, messages[1].msg_len);
    SHOW(recvmmsg(sockets[1], messages, 2, MSG_DONTWAIT, &timeout));
    printf("%u %u\n", messages[0].msg_len, messages[1].msg_len);
    SHOW(recv(sockets[1], buffer, 16, MSG_DONTWAIT));
    SHOW(recv(sockets[1], BAD, 16, MSG_DONTWAIT));
    SHOW(send(sockets[0], BAD, 16, 0));
    SHOW(recvmsg(sockets[1], BAD, MSG_DONTWAIT));
    SHOW(sendmsg(sockets[0], BAD, 0));
    SHOW(recvmmsg(sockets[1], BAD, 2, MSG_DONTWAIT, NULL));
    SHOW(send(0x7fffffff, "x", 1, 0));
    SHOW(recv(0, buffer, 1, 0));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, sockets));
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, BAD));
    SHOW(close(sockets[0]));
    SHOW(close(sockets[1]));
}

static void internet(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof address;
    char buffer[4];
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);

    SHOW(recv(client, buffer, 1, 0));
    SHOW(connect(client, BAD, 16));
    SHOW(connect(client, (struct sockaddr *)&address, 3));
    SHOW(connect(-1, (struct sockaddr *)&address, sizeof address));
    SHOW(accept(client, NULL, NULL));
    SHOW(bind(listening, (struct sockaddr *)&address, sizeof address));
    SHOW(listen(listening, 5));
    SHOW(getsockname(listening, (struct sockaddr *)&address, &length));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    length = sizeof peer;
    int accepted = accept4(listening, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK);
    printf("accepted %d length %u family %d\n", accepted >= 0, length, peer.sin_family);
    SHOW(read(accepted, buffer, 4));
    SHOW(send(client, "ping", 4, MSG_NOSIGNAL));
    SHOW(recv(accepted, buffer, 4, MSG_WAITALL));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(fcntl(listening, F_SETFL, O_NONBLOCK));
    SHOW(accept(listening, NULL, NULL));
    SHOW(accept(0, NULL, NULL));
    SHOW(accept4(listening, NULL, NULL, 0x10));
    SHOW(socket(AF_INET, 77, 0));
    close(client);
    close(accepted);
    close(listening);
    client = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    close(client);
}

static void descriptor_sets(void)
{
    int pipes[2];
    struct timeval short_time = {0, 2000};
    struct timeval bad_short_time = {-1, 0};
    struct epoll_event event = {.events = EPOLLIN};
    struct epoll_event ready[4];
    fd_set reads;

    SHOW(pipe(pipes));
    struct pollfd fds[] = {{pipes[0], POLLIN, 0}, {-1, POLLIN, 9}, {1000, POLLIN, 0}};
    SHOW(poll(fds, 1, 0));
    SHOW(poll(fds, 1, 2));
    SHOW(poll(fds, 3, -1));
    printf("%x %x %x\n", fds[0].revents, fds[1].revents, fds[2].revents);
    SHOW(poll(NULL, 0, 1));
    SHOW(poll(BAD, 1, 0));
    SHOW(poll(no_address, 1, 5));
    SHOW(poll(fds, far_too_many, 0));
    SHOW(ppoll(fds, 1, &some_time, NULL));
    SHOW(ppoll(fds, 1, &bad_time, NULL));
    SHOW(ppoll(BAD, 1, &no_time, NULL));

    FD_ZERO(&reads);
    FD_SET(pipes[0], &reads);
    SHOW(select(pipes[0] + 1, &reads, NULL, NULL, &short_time));
    printf("set %d rest %ld\n", FD_ISSET(pipes[0], &reads), (long)short_time.tv_usec);
    SHOW(select(0, NULL, NULL, NULL, &short_time));
    SHOW(select(-1, NULL, NULL, NULL, &short_time));
    SHOW(select(5, BAD, NULL, NULL, &short_time));
    SHOW(select(5, NULL, NULL, NULL, &bad_short_time));
    SHOW(pselect(0, NULL, NULL, NULL, &some_time, NULL));
    SHOW(pselect(5, NULL, BAD, NULL, &some_time, NULL));
    SHOW(pselect(0, NULL, NULL, NULL, &bad_time, NULL));
    SHOW(write(pipes[1], "x", 1));
    FD_SET(pipes[0], &reads);
    SHOW(select(pipes[0] + 1, &reads, NULL, NULL, NULL));
    printf("set %d\n", FD_ISSET(pipes[0], &reads));
    SHOW(poll(fds, 2, -1));
    printf("%x %x\n", fds[0].revents, fds[1].revents);

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    SHOW(epoll_create(0));
    SHOW(epoll_create1(77));
    SHOW(epoll_wait(epoll, ready, 4, 2));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event));
    SHOW(epoll_wait(epoll, ready, 4, -1));
    SHOW(epoll_pwait(epoll, ready, 4, -1, NULL));
    SHOW(epoll_pwait2(epoll, ready, 4, &some_time, NULL));
    SHOW(epoll_wait(epoll, BAD, 4, -1));
    SHOW(epoll_wait(epoll, ready, 0, -1));
    SHOW(epoll_wait(pipes[0], ready, 4, 0));
    SHOW(epoll_wait(-1, ready, 4, 0));
    close(epoll);
    close(pipes[0]);
    close(pipes[1]);
}

static void time_passes(void)
{
    struct timespec rest = {5, 5};
    struct timespec past = {1, 0};

    SHOW(nanosleep(&some_time, &rest));
    SHOW(nanosleep(&bad_time, &rest));
    SHOW(nanosleep(BAD, &rest));
    printf("rest %ld %ld\n", (long)rest.tv_sec, rest.tv_nsec);
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL));
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &some_time, NULL));
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad_time, NULL));
    SHOW(clock_nanosleep(77, 0, &some_time, NULL));
    SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &some_time, NULL));
    SHOW(usleep(1000));
    SHOW(sleep(0));
}

static void counters_and_timers(void)
{
    uint64_t value = 0;
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    int event = eventfd(3, EFD_NONBLOCK);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);

    SHOW(read(event, &value, 8));
    printf("value %lu\n", (unsigned long)value);
    SHOW(read(event, &value, 8));
    SHOW(read(event, &value, 4));
    SHOW(timerfd_settime(timer, 0, &soon, NULL));
    SHOW(read(timer, &value, 8));
    SHOW(eventfd(0, 77));
    SHOW(timerfd_create(77, 0));
    SHOW(dup2(event, timer) == timer);
    SHOW(dup2(1000, timer));
    SHOW(dup2(event, -1));
    SHOW(dup3(event, timer, 77));
    SHOW(dup3(event, event, 0));
    SHOW(dup(-1));
    close(event);
    close(timer);
}

int main(void)
{
    read_and_write();
    write_to_nobody();
    socket_pair();
    internet();
    descriptor_sets();
    time_passes();
    counters_and_timers();
    return 42;
}
