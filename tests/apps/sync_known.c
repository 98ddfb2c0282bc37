/*
 * Waits of every kind, each measured by the program itself. One thread waits, the main thread releases it 15
 * ms after it has begun. Prints one line for each:
 *
 *     wait KIND OUTCOME OBJECT NANOSECONDS TID
 *     wake KIND OBJECT TID
 *
 * with the numbers of tracepoints/contract.h; a check compares them with the recording.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "tracepoints/contract.h"

#define PAUSE_NS 15000000L

struct step {
    int kind;
    int outcome;
    void *object; /* of the wait; NULL: the tid of `joined` */
    bool has_wake;
    void (*prepare)(void); /* main thread, before */
    void (*wait)(void);    /* waiting thread */
    void (*release)(void); /* main thread, 15 ms later */
};

static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER, recursive, checking, inheriting, robust;
static mtx_t plain;
static pthread_spinlock_t spin;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static cnd_t c11_cond;
static sem_t semaphore;
static sem_t *named;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static once_flag c11_once = ONCE_FLAG_INIT;
static int futex_word;
static pthread_t joined;
static thrd_t c11_joined;
static int joined_tid, must_end, once_entered, once_may_end;
static int started, finished; /* the number of the step */
static int waiter_tid;
static uint64_t measured_ns[64];

static void nap(long ns)
{
    struct timespec pause = {.tv_nsec = ns};

    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Polling leaves no trace of its own among the waits. */
static void await(const int *value, int wanted)
{
    while (__atomic_load_n(value, __ATOMIC_ACQUIRE) != wanted)
        nap(200000);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const struct timespec *soon(clockid_t clock)
{
    static struct timespec until;

    clock_gettime(clock, &until);
    until.tv_nsec += PAUSE_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return &until;
}

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

/* Held by the main thread while the other waits. */
#define LOCK_STEP(name, lock, wait_call, release_call)                                                       \
    static void prepare_##name(void)                                                                         \
    {                                                                                                        \
        must((lock) == 0);                                                                                   \
    }                                                                                                        \
    static void wait_##name(void)                                                                            \
    {                                                                                                        \
        must((wait_call) == 0);                                                                              \
        must((release_call) == 0);                                                                           \
    }                                                                                                        \
    static void release_##name(void)                                                                         \
    {                                                                                                        \
        must((release_call) == 0);                                                                           \
    }

/* The wait ends by itself. */
#define TIMEOUT_STEP(name, lock, wait_call, wanted, release_call)                                            \
    static void prepare_##name(void)                                                                         \
    {                                                                                                        \
        must((lock) == 0);                                                                                   \
    }                                                                                                        \
    static void wait_##name(void)                                                                            \
    {                                                                                                        \
        must((wait_call) == (wanted));                                                                       \
    }                                                                                                        \
    static void release_##name(void)                                                                         \
    {                                                                                                        \
        must((release_call) == 0);                                                                           \
    }

#define MUTEX_STEP(name, mutex)                                                                              \
    LOCK_STEP(name, pthread_mutex_lock(&mutex), pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex))

MUTEX_STEP(normal, normal)
MUTEX_STEP(recursive, recursive)
MUTEX_STEP(checking, checking)
MUTEX_STEP(inheriting, inheriting)
MUTEX_STEP(robust, robust)
LOCK_STEP(plain, mtx_lock(&plain), mtx_lock(&plain), mtx_unlock(&plain))
LOCK_STEP(spin, pthread_spin_lock(&spin), pthread_spin_lock(&spin), pthread_spin_unlock(&spin))
LOCK_STEP(read, pthread_rwlock_wrlock(&rwlock), pthread_rwlock_rdlock(&rwlock),
          pthread_rwlock_unlock(&rwlock))
LOCK_STEP(write, pthread_rwlock_rdlock(&rwlock), pthread_rwlock_wrlock(&rwlock),
          pthread_rwlock_unlock(&rwlock))
TIMEOUT_STEP(timed, pthread_mutex_lock(&normal), pthread_mutex_timedlock(&normal, soon(CLOCK_REALTIME)),
             ETIMEDOUT, pthread_mutex_unlock(&normal))
TIMEOUT_STEP(clocked, pthread_mutex_lock(&normal),
             pthread_mutex_clocklock(&normal, CLOCK_MONOTONIC, soon(CLOCK_MONOTONIC)), ETIMEDOUT,
             pthread_mutex_unlock(&normal))
TIMEOUT_STEP(c11_timed, mtx_lock(&plain), mtx_timedlock(&plain, soon(CLOCK_REALTIME)), thrd_timedout,
             mtx_unlock(&plain))
TIMEOUT_STEP(timed_read, pthread_rwlock_wrlock(&rwlock),
             pthread_rwlock_timedrdlock(&rwlock, soon(CLOCK_REALTIME)), ETIMEDOUT,
             pthread_rwlock_unlock(&rwlock))
TIMEOUT_STEP(clocked_write, pthread_rwlock_rdlock(&rwlock),
             pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, soon(CLOCK_MONOTONIC)), ETIMEDOUT,
             pthread_rwlock_unlock(&rwlock))

static void nothing(void)
{
}

static void wait_cond(void)
{
    pthread_mutex_lock(&normal);
    must(pthread_cond_wait(&cond, &normal) == 0);
    pthread_mutex_unlock(&normal);
}

static void signal_cond(void)
{
    must(pthread_cond_signal(&cond) == 0);
}

static void broadcast_cond(void)
{
    must(pthread_cond_broadcast(&cond) == 0);
}

static void wait_cond_timed(void)
{
    pthread_mutex_lock(&normal);
    must(pthread_cond_timedwait(&cond, &normal, soon(CLOCK_REALTIME)) == ETIMEDOUT);
    pthread_mutex_unlock(&normal);
}

static void wait_cond_clocked(void)
{
    pthread_mutex_lock(&normal);
    must(pthread_cond_clockwait(&cond, &normal, CLOCK_MONOTONIC, soon(CLOCK_MONOTONIC)) == ETIMEDOUT);
    pthread_mutex_unlock(&normal);
}

static void wait_c11_cond(void)
{
    mtx_lock(&plain);
    must(cnd_wait(&c11_cond, &plain) == thrd_success);
    mtx_unlock(&plain);
}

static void signal_c11_cond(void)
{
    must(cnd_signal(&c11_cond) == thrd_success);
}

static void wait_c11_cond_timed(void)
{
    mtx_lock(&plain);
    must(cnd_timedwait(&c11_cond, &plain, soon(CLOCK_REALTIME)) == thrd_timedout);
    mtx_unlock(&plain);
}

static void wait_semaphore(void)
{
    must(sem_wait(&semaphore) == 0);
}

static void post_semaphore(void)
{
    must(sem_post(&semaphore) == 0);
}

static void wait_named(void)
{
    must(sem_wait(named) == 0);
}

static void post_named(void)
{
    must(sem_post(named) == 0);
}

static void wait_semaphore_timed(void)
{
    must(sem_timedwait(&semaphore, soon(CLOCK_REALTIME)) == -1 && errno == ETIMEDOUT);
}

static void wait_semaphore_clocked(void)
{
    must(sem_clockwait(&semaphore, CLOCK_MONOTONIC, soon(CLOCK_MONOTONIC)) == -1 && errno == ETIMEDOUT);
}

static void wait_barrier(void)
{
    pthread_barrier_wait(&barrier);
}

static void *joined_thread(void *unused)
{
    __atomic_store_n(&joined_tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    await(&must_end, 1);
    return unused;
}

static int c11_joined_thread(void *unused)
{
    joined_thread(unused);
    return 5;
}

static void await_joined(void)
{
    while (__atomic_load_n(&joined_tid, __ATOMIC_ACQUIRE) == 0)
        nap(200000);
}

static void prepare_join(void)
{
    joined_tid = must_end = 0;
    must(pthread_create(&joined, NULL, joined_thread, &cond) == 0);
    await_joined();
}

static void prepare_c11_join(void)
{
    joined_tid = must_end = 0;
    must(thrd_create(&c11_joined, c11_joined_thread, NULL) == thrd_success);
    await_joined();
}

static void wait_join(void)
{
    void *value;

    must(pthread_join(joined, &value) == 0 && value == &cond);
}

static void wait_join_timed(void)
{
    must(pthread_timedjoin_np(joined, NULL, soon(CLOCK_REALTIME)) == ETIMEDOUT);
}

static void wait_c11_join(void)
{
    int value;

    must(thrd_join(c11_joined, &value) == thrd_success && value == 5);
}

static void let_joined_end(void)
{
    __atomic_store_n(&must_end, 1, __ATOMIC_RELEASE);
}

static void let_joined_end_and_join(void)
{
    let_joined_end();
    pthread_detach(joined);
}

static void once_routine(void)
{
    __atomic_store_n(&once_entered, 1, __ATOMIC_RELEASE);
    await(&once_may_end, 1);
}

static void *run_once(void *unused)
{
    pthread_once(&once, once_routine);
    return unused;
}

static void *run_c11_once(void *unused)
{
    call_once(&c11_once, once_routine);
    return unused;
}

static void prepare_once_with(void *(*routine)(void *))
{
    once_entered = once_may_end = 0;
    must(pthread_create(&joined, NULL, routine, NULL) == 0);
    pthread_detach(joined);
    await(&once_entered, 1);
}

static void prepare_once(void)
{
    prepare_once_with(run_once);
}

static void prepare_c11_once(void)
{
    prepare_once_with(run_c11_once);
}

static void wait_once(void)
{
    pthread_once(&once, once_routine);
}

static void wait_c11_once(void)
{
    call_once(&c11_once, once_routine);
}

static void end_once(void)
{
    __atomic_store_n(&once_may_end, 1, __ATOMIC_RELEASE);
}

static void wait_futex(void)
{
    must(syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == 0);
}

static void wake_futex(void)
{
    must(syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1);
}

static void wait_futex_timed(void)
{
    struct timespec timeout = {.tv_nsec = PAUSE_NS};

    must(syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, &timeout, NULL, 0) == -1 &&
         errno == ETIMEDOUT);
}

#define ACQUIRED EXECTRACE_OUTCOME_ACQUIRED
#define TIMED_OUT EXECTRACE_OUTCOME_TIMED_OUT
#define STEP(name) prepare_##name, wait_##name, release_##name

static const struct step steps[] = {
    {EXECTRACE_WAIT_MUTEX, ACQUIRED, &normal, true, STEP(normal)},
    {EXECTRACE_WAIT_MUTEX, ACQUIRED, &recursive, true, STEP(recursive)},
    {EXECTRACE_WAIT_MUTEX, ACQUIRED, &checking, true, STEP(checking)},
    {EXECTRACE_WAIT_MUTEX, ACQUIRED, &inheriting, true, STEP(inheriting)},
    {EXECTRACE_WAIT_MUTEX, ACQUIRED, &robust, true, STEP(robust)},
    {EXECTRACE_WAIT_MUTEX, ACQUIRED, &plain, true, STEP(plain)},
    {EXECTRACE_WAIT_MUTEX, TIMED_OUT, &normal, false, STEP(timed)},
    {EXECTRACE_WAIT_MUTEX, TIMED_OUT, &normal, false, STEP(clocked)},
    {EXECTRACE_WAIT_MUTEX, TIMED_OUT, &plain, false, STEP(c11_timed)},
    {EXECTRACE_WAIT_SPIN, ACQUIRED, (void *)&spin, true, STEP(spin)},
    {EXECTRACE_WAIT_RWLOCK_READ, ACQUIRED, &rwlock, true, STEP(read)},
    {EXECTRACE_WAIT_RWLOCK_WRITE, ACQUIRED, &rwlock, true, STEP(write)},
    {EXECTRACE_WAIT_RWLOCK_READ, TIMED_OUT, &rwlock, false, STEP(timed_read)},
    {EXECTRACE_WAIT_RWLOCK_WRITE, TIMED_OUT, &rwlock, false, STEP(clocked_write)},
    {EXECTRACE_WAIT_COND, ACQUIRED, &cond, true, nothing, wait_cond, signal_cond},
    {EXECTRACE_WAIT_COND, ACQUIRED, &cond, true, nothing, wait_cond, broadcast_cond},
    {EXECTRACE_WAIT_COND, TIMED_OUT, &cond, false, nothing, wait_cond_timed, nothing},
    {EXECTRACE_WAIT_COND, TIMED_OUT, &cond, false, nothing, wait_cond_clocked, nothing},
    {EXECTRACE_WAIT_COND, ACQUIRED, &c11_cond, true, nothing, wait_c11_cond, signal_c11_cond},
    {EXECTRACE_WAIT_COND, TIMED_OUT, &c11_cond, false, nothing, wait_c11_cond_timed, nothing},
    {EXECTRACE_WAIT_SEMAPHORE, ACQUIRED, &semaphore, true, nothing, wait_semaphore, post_semaphore},
    {EXECTRACE_WAIT_SEMAPHORE, ACQUIRED, &named, true, nothing, wait_named, post_named},
    {EXECTRACE_WAIT_SEMAPHORE, TIMED_OUT, &semaphore, false, nothing, wait_semaphore_timed, nothing},
    {EXECTRACE_WAIT_SEMAPHORE, TIMED_OUT, &semaphore, false, nothing, wait_semaphore_clocked, nothing},
    {EXECTRACE_WAIT_BARRIER, ACQUIRED, &barrier, true, nothing, wait_barrier, wait_barrier},
    {EXECTRACE_WAIT_JOIN, ACQUIRED, NULL, false, prepare_join, wait_join, let_joined_end},
    {EXECTRACE_WAIT_JOIN, TIMED_OUT, NULL, false, prepare_join, wait_join_timed, let_joined_end_and_join},
    {EXECTRACE_WAIT_JOIN, ACQUIRED, NULL, false, prepare_c11_join, wait_c11_join, let_joined_end},
    {EXECTRACE_WAIT_ONCE, ACQUIRED, &once, false, prepare_once, wait_once, end_once},
    {EXECTRACE_WAIT_ONCE, ACQUIRED, &c11_once, false, prepare_c11_once, wait_c11_once, end_once},
    {EXECTRACE_WAIT_FUTEX, ACQUIRED, &futex_word, true, nothing, wait_futex, wake_futex},
    {EXECTRACE_WAIT_FUTEX, TIMED_OUT, &futex_word, false, nothing, wait_futex_timed, nothing},
};

#define STEP_COUNT ((int)(sizeof(steps) / sizeof(steps[0])))

static void *waiter(void *unused)
{
    waiter_tid = (int)syscall(SYS_gettid);
    for (int i = 0; i < STEP_COUNT; i++) {
        uint64_t start_ns;

        await(&started, i + 1);
        start_ns = now_ns();
        steps[i].wait();
        measured_ns[i] = now_ns() - start_ns;
        __atomic_store_n(&finished, i + 1, __ATOMIC_RELEASE);
    }
    return unused;
}

static void init_mutex(pthread_mutex_t *mutex, int type, int protocol, int robustness)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    must(pthread_mutexattr_settype(&attributes, type) == 0);
    must(pthread_mutexattr_setprotocol(&attributes, protocol) == 0);
    must(pthread_mutexattr_setrobust(&attributes, robustness) == 0);
    must(pthread_mutex_init(mutex, &attributes) == 0);
}

static void init_objects(void)
{
    char name[64];

    init_mutex(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&checking, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&inheriting, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    init_mutex(&robust, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    must(mtx_init(&plain, mtx_timed) == thrd_success);
    must(cnd_init(&c11_cond) == thrd_success);
    must(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    must(sem_init(&semaphore, 0, 0) == 0);
    must(pthread_barrier_init(&barrier, NULL, 2) == 0);
    snprintf(name, sizeof(name), "/exectrace-test-%d", getpid());
    named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    must(named != SEM_FAILED);
    sem_unlink(name);
}

static void print_step(const struct step *step, uint64_t ns, int tid_of_joined)
{
    uint64_t object = (uint64_t)(uintptr_t)step->object;

    if (step->object == &named)
        object = (uint64_t)(uintptr_t)named;
    if (step->object == NULL)
        object = (uint64_t)tid_of_joined;
    printf("wait %d %d 0x%" PRIX64 " %" PRIu64 " %d\n", step->kind, step->outcome, object, ns, waiter_tid);
    if (step->has_wake)
        printf("wake %d 0x%" PRIX64 " %d\n", step->kind, object, (int)getpid());
}

int main(void)
{
    pthread_t thread;

    init_objects();
    must(pthread_create(&thread, NULL, waiter, NULL) == 0);
    for (int i = 0; i < STEP_COUNT; i++) {
        steps[i].prepare();
        __atomic_store_n(&started, i + 1, __ATOMIC_RELEASE);
        nap(PAUSE_NS);
        if (steps[i].outcome == TIMED_OUT)
            await(&finished, i + 1);
        steps[i].release();
        await(&finished, i + 1);
        print_step(&steps[i], measured_ns[i], joined_tid);
    }
    pthread_join(thread, NULL);
    return 0;
}
