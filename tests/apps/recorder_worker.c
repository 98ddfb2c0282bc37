/*
 * Works until standard input ends: two threads, "worker", take turns with one mutex, a third reads a pipe
 * that nobody writes to; "ready" says that all run. With the argument "burst": makes many system calls as
 * fast as it can, and ends.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BURST_COUNT 300000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int pipe_ends[2];
static atomic_bool is_over;

static void *work(void *unused)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    pthread_setname_np(pthread_self(), "worker");
    while (!is_over) {
        pthread_mutex_lock(&lock);
        nanosleep(&pause, NULL);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void *wait_for_ever(void *unused)
{
    char byte;

    return read(pipe_ends[0], &byte, 1) == 1 ? unused : NULL;
}

static int burst(void)
{
    int fd = open("/dev/null", O_WRONLY);

    for (int i = 0; i < BURST_COUNT; i++) {
        if (write(fd, "", 1) != 1)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t threads[3];

    if (argc > 1 && strcmp(argv[1], "burst") == 0)
        return burst();
    if (pipe(pipe_ends) != 0)
        return 1;
    pthread_create(&threads[0], NULL, work, NULL);
    pthread_create(&threads[1], NULL, work, NULL);
    pthread_create(&threads[2], NULL, wait_for_ever, NULL);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    is_over = true;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
