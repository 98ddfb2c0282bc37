/*
 * Cancellation of waiting threads: who is cancelled and who is not, in what state the locks are afterwards,
 * what cleanup handlers see. The same bare, preloaded and recorded.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore;
static pthread_t forever;
static int about_to_wait, runs;

static void nap(void)
{
    struct timespec pause = {.tv_nsec = 10000000};

    syscall(SYS_nanosleep, &pause, NULL);
}

static void cleanup(void *name)
{
    printf("%s: cleanup\n", (const char *)name);
}

static void unlock(void *name)
{
    printf("%s: unlock in cleanup = %d\n", (const char *)name, pthread_mutex_unlock(&mutex));
}

static void announce(void)
{
    __atomic_store_n(&about_to_wait, 1, __ATOMIC_RELEASE);
}

static void *wait_cond(void *name)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, name);
    announce();
    pthread_cond_wait(&cond, &mutex);
    pthread_cleanup_pop(1);
    return NULL;
}

static void *wait_cond_clocked(void *name)
{
    struct timespec until = {.tv_sec = 1000000000};

    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, name);
    announce();
    pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &until);
    pthread_cleanup_pop(1);
    return NULL;
}

static void *wait_semaphore(void *name)
{
    pthread_cleanup_push(cleanup, name);
    announce();
    sem_wait(&semaphore);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *wait_join(void *name)
{
    pthread_cleanup_push(cleanup, name);
    announce();
    pthread_join(forever, NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

/* No cancellation points: the lock is got, and the cancellation acts at the test after it. */
static void *wait_mutex(void *name)
{
    pthread_cleanup_push(cleanup, name);
    announce();
    printf("%s: lock = %d\n", (const char *)name, pthread_mutex_lock(&mutex));
    pthread_mutex_unlock(&mutex);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *wait_rwlock(void *name)
{
    pthread_cleanup_push(cleanup, name);
    announce();
    printf("%s: lock = %d\n", (const char *)name, pthread_rwlock_rdlock(&rwlock));
    pthread_rwlock_unlock(&rwlock);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

/* A pending cancellation acts at a cancellation point even if there is nothing to wait for. */
static void *pending_semaphore(void *name)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    announce();
    while (__atomic_load_n(&runs, __ATOMIC_ACQUIRE) == 0)
        nap();
    pthread_cleanup_push(cleanup, name);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    sem_wait(&semaphore);
    printf("%s: not cancelled\n", (const char *)name);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *pending_mutex(void *name)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    announce();
    while (__atomic_load_n(&runs, __ATOMIC_ACQUIRE) == 0)
        nap();
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    printf("%s: lock = %d\n", (const char *)name, pthread_mutex_lock(&mutex));
    printf("%s: unlock = %d\n", (const char *)name, pthread_mutex_unlock(&mutex));
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return NULL;
}

static void once_routine(void)
{
    printf("once: run %d\n", ++runs);
    announce();
    if (runs == 1)
        while (true)
            pause();
}

static void *run_once(void *name)
{
    pthread_cleanup_push(cleanup, name);
    pthread_once(&once, once_routine);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *exit_in_cleanup(void *name)
{
    pthread_cleanup_push(cleanup, name);
    announce();
    pthread_exit(name);
    pthread_cleanup_pop(0);
}

static void *stay(void *unused)
{
    while (true)
        pause();
    return unused;
}

static void run(const char *name, void *(*routine)(void *), void (*before_join)(void))
{
    pthread_t thread;
    void *value = NULL;

    about_to_wait = 0;
    pthread_create(&thread, NULL, routine, (void *)(unsigned long)name);
    while (__atomic_load_n(&about_to_wait, __ATOMIC_ACQUIRE) == 0)
        nap();
    nap();
    pthread_cancel(thread);
    if (before_join != NULL)
        before_join();
    pthread_join(thread, &value);
    printf("%s: %s\n", name, value == PTHREAD_CANCELED ? "cancelled" : "ended");
}

static void release_mutex(void)
{
    nap();
    pthread_mutex_unlock(&mutex);
}

static void release_rwlock(void)
{
    nap();
    pthread_rwlock_unlock(&rwlock);
}

static void let_run(void)
{
    __atomic_store_n(&runs, 1, __ATOMIC_RELEASE);
}

int main(void)
{
    sem_init(&semaphore, 0, 0);
    pthread_create(&forever, NULL, stay, NULL);
    run("cond", wait_cond, NULL);
    printf("cond: lock = %d\n", pthread_mutex_trylock(&mutex));
    pthread_mutex_unlock(&mutex);
    run("cond clocked", wait_cond_clocked, NULL);
    run("semaphore", wait_semaphore, NULL);
    run("join", wait_join, NULL);
    pthread_mutex_lock(&mutex);
    run("mutex", wait_mutex, release_mutex);
    pthread_rwlock_wrlock(&rwlock);
    run("rwlock", wait_rwlock, release_rwlock);
    runs = 0;
    sem_post(&semaphore);
    run("pending semaphore", pending_semaphore, let_run);
    printf("semaphore: still there = %d\n", sem_trywait(&semaphore));
    runs = 0;
    run("pending mutex", pending_mutex, let_run);
    runs = 0;
    run("once", run_once, NULL);
    run_once((void *)"once again");
    printf("once: %d runs\n", runs);
    run("exit", exit_in_cleanup, NULL);
    pthread_cancel(forever);
    pthread_join(forever, NULL);
    return 0;
}
