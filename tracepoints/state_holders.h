/*
 * Who holds what somebody waits for, found in a state file (state.h): for the library's destructor and for
 * recorder. Threads may run on meanwhile: an answer can be a moment old.
 */
#ifndef EXECTRACE_STATE_HOLDERS_H
#define EXECTRACE_STATE_HOLDERS_H

#include <stdbool.h>

#include "tracepoints/contract.h"
#include "tracepoints/state.h"

static inline bool state_slot_holds(const struct state_file *file, uint32_t slot, uint64_t object)
{
    for (uint32_t i = 0; i < STATE_HOLD_COUNT; i++) {
        if (__atomic_load_n(&file->holds[slot].objects[i], __ATOMIC_RELAXED) == object)
            return true;
    }
    return false;
}

/* Of several holders (readers) one that will not release: the waiter itself, or who has waited longest. */
static inline int32_t state_find_lister(const struct state_file *file, uint64_t object, int32_t waiter)
{
    uint64_t best_start_ns = 0;
    int32_t best = 0;

    for (uint32_t slot = 0; slot < STATE_SLOT_COUNT; slot++) {
        const struct state_operation *operation = &file->slots[slot].operation;
        int32_t tid = __atomic_load_n(&file->slots[slot].tid, __ATOMIC_RELAXED);
        uint64_t start_ns =
            operation->operation == EXECTRACE_OPERATION_SYNC ? operation->start_ns : UINT64_MAX;

        if (tid <= 0 || !state_slot_holds(file, slot, object))
            continue;
        if (tid == waiter)
            return tid;
        if (best == 0 || start_ns < best_start_ns) {
            best = tid;
            best_start_ns = start_ns;
        }
    }
    return best;
}

/* What the waiter that looked last has seen. */
static inline int32_t state_find_seen(const struct state_file *file, uint64_t object)
{
    uint64_t latest_ns = 0;
    int32_t seen = 0;

    for (uint32_t slot = 0; slot < STATE_SLOT_COUNT; slot++) {
        const struct state_operation *operation = &file->slots[slot].operation;

        if (__atomic_load_n(&file->slots[slot].tid, __ATOMIC_RELAXED) > 0 &&
            operation->operation == EXECTRACE_OPERATION_SYNC && operation->object == object &&
            operation->fd > 0 && operation->holder_ns > latest_ns) {
            seen = operation->fd;
            latest_ns = operation->holder_ns;
        }
    }
    return seen;
}

/* The thread that holds `object`, for which the thread `waiter` waits; -1: not known. */
static inline int32_t state_find_holder(const struct state_file *file, uint64_t object, int32_t waiter)
{
    int32_t lister = state_find_lister(file, object, waiter);
    int32_t seen = lister == 0 ? state_find_seen(file, object) : 0;

    return lister != 0 ? lister : seen != 0 ? seen : -1;
}

#endif
