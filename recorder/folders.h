/*
 * The directories of a recording: the trace's own, and a private one for sockets and state while it runs.
 */
#ifndef EXECTRACE_RECORDER_FOLDERS_H
#define EXECTRACE_RECORDER_FOLDERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Creates the trace's directory, mode 0700: `wanted`, which must be new or empty, or when that is NULL a new
 * one in the current directory named after the program. Returns its absolute path (caller frees); NULL with
 * error. *was_there: the directory existed before (and is not ours to remove when the recording fails).
 */
char *folders_make_output(const char *wanted, const char *program, bool *was_there, GError **error);

/* A new directory with mode 0700 and a short path (sockets allow 108 bytes). Caller frees and removes. */
char *folders_make_runtime(GError **error);

/* The same in memory where possible: its files are written at every operation of the program. */
char *folders_make_state(GError **error);

/* Removes what recorders of this user left that were killed (SIGKILL): their temporary directories. */
void folders_remove_abandoned(void);

/* Removes a directory of ours with everything in it. Does not follow symbolic links. Fine on NULL. */
void folders_remove(const char *path);

/* Path of the first entry whose name begins with prefix; the caller frees. NULL: there is none. */
char *folders_find(const char *path, const char *prefix);

/*
 * Holds back a little space on the file system of path, under no name. When the disk is full at the end of
 * the recording, what is closed then gives LTTng room for the trace's description. -1 when that is not
 * possible.
 */
int folders_reserve(const char *path);

/* Whether the file system of path has less than a megabyte left. */
bool folders_is_full(const char *path);

#endif
