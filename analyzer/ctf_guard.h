/*
 * What keeps the process in order when babeltrace2 does not: a damaged trace can make it abort, crash, spin
 * or ask for all memory (a failed assertion of version 2.0.4 on some metadata, for instance). While a trace
 * is read, such an end becomes one sentence on stderr and exit status 1. It costs nothing as long as all is
 * well.
 *
 * Crashes of threads that are not inside babeltrace2 are left alone: they are bugs of ours.
 */
#ifndef ANALYZER_CTF_GUARD_H
#define ANALYZER_CTF_GUARD_H

#include <glib.h>

/* Exit status of a process that the guard ended. */
#define CTF_GUARD_EXIT_STATUS 1

/* path and total size of the trace: for the sentence, and for how long opening it may take. */
void ctf_guard_begin(const char *path, guint64 bytes);
/* Something was read: the time allowed for the next step begins anew. */
void ctf_guard_progress(void);
void ctf_guard_end(void);

/* The calling thread goes into babeltrace2 or comes back from it. Frees what enter took. */
void ctf_guard_enter(void);
void ctf_guard_leave(void);

/*
 * Between these, what babeltrace2 writes to stderr goes nowhere: it prints a picture before it aborts. Only
 * while this is the process's only thread.
 */
void ctf_guard_mute(void);
void ctf_guard_unmute(void);

#endif
