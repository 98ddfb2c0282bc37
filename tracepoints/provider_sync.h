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

/* A wait that blocked for at least the threshold has ended. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, wait,
    LTTNG_UST_TP_ARGS(uint8_t, kind,
        uint8_t, outcome,
        uint64_t, object,
        uint64_t, duration,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer(uint8_t, outcome, outcome)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint64_t, duration, duration)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* A thread releases what somebody waits for, just before the release. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, wake,
    LTTNG_UST_TP_ARGS(uint8_t, kind,
        uint64_t, object,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* Waits below the threshold, summed per thread, object and stack.
 * Emitted on eviction, now and then, at thread exit and process exit; the waits happened before it. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sync, summary,
    LTTNG_UST_TP_ARGS(int32_t, tid,
        uint8_t, kind,
        uint64_t, object,
        uint32_t, count,
        uint64_t, total,
        uint64_t, longest,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint32_t, count, count)
        lttng_ust_field_integer(uint64_t, total, total)
        lttng_ust_field_integer(uint64_t, longest, longest)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_SYNC_H */

#include <lttng/tracepoint-event.h>
