/*
 * Wrappers of waiting for descriptors and for time to pass: made from the table in real_io.h. Called by the
 * traced program on any thread, also from signal handlers.
 */
#include "tracepoints/calls.h"

#include <unistd.h>

/* Of a set of descriptors only the first ones are looked at: a call with hundreds must not become slow. */
#define LOOKED_AT 64

static struct call_target target_epoll(int fd)
{
    return (struct call_target){fd, EXECTRACE_FD_EPOLL};
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

static struct call_target target_poll(const struct pollfd *fds, nfds_t count)
{
    struct call_target target = target_none();

    /* The kernel refuses a bad address without a signal, so we may not touch one either. */
    if (fds == NULL)
        return target;
    for (nfds_t i = 0; i < count && i < LOOKED_AT; i++) {
        if (fds[i].fd >= 0 && take_in(&target, fds[i].fd))
            break;
    }
    return target;
}

static struct call_target target_select(int count, const fd_set *reads, const fd_set *writes,
                                        const fd_set *exceptions)
{
    struct call_target target = target_none();
    int looked_at = 0;

    for (int fd = 0; fd < count && fd < FD_SETSIZE && looked_at < LOOKED_AT; fd++) {
        bool is_wanted = (reads != NULL && FD_ISSET(fd, reads)) || (writes != NULL && FD_ISSET(fd, writes)) ||
                         (exceptions != NULL && FD_ISSET(fd, exceptions));
        if (!is_wanted)
            continue;
        looked_at++;
        if (take_in(&target, fd))
            break;
    }
    return target;
}

IO_WAIT_CALLS(WRAP_CALL, )

WRAP_ALIAS(__poll, poll)
WRAP_ALIAS(__select, select)
WRAP_ALIAS(__nanosleep, nanosleep)
