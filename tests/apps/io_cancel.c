/*
 * Threads that are cancelled while they wait in each wrapped call, or end by pthread_exit in a signal
 * handler: cleanup handlers must run, nothing must stay behind. The output must not depend on being recorded.
 */
#include <aio.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
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
#include <sys/un.h>
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
static bool is_at_any_moment;
static sem_t is_ready;
static char buffer[65536];
static int queue, file, event;
static pid_t child; /* holds the lock of the file, and does not end */
static char folder[] = "/tmp/exectrace_cancel_XXXXXX";
static char fifo[64];
static FILE *stream, *wide_stream;
static struct aiocb request;
static int full_sockets[2], full_queue;
static mqd_t posix_queue;
static char busy_name[16]; /* of a socket in the abstract name space, which begins with a zero */
static sem_t never;
static pthread_t main_thread;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void close_fd(void *fd)
{
    close(*(int *)fd);
}

static void unlock_mutex(void *unused)
{
    (void)unused;
    printf("unlock %d\n", pthread_mutex_unlock(&mutex));
}

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

static void wait_preadv2(void)
{
    struct iovec part = {buffer, 1};

    (void)!preadv2(pipes[0], &part, 1, -1, 0);
}

static void wait_writev(void)
{
    struct iovec part = {buffer, sizeof buffer};

    (void)!writev(full_pipe[1], &part, 1);
}

static void wait_send(void)
{
    send(full_sockets[1], buffer, sizeof buffer, 0);
}

static void wait_sendto(void)
{
    sendto(full_sockets[1], buffer, sizeof buffer, 0, NULL, 0);
}

static void wait_sendmsg(void)
{
    struct iovec part = {buffer, sizeof buffer};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    sendmsg(full_sockets[1], &message, 0);
}

static void wait_recvmmsg(void)
{
    struct iovec part = {buffer, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};

    recvmmsg(sockets[0], &message, 1, 0, NULL);
}

/* The place for connections that nobody accepts is taken. */
static void wait_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(address.sun_path, busy_name, sizeof busy_name);
    pthread_cleanup_push(close_fd, &fd);
    connect(fd, (struct sockaddr *)&address, sizeof address);
    pthread_cleanup_pop(1);
}

static void wait_epoll_pwait2(void)
{
    struct epoll_event ready;

    epoll_pwait2(epoll, &ready, 1, NULL, NULL);
}

static void wait_usleep(void)
{
    usleep(999999);
    usleep(999999);
    usleep(999999);
}

static void wait_message_room(void)
{
    struct {
        long type;
        char text[8192];
    } message = {.type = 1};

    while (msgsnd(full_queue, &message, sizeof message.text, 0) == 0)
        continue;
}

static void wait_mq_receive(void)
{
    mq_receive(posix_queue, buffer, sizeof buffer, NULL);
}

static void wait_mq_timedreceive(void)
{
    mq_timedreceive(posix_queue, buffer, sizeof buffer, NULL, &(struct timespec){.tv_sec = INT32_MAX});
}

static void wait_wait4(void)
{
    wait4(child, NULL, 0, NULL);
}

static void wait_waitid(void)
{
    siginfo_t state;

    waitid(P_PID, (id_t)child, &state, WEXITED);
}

static void only_user_signal(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGUSR2);
}

static void wait_sigwait(void)
{
    sigset_t set;
    int number;

    only_user_signal(&set);
    sigwait(&set, &number);
}

static void wait_sigtimedwait(void)
{
    sigset_t set;

    only_user_signal(&set);
    sigtimedwait(&set, NULL, &(struct timespec){1000, 0});
}

static void wait_lockf(void)
{
    (void)!lockf(file, F_LOCK, 0);
}

static void wait_openat(void)
{
    (void)!openat(AT_FDCWD, fifo, O_WRONLY);
}

static void wait_fopen(void)
{
    (void)!fopen(fifo, "w");
}

static void wait_sem_timedwait(void)
{
    sem_timedwait(&never, &(struct timespec){.tv_sec = INT32_MAX});
}

static void wait_sem_clockwait(void)
{
    sem_clockwait(&never, CLOCK_MONOTONIC, &(struct timespec){.tv_sec = INT32_MAX});
}

static void wait_timedjoin(void)
{
    pthread_timedjoin_np(main_thread, NULL, &(struct timespec){.tv_sec = INT32_MAX});
}

static void wait_clockjoin(void)
{
    pthread_clockjoin_np(main_thread, NULL, CLOCK_MONOTONIC, &(struct timespec){.tv_sec = INT32_MAX});
}

static void wait_thrd_join(void)
{
    thrd_join(main_thread, NULL);
}

static void wait_cond_timed(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock_mutex, NULL);
    pthread_cond_timedwait(&cond, &mutex, &(struct timespec){.tv_sec = INT32_MAX});
    pthread_cleanup_pop(1);
}

static void wait_cnd(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock_mutex, NULL);
    cnd_wait((cnd_t *)&cond, (mtx_t *)&mutex);
    pthread_cleanup_pop(1);
}

static void wait_cnd_timed(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock_mutex, NULL);
    cnd_timedwait((cnd_t *)&cond, (mtx_t *)&mutex, &(struct timespec){.tv_sec = INT32_MAX});
    pthread_cleanup_pop(1);
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
    if (is_at_any_moment)
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
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

enum how { BY_CANCELLATION, BY_SIGNAL, AT_ANY_MOMENT };

static void try(const char *name, void (*wait)(void), enum how how)
{
    pthread_t thread;
    void *result;

    cleaned_count = 0;
    is_at_any_moment = how == AT_ANY_MOMENT;
    pthread_create(&thread, NULL, run, &wait);
    sem_wait(&is_ready);
    usleep(2000); /* most often it waits by now; cancelled a little earlier is as good a case */
    if (how == BY_SIGNAL)
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
    full_queue = msgget(IPC_PRIVATE, 0600);
    event = eventfd(0, 0);
    stream = fdopen(dup(pipes[0]), "r");
    wide_stream = fdopen(dup(pipes[0]), "r");
    request = (struct aiocb){.aio_fildes = pipes[0], .aio_buf = buffer, .aio_nbytes = 1};
    return mkfifo(fifo, 0600) | aio_read(&request);
}

/* The same, of sockets and queues. */
static int prepare_more(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 64};
    char name[64];
    int busy = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0);

    main_thread = pthread_self();
    sem_init(&never, 0, 0);
    snprintf(busy_name + 1, sizeof busy_name - 1, "%d-busy", getpid());
    memcpy(address.sun_path, busy_name, sizeof busy_name);
    if (bind(busy, (struct sockaddr *)&address, sizeof address) != 0 || listen(busy, 0) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    snprintf(name, sizeof name, "/exectrace_cancel_%d", getpid());
    posix_queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
    mq_unlink(name);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, full_sockets) != 0)
        return -1;
    while (send(full_sockets[1], buffer, sizeof buffer, MSG_DONTWAIT) > 0)
        continue;
    return posix_queue == -1 ? -1 : 0;
}

static void tidy_up(void)
{
    kill(child, SIGKILL);
    msgctl(queue, IPC_RMID, NULL);
    msgctl(full_queue, IPC_RMID, NULL);
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
        {"preadv2", wait_preadv2},
        {"writev", wait_writev},
        {"send", wait_send},
        {"sendto", wait_sendto},
        {"sendmsg", wait_sendmsg},
        {"recvmmsg", wait_recvmmsg},
        {"connect", wait_connect},
        {"epoll_pwait2", wait_epoll_pwait2},
        {"usleep", wait_usleep},
        {"msgsnd", wait_message_room},
        {"mq_receive", wait_mq_receive},
        {"mq_timedreceive", wait_mq_timedreceive},
        {"wait4", wait_wait4},
        {"waitid", wait_waitid},
        {"sigwait", wait_sigwait},
        {"sigtimedwait", wait_sigtimedwait},
        {"lockf", wait_lockf},
        {"openat", wait_openat},
        {"fopen", wait_fopen},
        {"sem_timedwait", wait_sem_timedwait},
        {"sem_clockwait", wait_sem_clockwait},
        {"pthread_timedjoin_np", wait_timedjoin},
        {"pthread_clockjoin_np", wait_clockjoin},
        {"thrd_join", wait_thrd_join},
        {"pthread_cond_timedwait", wait_cond_timed},
        {"cnd_wait", wait_cnd},
        {"cnd_timedwait", wait_cnd_timed},
    };

    sem_init(&is_ready, 0, 0);
    signal(SIGUSR1, on_signal);
    listening = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    if (pipe(pipes) != 0 || pipe2(full_pipe, 0) != 0 || listen(listening, 5) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 || prepare() != 0 || prepare_more() != 0)
        return 1;
    for (enum how how = BY_CANCELLATION; how <= AT_ANY_MOMENT; how++) {
        for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
            try(waits[i].name, waits[i].wait, how);
    }
    tidy_up();
    fflush(stdout);
    _exit(0); /* a stream may have been left locked */
}
