/* Provider exectrace_sched. Scheduling, emitted by the recorder. Meaning and conventions: contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_sched

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_sched.h"

#if !defined(EXECTRACE_PROVIDER_SCHED_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_SCHED_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* A thread was put on a CPU after being off it; ONE event per off-CPU interval.
 * off from time - off_ns (it left prev_cpu) until time (it is put on cpu); see enum exectrace_off_reason.
 * runnable since time - runnable_ns: the whole of off_ns when it was preempted; else since it was woken by
 * waker_tid (0: by no thread but an interrupt or a timer; -1: not known when or by whom, runnable_ns is 0). */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, switch,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        uint64_t, off_ns,
        int32_t, pid,
        int32_t, tid,
        uint16_t, cpu,
        uint16_t, prev_cpu,
        uint8_t, reason,
        uint64_t, runnable_ns,
        int32_t, waker_tid),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(uint64_t, off_ns, off_ns)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(uint16_t, cpu, cpu)
        lttng_ust_field_integer(uint16_t, prev_cpu, prev_cpu)
        lttng_ust_field_integer(uint8_t, reason, reason)
        lttng_ust_field_integer(uint64_t, runnable_ns, runnable_ns)
        lttng_ust_field_integer(int32_t, waker_tid, waker_tid)))

/* A thread ended, seen by the kernel. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, exit,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        int32_t, pid,
        int32_t, tid),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(int32_t, tid, tid)))

/* A thread was created, seen by the kernel. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, start,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        int32_t, pid,
        int32_t, tid,
        int32_t, parent_pid,
        int32_t, parent_tid),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(int32_t, parent_pid, parent_pid)
        lttng_ust_field_integer(int32_t, parent_tid, parent_tid)))

/* Comm of a thread, as the kernel knows it. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, name,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        int32_t, pid,
        int32_t, tid,
        uint8_t, is_exec,
        const char *, name),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(uint8_t, is_exec, is_exec)
        lttng_ust_field_string(name, name)))

/* An executable mapping, as the kernel knows it.
 * base, size, offset: of the executable segment itself, unlike process:module. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, module,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        int32_t, pid,
        uint64_t, base,
        uint64_t, size,
        uint64_t, offset,
        const char *, path),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer_hex(uint64_t, base, base)
        lttng_ust_field_integer(uint64_t, size, size)
        lttng_ust_field_integer(uint64_t, offset, offset)
        lttng_ust_field_string(path, path)))

/* Where a running thread was, now and then: the stack for time lost to preemption.
 * pcs[0] is the exact PC, the others return addresses (frame pointers). */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, sample,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        int32_t, pid,
        int32_t, tid,
        const uint64_t *, pcs,
        uint32_t, pcs_count),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_sequence(uint64_t, pcs, pcs, uint16_t, pcs_count)))

/* The kernel ring overflowed. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, lost,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        uint16_t, cpu,
        uint64_t, count),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(uint16_t, cpu, cpu)
        lttng_ust_field_integer(uint64_t, count, count)))

/* Where scheduling data come from. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_sched, source,
    LTTNG_UST_TP_ARGS(uint64_t, time,
        uint8_t, source,
        const char *, description),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, time, time)
        lttng_ust_field_integer(uint8_t, source, source)
        lttng_ust_field_string(description, description)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_SCHED_H */

#include <lttng/tracepoint-event.h>
