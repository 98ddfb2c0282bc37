/*
 * Thread A is inside dlopen, whose lock it holds, and its plugin's constructor wants a mutex. Thread B holds
 * that mutex, and waits, wakes, and starts threads meanwhile. Who asks the dynamic loader for its lock on B's
 * behalf now stops the program for ever. sync_loader PLUGIN
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int is_loading, is_held;

void sync_loader_enter(void); /* the plugin's constructor calls it */

__attribute__((visibility("default"))) void sync_loader_enter(void)
{
    __atomic_store_n(&is_loading, 1, __ATOMIC_RELEASE);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static void await(const int *flag)
{
    struct timespec pause = {.tv_nsec = 100000};

    while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) == 0)
        nanosleep(&pause, NULL);
}

static void *load(void *plugin)
{
    void *handle;

    await(&is_held);
    handle = dlopen(plugin, RTLD_NOW | RTLD_GLOBAL);
    if (handle == NULL)
        printf("%s\n", dlerror());
    else
        dlclose(handle);
    return NULL;
}

static void *hold_other(void *unused)
{
    struct timespec pause = {.tv_nsec = 2000000};

    pthread_mutex_lock(&other);
    pthread_cond_signal(&cond);
    nanosleep(&pause, NULL);
    pthread_mutex_unlock(&other);
    return unused;
}

/* Everything that takes stacks, on the thread that the loader waits for. */
static void do_all(void)
{
    struct timespec until;
    pthread_t thread;

    pthread_mutex_lock(&other);
    pthread_create(&thread, NULL, hold_other, NULL);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 100;
    pthread_cond_timedwait(&cond, &other, &until);
    pthread_mutex_unlock(&other);
    free(malloc(2000000));
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t loader;

        is_loading = is_held = 0;
        pthread_create(&loader, NULL, load, argv[1]);
        pthread_mutex_lock(&mutex);
        __atomic_store_n(&is_held, 1, __ATOMIC_RELEASE);
        await(&is_loading);
        do_all();
        pthread_mutex_unlock(&mutex);
        pthread_join(loader, NULL);
    }
    printf("%d rounds\n", ROUNDS);
    return 0;
}
