/*
 * The loops whose cost under recording is measured: bench_loops uncontended|contended ITERATIONS.
 *
 *  uncontended: one thread locks and unlocks a mutex and allocates and frees 64 bytes.
 *  contended:   two threads take one mutex for a short critical section, as often as they can.
 *
 * Both threads together do an iteration. Started by tests/bench/run, see bench_timer.h.
 */
#include "bench_timer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t start;
static unsigned long iterations;
static volatile unsigned long shared;

static void uncontended(void)
{
    for (unsigned long i = 0; i < iterations; i++) {
        void *volatile block;

        pthread_mutex_lock(&mutex);
        shared++;
        pthread_mutex_unlock(&mutex);
        block = malloc(64);
        free(block);
    }
}

static void *contended(void *unused)
{
    pthread_barrier_wait(&start);
    for (unsigned long i = 0; i < iterations; i++) {
        pthread_mutex_lock(&mutex);
        for (int j = 0; j < 10; j++)
            shared++;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t other;
    struct bench_timer timer;

    if (argc != 3 || (iterations = strtoul(argv[2], NULL, 10)) == 0) {
        fprintf(stderr, "usage: bench_loops uncontended|contended ITERATIONS\n");
        return 2;
    }
    if (strcmp(argv[1], "uncontended") == 0) {
        timer = bench_timer_start();
        uncontended();
    } else {
        pthread_barrier_init(&start, NULL, 2);
        if (pthread_create(&other, NULL, contended, NULL) != 0)
            return 1;
        timer = bench_timer_start();
        contended(NULL);
        pthread_join(other, NULL);
    }
    bench_timer_print(&timer, (long)iterations);
    return 0;
}
