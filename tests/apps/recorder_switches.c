/*
 * Sleeps often in two threads, and prints for each "TID VOLUNTARY INVOLUNTARY": how often the kernel says
 * that it went off its CPU. The second thread is named "sleeper".
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLEEP_COUNT 200

static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;

static void sleep_often(void)
{
    const struct timespec pause = {.tv_nsec = 200000};

    for (int i = 0; i < SLEEP_COUNT; i++)
        nanosleep(&pause, NULL);
}

static void report(void)
{
    struct rusage usage;

    pthread_mutex_lock(&output_lock);
    getrusage(RUSAGE_THREAD, &usage);
    printf("%ld %ld %ld\n", syscall(SYS_gettid), usage.ru_nvcsw, usage.ru_nivcsw);
    fflush(stdout);
    pthread_mutex_unlock(&output_lock);
}

static void *run(void *unused)
{
    pthread_setname_np(pthread_self(), "sleeper");
    sleep_often();
    report();
    return unused;
}

int main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, NULL) != 0)
        return 1;
    sleep_often();
    pthread_join(thread, NULL);
    report();
    return 0;
}
