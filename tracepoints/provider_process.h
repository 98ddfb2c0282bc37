/* Provider exectrace_process. Life of a process image and its loaded objects. Meaning and conventions:
 * contract.h. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER exectrace_process

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider_process.h"

#if !defined(EXECTRACE_PROVIDER_PROCESS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EXECTRACE_PROVIDER_PROCESS_H

#include <stdint.h>
#include <lttng/tracepoint.h>

/* clang-format off */

/* Library start, fork child, session start.
 * exe: path of /proc/self/exe. name: name of the emitting thread. cmdline_hash: FNV-1a 64 of /proc/self/cmdline
 * (arguments themselves are never recorded). monotonic_ns: CLOCK_MONOTONIC at emission. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_process, start,
    LTTNG_UST_TP_ARGS(uint32_t, contract,
        uint8_t, reason,
        int32_t, ppid,
        uint64_t, cmdline_hash,
        uint64_t, monotonic_ns,
        const char *, exe,
        const char *, name),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, contract, contract)
        lttng_ust_field_integer(uint8_t, reason, reason)
        lttng_ust_field_integer(int32_t, ppid, ppid)
        lttng_ust_field_integer_hex(uint64_t, cmdline_hash, cmdline_hash)
        lttng_ust_field_integer(uint64_t, monotonic_ns, monotonic_ns)
        lttng_ust_field_string(exe, exe)
        lttng_ust_field_string(name, name)))

/* A stack names a loaded object not named lately.
 * base: start of the mapped range, i.e. load bias plus page-aligned p_vaddr of the first PT_LOAD. path "[vdso]" for
 * the vdso. build_id: 0 to 64 bytes. */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_process, module,
    LTTNG_UST_TP_ARGS(uint64_t, base,
        uint64_t, size,
        const char *, path,
        const uint8_t *, build_id,
        uint32_t, build_id_count),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, base, base)
        lttng_ust_field_integer(uint64_t, size, size)
        lttng_ust_field_string(path, path)
        lttng_ust_field_sequence(uint8_t, build_id, build_id, uint16_t, build_id_count)))

/* An operation that had not ended when the recording did.
 * Emitted by the library at exit, or by the recorder for a process that was killed (then vpid/vtid are the
 * recorder's; pid and tid say whose). duration: from its start until now.
 * kind: of a wait; 0 for a system call, which has number, fd and fd_kind instead. fd: of a wait for a mutex,
 * the thread that holds it; -1: not known. leaf_pc: return address in the
 * caller, for calls whose stack is taken only when they end (stack is 0 then). */
LTTNG_UST_TRACEPOINT_EVENT(exectrace_process, open,
    LTTNG_UST_TP_ARGS(int32_t, pid,
        int32_t, tid,
        uint8_t, kind,
        uint64_t, object,
        uint16_t, number,
        int32_t, fd,
        uint8_t, fd_kind,
        uint64_t, duration,
        uint32_t, stack,
        uint64_t, leaf_pc),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, pid, pid)
        lttng_ust_field_integer(int32_t, tid, tid)
        lttng_ust_field_integer(uint8_t, kind, kind)
        lttng_ust_field_integer_hex(uint64_t, object, object)
        lttng_ust_field_integer(uint16_t, number, number)
        lttng_ust_field_integer(int32_t, fd, fd)
        lttng_ust_field_integer(uint8_t, fd_kind, fd_kind)
        lttng_ust_field_integer(uint64_t, duration, duration)
        lttng_ust_field_integer(uint32_t, stack, stack)
        lttng_ust_field_integer_hex(uint64_t, leaf_pc, leaf_pc)))

/* clang-format on */

#endif /* EXECTRACE_PROVIDER_PROCESS_H */

#include <lttng/tracepoint-event.h>
