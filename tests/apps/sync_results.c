/*
 * Return values, errno and out-parameters of the synchronisation calls at their edges: what is printed must
 * be the same bare, preloaded and recorded.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SHOW(call)                                                                                           \
    do {                                                                                                     \
        long shown;                                                                                          \
        errno = 4242;                                                                                        \
        shown = (long)(call);                                                                                \
        printf("%s = %ld, errno %d\n", #call, shown, errno);                                                 \
    } while (0)

static const struct timespec past = {.tv_sec = 1};
static const struct timespec bad = {.tv_sec = 1, .tv_nsec = 2000000000};
static const struct timespec negative = {.tv_sec = 1, .tv_nsec = -1};

static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static pthread_spinlock_t spin;

static void init_mutex(int type, int protocol, int robustness)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    pthread_mutexattr_setrobust(&attributes, robustness);
    SHOW(pthread_mutex_init(&mutex, &attributes));
}

static void *in_thread(void *(*routine)(void *))
{
    pthread_t thread;
    void *value = NULL;

    pthread_create(&thread, NULL, routine, NULL);
    pthread_join(thread, &value);
    return value;
}

static void *try_all(void *unused)
{
    SHOW(pthread_mutex_trylock(&mutex));
    SHOW(pthread_mutex_timedlock(&mutex, &past));
    SHOW(pthread_mutex_timedlock(&mutex, &bad));
    SHOW(pthread_mutex_timedlock(&mutex, &negative));
    SHOW(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &past));
    SHOW(pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &past));
    SHOW(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &bad));
    return unused;
}

static void *unlock_foreign(void *unused)
{
    SHOW(pthread_mutex_unlock(&mutex));
    return unused;
}

static void *lock_and_die(void *unused)
{
    SHOW(pthread_mutex_lock(&mutex));
    return unused;
}

/* All of it with one kind of mutex; relocking blocks for ever on the normal types. */
static void show_mutex(const char *name, int type, int protocol)
{
    printf("%s\n", name);
    init_mutex(type, protocol, PTHREAD_MUTEX_STALLED);
    SHOW(pthread_mutex_lock(&mutex));
    in_thread(try_all);
    if (type != PTHREAD_MUTEX_NORMAL) {
        SHOW(pthread_mutex_lock(&mutex));
        SHOW(pthread_mutex_trylock(&mutex));
        SHOW(pthread_mutex_timedlock(&mutex, &past));
        SHOW(pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &bad));
        in_thread(unlock_foreign);
        if (type == PTHREAD_MUTEX_RECURSIVE) {
            SHOW(pthread_mutex_unlock(&mutex));
            SHOW(pthread_mutex_unlock(&mutex));
            SHOW(pthread_mutex_unlock(&mutex));
            SHOW(pthread_mutex_unlock(&mutex));
        }
    }
    SHOW(pthread_mutex_destroy(&mutex));
    SHOW(pthread_mutex_unlock(&mutex));
    if (type != PTHREAD_MUTEX_NORMAL)
        SHOW(pthread_mutex_unlock(&mutex));
    SHOW(pthread_mutex_destroy(&mutex));
}

static void show_robust(void)
{
    printf("robust\n");
    init_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    in_thread(lock_and_die);
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_consistent(&mutex));
    SHOW(pthread_mutex_unlock(&mutex));
    in_thread(lock_and_die);
    SHOW(pthread_mutex_timedlock(&mutex, &past));
    SHOW(pthread_mutex_unlock(&mutex));
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_trylock(&mutex));
    SHOW(pthread_mutex_destroy(&mutex));
}

static void *try_rwlock(void *unused)
{
    SHOW(pthread_rwlock_tryrdlock(&rwlock));
    SHOW(pthread_rwlock_trywrlock(&rwlock));
    SHOW(pthread_rwlock_timedrdlock(&rwlock, &past));
    SHOW(pthread_rwlock_timedwrlock(&rwlock, &past));
    SHOW(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &past));
    SHOW(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &past));
    return unused;
}

static void show_rwlock(void)
{
    printf("rwlock\n");
    SHOW(pthread_rwlock_timedrdlock(&rwlock, &bad));
    SHOW(pthread_rwlock_timedwrlock(&rwlock, &negative));
    SHOW(pthread_rwlock_clockrdlock(&rwlock, CLOCK_PROCESS_CPUTIME_ID, &past));
    SHOW(pthread_rwlock_clockwrlock(&rwlock, 77, &past));
    SHOW(pthread_rwlock_wrlock(&rwlock));
    SHOW(pthread_rwlock_rdlock(&rwlock));
    SHOW(pthread_rwlock_wrlock(&rwlock));
    SHOW(pthread_rwlock_timedrdlock(&rwlock, &past));
    SHOW(pthread_rwlock_timedwrlock(&rwlock, &past));
    in_thread(try_rwlock);
    SHOW(pthread_rwlock_unlock(&rwlock));
    SHOW(pthread_rwlock_rdlock(&rwlock));
    SHOW(pthread_rwlock_rdlock(&rwlock));
    SHOW(pthread_rwlock_unlock(&rwlock));
    SHOW(pthread_rwlock_unlock(&rwlock));
}

static void show_cond(void)
{
    printf("cond\n");
    init_mutex(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    SHOW(pthread_cond_signal(&cond));
    SHOW(pthread_cond_broadcast(&cond));
    SHOW(pthread_cond_timedwait(&cond, &mutex, &past)); /* not locked */
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_cond_timedwait(&cond, &mutex, &past));
    SHOW(pthread_cond_timedwait(&cond, &mutex, &bad));
    SHOW(pthread_cond_timedwait(&cond, &mutex, &negative));
    SHOW(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past));
    SHOW(pthread_cond_clockwait(&cond, &mutex, CLOCK_PROCESS_CPUTIME_ID, &past));
    SHOW(pthread_mutex_unlock(&mutex)); /* still locked after all that */
    SHOW(pthread_cond_destroy(&cond));
}

static void show_semaphore(void)
{
    int value = -1;

    printf("semaphore\n");
    SHOW(sem_init(&semaphore, 0, 2));
    SHOW(sem_wait(&semaphore));
    SHOW(sem_timedwait(&semaphore, &bad));
    SHOW(sem_timedwait(&semaphore, &past));
    SHOW(sem_trywait(&semaphore));
    SHOW(sem_timedwait(&semaphore, &past));
    SHOW(sem_timedwait(&semaphore, &negative));
    SHOW(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &past));
    SHOW(sem_clockwait(&semaphore, CLOCK_PROCESS_CPUTIME_ID, &past));
    SHOW(sem_post(&semaphore));
    SHOW(sem_getvalue(&semaphore, &value));
    SHOW(value);
    SHOW(sem_init(&semaphore, 0, 0x7fffffff));
    SHOW(sem_post(&semaphore));
}

static void *return_argument(void *argument)
{
    return argument;
}

static void *exit_early(void *argument)
{
    pthread_exit(argument == NULL ? &mutex : argument);
}

static int c11_routine(void *argument)
{
    return *(int *)argument;
}

static int c11_exit(void *argument)
{
    thrd_exit(*(int *)argument + 1);
}

static void show_threads(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    thrd_t c11_thread;
    size_t bytes = 0;
    void *value = NULL;
    int number = 21, c11_value = 0;
    char name[16];

    printf("threads\n");
    SHOW(pthread_create(&thread, NULL, return_argument, &mutex));
    SHOW(pthread_timedjoin_np(thread, NULL, &bad) != EBUSY ? 0 : 1);
    SHOW(pthread_create(&thread, NULL, return_argument, &mutex));
    SHOW(pthread_join(thread, &value));
    SHOW(value == &mutex);
    SHOW(in_thread(exit_early) == &mutex);
    pthread_attr_init(&attributes);
    SHOW(pthread_attr_setstacksize(&attributes, 256 * 1024));
    SHOW(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED));
    SHOW(pthread_create(&thread, &attributes, return_argument, NULL));
    SHOW(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_JOINABLE));
    SHOW(pthread_create(&thread, &attributes, return_argument, NULL));
    SHOW(pthread_join(thread, NULL));
    SHOW(pthread_attr_getstacksize(&attributes, &bytes));
    SHOW(pthread_attr_destroy(&attributes));
    SHOW(pthread_join(pthread_self(), NULL));
    SHOW(thrd_create(&c11_thread, c11_routine, &number));
    SHOW(thrd_join(c11_thread, &c11_value));
    SHOW(c11_value);
    SHOW(thrd_create(&c11_thread, c11_exit, &number));
    SHOW(thrd_join(c11_thread, &c11_value));
    SHOW(c11_value);
    SHOW(pthread_setname_np(pthread_self(), "a name that is far too long"));
    SHOW(pthread_setname_np(pthread_self(), "short"));
    SHOW(pthread_getname_np(pthread_self(), name, sizeof(name)));
    printf("name %s\n", name);
    SHOW(prctl(PR_SET_NAME, "another name that is too long"));
    SHOW(prctl(PR_GET_NAME, name));
    printf("name %s\n", name);
    SHOW(prctl(-1));
}

static void show_others(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static pthread_barrier_t barrier;
    int word = 1;
    mtx_t c11;

    printf("others\n");
    SHOW(pthread_once(&once, show_rwlock));
    SHOW(pthread_once(&once, show_rwlock));
    SHOW(pthread_barrier_init(&barrier, NULL, 0));
    SHOW(pthread_barrier_init(&barrier, NULL, 1));
    SHOW(pthread_barrier_wait(&barrier));
    SHOW(pthread_barrier_wait(&barrier));
    SHOW(pthread_spin_init(&spin, 0));
    SHOW(pthread_spin_lock(&spin));
    SHOW(pthread_spin_trylock(&spin));
    SHOW(pthread_spin_unlock(&spin));
    SHOW(mtx_init(&c11, mtx_timed | mtx_recursive));
    SHOW(mtx_lock(&c11));
    SHOW(mtx_timedlock(&c11, &past));
    SHOW(mtx_unlock(&c11));
    SHOW(mtx_unlock(&c11));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT, 2, NULL, NULL, 0));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT, 1, &bad, NULL, 0));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(syscall(SYS_futex, NULL, FUTEX_WAIT, 1, NULL, NULL, 0));
    SHOW(syscall(SYS_futex, &word, 99, 1, NULL, NULL, 0));
    SHOW(syscall(99999));
    SHOW(syscall(SYS_getpid) == getpid());
}

int main(void)
{
    show_mutex("normal", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE);
    show_mutex("recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE);
    show_mutex("errorcheck", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE);
    show_mutex("normal, inheriting", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
    show_mutex("recursive, inheriting", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT);
    show_robust();
    show_cond();
    show_semaphore();
    show_threads();
    show_others();
    return 0;
}
