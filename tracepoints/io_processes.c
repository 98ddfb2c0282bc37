/*
 * Wrappers of calls on memory, other processes, signals and queues: made from the tables in
 * real_files.h. Called by the traced program on any thread; by allocators with their locks held.
 */
#include "tracepoints/calls.h"

#include <stdarg.h>
#include <unistd.h>

#include "tracepoints/raw_syscall.h"

/* The header gives this name to the function of X/Open. */
#define WRAP_BSD_CALL(first, type, name, version, parameters, arguments, number, target, result)             \
    EXECTRACE_EXPORT type bsd_##name parameters __asm__(#name);                                              \
    WRAP_CALL_AS(bsd_##name, type, name, parameters, arguments, number, target, result)

IO_MEMORY_CALLS(WRAP_CALL, )
IO_PROCESS_CALLS(WRAP_CALL, )
IO_MREMAP_CALL(WRAP_CALL_INSIDE, )
IO_BSD_CALLS(WRAP_BSD_CALL, )

WRAP_ALIAS(mmap64, mmap)
WRAP_ALIAS(__wait, wait)
WRAP_ALIAS(__waitpid, waitpid)
WRAP_ALIAS(__sigsuspend, sigsuspend)
WRAP_ALIAS(__sched_yield, sched_yield)
WRAP_ALIAS_64(int, aio_suspend64, aio_suspend,
              (const struct aiocb64 *const *list, int count, const struct timespec *timeout))
WRAP_ALIAS_64(int, lio_listio64, lio_listio,
              (int mode, struct aiocb64 *const list[restrict], int count, struct sigevent *restrict notice))

/* The new address is only passed with some flags, but its register can always be read. */
EXECTRACE_EXPORT void *mremap(void *address, size_t length, size_t new_length, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    void *new_address = va_arg(arguments, void *);
    va_end(arguments);
    return recorded_mremap(address, length, new_length, flags, new_address);
}

EXECTRACE_EXPORT void thrd_yield(void)
{
    sched_yield();
}

/* Copying the tables of a large process takes long. The child's slot has been emptied for it (process.c). */
EXECTRACE_EXPORT pid_t fork(void)
{
    if (!TRACING(exectrace_syscall, call) || guard_is_raised())
        return real.fork();

    struct call call CALL_IN_FRAME = {.is_open = false};
    if (!call_begin(&call, SYS_fork, target_none(), SITE))
        return real.fork();
    pid_t pid = real.fork();
    if (pid == 0)
        call.is_open = false;
    else
        call_end(&call, RESULT_ERRNO(pid));
    return pid;
}

WRAP_ALIAS(__fork, fork)

/* LTTng asks from within an event, before it wakes its reader up: see raw_questions_are_allowed. */
EXECTRACE_EXPORT int sigpending(sigset_t *set)
{
    if (unlikely(guard_is_raised() && !raw_questions_are_allowed))
        return sigemptyset(set);
    return real.sigpending(set);
}
