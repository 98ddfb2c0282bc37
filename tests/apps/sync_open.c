/*
 * Ends while other threads wait: for a mutex, a condition, a semaphore, a read. Prints what is in flight, as
 * "open KIND OBJECT NUMBER FD TID"; "_exit" as the argument leaves without destructors.
 */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tracepoints/contract.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int pipe_fds[2];
static int tids[4];

static void announce(int place)
{
    __atomic_store_n(&tids[place], (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static void *wait_mutex(void *unused)
{
    announce(0);
    pthread_mutex_lock(&mutex);
    return unused;
}

static void *wait_cond(void *unused)
{
    pthread_mutex_lock(&other);
    announce(1);
    while (1)
        pthread_cond_wait(&cond, &other);
    return unused;
}

static void *wait_semaphore(void *unused)
{
    announce(2);
    sem_wait(&semaphore);
    return unused;
}

static void *wait_read(void *unused)
{
    char byte;

    announce(3);
    return read(pipe_fds[0], &byte, 1) == 1 ? unused : NULL;
}

/* Asleep in the kernel. */
static int is_asleep(int tid)
{
    char path[64], state = '\0';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
    file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        return 0;
    fclose(file);
    return state == 'S';
}

static void await_sleep(int place)
{
    struct timespec pause = {.tv_nsec = 1000000};

    while (__atomic_load_n(&tids[place], __ATOMIC_ACQUIRE) == 0 || !is_asleep(tids[place]))
        nanosleep(&pause, NULL);
}

/* FD is the thread that holds the object. */
static void print_sync(int kind, const void *object, int holder, int place)
{
    printf("open %d 0x%" PRIXPTR " 0 %d %d\n", kind, (uintptr_t)object, holder, tids[place]);
}

int main(int argc, char **argv)
{
    static void *(*const routines[])(void *) = {wait_mutex, wait_cond, wait_semaphore, wait_read};
    pthread_t thread;

    sem_init(&semaphore, 0, 0);
    if (pipe(pipe_fds) != 0)
        return 1;
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < 4; i++) {
        pthread_create(&thread, NULL, routines[i], NULL);
        await_sleep(i);
    }
    print_sync(EXECTRACE_WAIT_MUTEX, &mutex, (int)getpid(), 0);
    print_sync(EXECTRACE_WAIT_COND, &cond, -1, 1);
    print_sync(EXECTRACE_WAIT_SEMAPHORE, &semaphore, -1, 2);
    printf("open 0 0x0 %d %d %d\n", SYS_read, pipe_fds[0], tids[3]);
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "_exit") == 0)
        _exit(0);
    return 0;
}
