/*
 * Every allocation function with good and with bad arguments, from several threads, across fork, and freed by
 * another thread than the one that allocated. The output must not depend on being recorded. With the argument
 * "common" the functions are left out that allocators other than the C library's may lack.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT 512

static volatile size_t enormous = SIZE_MAX;
static void *kept[KEPT];
static uint64_t random_state = 1;
static bool is_common;

static uint32_t next_random(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static void show(const char *what, void *address, size_t size, size_t alignment)
{
    printf("%s: %s, errno %d, usable %d, aligned %d\n", what, address == NULL ? "NULL" : "memory", errno,
           address != NULL && malloc_usable_size(address) >= size,
           address != NULL && (uintptr_t)address % alignment == 0);
    errno = 77;
}

static void rare_functions(void)
{
    void *address;

    show("memalign", address = memalign(1 << 20, 10), 10, 1 << 20);
    address = realloc(address, 2000000);
    show("realloc of memalign", address, 2000000, 16);
    free(address);
    show("valloc", address = valloc(100), 100, 4096);
    free(address);
    show("pvalloc", address = pvalloc(100), 4096, 4096);
    free(address);
}

static void each_function(void)
{
    void *volatile address = NULL; /* volatile: a failed realloc leaves it valid, which the compiler doubts */
    void *aligned = NULL;
    char *text;
    int error;

    errno = 77;
    show("malloc", address = malloc(100), 100, 16);
    memset(address, 'x', 100);
    show("realloc", address = realloc(address, 1000000), 1000000, 16);
    printf("kept %d\n", memcmp(address, "xxxxxxxxxx", 10) == 0 && ((char *)address)[99] == 'x');
    text = realloc(address, enormous / 2);
    show("realloc too much", text, 0, 1);
    printf("kept %d\n", ((char *)address)[99] == 'x');
    show("reallocarray", address = reallocarray(address, 10, 20), 200, 16);
    text = reallocarray(address, enormous, 20);
    show("reallocarray too much", text, 0, 1);
    free(address);
    show("calloc", address = calloc(100, 100), 10000, 16);
    for (int i = 0; i < 10000; i++) {
        if (((char *)address)[i] != 0)
            puts("calloc's memory is not zero");
    }
    free(address);
    show("calloc too much", calloc(enormous, 2), 0, 1);
    show("malloc too much", malloc(enormous), 0, 1);
    show("malloc(0)", address = malloc(0), 0, 8);
    free(address);
    free(NULL);
    show("realloc(NULL)", address = realloc(NULL, 5), 5, 8);
    show("realloc to 0", realloc(address, 0), 0, 1);
    error = posix_memalign(&aligned, 4096, 100);
    printf("posix_memalign %d\n", error);
    show("posix_memalign", aligned, 100, 4096);
    free(aligned);
    printf("posix_memalign %d\n", posix_memalign(&aligned, 3, 100));
    printf("posix_memalign %d\n", posix_memalign(&aligned, 4096, enormous));
    show("aligned_alloc", address = aligned_alloc(256, 512), 512, 256);
    free(address);
    if (!is_common)
        rare_functions();
    errno = 77;
    free(malloc(1 << 30));
    printf("errno after free %d\n", errno);
    text = strdup("a string from inside the C library");
    puts(text);
    free(text);
}

/* Allocates and frees at random; checks that nobody else wrote to the memory. */
static uint64_t churn(int rounds)
{
    uint64_t bytes = 0;

    for (int i = 0; i < rounds; i++) {
        uint32_t place = next_random() % KEPT;
        size_t size = 8 + next_random() % (next_random() % 64 == 0 ? 300000 : 600);
        uint64_t *memory = kept[place];

        if (memory != NULL && next_random() % 3 == 0) {
            memory = realloc(memory, size);
        } else {
            if (memory != NULL && *memory != ((uint64_t)place << 32 | 0x5a5a5a5a))
                puts("memory was overwritten");
            free(memory);
            memory = malloc(size);
        }
        if (memory == NULL)
            return 0;
        *memory = (uint64_t)place << 32 | 0x5a5a5a5a;
        kept[place] = memory;
        bytes += size;
    }
    return bytes;
}

static void *free_all(void *argument)
{
    for (int i = 0; i < KEPT; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
    return argument;
}

static void *allocate_all(void *argument)
{
    for (int i = 0; i < KEPT; i++)
        kept[i] = NULL;
    printf("churned %lu bytes\n", (unsigned long)churn(20000));
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int status;

    is_common = argc > 1 && strcmp(argv[1], "common") == 0;
    each_function();
    for (int i = 0; i < 4; i++) {
        pthread_create(&thread, NULL, allocate_all, NULL);
        pthread_join(thread, NULL);
        if (i % 2 == 0) {
            free_all(NULL);
        } else {
            pthread_create(&thread, NULL, free_all, NULL);
            pthread_join(thread, NULL);
        }
    }
    allocate_all(NULL);
    fflush(stdout);
    if (fork() == 0) {
        printf("child churned %lu bytes\n", (unsigned long)churn(20000));
        free_all(NULL);
        each_function();
        fflush(stdout);
        _exit(5);
    }
    wait(&status);
    printf("child %x\n", status);
    free_all(NULL);
    return 0;
}
