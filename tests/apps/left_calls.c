/*
 * Calls that are left at any moment, also in the middle of being recorded: by siglongjmp, exit or
 * pthread_exit in a signal handler ("jump", "exit", "thread"), or because the thread may be cancelled at any
 * moment
 * ("cancel"). Afterwards calls are counted whose records must be complete.
 *
 * Prints "<tid> <count>" for each thread that makes counted calls (readv on an eventfd, all of which fail).
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JUMPS 4000
#define ROUNDS 100
#define THREADS 4
#define CHILDREN 40
#define COUNTED 1000

static int ends[2], event;
static sigjmp_buf start;
static volatile sig_atomic_t may_jump;
static atomic_int cleaned_count, running_count;
static bool are_cancelled;

/* Functions that signal handlers may call, so that POSIX allows to leave them. */
static void make_calls(void)
{
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    char byte;

    (void)!write(ends[1], "x", 1);
    poll(&fd, 1, 0);
    (void)!read(ends[0], &byte, 1);
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

static void on_alarm(int number)
{
    (void)number;
    if (!may_jump)
        return;
    may_jump = 0;
    siglongjmp(start, 1);
}

static int start_timer(timer_t *timer, long period_ns)
{
    struct sigevent event_of_timer = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec period = {.it_value.tv_nsec = period_ns, .it_interval.tv_nsec = period_ns};

    return timer_create(CLOCK_MONOTONIC, &event_of_timer, timer) | timer_settime(*timer, 0, &period, NULL);
}

static int jump_out(void)
{
    static volatile int jumps;
    timer_t timer;

    signal(SIGALRM, on_alarm);
    if (start_timer(&timer, 137000) != 0)
        return 1;
    if (sigsetjmp(start, 1) != 0)
        jumps++;
    while (jumps < JUMPS) {
        may_jump = 1;
        make_calls();
        pause_a_little();
    }
    may_jump = 0;
    return timer_delete(timer);
}

static void cleaned(void *unused)
{
    (void)unused;
    cleaned_count++;
}

static void *run_until_cancelled(void *unused)
{
    pthread_cleanup_push(cleaned, unused);
    if (are_cancelled)
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    running_count++;
    while (true) {
        make_calls();
        make_calls();
        pause_a_little();
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static void exit_thread(int number)
{
    (void)number;
    pthread_exit(PTHREAD_CANCELED);
}

static int end_threads(void)
{
    pthread_t threads[THREADS];
    void *result;
    int cancelled = 0;

    signal(SIGUSR1, exit_thread);
    for (int round = 0; round < ROUNDS; round++) {
        running_count = 0;
        for (int i = 0; i < THREADS; i++) {
            if (pthread_create(&threads[i], NULL, run_until_cancelled, NULL) != 0)
                return 1;
        }
        while (running_count < THREADS)
            sched_yield();
        for (int i = 0; i < THREADS; i++)
            are_cancelled ? pthread_cancel(threads[i]) : pthread_kill(threads[i], SIGUSR1);
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], &result);
            cancelled += result == PTHREAD_CANCELED;
        }
    }
    return !(cancelled == ROUNDS * THREADS && cleaned_count == ROUNDS * THREADS);
}

static void exit_process(int number)
{
    exit(number == SIGALRM ? 7 : 1);
}

static int end_processes(void)
{
    int status;

    alarm(CHILDREN); /* the end of a test that hangs */
    for (int i = 0; i < CHILDREN; i++) {
        timer_t timer;

        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            signal(SIGALRM, exit_process);
            if (start_timer(&timer, 300000 + i * 1000) != 0)
                exit(1);
            while (true)
                make_calls();
        }
        if (wait(&status) == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
            return 1;
    }
    alarm(0);
    return 0;
}

static int leave_calls(const char *how)
{
    are_cancelled = strcmp(how, "cancel") == 0;
    return strcmp(how, "jump") == 0 ? jump_out() : strcmp(how, "exit") == 0 ? end_processes() : end_threads();
}

/* On every CPU, since each has a buffer of its own. */
static void *make_counted_calls(void *unused)
{
    eventfd_t value;
    struct iovec part = {&value, sizeof value};
    cpu_set_t all, one;
    int count = 0;

    sched_getaffinity(0, sizeof all, &all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        for (int i = 0; i < COUNTED; i++, count++)
            (void)!readv(event, &part, 1);
    }
    sched_setaffinity(0, sizeof all, &all);
    printf("%d %d\n", gettid(), count);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    event = eventfd(0, EFD_NONBLOCK);
    if (argc != 2 || event == -1 || pipe2(ends, O_NONBLOCK) != 0 || leave_calls(argv[1]) != 0)
        return 1;
    make_counted_calls(NULL);
    if (pthread_create(&thread, NULL, make_counted_calls, NULL) != 0)
        return 1;
    pthread_join(thread, NULL);
    return 0;
}
