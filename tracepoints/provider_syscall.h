/* Provider exectrace_syscall. Blocking or slow system calls through libc. Meaning and conventions:
 * contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_syscall

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_syscall.h"

#if !defined(EXECTRACE_PROVIDER_SYSCALL_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_SYSCALL_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* A call returned after at least the threshold.
 * result: the return value (the kernel never moves more than 2^31 bytes at once), or -errno. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_syscall, call,
    LTTNG_UST_TP_ARGS(uint16_t, number,
        int32_t, fd,
        uint8_t, fd_kind,
        int32_t, result,
        uint64_t, duration,
        uint32_t, stack),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, number, number)
        lttng_ust_field_integer(int32_t, fd, fd)
        lttng_ust_field_integer(uint8_t, fd_kind, fd_kind)
        lttng_ust_field_integer(int32_t, result, result)
        lttng_ust_field_integer(uint64_t, duration, duration)
        lttng_ust_field_integer(uint32_t, stack, stack)))

/* Calls below the threshold, summed per thread, call and fd kind. age: the last of them ended at least so long ago;
 * sums whose calls are older than the session belong to an earlier one. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_syscall, summary,
    LTTNG_UST_TP_ARGS(int32_t, tid,
        uint16_t, number,
        uint8_t, fd_kind,
        uint32_t, count,
        uint32_t, errors,
        uint64_t, total,
        uint64_t, shortest,
        uint64_t, longest,
        uint64_t, age),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(uint16_t, number, number)
        lttng_ust_field_integer(uint8_t, fd_kind, fd_kind)
        lttng_ust_field_integer(uint32_t, count, count)
        lttng_ust_field_integer(uint32_t, errors, errors)
        lttng_ust_field_integer(uint64_t, total, total)
        lttng_ust_field_integer(uint64_t, shortest, shortest)
        lttng_ust_field_integer(uint64_t, longest, longest)
        lttng_ust_field_integer(uint64_t, age, age)))

/* A socket got a remote address.
 * address: 4 or 16 bytes, or an AF_UNIX path; port in host order. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_syscall, peer,
    LTTNG_UST_TP_ARGS(int32_t, fd,
        uint16_t, family,
        uint16_t, port,
        const uint8_t *, address,
        uint32_t, address_count),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, fd, fd)
        lttng_ust_field_integer(uint16_t, family, family)
        lttng_ust_field_integer(uint16_t, port, port)
        lttng_ust_field_sequence(uint8_t, address, address, uint16_t, address_count)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_SYSCALL_H */

#include <lttng/tracepoint-event.h>
