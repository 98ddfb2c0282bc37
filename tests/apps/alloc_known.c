/*
 * Allocations of known sizes from all functions, some of them kept. Prints "main PID BYTES KEPT-BYTES".
 */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS 20000
#define KEPT 2000

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

int main(void)
{
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
