/*
 * How a process image ends: what is still to be said, and the wrappers of the ways out that skip destructors,
 * _exit and exec. Any thread of the program; also a vfork child, which must change nothing.
 */
#include "tracepoints/process.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "tracepoints/clock.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/state_map.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

#include "tracepoints/provider_process.h"

static int32_t own_pid;

void process_remember_pid(void)
{
    own_pid = (int32_t)raw_question3(SYS_getpid, 0, 0, 0);
}

static bool is_vfork_child(void)
{
    if (!raw_questions_are_allowed)
        return guard_is_vfork_child();
    return own_pid != (int32_t)raw_syscall3(SYS_getpid, 0, 0, 0);
}

/* Reports one thread's operation that will not end before the process does. */
static void report_open(const struct thread_block *block, uint64_t now_ns)
{
    struct state_operation operation = block->slot->operation;
    uint64_t duration_ns = now_ns > operation.start_ns ? now_ns - operation.start_ns : 0;

    if (operation.operation == 0)
        return;
    if (operation.operation == EXECTRACE_OPERATION_SYNC)
        operation.fd = state_map_find_holder(operation.object, block->tid);
    lttng_ust_do_tracepoint(exectrace_process, open, own_pid, block->tid, operation.kind, operation.object,
                            operation.number, operation.fd, operation.fd_kind, duration_ns, operation.stack,
                            operation.leaf_pc);
}

void process_is_unheard_copy(void)
{
    guard_is_open = false;
}

/* Like fork, but for signal handlers: no fork handlers run. */
WRAPPER pid_t _Fork(void)
{
    pid_t pid = real._Fork();

    if (pid == 0)
        process_is_unheard_copy();
    return pid;
}

static void flush_sums(struct thread_block *block)
{
    sync_sums_flush(block);
    call_sums_flush(block);
}

void process_report_end(void)
{
    uint32_t level = guard_mute();
    int saved_errno = errno;
    uint64_t now_ns = clock_now_ns();

    if (!is_vfork_child() && __atomic_exchange_n(&guard_is_open, false, __ATOMIC_SEQ_CST)) {
        for (struct thread_block *block = threads_first(); block != NULL; block = block->next) {
            if (__atomic_load_n(&block->tid, __ATOMIC_ACQUIRE) == 0)
                continue;
            flush_sums(block);
            if (block != guard_words.block && TRACING(exectrace_process, open))
                report_open(block, now_ns);
        }
        state_map_finish();
    }
    errno = saved_errno;
    guard_unmute(level);
}

/* Before exec: it may fail, so only the sums go out. */
static void flush_before_exec(void)
{
    uint32_t level;

    if (!waits_are_recorded() || !guard_is_open || guard_is_raised() || is_vfork_child())
        return;
    level = guard_mute();
    for (struct thread_block *block = threads_first(); block != NULL; block = block->next) {
        if (__atomic_load_n(&block->tid, __ATOMIC_ACQUIRE) != 0)
            flush_sums(block);
    }
    guard_unmute(level);
}

WRAPPER _Noreturn void _exit(int status)
{
    process_report_end();
    real._exit(status);
    __builtin_unreachable();
}

WRAPPER _Noreturn void _Exit(int status)
{
    process_report_end();
    real._Exit(status);
    __builtin_unreachable();
}

WRAPPER int execve(const char *path, char *const arguments[], char *const environment[])
{
    flush_before_exec();
    return real.execve(path, arguments, environment);
}

WRAPPER int execv(const char *path, char *const arguments[])
{
    flush_before_exec();
    return real.execv(path, arguments);
}

WRAPPER int execvp(const char *file, char *const arguments[])
{
    flush_before_exec();
    return real.execvp(file, arguments);
}

WRAPPER int execvpe(const char *file, char *const arguments[], char *const environment[])
{
    flush_before_exec();
    return real.execvpe(file, arguments, environment);
}

WRAPPER int fexecve(int fd, char *const arguments[], char *const environment[])
{
    flush_before_exec();
    return real.fexecve(fd, arguments, environment);
}

WRAPPER int execveat(int fd, const char *path, char *const arguments[], char *const environment[], int flags)
{
    flush_before_exec();
    return real.execveat(fd, path, arguments, environment, flags);
}

/* Where a list of arguments ends, its NULL not counted; `arguments` stands behind the NULL afterwards. */
static size_t count_arguments(va_list *arguments)
{
    size_t count = 1;

    while (va_arg(*arguments, char *) != NULL)
        count++;
    return count;
}

static void fill_arguments(char **vector, const char *first, va_list arguments)
{
    *vector = (char *)(uintptr_t)first;
    while (*vector++ != NULL)
        *vector = va_arg(arguments, char *);
}

/* The vector of a function that takes its arguments as a list lies on the stack: it may run after vfork. */
#define TAKE_LIST(vector, environment)                                                                       \
    va_list arguments;                                                                                       \
    va_start(arguments, first);                                                                              \
    size_t count = first == NULL ? 0 : count_arguments(&arguments);                                          \
    char *const *environment __attribute__((unused)) =                                                       \
        takes_environment ? va_arg(arguments, char **) : NULL;                                               \
    va_end(arguments);                                                                                       \
    char *vector[count + 1];                                                                                 \
    va_start(arguments, first);                                                                              \
    fill_arguments(vector, first, arguments);                                                                \
    va_end(arguments);

WRAPPER int execl(const char *path, const char *first, ...)
{
    const bool takes_environment = false;
    TAKE_LIST(vector, environment)

    flush_before_exec();
    return real.execv(path, vector);
}

WRAPPER int execlp(const char *file, const char *first, ...)
{
    const bool takes_environment = false;
    TAKE_LIST(vector, environment)

    flush_before_exec();
    return real.execvp(file, vector);
}

WRAPPER int execle(const char *path, const char *first, ...)
{
    const bool takes_environment = true;
    TAKE_LIST(vector, environment)

    flush_before_exec();
    return real.execve(path, vector, environment);
}
