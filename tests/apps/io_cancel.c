/*
 * Threads that are cancelled while they wait in each wrapped call, or end by pthread_exit in a signal
 * handler: cleanup handlers must run, nothing must stay behind. The output must not depend on being recorded.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int pipes[2];
static int full_pipe[2]; /* nothing more can be written to it */
static int sockets[2];
static int listening;
static int epoll;
static int cleaned_count;
static sem_t is_ready;
static char buffer[65536];

static void wait_read(void)
{
    (void)!read(pipes[0], buffer, 1);
}

static void wait_readv(void)
{
    struct iovec part = {buffer, 1};

    (void)!readv(pipes[0], &part, 1);
}

static void wait_write(void)
{
    (void)!write(full_pipe[1], buffer, sizeof buffer);
}

static void wait_recv(void)
{
    recv(sockets[0], buffer, 1, 0);
}

static void wait_recvfrom(void)
{
    recvfrom(sockets[0], buffer, 1, 0, NULL, NULL);
}

static void wait_recvmsg(void)
{
    struct iovec part = {buffer, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    recvmsg(sockets[0], &message, 0);
}

static void wait_accept(void)
{
    accept(listening, NULL, NULL);
}

static void wait_accept4(void)
{
    accept4(listening, NULL, NULL, SOCK_CLOEXEC);
}

static void wait_poll(void)
{
    struct pollfd fd = {pipes[0], POLLIN, 0};

    poll(&fd, 1, -1);
}

static void wait_ppoll(void)
{
    struct pollfd fd = {pipes[0], POLLIN, 0};

    ppoll(&fd, 1, NULL, NULL);
}

static void wait_select(void)
{
    fd_set reads;

    FD_ZERO(&reads);
    FD_SET(pipes[0], &reads);
    select(pipes[0] + 1, &reads, NULL, NULL, NULL);
}

static void wait_pselect(void)
{
    pselect(0, NULL, NULL, NULL, NULL, NULL);
}

static void wait_epoll(void)
{
    struct epoll_event ready;

    epoll_wait(epoll, &ready, 1, -1);
}

static void wait_epoll_pwait(void)
{
    struct epoll_event ready;

    epoll_pwait(epoll, &ready, 1, -1, NULL);
}

static void wait_nanosleep(void)
{
    nanosleep(&(struct timespec){1000, 0}, NULL);
}

static void wait_clock_nanosleep(void)
{
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){1000, 0}, NULL);
}

static void wait_sleep(void)
{
    sleep(1000);
}

static void cleaned(void *argument)
{
    (void)argument;
    __atomic_fetch_add(&cleaned_count, 1, __ATOMIC_SEQ_CST);
    /* A cleanup handler may make calls of its own. */
    (void)!write(sockets[1], "c", 1);
    (void)!read(sockets[0], buffer, 1);
}

static void *run(void *argument)
{
    void (*wait)(void);

    memcpy(&wait, argument, sizeof wait);
    pthread_cleanup_push(cleaned, NULL);
    sem_post(&is_ready);
    wait();
    pthread_cleanup_pop(0);
    return NULL;
}

static void on_signal(int number)
{
    (void)number;
    pthread_exit((void *)5);
}

static void try(const char *name, void (*wait)(void), int is_by_signal)
{
    pthread_t thread;
    void *result;

    cleaned_count = 0;
    pthread_create(&thread, NULL, run, &wait);
    sem_wait(&is_ready);
    usleep(2000); /* most often it waits by now; cancelled a little earlier is as good a case */
    if (is_by_signal)
        pthread_kill(thread, SIGUSR1);
    else
        pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("%s: result %ld, cleaned %d\n", name, (long)result, cleaned_count);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*wait)(void);
    } waits[] = {
        {"read", wait_read},           {"readv", wait_readv},
        {"write", wait_write},         {"recv", wait_recv},
        {"recvfrom", wait_recvfrom},   {"recvmsg", wait_recvmsg},
        {"accept", wait_accept},       {"accept4", wait_accept4},
        {"poll", wait_poll},           {"ppoll", wait_ppoll},
        {"select", wait_select},       {"pselect", wait_pselect},
        {"epoll_wait", wait_epoll},    {"epoll_pwait", wait_epoll_pwait},
        {"nanosleep", wait_nanosleep}, {"clock_nanosleep", wait_clock_nanosleep},
        {"sleep", wait_sleep},
    };

    sem_init(&is_ready, 0, 0);
    signal(SIGUSR1, on_signal);
    listening = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    if (pipe(pipes) != 0 || pipe2(full_pipe, 0) != 0 || listen(listening, 5) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        return 1;
    for (int is_by_signal = 0; is_by_signal < 2; is_by_signal++) {
        for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
            try(waits[i].name, waits[i].wait, is_by_signal);
    }
    return 0;
}
