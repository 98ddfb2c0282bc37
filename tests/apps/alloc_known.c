/*
 * Allocations of known sizes from all functions, some of them kept. Prints "main PID BYTES KEPT-BYTES". With
 * the argument "threads": of many threads one small allocation each.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 20000
#define KEPT 2000
#define THREADS 400
#define SMALL 16

static void *kept[KEPT];
static uint64_t bytes;
static uint64_t kept_bytes;

static void *allocate(int round, size_t size)
{
    void *memory = NULL;

    bytes += size;
    switch (round % 6) {
    case 0:
        return calloc(size / 8, 8);
    case 1:
        return posix_memalign(&memory, 64, size) == 0 ? memory : NULL;
    case 2:
        return aligned_alloc(64, size);
    case 3:
        return memalign(256, size);
    case 4:
        bytes += size / 2; /* a release and a new allocation */
        return realloc(malloc(size / 2), size);
    default:
        return malloc(size);
    }
}

static void *allocate_once(void *unused)
{
    void *volatile memory = malloc(SMALL);

    free(memory);
    return unused;
}

static int in_threads(void)
{
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, allocate_once, NULL) != 0)
            return 1;
        pthread_join(thread, NULL);
    }
    printf("main %d %d 0\n", getpid(), THREADS * SMALL);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "threads") == 0)
        return in_threads();
    for (int round = 0; round < ROUNDS; round++) {
        size_t size = (size_t)64 << (round % 7); /* 64 to 4096 */
        void *memory = allocate(round, size);

        if (memory == NULL)
            return 1;
        if (round % (ROUNDS / KEPT) == 0) {
            kept[round / (ROUNDS / KEPT)] = memory;
            kept_bytes += size;
        } else {
            free(memory);
        }
    }
    printf("main %d %lu %lu\n", getpid(), (unsigned long)bytes, (unsigned long)kept_bytes);
    return kept[0] == NULL;
}
