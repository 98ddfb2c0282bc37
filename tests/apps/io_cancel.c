/*
 * Threads that are cancelled while they wait in each wrapped call, or end by pthread_exit in a signal
 * handler: cleanup handlers must run, nothing must stay behind. The output must not depend on being recorded.
 */
#include <aio.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static int pipes[2];
static int full_pipe[2]; /* nothing more can be written to it */
static int sockets[2];
static int listening;
static int epoll;
static int cleaned_count;
static sem_t is_ready;
static char buffer[65536];
static int queue, file, event;
static pid_t child; /* holds the lock of the file, and does not end */
static char folder[] = "/tmp/exectrace_cancel_XXXXXX";
static char fifo[64];
static FILE *stream, *wide_stream;
static struct aiocb request;

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

static void wait_message(void)
{
    char message[32];

    msgrcv(queue, message, sizeof message - sizeof(long), 0, 0);
}

static void wait_child(void)
{
    waitpid(child, NULL, 0);
}

static void wait_pause(void)
{
    pause();
}

static void wait_signal(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigwaitinfo(&set, NULL);
}

static void wait_sigsuspend(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigsuspend(&set);
}

static void wait_lock(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    fcntl(file, F_SETLKW, &lock);
}

static void wait_fifo(void)
{
    (void)!open(fifo, O_WRONLY);
}

static void wait_stdio(void)
{
    (void)!fgets(buffer, 10, stream);
}

static void wait_wide_stdio(void)
{
    (void)!fgetwc(wide_stream);
}

static void wait_thrd_sleep(void)
{
    thrd_sleep(&(struct timespec){1000, 0}, NULL);
}

static void wait_eventfd(void)
{
    eventfd_t value;

    eventfd_read(event, &value);
}

static void wait_aio(void)
{
    const struct aiocb *list[] = {&request};

    aio_suspend(list, 1, NULL);
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

/* What the rarer calls wait for in vain. */
static int prepare(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int taken[2];
    char byte;

    if (mkdtemp(folder) == NULL || pipe(taken) != 0)
        return -1;
    snprintf(fifo, sizeof fifo, "%s/file", folder);
    file = open(fifo, O_RDWR | O_CREAT, 0600);
    if ((child = fork()) == 0) {
        fcntl(file, F_SETLKW, &lock);
        (void)!write(taken[1], "x", 1);
        for (;;)
            pause();
    }
    (void)!read(taken[0], &byte, 1);
    unlink(fifo);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    queue = msgget(IPC_PRIVATE, 0600);
    event = eventfd(0, 0);
    stream = fdopen(dup(pipes[0]), "r");
    wide_stream = fdopen(dup(pipes[0]), "r");
    request = (struct aiocb){.aio_fildes = pipes[0], .aio_buf = buffer, .aio_nbytes = 1};
    return mkfifo(fifo, 0600) | aio_read(&request);
}

static void tidy_up(void)
{
    kill(child, SIGKILL);
    msgctl(queue, IPC_RMID, NULL);
    unlink(fifo);
    rmdir(folder);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*wait)(void);
    } waits[] = {
        {"read", wait_read},
        {"readv", wait_readv},
        {"write", wait_write},
        {"recv", wait_recv},
        {"recvfrom", wait_recvfrom},
        {"recvmsg", wait_recvmsg},
        {"accept", wait_accept},
        {"accept4", wait_accept4},
        {"poll", wait_poll},
        {"ppoll", wait_ppoll},
        {"select", wait_select},
        {"pselect", wait_pselect},
        {"epoll_wait", wait_epoll},
        {"epoll_pwait", wait_epoll_pwait},
        {"nanosleep", wait_nanosleep},
        {"clock_nanosleep", wait_clock_nanosleep},
        {"sleep", wait_sleep},
        {"msgrcv", wait_message},
        {"waitpid", wait_child},
        {"pause", wait_pause},
        {"sigwaitinfo", wait_signal},
        {"sigsuspend", wait_sigsuspend},
        {"fcntl", wait_lock},
        {"open", wait_fifo},
        {"fgets", wait_stdio},
        {"fgetwc", wait_wide_stdio},
        {"thrd_sleep", wait_thrd_sleep},
        {"eventfd_read", wait_eventfd},
        {"aio_suspend", wait_aio},
    };

    sem_init(&is_ready, 0, 0);
    signal(SIGUSR1, on_signal);
    listening = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    if (pipe(pipes) != 0 || pipe2(full_pipe, 0) != 0 || listen(listening, 5) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 || prepare() != 0)
        return 1;
    for (int is_by_signal = 0; is_by_signal < 2; is_by_signal++) {
        for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
            try(waits[i].name, waits[i].wait, is_by_signal);
    }
    tidy_up();
    fflush(stdout);
    _exit(0); /* a stream may have been left locked */
}
