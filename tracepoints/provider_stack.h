/* Provider exectrace_stack. Call stacks. Meaning and conventions: contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_stack

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_stack.h"

#if !defined(EXECTRACE_PROVIDER_STACK_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_STACK_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* A stack is used that was not defined lately, before the event that uses it.
 * At most 128 PCs. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_stack, define,
    LTTNG_UST_TP_ARGS(uint32_t, id,
        const uint64_t *, pcs,
        uint32_t, pcs_count),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, id, id)
        lttng_ust_field_sequence(uint64_t, pcs, pcs, uint16_t, pcs_count)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_STACK_H */

#include <lttng/tracepoint-event.h>
