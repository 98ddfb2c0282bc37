/*
 * A thousand threads that start, wait for one another and end, in waves, by return, pthread_exit and
 * cancellation, with thread-specific data whose destructors take locks; dlopen and dlclose all the while.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define WAVES 10
#define THREADS 100

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static long counted, destroyed;
static int must_end;

static void count(long *counter)
{
    pthread_mutex_lock(&mutex);
    ++*counter;
    pthread_mutex_unlock(&mutex);
}

static void destroy(void *value)
{
    intptr_t rounds = (intptr_t)value;

    count(&destroyed);
    if (rounds < 3)
        pthread_setspecific(key, (void *)(rounds + 1));
}

static void *worker(void *argument)
{
    intptr_t number = (intptr_t)argument;

    pthread_setspecific(key, (void *)1);
    count(&counted);
    if (number % 3 == 1)
        pthread_exit(argument);
    while (number % 3 == 2)
        pause();
    return argument;
}

static void *load_and_unload(void *library)
{
    while (!__atomic_load_n(&must_end, __ATOMIC_ACQUIRE)) {
        void *handle = dlopen(library, RTLD_NOW);

        if (handle != NULL)
            dlclose(handle);
        usleep(1000);
    }
    return NULL;
}

int main(void)
{
    pthread_t loader;
    long cancelled = 0, returned = 0;

    pthread_key_create(&key, destroy);
    pthread_create(&loader, NULL, load_and_unload, (void *)(uintptr_t) "libutil.so.1");
    for (int wave = 0; wave < WAVES; wave++) {
        pthread_t threads[THREADS];

        for (intptr_t i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, worker, (void *)i);
        for (intptr_t i = 0; i < THREADS; i++) {
            void *value;

            if (i % 3 == 2)
                pthread_cancel(threads[i]);
            pthread_join(threads[i], &value);
            cancelled += value == PTHREAD_CANCELED;
            returned += value == (void *)i;
        }
    }
    must_end = 1;
    pthread_join(loader, NULL);
    printf("returned %ld, cancelled %ld, destructors right %d\n", returned, cancelled,
           destroyed <= counted * 3 && destroyed >= 2 * returned);
    return 0;
}
