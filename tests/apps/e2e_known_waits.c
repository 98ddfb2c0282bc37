/*
 * A program whose waits are known: every kind of wait stands in a function of its own (wait_*), is made a
 * known number of times, and is measured by the program itself. It prints what a recording must find:
 *
 *     FUNCTION PROFILE KIND COUNT TOTAL_NS
 *
 * One scenario after the other: a waiter thread calls `wait`, the main thread is the partner that makes it
 * wait (`arm`), sees in /proc that it sleeps, lets it sleep for HOLD_NS more and ends the wait (`release`).
 * The two meet through atomics and sched_yield(), so that nothing else waits for long. Usage: e2e_known_waits
 * [COUNT]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define HOLD_NS 5000000

struct scenario {
    const char *function, *profile, *kind;
    void (*arm)(void);      /* the partner, before the wait; may be NULL */
    void (*before)(void);   /* the waiter, before the wait; may be NULL */
    uint64_t (*wait)(void); /* the waiter; returns how long the call took, in ns */
    void (*release)(void);  /* the partner; NULL: the wait ends by itself */
    void (*after)(void);    /* the waiter, after the wait; may be NULL */
    bool is_busy;           /* the waiter burns its CPU */
    uint64_t total_ns;
    unsigned count;
};

static unsigned rounds = 20;
static atomic_uint armed, announced, finished;
static atomic_int waiter_tid;
static _Atomic uint64_t hold_total_ns;
static atomic_uint hold_count;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spinlock;
static pthread_mutex_t cond_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool cond_is_set;
static sem_t semaphore;
static pthread_barrier_t barrier;
static pthread_once_t once;
static atomic_bool once_may_end;
static pthread_t joined;
static mtx_t c11_mutex;
static atomic_int futex_word;
static int pipe_fds[2], full_pipe_fds[2], socket_fds[2], poll_fds[2], epoll_fds[2], select_fds[2];
static int epoll_fd, listener;
static struct sockaddr_in listener_address;

static void check(bool is_fine, const char *what)
{
    if (!is_fine) {
        fprintf(stderr, "e2e_known_waits: %s: %s\n", what, strerror(errno));
        _exit(1);
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct timespec deadline(clockid_t clock)
{
    struct timespec at;

    clock_gettime(clock, &at);
    at.tv_nsec += HOLD_NS;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

__attribute__((noinline)) static void hold(void)
{
    const struct timespec length = {.tv_nsec = HOLD_NS};
    uint64_t start = now_ns();

    clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL);
    hold_total_ns += now_ns() - start;
    hold_count++;
}

/* Returns once the kernel says that the waiter sleeps. */
static void until_waiter_sleeps(void)
{
    char path[64], text[256];

    while (waiter_tid == 0)
        sched_yield();
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", waiter_tid);
    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        const char *name_end;

        check(size > 0, path);
        close(fd);
        text[size] = '\0';
        name_end = strrchr(text, ')');
        if (name_end != NULL && name_end[2] == 'S')
            return;
        sched_yield();
    }
}

/* MEASURED(wait_x, call): a function of its own around one call; what the call returns must be `expected`. */
#define MEASURED(name, call, expected)                                                                       \
    __attribute__((noinline)) static uint64_t name(void)                                                     \
    {                                                                                                        \
        uint64_t start = now_ns();                                                                           \
        long result = (long)(call);                                                                          \
        uint64_t end = now_ns();                                                                             \
                                                                                                             \
        check(result == (expected), #name);                                                                  \
        return end - start;                                                                                  \
    }

static void lock_mutex(void)
{
    check(pthread_mutex_lock(&mutex) == 0, "lock");
}

static void unlock_mutex(void)
{
    pthread_mutex_unlock(&mutex);
}

MEASURED(wait_mutex, pthread_mutex_lock(&mutex), 0)

static void lock_rwlock_write(void)
{
    check(pthread_rwlock_wrlock(&rwlock) == 0, "wrlock");
}

static void lock_rwlock_read(void)
{
    check(pthread_rwlock_rdlock(&rwlock) == 0, "rdlock");
}

static void unlock_rwlock(void)
{
    pthread_rwlock_unlock(&rwlock);
}

MEASURED(wait_rwlock_read, pthread_rwlock_rdlock(&rwlock), 0)
MEASURED(wait_rwlock_write, pthread_rwlock_wrlock(&rwlock), 0)

static void lock_spin(void)
{
    pthread_spin_lock(&spinlock);
}

static void unlock_spin(void)
{
    pthread_spin_unlock(&spinlock);
}

MEASURED(wait_spin, pthread_spin_lock(&spinlock), 0)

static void lock_c11_mutex(void)
{
    mtx_lock(&c11_mutex);
}

static void unlock_c11_mutex(void)
{
    mtx_unlock(&c11_mutex);
}

MEASURED(wait_c11_mutex, mtx_lock(&c11_mutex), thrd_success)

__attribute__((noinline)) static uint64_t wait_cond(void)
{
    uint64_t total_ns = 0;

    while (!cond_is_set) {
        uint64_t start = now_ns();

        pthread_cond_wait(&cond, &cond_mutex);
        total_ns += now_ns() - start;
    }
    cond_is_set = false;
    pthread_mutex_unlock(&cond_mutex);
    return total_ns;
}

static void lock_cond_mutex(void)
{
    pthread_mutex_lock(&cond_mutex);
}

static void set_cond(void)
{
    pthread_mutex_lock(&cond_mutex);
    cond_is_set = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&cond_mutex);
}

__attribute__((noinline)) static uint64_t wait_cond_timed(void)
{
    struct timespec at = deadline(CLOCK_REALTIME);
    uint64_t start = now_ns();
    int error;

    do {
        error = pthread_cond_timedwait(&cond, &cond_mutex, &at);
    } while (error == 0);
    check(error == ETIMEDOUT, "wait_cond_timed");
    start = now_ns() - start;
    pthread_mutex_unlock(&cond_mutex);
    return start;
}

static void post_semaphore(void)
{
    sem_post(&semaphore);
}

MEASURED(wait_semaphore, sem_wait(&semaphore), 0)

__attribute__((noinline)) static uint64_t wait_semaphore_timed(void)
{
    struct timespec at = deadline(CLOCK_REALTIME);
    uint64_t start = now_ns();

    check(sem_timedwait(&semaphore, &at) == -1 && errno == ETIMEDOUT, "wait_semaphore_timed");
    return now_ns() - start;
}

static void enter_barrier(void)
{
    pthread_barrier_wait(&barrier);
}

__attribute__((noinline)) static uint64_t wait_barrier(void)
{
    uint64_t start = now_ns();

    pthread_barrier_wait(&barrier);
    return now_ns() - start;
}

static void once_routine(void)
{
    atomic_store(&futex_word, 1);
    while (!once_may_end)
        sched_yield();
}

static void *once_runner(void *unused)
{
    (void)unused;
    pthread_once(&once, once_routine);
    return NULL;
}

static void start_detached(void *(*routine)(void *))
{
    pthread_t thread;

    check(pthread_create(&thread, NULL, routine, NULL) == 0, "pthread_create");
    pthread_detach(thread);
}

static void run_once(void)
{
    once = (pthread_once_t)PTHREAD_ONCE_INIT;
    once_may_end = false;
    atomic_store(&futex_word, 0);
    start_detached(once_runner);
    while (atomic_load(&futex_word) == 0)
        sched_yield();
}

static void end_once(void)
{
    once_may_end = true;
}

MEASURED(wait_once, pthread_once(&once, once_routine), 0)

static void *sleeper(void *unused)
{
    until_waiter_sleeps();
    hold();
    return unused;
}

static void start_sleeper(void)
{
    check(pthread_create(&joined, NULL, sleeper, NULL) == 0, "pthread_create");
}

MEASURED(wait_join, pthread_join(joined, NULL), 0)

static void clear_futex(void)
{
    atomic_store(&futex_word, 7);
}

static void wake_futex(void)
{
    atomic_store(&futex_word, 8);
    syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

MEASURED(wait_futex, syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 7, NULL, NULL, 0), 0)

static void write_byte(int fd)
{
    check(write(fd, "x", 1) == 1, "write");
}

static void read_byte(int fd)
{
    char byte;

    check(read(fd, &byte, 1) == 1, "read");
}

static void write_pipe(void)
{
    write_byte(pipe_fds[1]);
}

static char byte_buffer[65536];

MEASURED(wait_pipe_read, read(pipe_fds[0], byte_buffer, 1), 1)

/* A pipe of one page that is full: the writer waits until the page is read. */
static void fill_pipe(void)
{
    check(write(full_pipe_fds[1], byte_buffer, 4096) == 4096, "fill");
}

static void drain_pipe(void)
{
    check(read(full_pipe_fds[0], byte_buffer, 4096) == 4096, "drain");
}

MEASURED(wait_pipe_write, write(full_pipe_fds[1], byte_buffer, 4096), 4096)

static void write_socket(void)
{
    write_byte(socket_fds[1]);
}

MEASURED(wait_socket_read, read(socket_fds[0], byte_buffer, 1), 1)
MEASURED(wait_socket_recv, recv(socket_fds[0], byte_buffer, 1, 0), 1)

static void write_poll(void)
{
    write_byte(poll_fds[1]);
}

static void read_poll(void)
{
    read_byte(poll_fds[0]);
}

MEASURED(wait_poll, poll(&(struct pollfd){.fd = poll_fds[0], .events = POLLIN}, 1, -1), 1)

static void write_epoll(void)
{
    write_byte(epoll_fds[1]);
}

static void read_epoll(void)
{
    read_byte(epoll_fds[0]);
}

MEASURED(wait_epoll, epoll_wait(epoll_fd, &(struct epoll_event){0}, 1, -1), 1)

static void write_select(void)
{
    write_byte(select_fds[1]);
}

static void read_select(void)
{
    read_byte(select_fds[0]);
}

__attribute__((noinline)) static uint64_t wait_select(void)
{
    fd_set set;
    uint64_t start = now_ns();

    FD_ZERO(&set);
    FD_SET(select_fds[0], &set);
    check(select(select_fds[0] + 1, &set, NULL, NULL, NULL) == 1, "wait_select");
    return now_ns() - start;
}

static int accepted = -1, connected = -1;

static void connect_socket(void)
{
    connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(connected >= 0 &&
              connect(connected, (struct sockaddr *)&listener_address, sizeof listener_address) == 0,
          "connect");
}

static void close_accepted(void)
{
    close(accepted);
}

static void close_connected(void)
{
    if (connected >= 0)
        close(connected);
    connected = -1;
}

__attribute__((noinline)) static uint64_t wait_accept(void)
{
    uint64_t start = now_ns();

    accepted = accept(listener, NULL, NULL);
    check(accepted >= 0, "wait_accept");
    return now_ns() - start;
}

MEASURED(wait_nanosleep, nanosleep(&(struct timespec){.tv_nsec = HOLD_NS}, NULL), 0)
MEASURED(wait_usleep, usleep(HOLD_NS / 1000), 0)
MEASURED(wait_poll_timeout, poll(NULL, 0, HOLD_NS / 1000000), 0)

static struct scenario scenarios[] = {
    {"wait_mutex", "sync", "mutex", lock_mutex, NULL, wait_mutex, unlock_mutex, unlock_mutex, false, 0, 0},
    {"wait_c11_mutex", "sync", "mutex", lock_c11_mutex, NULL, wait_c11_mutex, unlock_c11_mutex,
     unlock_c11_mutex, false, 0, 0},
    {"wait_rwlock_read", "sync", "rwlock_read", lock_rwlock_write, NULL, wait_rwlock_read, unlock_rwlock,
     unlock_rwlock, false, 0, 0},
    {"wait_rwlock_write", "sync", "rwlock_write", lock_rwlock_read, NULL, wait_rwlock_write, unlock_rwlock,
     unlock_rwlock, false, 0, 0},
    {"wait_spin", "sync", "spin", lock_spin, NULL, wait_spin, unlock_spin, unlock_spin, true, 0, 0},
    {"wait_cond", "sync", "cond", NULL, lock_cond_mutex, wait_cond, set_cond, NULL, false, 0, 0},
    {"wait_cond_timed", "sync", "cond", NULL, lock_cond_mutex, wait_cond_timed, NULL, NULL, false, 0, 0},
    {"wait_semaphore", "sync", "semaphore", NULL, NULL, wait_semaphore, post_semaphore, NULL, false, 0, 0},
    {"wait_semaphore_timed", "sync", "semaphore", NULL, NULL, wait_semaphore_timed, NULL, NULL, false, 0, 0},
    {"wait_barrier", "sync", "barrier", NULL, NULL, wait_barrier, enter_barrier, NULL, false, 0, 0},
    {"wait_once", "sync", "once", run_once, NULL, wait_once, end_once, NULL, false, 0, 0},
    {"wait_join", "sync", "join", start_sleeper, NULL, wait_join, NULL, NULL, false, 0, 0},
    {"wait_futex", "sync", "futex", clear_futex, NULL, wait_futex, wake_futex, NULL, false, 0, 0},
    {"wait_socket_read", "net", "read", NULL, NULL, wait_socket_read, write_socket, NULL, false, 0, 0},
    {"wait_socket_recv", "net", "recvfrom", NULL, NULL, wait_socket_recv, write_socket, NULL, false, 0, 0},
    {"wait_poll", "net", "poll", NULL, NULL, wait_poll, write_poll, read_poll, false, 0, 0},
    {"wait_epoll", "net", "epoll_wait", NULL, NULL, wait_epoll, write_epoll, read_epoll, false, 0, 0},
    {"wait_accept", "net", "accept", close_connected, NULL, wait_accept, connect_socket, close_accepted,
     false, 0, 0},
    {"wait_pipe_read", "syscall", "read", NULL, NULL, wait_pipe_read, write_pipe, NULL, false, 0, 0},
    {"wait_pipe_write", "syscall", "write", fill_pipe, NULL, wait_pipe_write, drain_pipe, drain_pipe, false,
     0, 0},
    {"wait_select", "syscall", "select", NULL, NULL, wait_select, write_select, read_select, false, 0, 0},
    {"wait_nanosleep", "syscall", "nanosleep", NULL, NULL, wait_nanosleep, NULL, NULL, false, 0, 0},
    {"wait_usleep", "syscall", "nanosleep", NULL, NULL, wait_usleep, NULL, NULL, false, 0, 0},
    {"wait_poll_timeout", "syscall", "poll", NULL, NULL, wait_poll_timeout, NULL, NULL, false, 0, 0},
};

static void spin_until(atomic_uint *value, unsigned wanted)
{
    while (*value < wanted)
        sched_yield();
}

static void *waiter(void *argument)
{
    struct scenario *scenario = argument;

    pthread_setname_np(pthread_self(), scenario->function + strlen("wait_"));
    waiter_tid = gettid();
    for (unsigned round = 1; round <= rounds; round++) {
        spin_until(&armed, round);
        if (scenario->before != NULL)
            scenario->before();
        announced = round;
        scenario->total_ns += scenario->wait();
        scenario->count++;
        if (scenario->after != NULL)
            scenario->after();
        finished = round;
    }
    return NULL;
}

static void run_scenario(struct scenario *scenario)
{
    pthread_t thread;

    waiter_tid = 0;
    armed = announced = finished = 0;
    check(pthread_create(&thread, NULL, waiter, scenario) == 0, "pthread_create");
    pthread_detach(thread);
    for (unsigned round = 1; round <= rounds; round++) {
        if (scenario->arm != NULL)
            scenario->arm();
        armed = round;
        spin_until(&announced, round);
        if (scenario->release != NULL) {
            if (!scenario->is_busy)
                until_waiter_sleeps();
            hold();
            scenario->release();
        }
        spin_until(&finished, round);
    }
}

static void open_everything(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    socklen_t size = sizeof listener_address;

    pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE);
    mtx_init(&c11_mutex, mtx_plain);
    sem_init(&semaphore, 0, 0);
    pthread_barrier_init(&barrier, NULL, 2);
    check(pipe2(pipe_fds, O_CLOEXEC) == 0 && pipe2(full_pipe_fds, O_CLOEXEC) == 0 &&
              pipe2(select_fds, O_CLOEXEC) == 0 && fcntl(full_pipe_fds[1], F_SETPIPE_SZ, 4096) == 4096,
          "pipe");
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket_fds) == 0 &&
              socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, poll_fds) == 0 &&
              socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, epoll_fds) == 0,
          "socketpair");
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    check(epoll_fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, epoll_fds[0], &event) == 0, "epoll");
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    listener_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(listener >= 0 && bind(listener, (struct sockaddr *)&listener_address, size) == 0 &&
              listen(listener, 8) == 0 &&
              getsockname(listener, (struct sockaddr *)&listener_address, &size) == 0,
          "listen");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        rounds = (unsigned)strtoul(argv[1], NULL, 10);
    open_everything();
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        run_scenario(&scenarios[i]);

    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        printf("%s %s %s %u %llu\n", scenarios[i].function, scenarios[i].profile, scenarios[i].kind,
               scenarios[i].count, (unsigned long long)scenarios[i].total_ns);
    printf("hold syscall clock_nanosleep %u %llu\n", hold_count, (unsigned long long)hold_total_ns);
    return 0;
}
