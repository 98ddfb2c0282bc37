/*
 * Threads that wait for a CPU, and what the kernel says of it: bench_latency compete|hand|jobs ROUNDS.
 * Prints a line per thread as it ends: its number, and the nanoseconds on a CPU, the nanoseconds in which it
 * could run but did not, and the number of times it was put on a CPU (/proc/thread-self/schedstat).
 * Started by tests/bench/latency_against_timehist.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMPETITORS 6
#define WORKERS 3

static unsigned long round_count;
static sem_t there, back;

static void spin(long ns)
{
    struct timespec start, now;

    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < ns);
}

static void print_schedstat(void)
{
    FILE *file = fopen("/proc/thread-self/schedstat", "r");
    unsigned long running, delay, count;

    if (file && fscanf(file, "%lu %lu %lu", &running, &delay, &count) == 3)
        printf("%d %lu %lu %lu\n", gettid(), running, delay, count);

    if (file)
        fclose(file);
}

/* More threads than CPUs, which sleep now and then. */
static void *compete(void *unused)
{
    for (unsigned long i = 0; i < round_count; i++) {
        spin(2000000);
        usleep(1000);
    }

    print_schedstat();
    return unused;
}

/* Two threads that hand something to each other. */
static void *hand_back(void *unused)
{
    for (unsigned long i = 0; i < round_count; i++) {
        sem_wait(&there);
        sem_post(&back);
    }

    print_schedstat();
    return unused;
}

static void *hand(void *unused)
{
    for (unsigned long i = 0; i < round_count; i++) {
        sem_post(&there);
        sem_wait(&back);
    }

    print_schedstat();
    return unused;
}

/* Workers that are idle now and then, and somebody who gives them jobs. */
static void *work(void *unused)
{
    for (unsigned long i = 0; i < round_count; i++) {
        sem_wait(&there);
        spin(100000);
    }

    print_schedstat();
    return unused;
}

static void *give(void *unused)
{
    for (unsigned long i = 0; i < round_count * WORKERS; i++) {
        sem_post(&there);
        usleep(150);
    }

    print_schedstat();
    return unused;
}

static int usage(void)
{
    fputs("usage: bench_latency compete|hand|jobs ROUNDS\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void *(*first)(void *);
        void *(*others)(void *);
        unsigned thread_count;
    } modes[] = {
        {"compete", compete, compete, COMPETITORS},
        {"hand", hand, hand_back, 2},
        {"jobs", give, work, 1 + WORKERS},
    };

    if (argc != 3)
        return usage();

    round_count = strtoul(argv[2], NULL, 10);
    sem_init(&there, 0, 0);
    sem_init(&back, 0, 0);
    for (unsigned mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++) {
        pthread_t threads[COMPETITORS];

        if (strcmp(argv[1], modes[mode].name) != 0)
            continue;

        for (unsigned i = 0; i < modes[mode].thread_count; i++)
            pthread_create(&threads[i], NULL, i == 0 ? modes[mode].first : modes[mode].others, NULL);

        for (unsigned i = 0; i < modes[mode].thread_count; i++)
            pthread_join(threads[i], NULL);

        return 0;
    }

    return usage();
}
