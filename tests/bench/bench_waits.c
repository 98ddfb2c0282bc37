/*
 * What recording adds to operations that really wait: two threads hand a token to and fro, ITERATIONS times.
 *
 *     bench_waits semaphore|condition|mutex ITERATIONS
 *
 * Prints the CPU time of the process in nanoseconds for one hand-over (a wait and a wake). To compare, run it
 * bare and under `recorder -- bench_waits ...` in turn.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sem_t semaphores[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t conditions[2] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static long turn, iterations;

static void run_semaphore(long side)
{
    for (long i = 0; i < iterations; i++) {
        sem_wait(&semaphores[side]);
        sem_post(&semaphores[1 - side]);
    }
}

static void run_condition(long side)
{
    pthread_mutex_lock(&mutex);
    for (long i = 0; i < iterations; i++) {
        while (turn != side)
            pthread_cond_wait(&conditions[side], &mutex);
        turn = 1 - side;
        pthread_cond_signal(&conditions[1 - side]);
    }
    pthread_mutex_unlock(&mutex);
}

static void run_mutex(long side)
{
    for (long i = 0; i < iterations; i++) {
        pthread_mutex_lock(&mutex);
        turn += side;
        for (volatile int spin = 0; spin < 2000; spin++)
            continue;
        pthread_mutex_unlock(&mutex);
    }
}

static void (*run)(long);

static void *other_side(void *unused)
{
    run(1);
    return unused;
}

int main(int argc, char **argv)
{
    struct timespec used;
    pthread_t thread;

    if (argc == 3)
        run = strcmp(argv[1], "semaphore") == 0   ? run_semaphore
              : strcmp(argv[1], "condition") == 0 ? run_condition
              : strcmp(argv[1], "mutex") == 0     ? run_mutex
                                                  : NULL;
    if (run == NULL || (iterations = strtol(argv[2], NULL, 10)) <= 0) {
        fprintf(stderr, "usage: bench_waits semaphore|condition|mutex ITERATIONS\n");
        return 2;
    }
    sem_init(&semaphores[0], 0, 1);
    sem_init(&semaphores[1], 0, 0);
    if (pthread_create(&thread, NULL, other_side, NULL) != 0)
        return 1;
    run(0);
    pthread_join(thread, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    printf("%.0f\n", ((double)used.tv_sec * 1e9 + (double)used.tv_nsec) / (double)(2 * iterations));
    return 0;
}
