/*
 * Tells whether a signal that recorder got was sent to its whole process group (Ctrl-C, timeout(1), a shell's
 * kill %1). Then the program, in the same group, has it already, and must not get it twice.
 *
 * The kernel does not say, so a little process of ours stays in the group, does nothing, and tells what it
 * gets. All functions are called on the main thread.
 */
#ifndef EXECTRACE_RECORDER_GROUP_WITNESS_H
#define EXECTRACE_RECORDER_GROUP_WITNESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/* Starts it; it watches the given signals, which must be blocked. Call it before any thread is started. */
void group_witness_start(const sigset_t *watched);

/* Whether the witness got the same signal. Looks for some milliseconds, when it has not. */
bool group_witness_saw(const struct signalfd_siginfo *received);

/* Ends it. Fine when it does not run. */
void group_witness_stop(void);

#endif
