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
static int handled, must_jump, is_about_to_wait;

static void nap(void)
{
    struct timespec pause = {.tv_nsec = 10000000};

    syscall(SYS_nanosleep, &pause, NULL);
}

static void about_to_wait(void)
{
    __atomic_store_n(&is_about_to_wait, 1, __ATOMIC_RELEASE);
}

static void on_signal(int number)
{
    int saved_errno = errno;

    (void)number;
    __atomic_add_fetch(&handled, 1, __ATOMIC_ACQ_REL);
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

/* Until the main thread sleeps, in the wait that it has said it would begin. */
static void await_sleep(void)
{
    char path[64], state = '\0';

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
    while (__atomic_load_n(&is_about_to_wait, __ATOMIC_ACQUIRE) == 0)
        nap();
    while (state != 'S') {
        FILE *file = fopen(path, "r");

        if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            abort();
        fclose(file);
    }
}

static void send_signal(void)
{
    await_sleep();
    pthread_kill(main_thread, SIGUSR1);
    while (__atomic_load_n(&handled, __ATOMIC_ACQUIRE) == 0)
        nap();
}

/* Signals the main thread, and then lets its wait end. */
static void *disturb(void *release)
{
    send_signal();
    if (release != NULL)
        ((void (*)(void))(unsigned long)release)();
    return NULL;
}

static pthread_t start(void (*release)(void))
{
    pthread_t thread;

    handled = is_about_to_wait = 0;
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
    send_signal();
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
    about_to_wait();
    result = sem_wait(&semaphore);
    printf("%s: sem_wait = %d, errno %d, handled %d\n", name, result, errno, handled);
    pthread_join(thread, NULL);
    while (sem_trywait(&semaphore) == 0)
        continue;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 100;
    thread = start(post);
    errno = 0;
    about_to_wait();
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

    handled = is_about_to_wait = 0;
    pthread_create(&thread, NULL, hold_mutex, NULL);
    while (sem_wait(&posted) != 0)
        continue;
    about_to_wait();
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
    about_to_wait();
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
            about_to_wait();
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
