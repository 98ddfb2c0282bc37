/*
 * Locks that are free, of the kinds that recording treats otherwise than plain mutexes:
 * bench_locks recursive|robust|inherit|read|write|semaphore ITERATIONS.
 *
 * An iteration takes and releases once. Started by tests/bench/run, see bench_timer.h.
 */
#include "bench_timer.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static void init_mutex(const char *kind)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    if (strcmp(kind, "recursive") == 0)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    if (strcmp(kind, "robust") == 0)
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (strcmp(kind, "inherit") == 0)
        pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&mutex, &attributes);
}

static void take_and_release(const char *kind, unsigned long count)
{
    if (strcmp(kind, "read") == 0) {
        for (; count > 0; count--) {
            pthread_rwlock_rdlock(&rwlock);
            pthread_rwlock_unlock(&rwlock);
        }
    } else if (strcmp(kind, "write") == 0) {
        for (; count > 0; count--) {
            pthread_rwlock_wrlock(&rwlock);
            pthread_rwlock_unlock(&rwlock);
        }
    } else if (strcmp(kind, "semaphore") == 0) {
        for (; count > 0; count--) {
            sem_post(&semaphore);
            sem_wait(&semaphore);
        }
    } else {
        for (; count > 0; count--) {
            pthread_mutex_lock(&mutex);
            pthread_mutex_unlock(&mutex);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned long iterations = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct bench_timer timer;

    if (iterations == 0) {
        fprintf(stderr, "usage: bench_locks recursive|robust|inherit|read|write|semaphore ITERATIONS\n");
        return 2;
    }
    init_mutex(argv[1]);
    sem_init(&semaphore, 0, 0);
    timer = bench_timer_start();
    take_and_release(argv[1], iterations);
    bench_timer_print(&timer, (long)iterations);
    return 0;
}
