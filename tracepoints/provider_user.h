/* Provider exectrace_user. The annotation header, exectrace.h. Meaning and conventions: contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_user

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_user.h"

#if !defined(EXECTRACE_PROVIDER_USER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_USER_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

LTTNG_UST_TRACEPOINT_EVENT(exectrace_user, task_begin,
    LTTNG_UST_TP_ARGS(uint64_t, task,
        uint64_t, parent,
        const char *, name),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, task, task)
        lttng_ust_field_integer(uint64_t, parent, parent)
        lttng_ust_field_string(name, name)))

LTTNG_UST_TRACEPOINT_EVENT(exectrace_user, task_end,
    LTTNG_UST_TP_ARGS(uint64_t, task),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, task, task)))

LTTNG_UST_TRACEPOINT_EVENT(exectrace_user, region_begin,
    LTTNG_UST_TP_ARGS(uint64_t, task,
        const char *, name,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, task, task)
        lttng_ust_field_string(name, name)
        lttng_ust_field_integer(uint32_t, stack, stack)))

LTTNG_UST_TRACEPOINT_EVENT(exectrace_user, region_end,
    LTTNG_UST_TP_ARGS(uint64_t, task,
        const char *, name),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, task, task)
        lttng_ust_field_string(name, name)))

LTTNG_UST_TRACEPOINT_EVENT(exectrace_user, log,
    LTTNG_UST_TP_ARGS(uint64_t, task,
        const char *, category,
        const char *, message,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, task, task)
        lttng_ust_field_string(category, category)
        lttng_ust_field_string(message, message)
        lttng_ust_field_integer(uint32_t, stack, stack)))

LTTNG_UST_TRACEPOINT_EVENT(exectrace_user, counter,
    LTTNG_UST_TP_ARGS(const char *, name,
        double, value),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_string(name, name)
        lttng_ust_field_float(double, value, value)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_USER_H */

#include <lttng/tracepoint-event.h>
