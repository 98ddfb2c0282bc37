/*
 * For the wrapper of syscall(): system calls that programs make without a libc function of their own.
 */
#ifndef EXECTRACE_IO_HOOKS_H
#define EXECTRACE_IO_HOOKS_H

#include <stdbool.h>

/*
 * Makes and records the call when `number` is one of those that may block (io_uring_enter, io_getevents,
 * reading, writing and waiting by number). False: it is not, nothing was done. `result` gets what syscall()
 * returns, errno is the call's. site: return address of the wrapper.
 */
bool io_syscall(long number, const long arguments[6], const void *site, long *result);

#endif
