/*
 * Recording a process that runs already: it was started with libexectrace.so preloaded, perhaps long ago.
 * All functions are called on the main thread.
 */
#ifndef EXECTRACE_RECORDER_ATTACH_H
#define EXECTRACE_RECORDER_ATTACH_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Whether the process can be recorded; a sentence when not. */
bool attach_check(pid_t pid, GError **error);

/* Where the process looks for an ordinary user's session daemon: its LTTNG_HOME or HOME. Caller frees; may be
 * NULL. */
char *attach_lttng_home(pid_t pid);

/* Its program's path, for naming the trace. Caller frees. */
char *attach_program(pid_t pid);

/* Its children and theirs that can be recorded, too, as pid_t; owned by the caller. */
GArray *attach_descendants(pid_t pid);

#endif
