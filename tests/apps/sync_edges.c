/*
 * Waits at the edges of a program's life: in a constructor, in handlers of exit and quick_exit, in
 * destructors, in thread-specific destructors of the main thread; old symbol versions of condition variables.
 * "quick" as the argument leaves by quick_exit, "exit" by _exit, "thread" by pthread_exit.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static int may_start_threads = 1; /* not by handlers of exit after the last thread: its end is an exit too */

void sync_edges_use(void); /* of the library */

/* The layout of glibc 2.2.5: a pointer to the real object, which libc allocates. */
static void *old_cond[8];

__asm__(".symver old_wait, pthread_cond_timedwait@GLIBC_2.2.5");
__asm__(".symver old_signal, pthread_cond_signal@GLIBC_2.2.5");
int old_wait(void *cond, pthread_mutex_t *mutex, const struct timespec *until);
int old_signal(void *cond);

static void *hold(void *unused)
{
    pthread_mutex_lock(&mutex);
    usleep(5000);
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void use_locks(const char *where)
{
    struct timespec until;
    pthread_t thread;

    clock_gettime(CLOCK_REALTIME, &until);
    if (may_start_threads) {
        pthread_create(&thread, NULL, hold, NULL);
        pthread_join(thread, NULL);
    }
    pthread_mutex_lock(&mutex);
    printf("%s: %d\n", where, pthread_cond_timedwait(&cond, &mutex, &until));
    printf("%s, old version: %d %d\n", where, old_signal(old_cond), old_wait(old_cond, &mutex, &until));
    pthread_mutex_unlock(&mutex);
    fflush(stdout);
}

static void on_exit_handler(void)
{
    use_locks("atexit");
}

static void on_quick_exit(void)
{
    use_locks("at_quick_exit");
}

static void destroy_key(void *unused)
{
    (void)unused;
    use_locks("thread-specific data");
}

__attribute__((constructor)) static void construct(void)
{
    use_locks("constructor");
}

__attribute__((destructor)) static void destruct(void)
{
    use_locks("destructor");
}

static void end_main_thread(void)
{
    may_start_threads = 0;
    pthread_exit(NULL);
}

int main(int argc, char **argv)
{
    pthread_key_create(&key, destroy_key);
    pthread_setspecific(key, &key);
    atexit(on_exit_handler);
    at_quick_exit(on_quick_exit);
    use_locks("main");
    sync_edges_use();
    if (argc > 1 && strcmp(argv[1], "quick") == 0)
        quick_exit(5);
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        _exit(6);
    if (argc > 1 && strcmp(argv[1], "thread") == 0)
        end_main_thread();
    return 4;
}
