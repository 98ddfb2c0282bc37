/*
 * Preflight: can this program be recorded? Asked before anything is created, answered in one sentence.
 */
#ifndef EXECTRACE_RECORDER_PROGRAM_CHECK_H
#define EXECTRACE_RECORDER_PROGRAM_CHECK_H

#include <glib.h>
#include <stdbool.h>

/* Exit status of recorder; also the code of PROGRAM_CHECK_ERROR. As env(1) and timeout(1) have them. */
enum recorder_status {
    RECORDER_FAILED = 125, /* recorder itself, or the program is of a kind that cannot be recorded */
    RECORDER_NOT_EXECUTABLE = 126,
    RECORDER_NOT_FOUND = 127,
};

#define PROGRAM_CHECK_ERROR (g_quark_from_static_string("recorder-program"))

/*
 * Finds the file that execvp(name) would run, by the same rules (PATH when there is no slash).
 * NULL with error (code: enum recorder_status) when there is none. The caller frees the path.
 */
char *program_find(const char *name, GError **error);

/*
 * Looks at the file (and, for a script, at its interpreter): a dynamically linked program of this machine,
 * without set-user-ID or file capabilities, not built with a sanitizer. What is neither ELF nor has a #! line
 * is taken as a script of the shell, as execvp does.
 */
bool program_check(const char *path, GError **error);

/*
 * What of a program that can be recorded will not be seen: a sentence, which the caller frees. NULL: nothing
 * to say.
 */
char *program_limits(const char *path);

#endif
