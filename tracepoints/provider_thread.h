/* Provider exectrace_thread. Life of a thread. Meaning and conventions: contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_thread

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_thread.h"

#if !defined(EXECTRACE_PROVIDER_THREAD_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_THREAD_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* First thing a new thread does.
 * stack: of the pthread_create call, in the creator. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_thread, start,
    LTTNG_UST_TP_ARGS(uint64_t, start_routine,
        int32_t, creator_tid,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, start_routine, start_routine)
        lttng_ust_field_integer(int32_t, creator_tid, creator_tid)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* Thread was named (pthread_setname_np, prctl). */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_thread, name,
    LTTNG_UST_TP_ARGS(int32_t, tid,
        const char *, name),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_string(name, name)))

/* Last thing a thread does. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_thread, exit,
    LTTNG_UST_TP_ARGS(uint64_t, start_routine),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, start_routine, start_routine)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_THREAD_H */

#include <lttng/tracepoint-event.h>
