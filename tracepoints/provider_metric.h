/* Provider exectrace_metric. Metrics sampled by the recorder. Meaning and conventions: contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_metric

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_metric.h"

#if !defined(EXECTRACE_PROVIDER_METRIC_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_METRIC_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* Name and unit as Prometheus has them. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_metric, define,
    LTTNG_UST_TP_ARGS(uint32_t, id,
        const char *, name,
        const char *, unit,
        const char *, help),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, id, id)
        lttng_ust_field_string(name, name)
        lttng_ust_field_string(unit, unit)
        lttng_ust_field_string(help, help)))

LTTNG_UST_TRACEPOINT_EVENT(exectrace_metric, sample,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        int32_t, pid,
        uint32_t, id,
        double, value),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(uint32_t, id, id)
        lttng_ust_field_float(double, value, value)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_METRIC_H */

#include <lttng/tracepoint-event.h>
