/*
 * Threads with the smallest stacks that are allowed, some of them given by the program, take part in every
 * kind of wait. The same bare, preloaded and recorded.
 */
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static long count;

static void *work(void *unused)
{
    struct timespec until = {.tv_sec = 1};

    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        count++;
        pthread_cond_timedwait(&cond, &mutex, &until);
        usleep(10);
        pthread_mutex_unlock(&mutex);
    }
    sem_wait(&semaphore);
    sem_post(&semaphore);
    return unused;
}

/* The child has no more stack than this thread. */
static void *fork_here(void *unused)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(3);
    waitpid(pid, &status, 0);
    printf("child %x\n", status);
    return unused;
}

int main(void)
{
    pthread_t threads[THREADS];
    long stack_bytes = sysconf(_SC_THREAD_STACK_MIN);

    sem_init(&semaphore, 0, 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        pthread_attr_t attributes;
        void *stack = NULL;

        pthread_attr_init(&attributes);
        if (i % 2 == 0)
            pthread_attr_setstacksize(&attributes, (size_t)stack_bytes);
        else if (posix_memalign(&stack, 4096, (size_t)stack_bytes) == 0)
            pthread_attr_setstack(&attributes, stack, (size_t)stack_bytes);
        if (pthread_create(&threads[i], &attributes, work, NULL) != 0)
            return 1;
        pthread_attr_destroy(&attributes);
    }
    sem_post(&semaphore);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("counted %ld\n", count);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)stack_bytes);
    if (pthread_create(&threads[0], &attributes, fork_here, NULL) != 0)
        return 1;
    pthread_join(threads[0], NULL);
    return 0;
}
