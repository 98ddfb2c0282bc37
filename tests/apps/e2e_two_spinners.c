/*
 * Two threads that compute on one CPU: what they wait for is the CPU itself. Prints what a recording must
 * find, from the kernel's own account (/proc/self/task/TID/schedstat), of the time since the threads began to
 * compute:
 *
 *     THREAD_NAME TID RUN_DELAY_NS
 *
 * Usage: e2e_two_spinners [MILLISECONDS OF CPU TIME PER THREAD]
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct spinner {
    const char *name;
    pid_t tid;
    uint64_t run_delay_ns;
};

static uint64_t wanted_ns = 400000000;
static atomic_int ready;

static uint64_t run_delay_ns(void)
{
    char path[64];
    unsigned long long running, delay;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", gettid());
    file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%llu %llu", &running, &delay) != 2) {
        fprintf(stderr, "e2e_two_spinners: %s cannot be read\n", path);
        _exit(77);
    }
    fclose(file);
    return delay;
}

__attribute__((noinline)) static void compute(void)
{
    struct timespec used;

    do {
        for (volatile int i = 0; i < 100000; i++) {
        }
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    } while ((uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec < wanted_ns);
}

static void *spin(void *argument)
{
    struct spinner *spinner = argument;

    pthread_setname_np(pthread_self(), spinner->name);
    spinner->tid = gettid();
    ready++;
    while (ready < 2)
        sched_yield();
    compute();
    spinner->run_delay_ns = run_delay_ns();
    return NULL;
}

int main(int argc, char **argv)
{
    struct spinner spinners[2] = {{.name = "first"}, {.name = "second"}};
    pthread_t threads[2];
    cpu_set_t one_cpu;
    int cpu = sched_getcpu();

    if (argc > 1)
        wanted_ns = strtoull(argv[1], NULL, 10) * 1000000u;
    CPU_ZERO(&one_cpu);
    CPU_SET(cpu < 0 ? 0 : cpu, &one_cpu);
    if (sched_setaffinity(0, sizeof one_cpu, &one_cpu) != 0) {
        perror("e2e_two_spinners: sched_setaffinity");
        return 77;
    }
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, spin, &spinners[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++)
        printf("%s %d %llu\n", spinners[i].name, spinners[i].tid,
               (unsigned long long)spinners[i].run_delay_ns);
    return 0;
}
