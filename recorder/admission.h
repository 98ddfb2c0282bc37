/*
 * Which processes belong to this recording, when the session daemon is shared with others: the program, and
 * the processes it starts, which present themselves by a file in the state folder (tracepoints/state.h) and
 * wait until they are admitted. All on the main thread.
 */
#ifndef EXECTRACE_RECORDER_ADMISSION_H
#define EXECTRACE_RECORDER_ADMISSION_H

#include "recorder/session.h"

struct admission;

/*
 * Watches for processes that want to be recorded by a restricted session. Borrows session.
 * NULL with error when the folder cannot be watched.
 */
struct admission *admission_new(const char *state_folder, struct session *session, GError **error);

/* Admits a process before it runs. */
bool admission_add(struct admission *admission, pid_t pid, GError **error);

/* Readable when processes wait; then call admission_handle. */
int admission_fd(const struct admission *admission);
void admission_handle(struct admission *admission);

/* Fine on NULL. */
void admission_free(struct admission *admission);

#endif
