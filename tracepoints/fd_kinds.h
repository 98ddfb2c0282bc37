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

/* Kind of `fd`; EXECTRACE_FD_NONE for a negative one, EXECTRACE_FD_UNKNOWN for one that is not open. */
enum exectrace_fd_kind fd_kinds_get(int fd);

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
