/*
 * Pairs of threads, one pair for each kind of lock. Of a pair the "left" thread holds a plain mutex and waits
 * for the "right" one's lock, in its way; the right one waits for the plain mutex. Of the kinds that say so,
 * the main thread holds the right one's lock until both sleep before it; of others, another thread had the
 * lock before.
 *
 * When all sleep, prints for each pair "KIND LEFT_TID RIGHT_TID LEFT_OBJECT RIGHT_OBJECT" (what they hold; 0:
 * nothing) and dies by SIGKILL ("kill" as the argument), returns from main ("return") or waits to be ended
 * ("stay").
 */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t plain, recursive, checking, adaptive, tried, timed, clocked, inheriting,
    inheriting_timed, robust;
static pthread_mutex_t handed, handed_inheriting, handed_robust;
static pthread_mutex_t normal, passed, passed_recursive, left_by_jump;
static pthread_rwlock_t read_held, write_held, tried_rwlock, handed_rwlock, passed_rwlock;
static pthread_spinlock_t passed_spin;
static mtx_t c11, c11_timed, passed_c11;
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct pair {
    const char *kind;
    void *object;           /* NULL: the right thread itself */
    int (*take)(void);      /* right thread, main thread; NULL: it holds what the left one waits for anyway */
    int (*wait)(void);      /* left thread */
    int (*hand_over)(void); /* main thread; NULL: it takes no part */
    void (*after)(void);    /* right thread, when it has the lock; may be NULL */
    pthread_mutex_t mutex;
    pthread_t right;
    int left_tid, right_tid, left_holds, right_holds;
};

static const struct timespec *far_away(void)
{
    static const struct timespec until = {.tv_sec = 99999999999};

    return &until;
}

static struct pair *once_pair;
static void must(bool is_true);
static void await(const int *value);
static void await_sleep(const int *tid);

static void wait_for_left(struct pair *pair)
{
    __atomic_store_n(&pair->right_holds, 1, __ATOMIC_RELEASE);
    pthread_mutex_lock(&pair->mutex);
}

static void once_routine(void)
{
    wait_for_left(once_pair);
}

static int run_once(void)
{
    return pthread_once(&once, once_routine);
}

#define CALL(name, expression)                                                                               \
    static int name(void)                                                                                    \
    {                                                                                                        \
        return expression;                                                                                   \
    }
#define MUTEX(name) CALL(lock_##name, pthread_mutex_lock(&name))
#define HANDED_MUTEX(name)                                                                                   \
    MUTEX(name)                                                                                              \
    CALL(unlock_##name, pthread_mutex_unlock(&name))

MUTEX(plain)
MUTEX(normal)
MUTEX(recursive)
MUTEX(checking)
MUTEX(adaptive)
MUTEX(tried)
MUTEX(timed)
MUTEX(clocked)
MUTEX(inheriting)
MUTEX(robust)
HANDED_MUTEX(handed)
HANDED_MUTEX(handed_inheriting)
HANDED_MUTEX(handed_robust)
CALL(try_tried, pthread_mutex_trylock(&tried))
CALL(time_timed, pthread_mutex_timedlock(&timed, far_away()))
CALL(clock_clocked, pthread_mutex_clocklock(&clocked, CLOCK_MONOTONIC, far_away()))
CALL(try_inheriting_timed, pthread_mutex_trylock(&inheriting_timed))
CALL(time_inheriting_timed, pthread_mutex_timedlock(&inheriting_timed, far_away()))
CALL(lock_c11, mtx_lock(&c11))
CALL(lock_c11_timed, mtx_lock(&c11_timed))
CALL(time_c11_timed, mtx_timedlock(&c11_timed, far_away()))
CALL(write_write_held, pthread_rwlock_wrlock(&write_held))
CALL(read_write_held, pthread_rwlock_rdlock(&write_held))
CALL(read_read_held, pthread_rwlock_rdlock(&read_held))
CALL(write_read_held, pthread_rwlock_wrlock(&read_held))
CALL(try_tried_rwlock, pthread_rwlock_tryrdlock(&tried_rwlock))
CALL(time_tried_rwlock, pthread_rwlock_clockwrlock(&tried_rwlock, CLOCK_MONOTONIC, far_away()))
CALL(write_handed_rwlock, pthread_rwlock_wrlock(&handed_rwlock))
CALL(unlock_handed_rwlock, pthread_rwlock_unlock(&handed_rwlock))

/* A thread that waits for a lock, has it for a moment, and lives on: it is not the holder any more. */
struct former {
    int (*lock)(void);
    int (*unlock)(void);
    int tid, is_through;
};

static void *wait_and_release(void *argument)
{
    struct former *former = argument;

    pthread_setname_np(pthread_self(), "former");
    __atomic_store_n(&former->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    must(former->lock() == 0 && former->unlock() == 0);
    __atomic_store_n(&former->is_through, 1, __ATOMIC_RELEASE);
    pause();
    return NULL;
}

static int lock_after(struct former *former)
{
    pthread_t thread;

    must(former->lock() == 0);
    must(pthread_create(&thread, NULL, wait_and_release, former) == 0);
    await_sleep(&former->tid);
    must(former->unlock() == 0);
    await(&former->is_through);
    return former->lock();
}

#define PASSED(name, lock_call, unlock_call)                                                                 \
    CALL(lock_##name, lock_call)                                                                             \
    CALL(unlock_##name, unlock_call)                                                                         \
    static int take_##name(void)                                                                             \
    {                                                                                                        \
        static struct former former = {.lock = lock_##name, .unlock = unlock_##name};                        \
                                                                                                             \
        return lock_after(&former);                                                                          \
    }

PASSED(passed, pthread_mutex_lock(&passed), pthread_mutex_unlock(&passed))
PASSED(passed_recursive, pthread_mutex_lock(&passed_recursive), pthread_mutex_unlock(&passed_recursive))
PASSED(passed_rwlock, pthread_rwlock_wrlock(&passed_rwlock), pthread_rwlock_unlock(&passed_rwlock))
PASSED(passed_spin, pthread_spin_trylock(&passed_spin) == 0 ? 0 : pthread_spin_lock(&passed_spin),
       pthread_spin_unlock(&passed_spin))
PASSED(passed_c11, mtx_lock(&passed_c11), mtx_unlock(&passed_c11))

/* Takes its lock after a wait, and then leaves another wait by a jump out of a signal's handler. */
static sigjmp_buf away;

static void leave(int number)
{
    (void)number;
    siglongjmp(away, 1);
}

static void *send_leave(void *argument)
{
    const int *tid = argument;

    await_sleep(tid);
    syscall(SYS_tgkill, (long)getpid(), (long)*tid, (long)SIGUSR1);
    return NULL;
}

static void jump_out_of_wait(void)
{
    static sem_t never;
    static int tid;
    struct sigaction action = {.sa_handler = leave};
    pthread_t sender;

    must(sem_init(&never, 0, 0) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    must(pthread_create(&sender, NULL, send_leave, &tid) == 0);
    if (sigsetjmp(away, 1) == 0) {
        __atomic_store_n(&tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
        sem_wait(&never);
        abort();
    }
    pthread_join(sender, NULL);
}

MUTEX(left_by_jump)
CALL(unlock_left_by_jump, pthread_mutex_unlock(&left_by_jump))

static int join_right(void);

static struct pair pairs[] = {
    {.kind = "plain", .object = &plain, .take = lock_plain, .wait = lock_plain},
    {.kind = "normal", .object = &normal, .take = lock_normal, .wait = lock_normal},
    {.kind = "recursive", .object = &recursive, .take = lock_recursive, .wait = lock_recursive},
    {.kind = "errorcheck", .object = &checking, .take = lock_checking, .wait = lock_checking},
    {.kind = "adaptive", .object = &adaptive, .take = lock_adaptive, .wait = lock_adaptive},
    {.kind = "trylock", .object = &tried, .take = try_tried, .wait = lock_tried},
    {.kind = "timedlock", .object = &timed, .take = lock_timed, .wait = time_timed},
    {.kind = "clocklock", .object = &clocked, .take = lock_clocked, .wait = clock_clocked},
    {.kind = "pi", .object = &inheriting, .take = lock_inheriting, .wait = lock_inheriting},
    {.kind = "pi_timed",
     .object = &inheriting_timed,
     .take = try_inheriting_timed,
     .wait = time_inheriting_timed},
    {.kind = "robust", .object = &robust, .take = lock_robust, .wait = lock_robust},
    {.kind = "mtx", .object = &c11, .take = lock_c11, .wait = lock_c11},
    {.kind = "mtx_timed", .object = &c11_timed, .take = lock_c11_timed, .wait = time_c11_timed},
    {.kind = "rwlock_write", .object = &write_held, .take = write_write_held, .wait = read_write_held},
    {.kind = "rwlock_read", .object = &read_held, .take = read_read_held, .wait = write_read_held},
    {.kind = "rwlock_timed", .object = &tried_rwlock, .take = try_tried_rwlock, .wait = time_tried_rwlock},
    {.kind = "handed",
     .object = &handed,
     .take = lock_handed,
     .wait = lock_handed,
     .hand_over = unlock_handed},
    {.kind = "handed_pi",
     .object = &handed_inheriting,
     .take = lock_handed_inheriting,
     .wait = lock_handed_inheriting,
     .hand_over = unlock_handed_inheriting},
    {.kind = "handed_robust",
     .object = &handed_robust,
     .take = lock_handed_robust,
     .wait = lock_handed_robust,
     .hand_over = unlock_handed_robust},
    {.kind = "handed_rwlock",
     .object = &handed_rwlock,
     .take = write_handed_rwlock,
     .wait = write_handed_rwlock,
     .hand_over = unlock_handed_rwlock},
    {.kind = "passed", .object = &passed, .take = take_passed, .wait = lock_passed},
    {.kind = "passed_recursive",
     .object = &passed_recursive,
     .take = take_passed_recursive,
     .wait = lock_passed_recursive},
    {.kind = "passed_rwlock",
     .object = &passed_rwlock,
     .take = take_passed_rwlock,
     .wait = lock_passed_rwlock},
    {.kind = "passed_mtx", .object = &passed_c11, .take = take_passed_c11, .wait = lock_passed_c11},
    {.kind = "jumped",
     .object = &left_by_jump,
     .take = lock_left_by_jump,
     .wait = lock_left_by_jump,
     .after = jump_out_of_wait,
     .hand_over = unlock_left_by_jump},
    {.kind = "once", .object = &once, .take = run_once, .wait = run_once},
    {.kind = "passed_spin",
     .object = (void *)&passed_spin,
     .take = take_passed_spin,
     .wait = lock_passed_spin},
    {.kind = "join", .wait = join_right},
};

#define PAIR_COUNT (sizeof(pairs) / sizeof(pairs[0]))

static int join_right(void)
{
    return pthread_join(pairs[PAIR_COUNT - 1].right, NULL);
}

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void nap(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    nanosleep(&pause, NULL);
}

/* Or has it run for so long that it must be spinning? */
static bool is_asleep(int tid)
{
    const unsigned long spinning_ticks = 5;
    char path[64], state = '\0';
    unsigned long ticks = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &state, &ticks) != 2)
        state = '\0';
    fclose(file);
    return state == 'S' || ticks >= spinning_ticks;
}

static void await(const int *value)
{
    while (__atomic_load_n(value, __ATOMIC_ACQUIRE) == 0)
        nap();
}

static void await_sleep(const int *tid)
{
    await(tid);
    while (!is_asleep(*tid))
        nap();
}

static void set_name(const char *side, const char *kind)
{
    char name[32];

    snprintf(name, sizeof name, "%s-%s", side, kind);
    name[15] = '\0';
    pthread_setname_np(pthread_self(), name);
}

static void *hold_and_wait_left(void *argument)
{
    struct pair *pair = argument;

    set_name("l", pair->kind);
    pthread_mutex_lock(&pair->mutex);
    __atomic_store_n(&pair->left_holds, 1, __ATOMIC_RELEASE);
    if (pair->hand_over == NULL)
        await(&pair->right_holds);
    __atomic_store_n(&pair->left_tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    pair->wait();
    return NULL;
}

static void *hold_and_wait_right(void *argument)
{
    struct pair *pair = argument;

    set_name("r", pair->kind);
    if (pair->hand_over == NULL)
        await(&pair->left_holds);
    __atomic_store_n(&pair->right_tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    must(pair->take == NULL || pair->take() == 0);
    if (pair->after != NULL)
        pair->after();
    wait_for_left(pair);
    return NULL;
}

static void start(struct pair *pair)
{
    pthread_t left;

    pthread_mutex_init(&pair->mutex, NULL);
    must(pair->hand_over == NULL || pair->take() == 0);
    must(pthread_create(&pair->right, NULL, hold_and_wait_right, pair) == 0);
    if (pair->hand_over != NULL)
        await_sleep(&pair->right_tid);
    must(pthread_create(&left, NULL, hold_and_wait_left, pair) == 0);
    await_sleep(&pair->left_tid);
    must(pair->hand_over == NULL || pair->hand_over() == 0);
    await(&pair->right_holds);
    await_sleep(&pair->right_tid);
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
    init_mutex(&normal, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&checking, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&adaptive, PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&inheriting, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    init_mutex(&inheriting_timed, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    init_mutex(&handed_inheriting, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    init_mutex(&robust, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    init_mutex(&passed_recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    init_mutex(&handed_robust, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    must(mtx_init(&c11, mtx_plain) == thrd_success);
    must(mtx_init(&c11_timed, mtx_timed) == thrd_success);
    must(pthread_spin_init(&passed_spin, PTHREAD_PROCESS_PRIVATE) == 0);
    must(mtx_init(&passed_c11, mtx_plain) == thrd_success);
}

static void print_pair(const struct pair *pair)
{
    printf("%s %d %d 0x%" PRIxPTR " 0x%" PRIxPTR "\n", pair->kind, pair->left_tid, pair->right_tid,
           (uintptr_t)&pair->mutex, (uintptr_t)pair->object);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    init_objects();
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        once_pair = pairs[i].object == &once ? &pairs[i] : once_pair;
        start(&pairs[i]);
        print_pair(&pairs[i]);
    }
    puts("all");
    fflush(stdout);
    if (strcmp(argv[1], "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(argv[1], "stay") == 0)
        pause();
    return 0;
}
