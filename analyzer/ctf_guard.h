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

/*
 * path: for the sentence. bytes and threads: total size of the trace and how many threads open it at a time,
 * for how much CPU time that may take. last_act: called before the process is ended, in a signal handler; or
 * NULL.
 */
void ctf_guard_begin(const char *path, guint64 bytes, unsigned threads, void (*last_act)(void));
/* Something was read, or handed on: the time allowed for the next step begins anew. From any thread. */
void ctf_guard_progress(void);
void ctf_guard_end(void);

/* The calling thread goes into babeltrace2 or comes back from it. Cheap, but for the first time in a thread.
 */
void ctf_guard_enter(void);
void ctf_guard_leave(void);
/* The calling thread ends, or has no more use for babeltrace2. */
void ctf_guard_forget_thread(void);

/*
 * Between these, what babeltrace2 writes to stderr goes nowhere: it prints a picture before it aborts. Only
 * while no thread has anything else to say.
 */
void ctf_guard_mute(void);
void ctf_guard_unmute(void);

#endif
