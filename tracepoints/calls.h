/*
 * One wrapped blocking call, from before the real function until after it: what every wrapper of the io_*.c
 * files does around real.NAME(...).
 *
 * A wrapper is one line of a list in real_io.h, from which WRAP_CALL() makes the function. With no session
 * it costs a load and a jump. With one, the call costs two clock readings and an entry in the thread's slot
 * of operations in flight; afterwards it becomes an event when it took at least the threshold, else it is
 * added to the thread's sums (call_sums.h). Everything here is async-signal-safe, keeps errno as the real
 * function left it, and has the guard off while the real function runs, so that it may be cancelled, left by
 * longjmp or interrupted by a signal handler that makes calls of its own.
 */
#ifndef EXECTRACE_CALLS_H
#define EXECTRACE_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "tracepoints/contract.h"
#include "tracepoints/fd_kinds.h"
#include "tracepoints/guard.h"
#include "tracepoints/provider_syscall.h"
#include "tracepoints/real.h"

/* Of a wrapper: where it was called from. */
#define SITE __builtin_return_address(0)

#define EXECTRACE_EXPORT __attribute__((visibility("default")))

/* What a call works on. */
struct call_target {
    int fd; /* -1: none */
    enum exectrace_fd_kind kind;
};

/* A call in progress; lives in the wrapper's frame. */
struct call {
    struct state_operation outer; /* what the slot held before */
    struct thread_block *thread;
    uint64_t start_ns;
    struct call_target target;
    uint32_t stack; /* taken before the call, else 0 */
    uint16_t number;
    bool usually_waits;
    bool is_open; /* begun and not ended */
};

/* Whether the number's calls usually wait long: their stack is taken before the first of them. */
static inline bool call_usually_waits(long number)
{
    switch (number) {
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_accept:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_msgrcv:
    case SYS_mq_timedreceive:
    case SYS_accept4:
    case SYS_connect:
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
    case SYS_wait4:
    case SYS_waitid:
        return true;
    default:
        return false;
    }
}

/*
 * Whether the calling thread's next call of this number will probably be long: as calls of the number usually
 * are, unless this thread's last one of the number (mod 64) was different. Guard on or off.
 */
static inline bool call_is_expected_long(uint16_t number, bool usually_waits)
{
    const struct thread_block *thread = guard_words.block;

    return usually_waits ^ (thread != NULL && (thread->call_sums.unusual >> (number % 64) & 1) != 0);
}

/* See call_begin(). */
bool call_begin_expecting(struct call *call, uint16_t number, bool usually_waits, struct call_target target,
                          const void *site);

/*
 * Before the real function. False: the call is not recorded, call_end() must not follow. site: return address
 * of the wrapper.
 */
static inline bool call_begin(struct call *call, uint16_t number, struct call_target target, const void *site)
{
    return call_begin_expecting(call, number, call_usually_waits(number), target, site);
}

/* After it. result: the return value, or -errno. */
void call_end(struct call *call, int64_t result);

/* The wrapper's frame is left: by its return, or because the thread was cancelled or ends. */
static inline void call_leave(struct call *call)
{
    if (unlikely(call->is_open))
        call_end(call, -ECANCELED);
}

#define CALL_IN_FRAME __attribute__((cleanup(call_leave)))

static inline struct call_target target_none(void)
{
    return (struct call_target){-1, EXECTRACE_FD_NONE};
}

static inline struct call_target target_fd(int fd)
{
    return (struct call_target){fd, fd_kinds_get(fd)};
}

/* How a return value becomes the event's result. */
#define RESULT_ERRNO(value) ((value) < 0 ? -(int64_t)errno : (int64_t)(value))
#define RESULT_CODE(value) (-(int64_t)(value))
#define RESULT_VALUE(value) ((int64_t)(value))
/* For calls with an error variable of their own: 0 or -1. */
#define RESULT_FOUND(value) ((value) == NULL ? -1 : 0)
#define RESULT_POINTER(value) ((value) == NULL ? -(int64_t)errno : 0)
/* For calls that find an entry, or nothing more. */
#define RESULT_ENTRY(value) ((value) != NULL)
#define RESULT_MAPPING(value) ((intptr_t)(value) == -1 ? -(int64_t)errno : 0)

/* What a wrapper does while a session records. */
#define RECORD_CALL(type, name, arguments, number, target, result)                                           \
    if (guard_is_raised())                                                                                   \
        return real.name arguments;                                                                          \
    struct call call CALL_IN_FRAME;                                                                          \
    call.is_open = false;                                                                                    \
    if (!call_begin(&call, number, target, SITE))                                                            \
        return real.name arguments;                                                                          \
    type value = real.name arguments;                                                                        \
    call_end(&call, result(value));                                                                          \
    return value;

/*
 * A wrapper, `function`, of the real `name`. While nothing is recorded it has no frame of its own. Its other
 * half is jumped to, not called (the library is always optimized), and so has the wrapper's return address.
 */
#define WRAP_CALL_AS(function, type, name, parameters, arguments, number, target, result)                    \
    static __attribute__((noinline)) type recording_##function parameters{                                   \
        RECORD_CALL(type, name, arguments, number, target, result)} type function parameters                 \
    {                                                                                                        \
        if (TRACING(exectrace_syscall, call))                                                                \
            return recording_##function arguments;                                                           \
        return real.name arguments;                                                                          \
    }

/* The exported wrapper `name` of a list entry (`first` is there for the list's other uses). */
#define WRAP_CALL(first, type, name, version, parameters, arguments, number, target, result)                 \
    EXECTRACE_EXPORT type name parameters;                                                                   \
    WRAP_CALL_AS(name, type, name, parameters, arguments, number, target, result)

/* The same as a static function recorded_<name>, for an exported wrapper written by hand. */
#define WRAP_CALL_INSIDE(first, type, name, version, parameters, arguments, number, target, result)          \
    static inline __attribute__((always_inline)) type recorded_##name parameters                             \
    {                                                                                                        \
        if (!TRACING(exectrace_syscall, call))                                                               \
            return real.name arguments;                                                                      \
        RECORD_CALL(type, name, arguments, number, target, result)                                           \
    }

/* Without it gcc says that an alias has fewer attributes than its function; clang does not know it. */
#ifdef __clang__
#define WRAP_ALIAS_ATTRIBUTES_OF(name)
#else
#define WRAP_ALIAS_ATTRIBUTES_OF(name) copy(name),
#endif

/* Another name of the wrapper, of the same type. */
#define WRAP_ALIAS(alias_name, name)                                                                         \
    extern __typeof__(name) alias_name                                                                       \
        __attribute__((WRAP_ALIAS_ATTRIBUTES_OF(name) alias(#name), visibility("default")));

/* The same for a function whose parameters' types differ in their names only: stat64 of stat. */
#define WRAP_ALIAS_64(type, alias_name, name, parameters)                                                    \
    EXECTRACE_EXPORT type alias_name parameters __attribute__((alias(#name)));

#endif
