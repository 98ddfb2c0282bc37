/* Provider exectrace_sync. Waits for locks, conditions and other threads. Meaning and conventions:
 * contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_sync

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_sync.h"

#if !defined(EXECTRACE_PROVIDER_SYNC_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_SYNC_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* A wait that blocked for at least the threshold has ended; the two short forms follow.
 * waker: the thread that released it, 0: not known. waker_stack: its stack then. since_wake: from the release to
 * the end of the wait. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, wait,
    LTTNG_UST_TP_ARGS(uint8_t, kind,
        uint8_t, outcome,
        uint64_t, object,
        uint64_t, duration,
        uint32_t, stack,
        int32_t, waker,
        uint32_t, waker_stack,
        uint64_t, since_wake),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer(uint8_t, outcome, outcome)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint64_t, duration, duration)
        lttng_ust_field_integer(uint32_t, stack, stack)
        lttng_ust_field_integer(int32_t, waker, waker)
        lttng_ust_field_integer(uint32_t, waker_stack, waker_stack)
        lttng_ust_field_integer(uint64_t, since_wake, since_wake)))

/* The same, shorter than 2^32 ns, released by nobody who is known. what: EXECTRACE_WHAT(). */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, wait_short,
    LTTNG_UST_TP_ARGS(uint64_t, what,
        uint32_t, duration,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, what, what)
        lttng_ust_field_integer(uint32_t, duration, duration)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* The same, shorter than 2^32 ns, with who released it. who: EXECTRACE_WHO(). */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, wait_woken,
    LTTNG_UST_TP_ARGS(uint64_t, what,
        uint32_t, duration,
        uint32_t, since_wake,
        uint64_t, who),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, what, what)
        lttng_ust_field_integer(uint32_t, duration, duration)
        lttng_ust_field_integer(uint32_t, since_wake, since_wake)
        lttng_ust_field_integer_hex(uint64_t, who, who)))

/* A thread releases what somebody waits for, just before the release; only where the waiter cannot tell it.
 * kind: with EXECTRACE_WAKE_SHARED where threads of other processes may be the waiters. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, wake,
    LTTNG_UST_TP_ARGS(uint8_t, kind,
        uint64_t, object,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* Waits below the threshold, summed per thread, object and stack.
 * Emitted on eviction, now and then, at thread exit and process exit. age: since the last of the waits ended; sums
 * whose waits are older than the session belong to an earlier one. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, summary,
    LTTNG_UST_TP_ARGS(int32_t, tid,
        uint8_t, kind,
        uint64_t, object,
        uint32_t, count,
        uint64_t, total,
        uint64_t, longest,
        uint32_t, stack,
        uint64_t, age),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint32_t, count, count)
        lttng_ust_field_integer(uint64_t, total, total)
        lttng_ust_field_integer(uint64_t, longest, longest)
        lttng_ust_field_integer(uint32_t, stack, stack)
        lttng_ust_field_integer(uint64_t, age, age)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_SYNC_H */

#include <lttng/tracepoint-event.h>
