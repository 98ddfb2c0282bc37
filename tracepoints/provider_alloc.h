/* Provider exectrace_alloc. Allocations, sampled by bytes (or all). Meaning and conventions: contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_alloc

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_alloc.h"

#if !defined(EXECTRACE_PROVIDER_ALLOC_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_ALLOC_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* Weight_bytes: bytes this sample stands for (unbiased); weight_bytes / size is the number of objects.
 * Equal to size when everything is recorded. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_alloc, alloc,
    LTTNG_UST_TP_ARGS(uint64_t, address,
        uint64_t, size,
        uint64_t, weight_bytes,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, address, address)
        lttng_ust_field_integer(uint64_t, size, size)
        lttng_ust_field_integer(uint64_t, weight_bytes, weight_bytes)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* A recorded allocation was freed. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_alloc, free,
    LTTNG_UST_TP_ARGS(uint64_t, address),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, address, address)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_ALLOC_H */

#include <lttng/tracepoint-event.h>
