/*
 * One thread waits for a mutex that is never released, one reads from a pipe that nobody writes to. When both
 * wait, the program dies as its argument says: "kill", "abort" or "exit".
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static int pipe_ends[2];
static atomic_long waiting_tids[2]; /* set just before the thread waits */

static void *wait_for_mutex(void *unused)
{
    waiting_tids[0] = syscall(SYS_gettid);
    pthread_mutex_lock(&held);
    return unused;
}

static void *read_pipe(void *unused)
{
    char byte;

    waiting_tids[1] = syscall(SYS_gettid);
    return read(pipe_ends[0], &byte, 1) == 1 ? unused : NULL;
}

/* Whether the kernel shows the thread asleep. */
static bool is_asleep(long tid)
{
    char path[64];
    char state = 0;

    snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", tid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state == 'S';
}

int main(int argc, char **argv)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    pthread_t threads[2];

    if (argc != 2 || pipe(pipe_ends) != 0)
        return 2;
    pthread_mutex_lock(&held);
    pthread_create(&threads[0], NULL, wait_for_mutex, NULL);
    pthread_create(&threads[1], NULL, read_pipe, NULL);
    for (int i = 0; i < 2; i++) {
        while (waiting_tids[i] == 0 || !is_asleep(waiting_tids[i]))
            nanosleep(&pause, NULL);
    }
    printf("%ld %ld\n", waiting_tids[0], waiting_tids[1]);
    fflush(stdout);
    if (strcmp(argv[1], "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(argv[1], "abort") == 0)
        abort();
    return 0;
}
