/*
 * Wrapper of syscall(): futex waits and wakes of languages and libraries that make their own locks (Rust,
 * GLib, C++20); system calls that may block are io_hooks.c's. Called on any thread of the program.
 *
 * The C declaration has variable arguments; libc's own code takes all six unconditionally, and so does this.
 */
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>

#include "tracepoints/io_hooks.h"
#include "tracepoints/process.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/waits.h"

long wrapped_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall") WRAPPER;

static bool is_wait(int command)
{
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_WAIT_REQUEUE_PI:
        return true;
    default:
        return false;
    }
}

static bool is_wake(int command)
{
    switch (command) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE_OP:
    case FUTEX_UNLOCK_PI:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
        return true;
    default:
        return false;
    }
}

static long wait_on_futex(long a, long b, long c, long d, long e, long f, const void *site)
{
    WAIT_SCOPE(wait);
    long result;

    wait_begin(&wait, EXECTRACE_WAIT_FUTEX, (uint64_t)a, site);
    result = real.syscall(SYS_futex, a, b, c, d, e, f);
    if (result == -1 && errno == EAGAIN)
        wait_forget(&wait); /* the value had changed already: nobody slept */
    else
        wait_end(&wait, wait_outcome(result == -1 ? errno : 0));
    return result;
}

/* A fork that no handler hears of. One with a stack of its own must not find a frame of ours on it. */
static bool is_raw_fork(long number, long a, long b)
{
    return number == SYS_fork || (number == SYS_clone && (a & CLONE_VM) == 0 && b == 0);
}

static long fork_unheard(long number, long a, long b, long c, long d, long e, long f)
{
    long result = real.syscall(number, a, b, c, d, e, f);

    if (result == 0)
        process_is_unheard_copy();
    return result;
}

long wrapped_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    if (unlikely(is_raw_fork(number, a, b)))
        return fork_unheard(number, a, b, c, d, e, f);
    if (likely(number == SYS_futex)) {
        int command = (int)b & FUTEX_CMD_MASK;

        if (waits_are_recorded() && is_wait(command))
            return wait_on_futex(a, b, c, d, e, f, __builtin_return_address(0));
        if (waits_are_recorded() && is_wake(command))
            wake(EXECTRACE_WAIT_FUTEX, (const void *)a, __builtin_return_address(0));
    } else {
        const long arguments[] = {a, b, c, d, e, f};
        long result;

        if (io_syscall(number, arguments, __builtin_return_address(0), &result))
            return result;
    }

    long result = real.syscall(number, a, b, c, d, e, f);
    if (unlikely((number == SYS_seccomp || number == SYS_prctl) && result >= 0))
        sandbox_note_call(number, a);
    return result;
}
