/*
 * What wrapped calls cost: a program that does nothing else. Started by tests/bench/run, see bench_timer.h.
 *
 *     tests/bench/run io-null io-ping-pong malloc        all tools, side by side
 *     bench_io null|ping-pong|malloc COUNT
 *
 * null: write of one byte to /dev/null, the cheapest call there is. ping-pong: a byte there and back between
 * two threads through pipes. malloc: malloc(64) and free.
 */
#include "bench_timer.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int there[2];
static int back[2];
static long count;

static void run_null(void)
{
    int null = open("/dev/null", O_WRONLY);

    for (long i = 0; i < count; i++) {
        if (write(null, "x", 1) != 1)
            exit(1);
    }
    close(null);
}

static void *pong(void *unused)
{
    char byte;

    for (long i = 0; i < count; i++) {
        if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
            exit(1);
    }
    return unused;
}

static void run_ping_pong(void)
{
    pthread_t thread;
    char byte = 'x';

    if (pipe(there) != 0 || pipe(back) != 0 || pthread_create(&thread, NULL, pong, NULL) != 0)
        exit(1);
    for (long i = 0; i < count; i++) {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            exit(1);
    }
    pthread_join(thread, NULL);
}

static void run_malloc(void)
{
    for (long i = 0; i < count; i++) {
        void *volatile memory = malloc(64);
        free(memory);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } loops[] = {{"null", run_null}, {"ping-pong", run_ping_pong}, {"malloc", run_malloc}};

    count = argc == 3 ? atol(argv[2]) : 0;
    for (size_t i = 0; count > 0 && i < sizeof loops / sizeof loops[0]; i++) {
        if (strcmp(argv[1], loops[i].name) != 0)
            continue;

        struct bench_timer timer = bench_timer_start();
        loops[i].run();
        bench_timer_print(&timer, count);
        return 0;
    }
    fputs("usage: bench_io null|ping-pong|malloc COUNT\n", stderr);
    return 2;
}
