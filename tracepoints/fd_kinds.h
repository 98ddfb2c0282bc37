/*
 * What each file descriptor of the process is: file, socket, pipe ... (enum exectrace_fd_kind).
 *
 * The kernel is asked once per life of a descriptor (fstat, and readlink of /proc/self/fd for the nameless
 * ones: eventfd, epoll ...); wrappers that make or end descriptors say so here. All functions are lock-free,
 * async-signal-safe, leave errno alone and allocate nothing. Descriptors from FD_KINDS_CACHED on are not
 * cached: the kernel is asked every time.
 *
 * Two threads may ask for and forget the same descriptor at once: every forget starts a new generation of the
 * entry, and an answer of the kernel is stored only when the generation is still the one seen before asking.
 */
#ifndef EXECTRACE_FD_KINDS_H
#define EXECTRACE_FD_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "tracepoints/contract.h"

#define FD_KINDS_CACHED 65536

/* A word for each: see fd_kinds.c. */
extern uint32_t fd_kinds_words[FD_KINDS_CACHED] __attribute__((visibility("hidden")));
#define FD_KINDS_MASK 0xfU /* the kind; 0: not known */

/* The same as fd_kinds_get(); asks the kernel. */
enum exectrace_fd_kind fd_kinds_ask(int fd);

/* Kind of `fd`; EXECTRACE_FD_NONE for a negative one, EXECTRACE_FD_UNKNOWN for one that is not open. */
static inline enum exectrace_fd_kind fd_kinds_get(int fd)
{
    uint32_t word =
        (unsigned)fd < FD_KINDS_CACHED ? __atomic_load_n(&fd_kinds_words[fd], __ATOMIC_RELAXED) : 0;

    if (__builtin_expect((word & FD_KINDS_MASK) != 0, 1))
        return (enum exectrace_fd_kind)(word & FD_KINDS_MASK);
    return fd_kinds_ask(fd);
}

/* A call made `fd` and its wrapper knows its kind. Negative numbers are ignored. */
void fd_kinds_set(int fd, enum exectrace_fd_kind kind);

/* `fd` is about to be closed, or was just made by a call that doesn't know its kind. */
void fd_kinds_forget(int fd);

/* The same for all descriptors from `first` to `last`, both included, but the tracer's. */
void fd_kinds_forget_others(unsigned first, unsigned last);

/*
 * Descriptors of the tracer that lives in the process: LTTng's, which the program must not close. A later
 * set or forget makes the number an ordinary one again. fd_kinds_next_tracers() is the first one from `first`
 * to `last`, both included, or -1.
 */
void fd_kinds_set_tracers(int fd);
bool fd_kinds_is_tracers(int fd);
int fd_kinds_next_tracers(unsigned first, unsigned last);

/*
 * True once per life of `fd` and recording session: the caller announces the peer's address then.
 * `session` is the number of the current session, of which eight bits count. Always false for descriptors
 * that are not cached.
 */
bool fd_kinds_take_peer(int fd, uint32_t session);

#endif
