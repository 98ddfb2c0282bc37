/*
 * The tracer's file descriptors, which the traced program must not notice. Owned by io_fds.c.
 */
#ifndef EXECTRACE_IO_FDS_H
#define EXECTRACE_IO_FDS_H

#include <stdbool.h>

/*
 * Whether `fd` is the tracer's and the caller is the program: to be treated as not open. site: the wrapper's
 * return address.
 */
bool fds_is_hidden(int fd, const void *site);

/*
 * The kind of `fd` is not known any more. Does nothing in a vfork child: what is known is about its parent's
 * descriptors.
 */
void fds_forget(int fd);

#endif
