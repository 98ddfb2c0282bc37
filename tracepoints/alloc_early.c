/*
 * Allocation before the table of real functions is resolved: each function resolves it; while that is being
 * done (dlsym may allocate), it serves from the early arena, whose addresses the filter of free() knows for
 * ever.
 */
#include "tracepoints/alloc_early.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracepoints/alloc_samples.h"
#include "tracepoints/real.h"

#define PROTOTYPE(result, name, version, parameters, arguments) result real_early_##name parameters;
REAL_ALLOC_LIST(PROTOTYPE)

void *alloc_early_move(const void *address, size_t size)
{
    void *moved = malloc(size);
    size_t old_size = real_early_size(address);

    if (moved != NULL)
        memcpy(moved, address, size < old_size ? size : old_size);
    return moved;
}

static bool is_resolved(void)
{
    if (real_is_resolving())
        return false;
    real_resolve_all();
    return true;
}

static void *from_arena(size_t size, size_t alignment)
{
    void *address = real_early_alloc(size, alignment);

    if (address == NULL)
        errno = ENOMEM;
    else
        alloc_filter_mark(address);
    return address;
}

void *real_early_malloc(size_t size)
{
    return is_resolved() ? real.malloc(size) : from_arena(size, 16);
}

void *real_early_calloc(size_t count, size_t size)
{
    size_t bytes;

    if (is_resolved())
        return real.calloc(count, size);
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return from_arena(bytes, 16);
}

void *real_early_realloc(void *address, size_t size)
{
    if (is_resolved())
        return real.realloc(address, size);
    return address == NULL ? from_arena(size, 16) : alloc_early_move(address, size);
}

/* Nothing but the arena has been handed out while the table is resolved. */
void real_early_free(void *address)
{
    if (is_resolved())
        real.free(address);
}

int real_early_posix_memalign(void **address, size_t alignment, size_t size)
{
    if (is_resolved())
        return real.posix_memalign(address, alignment, size);
    *address = from_arena(size, alignment);
    return *address == NULL ? ENOMEM : 0;
}

void *real_early_aligned_alloc(size_t alignment, size_t size)
{
    return is_resolved() ? real.aligned_alloc(alignment, size) : from_arena(size, alignment);
}

void *real_early_memalign(size_t alignment, size_t size)
{
    return is_resolved() ? real.memalign(alignment, size) : from_arena(size, alignment);
}

void *real_early_valloc(size_t size)
{
    return is_resolved() ? real.valloc(size) : from_arena(size, 4096);
}

void *real_early_pvalloc(size_t size)
{
    return is_resolved() ? real.pvalloc(size) : from_arena((size + 4095) & ~(size_t)4095, 4096);
}

size_t real_early_malloc_usable_size(void *address)
{
    return is_resolved() ? real.malloc_usable_size(address) : real_early_size(address);
}
