/*
 * The table of real functions and the early arena: see real.h. Resolved by the constructor in the main
 * thread, or before it by whichever thread calls a wrapper first.
 */
#include "tracepoints/real.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

/* What an entry holds until the table is resolved. */
#define REAL_THUNK(result, name, version, parameters, arguments)                                             \
    static result resolve_##name parameters                                                                  \
    {                                                                                                        \
        real_resolve_all();                                                                                  \
        return real.name arguments;                                                                          \
    }
#define REAL_INITIAL(result, name, version, parameters, arguments) .name = resolve_##name,
#define REAL_EARLY_PROTOTYPE(result, name, version, parameters, arguments)                                   \
    result real_early_##name parameters;
#define REAL_EARLY_INITIAL(result, name, version, parameters, arguments) .name = real_early_##name,

REAL_LIST(REAL_THUNK)
REAL_ALLOC_LIST(REAL_EARLY_PROTOTYPE)

struct real_functions real = {REAL_LIST(REAL_INITIAL) REAL_ALLOC_LIST(REAL_EARLY_INITIAL)};

static struct {
    int resolving;
    size_t used;
    char bytes[64 * 1024] __attribute__((aligned(64)));
} early;

/* The symbol's asked-for version, else its default one, in the objects after this one. */
static void *find_next(const char *name, const char *version)
{
    void *symbol = version == NULL ? NULL : dlvsym(RTLD_NEXT, name, version);

    return symbol != NULL ? symbol : dlsym(RTLD_NEXT, name);
}

/* A function that this C library does not have keeps its thunk; nobody can have been linked against it. */
#define REAL_RESOLVE(result, name, version, parameters, arguments)                                           \
    symbol = find_next(#name, version);                                                                      \
    if (symbol != NULL)                                                                                      \
        __atomic_store(&real.name, (result(**) parameters) & symbol, __ATOMIC_RELEASE);

void real_resolve_all(void)
{
    void *symbol;

    __atomic_add_fetch(&early.resolving, 1, __ATOMIC_ACQ_REL);
    REAL_ALLOC_LIST(REAL_RESOLVE)
    REAL_LIST(REAL_RESOLVE)
    __atomic_sub_fetch(&early.resolving, 1, __ATOMIC_ACQ_REL);
}

bool real_is_resolving(void)
{
    return __atomic_load_n(&early.resolving, __ATOMIC_ACQUIRE) > 0;
}

void *real_early_alloc(size_t size, size_t alignment)
{
    size_t start = __atomic_load_n(&early.used, __ATOMIC_RELAXED);
    size_t aligned;

    if (alignment < 16)
        alignment = 16;
    do {
        uintptr_t address = (uintptr_t)early.bytes + start;

        aligned = start + (size_t)(-address & (alignment - 1));
        if (aligned > sizeof(early.bytes) || size > sizeof(early.bytes) - aligned)
            return NULL;
    } while (!__atomic_compare_exchange_n(&early.used, &start, aligned + size, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    return early.bytes + aligned;
}

bool real_early_owns(const void *address)
{
    return (uintptr_t)address - (uintptr_t)early.bytes < sizeof(early.bytes);
}

size_t real_early_size(const void *address)
{
    return __atomic_load_n(&early.used, __ATOMIC_ACQUIRE) - (size_t)((const char *)address - early.bytes);
}
