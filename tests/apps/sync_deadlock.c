/*
 * Two threads, "left" and "right", each hold a mutex and wait for the other's; before that, others have held
 * both. When both sleep, prints "LEFT_TID RIGHT_TID LEFT_OBJECT RIGHT_OBJECT" (the mutexes that they hold)
 * and dies by SIGKILL ("kill" as the argument) or waits to be ended ("stay").
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct side {
    const char *name;
    pthread_mutex_t *own, *other;
    int tid;
};

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct side sides[2] = {{"left", &plain, &recursive, 0}, {"right", &recursive, &plain, 0}};
static pthread_barrier_t both_hold;

static void *hold_and_wait(void *argument)
{
    struct side *side = argument;

    pthread_setname_np(pthread_self(), side->name);
    pthread_mutex_lock(side->own);
    pthread_barrier_wait(&both_hold);
    __atomic_store_n(&side->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    pthread_mutex_lock(side->other);
    return NULL;
}

static bool is_asleep(int tid)
{
    char path[64], state = '\0';
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = '\0';
    fclose(file);
    return state == 'S';
}

static int await_sleep(const int *tid)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int seen = 0;

    while ((seen = __atomic_load_n(tid, __ATOMIC_ACQUIRE)) == 0 || !is_asleep(seen))
        nanosleep(&pause, NULL);
    return seen;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];

    if (argc != 2)
        return 2;
    for (int i = 0; i < 2; i++) {
        pthread_mutex_lock(sides[i].own);
        pthread_mutex_unlock(sides[i].own);
    }
    pthread_barrier_init(&both_hold, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, hold_and_wait, &sides[i]);
    printf("%d ", await_sleep(&sides[0].tid));
    printf("%d 0x%" PRIxPTR " 0x%" PRIxPTR "\n", await_sleep(&sides[1].tid), (uintptr_t)sides[0].own,
           (uintptr_t)sides[1].own);
    fflush(stdout);
    if (strcmp(argv[1], "kill") == 0)
        kill(getpid(), SIGKILL);
    pause();
    return 0;
}
