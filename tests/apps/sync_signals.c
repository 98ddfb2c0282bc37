/*
 * Signals that interrupt waits: which calls give EINTR and which go on, waits inside handlers, sem_post from
 * a handler, leaving a wait by longjmp, handlers on their own small stack. The same bare, preloaded and
 * recorded.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore, posted;
static pthread_t main_thread;
static sigjmp_buf back;
static int handled, must_jump;

static void nap(void)
{
    struct timespec pause = {.tv_nsec = 10000000};

    syscall(SYS_nanosleep, &pause, NULL);
}

static void on_signal(int number)
{
    int saved_errno = errno;

    (void)number;
    handled++;
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    sem_post(&posted);
    errno = saved_errno;
    if (must_jump)
        siglongjmp(back, 1);
}

static void install(int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

    sigaction(SIGUSR1, &action, NULL);
}

/* Signals the main thread, and some time later lets its wait end. */
static void *disturb(void *release)
{
    nap();
    pthread_kill(main_thread, SIGUSR1);
    nap();
    if (release != NULL)
        ((void (*)(void))(unsigned long)release)();
    return NULL;
}

static pthread_t start(void (*release)(void))
{
    pthread_t thread;

    handled = 0;
    pthread_create(&thread, NULL, disturb, (void *)(unsigned long)release);
    return thread;
}

static void post(void)
{
    sem_post(&semaphore);
}

static void *hold_mutex(void *unused)
{
    pthread_mutex_lock(&mutex);
    sem_post(&posted);
    nap();
    pthread_kill(main_thread, SIGUSR1);
    nap();
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void signal_cond(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static void show_semaphore(const char *name, int flags)
{
    struct timespec until;
    pthread_t thread;
    int result;

    install(flags);
    thread = start(post);
    errno = 0;
    result = sem_wait(&semaphore);
    printf("%s: sem_wait = %d, errno %d, handled %d\n", name, result, errno, handled);
    pthread_join(thread, NULL);
    while (sem_trywait(&semaphore) == 0)
        continue;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 100;
    thread = start(post);
    errno = 0;
    result = sem_timedwait(&semaphore, &until);
    printf("%s: sem_timedwait = %d, errno %d, handled %d\n", name, result, errno, handled);
    pthread_join(thread, NULL);
    while (sem_trywait(&semaphore) == 0)
        continue;
}

static void show_mutex(void)
{
    pthread_t thread;
    int result;

    handled = 0;
    pthread_create(&thread, NULL, hold_mutex, NULL);
    while (sem_wait(&posted) != 0)
        continue;
    result = pthread_mutex_lock(&mutex);
    printf("mutex: lock = %d, handled %d\n", result, handled);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

static void show_cond(void)
{
    pthread_t thread;
    int result;

    pthread_mutex_lock(&mutex);
    thread = start(signal_cond);
    result = pthread_cond_wait(&cond, &mutex);
    printf("cond: wait = %d, handled %d\n", result, handled);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

/* Leaves sem_wait by longjmp, many times; the waits after it work as ever. */
static void show_jump(void)
{
    static volatile int jumps;
    pthread_t thread;

    must_jump = 1;
    for (jumps = 0; jumps < 3; jumps++) {
        thread = start(NULL);
        if (sigsetjmp(back, 1) == 0) {
            sem_wait(&semaphore);
            printf("jump: not left\n");
        }
        pthread_join(thread, NULL);
    }
    must_jump = 0;
    printf("jump: left %d times\n", jumps);
    show_semaphore("after the jumps", 0);
}

static void show_small_stack(void)
{
    stack_t stack = {.ss_size = 16384}, none = {.ss_flags = SS_DISABLE};

    stack.ss_sp = malloc(stack.ss_size);
    sigaltstack(&stack, NULL);
    show_semaphore("small stack", SA_ONSTACK);
    sigaltstack(&none, NULL);
    free(stack.ss_sp);
}

int main(void)
{
    main_thread = pthread_self();
    sem_init(&semaphore, 0, 0);
    sem_init(&posted, 0, 0);
    show_semaphore("plain", 0);
    show_semaphore("restart", SA_RESTART);
    while (sem_trywait(&posted) == 0)
        continue;
    install(0);
    show_mutex();
    show_cond();
    show_jump();
    show_small_stack();
    return 0;
}
