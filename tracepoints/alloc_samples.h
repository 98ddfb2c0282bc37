/*
 * The recorded allocations that still live: a fixed lock-free set of addresses, and in front of it a filter
 * that tells most calls of free() with one load that they have nothing to do. Used by the allocation wrappers
 * on any thread; allocates nothing.
 *
 * The filter counts, per 16 bytes of address space modulo 4 MiB, the addresses in the set; neighbouring
 * allocations share its cache lines. A count that has reached 255 stays there.
 */
#ifndef EXECTRACE_ALLOC_SAMPLES_H
#define EXECTRACE_ALLOC_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOC_FILTER_COUNT (1u << 18)
#define ALLOC_SAMPLES_COUNT (1u << 16) /* most addresses that can be in the set */

extern uint8_t alloc_filter[ALLOC_FILTER_COUNT] __attribute__((visibility("hidden")));

static inline uint32_t alloc_filter_index(const void *address)
{
    uintptr_t bits = (uintptr_t)address;

    return (uint32_t)(bits >> 4 ^ bits >> 22) % ALLOC_FILTER_COUNT;
}

/* False: `address` is certainly neither in the set nor marked. */
static inline bool alloc_filter_hits(const void *address)
{
    return __atomic_load_n(&alloc_filter[alloc_filter_index(address)], __ATOMIC_RELAXED) != 0;
}

/* From now on the filter hits for `address`, or for every address. */
void alloc_filter_mark(const void *address);
void alloc_filter_mark_all(void);

/* False: there is no room, the address must not be recorded. */
bool alloc_samples_add(const void *address);

/* Whether the address was in the set; it is not any more. */
bool alloc_samples_remove(const void *address);

#endif
