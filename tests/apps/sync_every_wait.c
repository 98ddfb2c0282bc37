/*
 * Every function that waits for another thread, with every kind of object that it takes: each is a row of a
 * table that main() fills. Of each row one thread waits ROUNDS times, for HOLD_NS and a little each time, and
 * measures it; the main thread makes it wait and lets it go on, or the time runs out. Prints for each row
 *
 *     NAME KIND OUTCOME OBJECT COUNT TOTAL_NS TID
 *
 * with the numbers of tracepoints/contract.h. No two rows share an object; that of joins is 0.
 */
#include <dlfcn.h>
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

#define ROUNDS 8
#define HOLD_NS 5000000
#define MAX_ROWS 128

/* How a function knows when to give up: never, at a time of CLOCK_REALTIME, at one of a clock it is told. */
enum form { PLAIN, TIMED, CLOCKED, FORM_COUNT };

struct row;

/* The functions of one kind of object. All but `wait` are called by the main thread; any may be NULL. */
struct family {
    const char *name;
    int kind;
    void (*hold)(struct row *row);
    int (*wait)(struct row *row, const struct timespec *until); /* 0, ETIMEDOUT, or anything that is wrong */
    void (*after)(struct row *row);                             /* the waiter, when it has got it */
    void (*let_go)(struct row *row);
};

struct row {
    const struct family *family;
    const char *variety;
    enum form form;
    int outcome;
    void *object;
    void *mutex; /* of conditions */
    uint64_t total_ns;
    int tid;
};

static struct row rows[MAX_ROWS];
static int row_count;
static int started, waiting, finished; /* number of the round, over all rows */
static pthread_t joined;
static thrd_t c11_joined;
static int joined_may_end, once_entered, once_may_end;

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

/* None of this is a wait for a thread. */
static void nap(long ns)
{
    struct timespec pause = {.tv_nsec = ns};

    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void await(const int *value, int wanted)
{
    while (__atomic_load_n(value, __ATOMIC_ACQUIRE) != wanted)
        nap(100000);
}

/* In the kernel; who spins never is, and gets some time to begin instead. */
static void await_sleep(const struct row *row)
{
    char path[64], state = '\0';

    if (row->family->kind == EXECTRACE_WAIT_SPIN) {
        nap(4 * HOLD_NS);
        return;
    }
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", row->tid);
    while (state != 'S') {
        FILE *file = fopen(path, "r");

        must(file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
        fclose(file);
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int error_of(int result)
{
    return result == 0 ? 0 : errno;
}

static int c11_error(int result)
{
    return result == thrd_success ? 0 : result == thrd_timedout ? ETIMEDOUT : EINVAL;
}

/* --- mutexes ------------------------------------------------------------------------------------------ */

static void hold_mutex(struct row *row)
{
    must(pthread_mutex_lock(row->object) == 0);
}

static int wait_mutex(struct row *row, const struct timespec *until)
{
    return row->form == PLAIN   ? pthread_mutex_lock(row->object)
           : row->form == TIMED ? pthread_mutex_timedlock(row->object, until)
                                : pthread_mutex_clocklock(row->object, CLOCK_MONOTONIC, until);
}

static void unlock_mutex(struct row *row)
{
    must(pthread_mutex_unlock(row->object) == 0);
}

static void hold_mtx(struct row *row)
{
    must(mtx_lock(row->object) == thrd_success);
}

static int wait_mtx(struct row *row, const struct timespec *until)
{
    return c11_error(row->form == PLAIN ? mtx_lock(row->object) : mtx_timedlock(row->object, until));
}

static void unlock_mtx(struct row *row)
{
    must(mtx_unlock(row->object) == thrd_success);
}

static void hold_spin(struct row *row)
{
    must(pthread_spin_lock(row->object) == 0);
}

static int wait_spin(struct row *row, const struct timespec *until)
{
    (void)until;
    return pthread_spin_lock(row->object);
}

static void unlock_spin(struct row *row)
{
    must(pthread_spin_unlock(row->object) == 0);
}

/* --- read-write locks --------------------------------------------------------------------------------- */

static void hold_writing(struct row *row)
{
    must(pthread_rwlock_wrlock(row->object) == 0);
}

static void hold_reading(struct row *row)
{
    must(pthread_rwlock_rdlock(row->object) == 0);
}

static int wait_reading(struct row *row, const struct timespec *until)
{
    return row->form == PLAIN   ? pthread_rwlock_rdlock(row->object)
           : row->form == TIMED ? pthread_rwlock_timedrdlock(row->object, until)
                                : pthread_rwlock_clockrdlock(row->object, CLOCK_MONOTONIC, until);
}

static int wait_writing(struct row *row, const struct timespec *until)
{
    return row->form == PLAIN   ? pthread_rwlock_wrlock(row->object)
           : row->form == TIMED ? pthread_rwlock_timedwrlock(row->object, until)
                                : pthread_rwlock_clockwrlock(row->object, CLOCK_MONOTONIC, until);
}

static void unlock_rwlock(struct row *row)
{
    must(pthread_rwlock_unlock(row->object) == 0);
}

/* --- conditions: the waiter has the mutex only for them ------------------------------------------------ */

static int wait_cond(struct row *row, const struct timespec *until)
{
    must(pthread_mutex_lock(row->mutex) == 0);
    int result = row->form == PLAIN ? pthread_cond_wait(row->object, row->mutex)
                 : row->form == TIMED
                     ? pthread_cond_timedwait(row->object, row->mutex, until)
                     : pthread_cond_clockwait(row->object, row->mutex, CLOCK_MONOTONIC, until);
    must(pthread_mutex_unlock(row->mutex) == 0);
    return result;
}

static void signal_cond(struct row *row)
{
    must(pthread_cond_signal(row->object) == 0);
}

/* As a program linked before 2003 finds them. */
static void *old_symbol(const char *name)
{
    void *symbol = dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");

    must(symbol != NULL);
    return symbol;
}

static int wait_old_cond(struct row *row, const struct timespec *until)
{
    int (*wait)(void *, void *) = old_symbol("pthread_cond_wait");
    int (*timedwait)(void *, void *, const void *) = old_symbol("pthread_cond_timedwait");

    must(pthread_mutex_lock(row->mutex) == 0);
    int result =
        row->form == PLAIN ? wait(row->object, row->mutex) : timedwait(row->object, row->mutex, until);
    must(pthread_mutex_unlock(row->mutex) == 0);
    return result;
}

static void broadcast_old_cond(struct row *row)
{
    int (*broadcast)(void *) = old_symbol("pthread_cond_broadcast");

    must(broadcast(row->object) == 0);
}

static int wait_cnd(struct row *row, const struct timespec *until)
{
    must(mtx_lock(row->mutex) == thrd_success);
    int result = row->form == PLAIN ? cnd_wait(row->object, row->mutex)
                                    : cnd_timedwait(row->object, row->mutex, until);
    must(mtx_unlock(row->mutex) == thrd_success);
    return c11_error(result);
}

static void broadcast_cnd(struct row *row)
{
    must(cnd_broadcast(row->object) == thrd_success);
}

/* --- semaphores, barriers, once, futexes -------------------------------------------------------------- */

static int wait_semaphore(struct row *row, const struct timespec *until)
{
    return error_of(row->form == PLAIN   ? sem_wait(row->object)
                    : row->form == TIMED ? sem_timedwait(row->object, until)
                                         : sem_clockwait(row->object, CLOCK_MONOTONIC, until));
}

static void post_semaphore(struct row *row)
{
    must(sem_post(row->object) == 0);
}

static int wait_barrier(struct row *row, const struct timespec *until)
{
    (void)until;
    int result = pthread_barrier_wait(row->object);
    return result == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : result;
}

static void arrive_at_barrier(struct row *row)
{
    wait_barrier(row, NULL);
}

static void once_routine(void)
{
    __atomic_store_n(&once_entered, 1, __ATOMIC_RELEASE);
    await(&once_may_end, 1);
}

static int wait_once(struct row *row, const struct timespec *until)
{
    (void)until;
    return pthread_once(row->object, once_routine);
}

static int wait_c11_once(struct row *row, const struct timespec *until)
{
    (void)until;
    call_once(row->object, once_routine);
    return 0;
}

static void *run_once(void *row)
{
    ((struct row *)row)->family->wait(row, NULL);
    return NULL;
}

/* A thread of its own runs the routine. */
static void hold_once(struct row *row)
{
    *(pthread_once_t *)row->object = PTHREAD_ONCE_INIT;
    once_entered = once_may_end = 0;
    must(pthread_create(&joined, NULL, run_once, row) == 0);
    pthread_detach(joined);
    await(&once_entered, 1);
}

static void end_once(struct row *row)
{
    (void)row;
    __atomic_store_n(&once_may_end, 1, __ATOMIC_RELEASE);
}

static int wait_futex(struct row *row, const struct timespec *until)
{
    int operation = row->form == PLAIN ? FUTEX_WAIT : FUTEX_WAIT_BITSET;

    if (row->form == TIMED)
        operation |= FUTEX_CLOCK_REALTIME;
    return error_of((int)syscall(SYS_futex, row->object, operation | FUTEX_PRIVATE_FLAG, 0, until, NULL,
                                 FUTEX_BITSET_MATCH_ANY));
}

static void wake_futex(struct row *row)
{
    must(syscall(SYS_futex, row->object, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1);
}

/* --- joins -------------------------------------------------------------------------------------------- */

static void *joined_thread(void *unused)
{
    await(&joined_may_end, 1);
    return unused;
}

static int c11_joined_thread(void *unused)
{
    joined_thread(unused);
    return 0;
}

static void start_joined(struct row *row)
{
    (void)row;
    joined_may_end = 0;
    must(pthread_create(&joined, NULL, joined_thread, NULL) == 0);
}

static void start_c11_joined(struct row *row)
{
    (void)row;
    joined_may_end = 0;
    must(thrd_create(&c11_joined, c11_joined_thread, NULL) == thrd_success);
}

static int wait_join(struct row *row, const struct timespec *until)
{
    return row->form == PLAIN   ? pthread_join(joined, NULL)
           : row->form == TIMED ? pthread_timedjoin_np(joined, NULL, until)
                                : pthread_clockjoin_np(joined, NULL, CLOCK_MONOTONIC, until);
}

static int wait_c11_join(struct row *row, const struct timespec *until)
{
    (void)row;
    (void)until;
    return c11_error(thrd_join(c11_joined, NULL));
}

static void end_joined(struct row *row)
{
    if (row->outcome == EXECTRACE_OUTCOME_TIMED_OUT)
        pthread_detach(joined);
    __atomic_store_n(&joined_may_end, 1, __ATOMIC_RELEASE);
}

/* --- the table ---------------------------------------------------------------------------------------- */

static const struct family mutexes = {"mutex",    EXECTRACE_WAIT_MUTEX, hold_mutex,
                                      wait_mutex, unlock_mutex,         unlock_mutex};
static const struct family mtxs = {"mtx", EXECTRACE_WAIT_MUTEX, hold_mtx, wait_mtx, unlock_mtx, unlock_mtx};
static const struct family spins = {"spin",    EXECTRACE_WAIT_SPIN, hold_spin,
                                    wait_spin, unlock_spin,         unlock_spin};
static const struct family readers = {
    "rdlock", EXECTRACE_WAIT_RWLOCK_READ, hold_writing, wait_reading, unlock_rwlock, unlock_rwlock};
static const struct family writers = {
    "wrlock", EXECTRACE_WAIT_RWLOCK_WRITE, hold_reading, wait_writing, unlock_rwlock, unlock_rwlock};
static const struct family rivals = {
    "wrlock_wr", EXECTRACE_WAIT_RWLOCK_WRITE, hold_writing, wait_writing, unlock_rwlock, unlock_rwlock};
static const struct family conds = {"cond", EXECTRACE_WAIT_COND, NULL, wait_cond, NULL, signal_cond};
static const struct family old_conds = {"old_cond", EXECTRACE_WAIT_COND, NULL, wait_old_cond,
                                        NULL,       broadcast_old_cond};
static const struct family cnds = {"cnd", EXECTRACE_WAIT_COND, NULL, wait_cnd, NULL, broadcast_cnd};
static const struct family semaphores = {"sem",         EXECTRACE_WAIT_SEMAPHORE, NULL, wait_semaphore, NULL,
                                         post_semaphore};
static const struct family barriers = {"barrier", EXECTRACE_WAIT_BARRIER, NULL, wait_barrier,
                                       NULL,      arrive_at_barrier};
static const struct family onces = {"once", EXECTRACE_WAIT_ONCE, hold_once, wait_once, NULL, end_once};
static const struct family c11_onces = {"call_once", EXECTRACE_WAIT_ONCE, hold_once, wait_c11_once, NULL,
                                        end_once};
static const struct family futexes = {"futex", EXECTRACE_WAIT_FUTEX, NULL, wait_futex, NULL, wake_futex};
static const struct family joins = {"join", EXECTRACE_WAIT_JOIN, start_joined, wait_join, NULL, end_joined};
static const struct family c11_joins = {"thrd_join", EXECTRACE_WAIT_JOIN, start_c11_joined, wait_c11_join,
                                        NULL,        end_joined};

static struct row *add_row(const struct family *family, const char *variety, enum form form, int outcome)
{
    struct row *row = &rows[row_count++];

    must(row_count <= MAX_ROWS);
    *row = (struct row){.family = family, .variety = variety, .form = form, .outcome = outcome};
    row->object = family->kind == EXECTRACE_WAIT_JOIN ? NULL : calloc(1, 64);
    row->mutex =
        calloc(1, sizeof(pthread_mutex_t)); /* zeroed memory is a mutex and a condition, of C11 too */
    return row;
}

/* One row for each form, where the time runs out one more; init() makes the object. */
static void add(const struct family *family, const char *variety, int form_count,
                void (*init)(void *object, int detail), int detail)
{
    for (int form = PLAIN; form < form_count; form++) {
        for (int outcome = EXECTRACE_OUTCOME_ACQUIRED; outcome <= EXECTRACE_OUTCOME_TIMED_OUT; outcome++) {
            if (form == PLAIN && outcome == EXECTRACE_OUTCOME_TIMED_OUT)
                continue;
            struct row *row = add_row(family, variety, (enum form)form, outcome);
            if (init != NULL)
                init(row->object, detail);
        }
    }
}

enum mutex_detail { OF_TYPE = 0, INHERITING = 16, ROBUST = 32, SHARED = 64 };

static void init_mutex(void *object, int detail)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    must(pthread_mutexattr_settype(&attributes, detail & 15) == 0);
    if (detail & INHERITING)
        must(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
    if (detail & ROBUST)
        must(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    if (detail & SHARED)
        must(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
    must(pthread_mutex_init(object, &attributes) == 0);
}

static void init_mtx(void *object, int type)
{
    must(mtx_init(object, type) == thrd_success);
}

static void init_semaphore(void *object, int is_shared)
{
    must(sem_init(object, is_shared, 0) == 0);
}

static void init_barrier(void *object, int count)
{
    must(pthread_barrier_init(object, NULL, (unsigned)count) == 0);
}

static void init_spin(void *object, int is_shared)
{
    must(pthread_spin_init(object, is_shared) == 0);
}

static void open_semaphore(struct row *row)
{
    char name[64];

    snprintf(name, sizeof name, "/exectrace-test-%d-%d-%d", (int)getpid(), row->form, row->outcome);
    row->object = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    must(row->object != SEM_FAILED);
    sem_unlink(name);
}

static void fill_table(void)
{
    add(&mutexes, "normal", FORM_COUNT, init_mutex, PTHREAD_MUTEX_NORMAL);
    add(&mutexes, "recursive", FORM_COUNT, init_mutex, PTHREAD_MUTEX_RECURSIVE);
    add(&mutexes, "errorcheck", FORM_COUNT, init_mutex, PTHREAD_MUTEX_ERRORCHECK);
    add(&mutexes, "adaptive", FORM_COUNT, init_mutex, PTHREAD_MUTEX_ADAPTIVE_NP);
    add(&mutexes, "pi", FORM_COUNT, init_mutex, INHERITING);
    add(&mutexes, "robust", FORM_COUNT, init_mutex, ROBUST);
    add(&mutexes, "robust_pi_recursive", FORM_COUNT, init_mutex,
        INHERITING | ROBUST | PTHREAD_MUTEX_RECURSIVE);
    add(&mutexes, "shared", FORM_COUNT, init_mutex, SHARED);
    add(&mtxs, "plain", PLAIN + 1, init_mtx, mtx_plain);
    add(&mtxs, "timed", TIMED + 1, init_mtx, mtx_timed);
    add(&mtxs, "recursive", TIMED + 1, init_mtx, mtx_timed | mtx_recursive);
    add(&spins, "private", PLAIN + 1, init_spin, 0);
    add(&readers, "writer", FORM_COUNT, NULL, 0);
    add(&writers, "reader", FORM_COUNT, NULL, 0);
    add(&rivals, "writer", FORM_COUNT, NULL, 0);
    add(&conds, "new", FORM_COUNT, NULL, 0);
    add(&old_conds, "old", TIMED + 1, NULL, 0);
    add(&cnds, "c11", TIMED + 1, NULL, 0);
    add(&semaphores, "private", FORM_COUNT, init_semaphore, 0);
    add(&semaphores, "shared", FORM_COUNT, init_semaphore, 1);
    int first = row_count;
    add(&semaphores, "named", FORM_COUNT, NULL, 0);
    for (int i = first; i < row_count; i++)
        open_semaphore(&rows[i]);
    add(&barriers, "two", PLAIN + 1, init_barrier, 2);
    add(&onces, "posix", PLAIN + 1, NULL, 0);
    add(&c11_onces, "c11", PLAIN + 1, NULL, 0);
    add(&futexes, "private", FORM_COUNT, NULL, 0);
    add(&joins, "posix", FORM_COUNT, NULL, 0);
    add(&c11_joins, "c11", PLAIN + 1, NULL, 0);
}

/* --- the two threads ---------------------------------------------------------------------------------- */

static struct timespec time_after(const struct row *row)
{
    struct timespec until;

    clock_gettime(row->form == TIMED ? CLOCK_REALTIME : CLOCK_MONOTONIC, &until);
    until.tv_sec += row->outcome == EXECTRACE_OUTCOME_TIMED_OUT ? 0 : 100;
    until.tv_nsec += HOLD_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

static void wait_once_of(struct row *row, int round)
{
    struct timespec until = time_after(row);
    uint64_t start_ns;

    __atomic_store_n(&waiting, round + 1, __ATOMIC_RELEASE);
    start_ns = now_ns();
    int error = row->family->wait(row, row->form == PLAIN ? NULL : &until);

    row->total_ns += now_ns() - start_ns;
    must(error == (row->outcome == EXECTRACE_OUTCOME_TIMED_OUT ? ETIMEDOUT : 0));
    if (error == 0 && row->family->after != NULL)
        row->family->after(row);
}

static void *waiter(void *unused)
{
    for (int round = 0; round < row_count * ROUNDS; round++) {
        struct row *row = &rows[round / ROUNDS];

        row->tid = (int)syscall(SYS_gettid);
        await(&started, round + 1);
        wait_once_of(row, round);
        __atomic_store_n(&finished, round + 1, __ATOMIC_RELEASE);
    }
    return unused;
}

static void make_wait(struct row *row, int round)
{
    bool ends_by_itself = row->outcome == EXECTRACE_OUTCOME_TIMED_OUT;

    if (row->family->hold != NULL)
        row->family->hold(row);
    __atomic_store_n(&started, round + 1, __ATOMIC_RELEASE);
    await(&waiting, round + 1);
    if (ends_by_itself) {
        await(&finished, round + 1);
    } else {
        await_sleep(row);
        nap(HOLD_NS);
    }
    if (!ends_by_itself || row->family->hold != NULL)
        row->family->let_go(row);
    await(&finished, round + 1);
}

int main(void)
{
    static const char *const form_names[] = {"plain", "timed", "clocked"};
    pthread_t thread;

    fill_table();
    must(pthread_create(&thread, NULL, waiter, NULL) == 0);
    for (int round = 0; round < row_count * ROUNDS; round++)
        make_wait(&rows[round / ROUNDS], round);
    pthread_detach(thread); /* a join might be a wait more */
    for (struct row *row = rows; row < rows + row_count; row++)
        printf("%s-%s-%s-%s %d %d 0x%" PRIXPTR " %d %" PRIu64 " %d\n", row->family->name, row->variety,
               form_names[row->form], row->outcome == EXECTRACE_OUTCOME_ACQUIRED ? "got" : "late",
               row->family->kind, row->outcome, (uintptr_t)row->object, ROUNDS, row->total_ns, row->tid);
    return 0;
}
