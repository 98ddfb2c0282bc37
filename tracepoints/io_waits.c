/*
 * Wrappers of waiting for descriptors and for time to pass: made from the table in real_io.h. Called by the
 * traced program on any thread, also from signal handlers.
 */
#include "tracepoints/calls.h"

#include <sys/uio.h>
#include <unistd.h>

#include "tracepoints/raw_syscall.h"

/* Of a set of descriptors only the first ones are looked at: a call with hundreds must not become slow. */
#define LOOKED_AT 64

/*
 * When the program's sets are looked at. A bad address must give the program EFAULT, not a signal in our
 * code: after the call, memory that the kernel has read and written is safe to read; before it, the kernel
 * copies for us, which costs as much as a short call and is done only where a long one is expected (an
 * operation that never ends should have its descriptor).
 */
enum look {
    LOOK_BEFORE,
    LOOK_AFTER,
};

static struct call_target target_epoll(int fd)
{
    return (struct call_target){fd, EXECTRACE_FD_EPOLL};
}

/* Copies from the program's memory as far as it is readable; returns the bytes copied. */
static size_t copy_carefully(void *to, const void *from, size_t count)
{
    struct iovec local = {to, count};
    struct iovec remote = {(void *)(uintptr_t)from, count};
    long pid = raw_question3(SYS_getpid, 0, 0, 0);
    long copied = pid < 0 ? 0 : raw_syscall6(SYS_process_vm_readv, pid, (long)&local, 1, (long)&remote, 1, 0);

    return copied > 0 ? (size_t)copied : 0;
}

/* Takes `fd` in when it is the first, or the first socket. True: no need to look further. */
static bool take_in(struct call_target *target, int fd)
{
    enum exectrace_fd_kind kind = fd_kinds_get(fd);

    if (target->fd < 0)
        *target = (struct call_target){fd, kind};
    if (kind != EXECTRACE_FD_SOCKET)
        return false;
    target->kind = kind;
    return true;
}

static struct call_target target_of_poll_fds(const struct pollfd *fds, size_t count)
{
    struct call_target target = target_none();

    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd >= 0 && take_in(&target, fds[i].fd))
            break;
    }
    return target;
}

static struct call_target target_poll(enum look look, struct pollfd *fds, nfds_t count)
{
    size_t looked_at = count < LOOKED_AT ? count : LOOKED_AT;
    struct pollfd copy[LOOKED_AT];

    if (look == LOOK_AFTER)
        return target_of_poll_fds(fds, looked_at);
    if (looked_at == 0 || !call_is_expected_long(SYS_poll, true))
        return target_none();
    looked_at = copy_carefully(copy, fds, looked_at * sizeof *copy) / sizeof *copy;
    return target_of_poll_fds(copy, looked_at);
}

/* The words of the sets that hold the first LOOKED_AT descriptors asked for, all sets in one. */
static struct call_target target_select(enum look look, int count, fd_set *reads, fd_set *writes,
                                        fd_set *exceptions)
{
    fd_set *const sets[] = {reads, writes, exceptions};
    size_t limit = count < 0 ? 0 : count < FD_SETSIZE ? (size_t)count : FD_SETSIZE;
    size_t word_count = (limit + 63) / 64;
    uint64_t wanted[FD_SETSIZE / 64] = {0};
    uint64_t copy[FD_SETSIZE / 64];
    struct call_target target = target_none();
    int looked_at = 0;

    if (look == LOOK_BEFORE && !call_is_expected_long(SYS_select, true))
        return target;
    for (size_t i = 0; i < 3; i++) {
        const uint64_t *words = (const uint64_t *)sets[i];
        size_t readable = word_count;
        if (words != NULL && look == LOOK_BEFORE) {
            readable = copy_carefully(copy, words, word_count * 8) / 8;
            words = copy;
        }
        for (size_t word = 0; words != NULL && word < readable; word++)
            wanted[word] |= words[word];
    }
    for (size_t fd = 0; fd < limit && looked_at < LOOKED_AT; fd++) {
        if ((wanted[fd / 64] >> (fd % 64) & 1) == 0)
            continue;
        looked_at++;
        if (take_in(&target, (int)fd))
            break;
    }
    return target;
}

/* As RECORD_CALL(), for a target that may be known only after the call. */
#define RECORD_SET_CALL(type, name, arguments, number, target_expression, result)                            \
    if (guard_is_raised())                                                                                   \
        return real.name arguments;                                                                          \
    enum look look = LOOK_BEFORE;                                                                            \
    struct call call CALL_IN_FRAME;                                                                          \
    call.is_open = false;                                                                                    \
    if (!call_begin(&call, number, target_expression, SITE))                                                 \
        return real.name arguments;                                                                          \
    type value = real.name arguments;                                                                        \
    look = LOOK_AFTER;                                                                                       \
    if (call.target.fd < 0 && value >= 0)                                                                    \
        call.target = target_expression;                                                                     \
    call_end(&call, result(value));                                                                          \
    return value;

/* As WRAP_CALL(); `first` is what the recording half does when the guard is raised, if not that. */
#define WRAP_SET_CALL(first, type, name, version, parameters, arguments, number, target, result)             \
    static __attribute__((noinline)) type recording_##name parameters{first RECORD_SET_CALL(                 \
        type, name, arguments, number, target, result)} EXECTRACE_EXPORT type name parameters;               \
    type name parameters                                                                                     \
    {                                                                                                        \
        if (TRACING(exectrace_syscall, call) || unlikely(guard_is_raised()))                                 \
            return recording_##name arguments;                                                               \
        return real.name arguments;                                                                          \
    }

/* LTTng may wait from within an event: that must not become a cancellation point. */
#define POLL_DIRECTLY                                                                                        \
    if (unlikely(guard_is_raised()))                                                                         \
        return (int)raw_result(raw_syscall3(SYS_poll, (long)fds, (long)count, timeout));

IO_SET_CALLS(WRAP_SET_CALL, )
IO_POLL_CALL(WRAP_SET_CALL, POLL_DIRECTLY)
IO_WAIT_CALLS(WRAP_CALL, )

WRAP_ALIAS(__poll, poll)
WRAP_ALIAS(__select, select)
WRAP_ALIAS(__nanosleep, nanosleep)
