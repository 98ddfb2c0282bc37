/*
 * Objects that processes share (PTHREAD_PROCESS_SHARED, sem_init with pshared, named semaphores): do threads
 * wait for them that may belong to another process? Read from glibc's own layouts (2.25 and later, x86-64) by
 * the wrappers that release, on the releasing thread. A wrong answer costs an event or misses one.
 */
#ifndef EXECTRACE_SHARED_OBJECTS_H
#define EXECTRACE_SHARED_OBJECTS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

struct semaphore_layout {
    uint64_t value_and_waiters; /* waiters in the upper half */
    int is_shared;
};

static inline bool semaphore_is_awaited_elsewhere(const sem_t *semaphore)
{
    const struct semaphore_layout *layout = (const struct semaphore_layout *)(const void *)semaphore;

    return __builtin_expect(layout->is_shared != 0, 0) &&
           __atomic_load_n(&layout->value_and_waiters, __ATOMIC_RELAXED) >> 32 != 0;
}

/* Of a condition: the lowest bit of __wrefs says that it is shared, the ones above the third count waiters.
 */
static inline bool cond_is_awaited_elsewhere(const pthread_cond_t *cond)
{
    unsigned references = __atomic_load_n(&cond->__data.__wrefs, __ATOMIC_RELAXED);

    return __builtin_expect((references & 1) != 0, 0) && references >> 3 != 0;
}

/*
 * Held by the caller. __readers counts readers above its third bit; its second one says that a writer has the
 * lock, or is the next one when readers have it. Further writers are counted in __writers.
 */
static inline bool rwlock_is_awaited_elsewhere(const pthread_rwlock_t *lock)
{
    unsigned readers;

    if (__builtin_expect(lock->__data.__shared == 0, 1))
        return false;
    readers = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);
    return __atomic_load_n(&lock->__data.__writers, __ATOMIC_RELAXED) != 0 ||
           (lock->__data.__cur_writer != 0 ? readers >> 3 != 0 : (readers & 2) != 0);
}

/*
 * Held by the caller. The lock word is 2 when somebody waits; of robust and priority-inheriting mutexes it is
 * the holder's id with FUTEX_WAITERS.
 */
static inline bool mutex_is_awaited_elsewhere(const pthread_mutex_t *mutex)
{
    const int shared_kind = 128;
    unsigned word = (unsigned)__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED);

    return __builtin_expect((mutex->__data.__kind & shared_kind) != 0, 0) && (word == 2 || word >> 31 != 0);
}

#endif
