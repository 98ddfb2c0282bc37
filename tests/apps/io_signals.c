/*
 * Blocked calls meet signals: EINTR, SA_RESTART, handlers that read, write and poll themselves, and a handler
 * that leaves the call by siglongjmp. The output must not depend on whether the program is recorded.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int pipes[2]; /* what the interrupted calls wait for */
static int notes[2]; /* what the handler writes and reads for itself */
static sigjmp_buf away;
static volatile sig_atomic_t handled;
static volatile sig_atomic_t wakes_reader;

static void on_signal(int number)
{
    int saved_errno = errno;
    char note = (char)number;
    struct pollfd fd = {notes[0], POLLIN, 0};

    if (write(notes[1], &note, 1) != 1 || poll(&fd, 1, -1) != 1 || read(notes[0], &note, 1) != 1)
        _exit(3);
    handled++;
    if (wakes_reader && write(pipes[1], "w", 1) != 1)
        _exit(4);
    errno = saved_errno;
}

static void leave(int number)
{
    (void)number;
    siglongjmp(away, 1);
}

static void handle(void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigaction(SIGALRM, &action, NULL);
}

/* One SIGALRM some milliseconds from now, and again and again until cancelled: none can come too early. */
static timer_t alarms;

static void start_alarms(void)
{
    struct itimerspec often = {{0, 5000000}, {0, 5000000}};

    handled = 0;
    timer_settime(alarms, 0, &often, NULL);
}

static void stop_alarms(void)
{
    struct itimerspec never = {{0, 0}, {0, 0}};

    timer_settime(alarms, 0, &never, NULL);
}

#define SHOW(expression)                                                                                     \
    do {                                                                                                     \
        start_alarms();                                                                                      \
        errno = 77;                                                                                          \
        long returned = (long)(expression);                                                                  \
        int error = errno;                                                                                   \
        stop_alarms();                                                                                       \
        printf("%s = %ld, errno %d, handled %d\n", #expression, returned, error, handled > 0);               \
    } while (0)

static void interrupted(void)
{
    char byte;
    struct pollfd fd = {pipes[0], POLLIN, 0};
    struct timespec ages = {1000, 0};
    struct timespec rest = {0, 0};
    struct epoll_event ready;
    int epoll = epoll_create1(0);
    fd_set reads;

    FD_ZERO(&reads);
    FD_SET(pipes[0], &reads);
    SHOW(read(pipes[0], &byte, 1));
    SHOW(poll(&fd, 1, -1));
    SHOW(ppoll(&fd, 1, NULL, NULL));
    SHOW(select(pipes[0] + 1, &reads, NULL, NULL, NULL));
    SHOW(pselect(pipes[0] + 1, &reads, NULL, NULL, NULL, NULL));
    SHOW(epoll_wait(epoll, &ready, 1, -1));
    SHOW(epoll_pwait(epoll, &ready, 1, -1, NULL));
    SHOW(nanosleep(&ages, &rest));
    printf("rest %d\n", rest.tv_sec > 900);
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &ages, &rest));
    SHOW(usleep(900000));
    SHOW(sleep(1000) > 900);
    close(epoll);
}

static void restarted(void)
{
    char byte;

    wakes_reader = 1;
    SHOW(read(pipes[0], &byte, 1));
    wakes_reader = 0;
    while (poll(&(struct pollfd){pipes[0], POLLIN, 0}, 1, 0) == 1)
        (void)!read(pipes[0], &byte, 1);
}

static void left_by_jump(void)
{
    char byte;
    volatile int times = 0;

    while (times < 3) {
        if (sigsetjmp(away, 1) == 0) {
            start_alarms();
            (void)!read(pipes[0], &byte, 1);
            puts("read returned");
        }
        stop_alarms();
        times++;
    }
    printf("left %d times\n", (int)times);
}

int main(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

    if (pipe(pipes) != 0 || pipe(notes) != 0 || timer_create(CLOCK_MONOTONIC, &event, &alarms) != 0)
        return 1;
    handle(on_signal, 0);
    interrupted();
    handle(on_signal, SA_RESTART);
    restarted();
    handle(leave, 0);
    left_by_jump();
    handle(on_signal, 0);
    interrupted();
    return 0;
}
