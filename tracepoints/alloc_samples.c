/* The recorded allocations that still live: see alloc_samples.h. */
#include "tracepoints/alloc_samples.h"

#include <string.h>

/* An address is in one of the places from its hash on; an empty place is 0. */
#define WINDOW 16u

uint8_t alloc_filter[ALLOC_FILTER_COUNT];
static uintptr_t places[ALLOC_SAMPLES_COUNT];

static uintptr_t *place(const void *address, uint32_t step)
{
    uint64_t hash = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);

    return &places[((hash >> 48) + step) % ALLOC_SAMPLES_COUNT];
}

static void count(const void *address, int difference)
{
    uint8_t *counter = &alloc_filter[alloc_filter_index(address)];
    uint8_t seen = __atomic_load_n(counter, __ATOMIC_RELAXED);

    do {
        if (seen == UINT8_MAX)
            return;
    } while (!__atomic_compare_exchange_n(counter, &seen, (uint8_t)(seen + difference), true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

void alloc_filter_mark(const void *address)
{
    __atomic_store_n(&alloc_filter[alloc_filter_index(address)], UINT8_MAX, __ATOMIC_RELEASE);
}

void alloc_filter_mark_all(void)
{
    memset(alloc_filter, UINT8_MAX, sizeof alloc_filter);
}

bool alloc_samples_add(const void *address)
{
    for (uint32_t i = 0; i < WINDOW; i++) {
        uintptr_t nothing = 0;
        if (__atomic_compare_exchange_n(place(address, i), &nothing, (uintptr_t)address, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            count(address, 1);
            return true;
        }
    }
    return false;
}

bool alloc_samples_remove(const void *address)
{
    if (address == NULL)
        return false;
    for (uint32_t i = 0; i < WINDOW; i++) {
        uintptr_t seen = (uintptr_t)address;
        if (__atomic_load_n(place(address, i), __ATOMIC_RELAXED) == seen &&
            __atomic_compare_exchange_n(place(address, i), &seen, 0, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            count(address, -1);
            return true;
        }
    }
    return false;
}
