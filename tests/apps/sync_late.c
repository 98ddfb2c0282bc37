/* Two threads that wait for each other's locks until standard input ends; then prints how often. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long count;
static int must_end;

static void hold(void)
{
    struct timespec pause = {.tv_nsec = 1000000};

    pthread_mutex_lock(&mutex);
    nanosleep(&pause, NULL);
    count++;
    pthread_mutex_unlock(&mutex);
    pause.tv_nsec = 100000;
    nanosleep(&pause, NULL);
}

static void *work(void *unused)
{
    pthread_setname_np(pthread_self(), "latecomer");
    while (!__atomic_load_n(&must_end, __ATOMIC_ACQUIRE))
        hold();
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    char byte;

    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    puts("ready");
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        continue;
    __atomic_store_n(&must_end, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%s\n", count > 0 ? "done" : "nothing");
    return 0;
}
