/*
 * Two processes that share locks: the child waits, the parent releases 15 ms after the child has gone to
 * sleep. Prints one line for each wait, "KIND OBJECT", after which the functions wait_KIND() and
 * release_KIND() are named: who is on which side of it is to be found in the recording. With
 * SYNC_SHARED_LIBRARY defined all of it is a library, with SYNC_SHARED_PROGRAM the program that calls it.
 */
int sync_shared_run(void);

#ifdef SYNC_SHARED_PROGRAM

int main(void)
{
    return sync_shared_run();
}

#else

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 15000000L
#define NOINLINE __attribute__((noinline))

/* In memory that both have. */
static struct shared {
    sem_t begin, semaphore;
    int is_waiting;
    int is_signalled;
    pthread_mutex_t normal, robust, inheriting, cond_mutex;
    pthread_rwlock_t rwlock;
    pthread_cond_t cond;
    pthread_barrier_t barrier;
} * shared;

static void must(int error)
{
    if (error == 0)
        return;
    fprintf(stderr, "sync_shared: error %d\n", error);
    exit(1);
}

static void make_mutex(pthread_mutex_t *mutex, int robust, int protocol)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    must(pthread_mutexattr_setrobust(&attributes, robust));
    must(pthread_mutexattr_setprotocol(&attributes, protocol));
    must(pthread_mutex_init(mutex, &attributes));
}

static void make_objects(void)
{
    pthread_rwlockattr_t rwlock;
    pthread_condattr_t cond;
    pthread_barrierattr_t barrier;

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        must(errno);
    must(sem_init(&shared->begin, 1, 0));
    must(sem_init(&shared->semaphore, 1, 0));
    make_mutex(&shared->normal, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
    make_mutex(&shared->robust, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE);
    make_mutex(&shared->inheriting, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
    make_mutex(&shared->cond_mutex, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
    pthread_rwlockattr_init(&rwlock);
    pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED);
    must(pthread_rwlock_init(&shared->rwlock, &rwlock));
    pthread_condattr_init(&cond);
    pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
    must(pthread_cond_init(&shared->cond, &cond));
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    must(pthread_barrier_init(&shared->barrier, &barrier, 2));
}

static NOINLINE void wait_semaphore(void)
{
    must(sem_wait(&shared->semaphore));
}

static NOINLINE void release_semaphore(void)
{
    must(sem_post(&shared->semaphore));
}

#define MUTEX_STEP(name)                                                                                     \
    static void prepare_##name(void)                                                                         \
    {                                                                                                        \
        must(pthread_mutex_lock(&shared->name));                                                             \
    }                                                                                                        \
                                                                                                             \
    static NOINLINE void wait_##name(void)                                                                   \
    {                                                                                                        \
        must(pthread_mutex_lock(&shared->name));                                                             \
        must(pthread_mutex_unlock(&shared->name));                                                           \
    }                                                                                                        \
                                                                                                             \
    static NOINLINE void release_##name(void)                                                                \
    {                                                                                                        \
        must(pthread_mutex_unlock(&shared->name));                                                           \
    }

MUTEX_STEP(normal)
MUTEX_STEP(robust)
MUTEX_STEP(inheriting)

static NOINLINE void wait_cond(void)
{
    must(pthread_mutex_lock(&shared->cond_mutex));
    while (!shared->is_signalled)
        must(pthread_cond_wait(&shared->cond, &shared->cond_mutex));
    must(pthread_mutex_unlock(&shared->cond_mutex));
}

static NOINLINE void release_cond(void)
{
    must(pthread_mutex_lock(&shared->cond_mutex));
    shared->is_signalled = 1;
    must(pthread_cond_signal(&shared->cond));
    must(pthread_mutex_unlock(&shared->cond_mutex));
}

static void prepare_reader(void)
{
    must(pthread_rwlock_wrlock(&shared->rwlock));
}

static NOINLINE void wait_reader(void)
{
    must(pthread_rwlock_rdlock(&shared->rwlock));
    must(pthread_rwlock_unlock(&shared->rwlock));
}

static NOINLINE void release_reader(void)
{
    must(pthread_rwlock_unlock(&shared->rwlock));
}

static void prepare_writer(void)
{
    must(pthread_rwlock_rdlock(&shared->rwlock));
}

static NOINLINE void wait_writer(void)
{
    must(pthread_rwlock_wrlock(&shared->rwlock));
    must(pthread_rwlock_unlock(&shared->rwlock));
}

static NOINLINE void release_writer(void)
{
    must(pthread_rwlock_unlock(&shared->rwlock));
}

static NOINLINE void wait_barrier(void)
{
    int result = pthread_barrier_wait(&shared->barrier);

    must(result == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : result);
}

static NOINLINE void release_barrier(void)
{
    int result = pthread_barrier_wait(&shared->barrier);

    must(result == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : result);
}

static void prepare_nothing(void)
{
}

static const struct step {
    const char *name;
    size_t object; /* offset in struct shared */
    void (*prepare)(void);
    void (*wait)(void);
    void (*release)(void);
} steps[] = {
    {"semaphore", offsetof(struct shared, semaphore), prepare_nothing, wait_semaphore, release_semaphore},
    {"normal", offsetof(struct shared, normal), prepare_normal, wait_normal, release_normal},
    {"robust", offsetof(struct shared, robust), prepare_robust, wait_robust, release_robust},
    {"inheriting", offsetof(struct shared, inheriting), prepare_inheriting, wait_inheriting,
     release_inheriting},
    {"cond", offsetof(struct shared, cond), prepare_nothing, wait_cond, release_cond},
    {"reader", offsetof(struct shared, rwlock), prepare_reader, wait_reader, release_reader},
    {"writer", offsetof(struct shared, rwlock), prepare_writer, wait_writer, release_writer},
    {"barrier", offsetof(struct shared, barrier), prepare_nothing, wait_barrier, release_barrier},
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

static void run_child(void)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        must(sem_wait(&shared->begin));
        __atomic_store_n(&shared->is_waiting, 1, __ATOMIC_RELEASE);
        steps[i].wait();
    }
}

static int is_asleep(pid_t pid)
{
    char path[64], state = 'R';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!(file = fopen(path, "r")))
        must(errno);
    if (fscanf(file, "%*d %*s %c", &state) != 1)
        state = 'R';
    fclose(file);
    return state == 'S';
}

static void run_parent(pid_t child)
{
    const struct timespec moment = {.tv_nsec = 1000000}, pause_time = {.tv_nsec = PAUSE_NS};

    for (size_t i = 0; i < STEP_COUNT; i++) {
        const struct step *step = &steps[i];

        step->prepare();
        __atomic_store_n(&shared->is_waiting, 0, __ATOMIC_RELEASE);
        must(sem_post(&shared->begin));
        while (!__atomic_load_n(&shared->is_waiting, __ATOMIC_ACQUIRE) || !is_asleep(child))
            nanosleep(&moment, NULL);
        nanosleep(&pause_time, NULL);
        printf("%s 0x%" PRIx64 "\n", step->name, (uint64_t)(uintptr_t)((char *)shared + step->object));
        step->release();
    }
}

int sync_shared_run(void)
{
    int status;
    pid_t child;

    make_objects();
    child = fork();
    if (child == 0) {
        run_child();
        exit(0);
    }
    run_parent(child);
    if (waitpid(child, &status, 0) != child || status != 0)
        must(ECHILD);
    printf("waiter %d\n", (int)child);
    return 0;
}

#ifndef SYNC_SHARED_LIBRARY
int main(void)
{
    return sync_shared_run();
}
#endif

#endif
