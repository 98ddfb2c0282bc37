/* A library of sync_edges: its constructor runs before that of any preloaded library, its destructor after.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void sync_edges_use(void);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static void set_up(void)
{
    sem_init(&semaphore, 0, 0);
}

static void *work(void *unused)
{
    pthread_once(&once, set_up);
    pthread_mutex_lock(&mutex);
    usleep(2000);
    pthread_mutex_unlock(&mutex);
    sem_post(&semaphore);
    return unused;
}

static int run_child(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        free(malloc(1000));
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        _exit(8);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

/* thread_count: 0 when the last thread may be gone, since the end of another would end the program again. */
static void use(const char *where, int thread_count)
{
    struct timespec until;
    pthread_t threads[2];
    int error;

    clock_gettime(CLOCK_REALTIME, &until);
    for (int i = 0; i < thread_count; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < thread_count; i++)
        sem_wait(&semaphore);
    pthread_mutex_lock(&mutex);
    error = pthread_cond_timedwait(&cond, &mutex, &until);
    pthread_mutex_unlock(&mutex);
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    printf("library's %s: %d, child %d\n", where, error, run_child());
    fflush(stdout);
}

__attribute__((constructor)) static void construct(void)
{
    use("constructor", 2);
}

__attribute__((destructor)) static void destruct(void)
{
    use("destructor", 0);
}

void sync_edges_use(void)
{
    use("function", 2);
}
