/*
 * The real functions of the synchronisation, thread and process wrappers. X(result, name, version,
 * (parameters), (arguments)): `version` is the symbol version to ask for first, NULL for the default one.
 */
#ifndef EXECTRACE_REAL_SYNC_H
#define EXECTRACE_REAL_SYNC_H

#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <threads.h>
#include <time.h>

#define REAL_SYNC_LIST(X)                                                                                    \
    X(int, pthread_mutex_lock, NULL, (pthread_mutex_t * mutex), (mutex))                                     \
    X(int, pthread_mutex_trylock, NULL, (pthread_mutex_t * mutex), (mutex))                                  \
    X(int, pthread_mutex_timedlock, NULL, (pthread_mutex_t * mutex, const struct timespec *until),           \
      (mutex, until))                                                                                        \
    X(int, pthread_mutex_clocklock, NULL,                                                                    \
      (pthread_mutex_t * mutex, clockid_t clock, const struct timespec *until), (mutex, clock, until))       \
    X(int, pthread_mutex_unlock, NULL, (pthread_mutex_t * mutex), (mutex))                                   \
    X(int, pthread_rwlock_rdlock, NULL, (pthread_rwlock_t * lock), (lock))                                   \
    X(int, pthread_rwlock_wrlock, NULL, (pthread_rwlock_t * lock), (lock))                                   \
    X(int, pthread_rwlock_tryrdlock, NULL, (pthread_rwlock_t * lock), (lock))                                \
    X(int, pthread_rwlock_trywrlock, NULL, (pthread_rwlock_t * lock), (lock))                                \
    X(int, pthread_rwlock_timedrdlock, NULL, (pthread_rwlock_t * lock, const struct timespec *until),        \
      (lock, until))                                                                                         \
    X(int, pthread_rwlock_timedwrlock, NULL, (pthread_rwlock_t * lock, const struct timespec *until),        \
      (lock, until))                                                                                         \
    X(int, pthread_rwlock_clockrdlock, NULL,                                                                 \
      (pthread_rwlock_t * lock, clockid_t clock, const struct timespec *until), (lock, clock, until))        \
    X(int, pthread_rwlock_clockwrlock, NULL,                                                                 \
      (pthread_rwlock_t * lock, clockid_t clock, const struct timespec *until), (lock, clock, until))        \
    X(int, pthread_rwlock_unlock, NULL, (pthread_rwlock_t * lock), (lock))                                   \
    X(int, pthread_spin_lock, NULL, (pthread_spinlock_t * lock), (lock))                                     \
    X(int, pthread_spin_trylock, NULL, (pthread_spinlock_t * lock), (lock))                                  \
    X(int, pthread_spin_unlock, NULL, (pthread_spinlock_t * lock), (lock))                                   \
    X(int, pthread_cond_wait, "GLIBC_2.3.2", (pthread_cond_t * cond, pthread_mutex_t * mutex),               \
      (cond, mutex))                                                                                         \
    X(int, pthread_cond_timedwait, "GLIBC_2.3.2",                                                            \
      (pthread_cond_t * cond, pthread_mutex_t * mutex, const struct timespec *until), (cond, mutex, until))  \
    X(int, pthread_cond_clockwait, NULL,                                                                     \
      (pthread_cond_t * cond, pthread_mutex_t * mutex, clockid_t clock, const struct timespec *until),       \
      (cond, mutex, clock, until))                                                                           \
    X(int, pthread_cond_signal, "GLIBC_2.3.2", (pthread_cond_t * cond), (cond))                              \
    X(int, pthread_cond_broadcast, "GLIBC_2.3.2", (pthread_cond_t * cond), (cond))                           \
    X(int, pthread_barrier_wait, NULL, (pthread_barrier_t * barrier), (barrier))                             \
    X(int, pthread_once, NULL, (pthread_once_t * once, void (*routine)(void)), (once, routine))              \
    X(int, pthread_create, NULL,                                                                             \
      (pthread_t * thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument),      \
      (thread, attributes, routine, argument))                                                               \
    X(int, pthread_join, NULL, (pthread_t thread, void **result), (thread, result))                          \
    X(int, pthread_tryjoin_np, NULL, (pthread_t thread, void **result), (thread, result))                    \
    X(int, pthread_timedjoin_np, NULL, (pthread_t thread, void **result, const struct timespec *until),      \
      (thread, result, until))                                                                               \
    X(int, pthread_clockjoin_np, NULL,                                                                       \
      (pthread_t thread, void **result, clockid_t clock, const struct timespec *until),                      \
      (thread, result, clock, until))                                                                        \
    X(int, pthread_setcanceltype, NULL, (int type, int *old_type), (type, old_type))                         \
    X(void, pthread_exit, NULL, (void *result), (result))                                                    \
    X(void, thrd_exit, NULL, (int result), (result))                                                         \
    X(void, longjmp, NULL, (void *target, int value), (target, value))                                       \
    X(void, _longjmp, NULL, (void *target, int value), (target, value))                                      \
    X(void, siglongjmp, NULL, (void *target, int value), (target, value))                                    \
    X(void, __longjmp_chk, NULL, (void *target, int value), (target, value))                                 \
    X(void, exit, NULL, (int status), (status))                                                              \
    X(int, pthread_setname_np, NULL, (pthread_t thread, const char *name), (thread, name))                   \
    X(int, sem_wait, NULL, (sem_t * semaphore), (semaphore))                                                 \
    X(int, sem_trywait, NULL, (sem_t * semaphore), (semaphore))                                              \
    X(int, sem_timedwait, NULL, (sem_t * semaphore, const struct timespec *until), (semaphore, until))       \
    X(int, sem_clockwait, NULL, (sem_t * semaphore, clockid_t clock, const struct timespec *until),          \
      (semaphore, clock, until))                                                                             \
    X(int, sem_post, NULL, (sem_t * semaphore), (semaphore))                                                 \
    X(int, mtx_lock, NULL, (mtx_t * mutex), (mutex))                                                         \
    X(int, mtx_timedlock, NULL, (mtx_t * mutex, const struct timespec *until), (mutex, until))               \
    X(int, mtx_trylock, NULL, (mtx_t * mutex), (mutex))                                                      \
    X(int, mtx_unlock, NULL, (mtx_t * mutex), (mutex))                                                       \
    X(int, cnd_wait, NULL, (cnd_t * cond, mtx_t * mutex), (cond, mutex))                                     \
    X(int, cnd_timedwait, NULL, (cnd_t * cond, mtx_t * mutex, const struct timespec *until),                 \
      (cond, mutex, until))                                                                                  \
    X(int, cnd_signal, NULL, (cnd_t * cond), (cond))                                                         \
    X(int, cnd_broadcast, NULL, (cnd_t * cond), (cond))                                                      \
    X(void, call_once, NULL, (once_flag * once, void (*routine)(void)), (once, routine))                     \
    X(int, thrd_create, NULL, (thrd_t * thread, thrd_start_t routine, void *argument),                       \
      (thread, routine, argument))                                                                           \
    X(int, thrd_join, NULL, (thrd_t thread, int *result), (thread, result))                                  \
    X(pid_t, _Fork, NULL, (void), ())                                                                        \
    X(void, _exit, NULL, (int status), (status))                                                             \
    X(void, _Exit, NULL, (int status), (status))                                                             \
    X(int, execve, NULL, (const char *path, char *const *arguments, char *const *environment),               \
      (path, arguments, environment))                                                                        \
    X(int, execv, NULL, (const char *path, char *const *arguments), (path, arguments))                       \
    X(int, execvp, NULL, (const char *file, char *const *arguments), (file, arguments))                      \
    X(int, execvpe, NULL, (const char *file, char *const *arguments, char *const *environment),              \
      (file, arguments, environment))                                                                        \
    X(int, fexecve, NULL, (int fd, char *const *arguments, char *const *environment),                        \
      (fd, arguments, environment))                                                                          \
    X(int, execveat, NULL,                                                                                   \
      (int fd, const char *path, char *const *arguments, char *const *environment, int flags),               \
      (fd, path, arguments, environment, flags))                                                             \
    X(int, dlclose, NULL, (void *handle), (handle))                                                          \
    X(int, prctl, NULL, (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d),    \
      (option, a, b, c, d))                                                                                  \
    X(long, syscall, NULL, (long number, long a, long b, long c, long d, long e, long f),                    \
      (number, a, b, c, d, e, f))

#endif
