/*
 * What the program leaves behind when it ends: daemons and other processes it started. Recorder adopts them
 * (as systemd does), so that it knows when the last of them has ended.
 * All functions are called on the main thread.
 */
#ifndef EXECTRACE_RECORDER_SURVIVORS_H
#define EXECTRACE_RECORDER_SURVIVORS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct survivors;

/*
 * From now on orphans among our descendants become our children. Call it before the program's process is
 * made; children that we have now are not counted. NULL with error.
 */
struct survivors *survivors_new(GError **error);

/* Readable when a child may have ended; then call survivors_reap. */
int survivors_fd(const struct survivors *survivors);

/* Takes leave of the children that have ended, but for `except`, the program itself. */
void survivors_reap(struct survivors *survivors, pid_t except);

/* Whether an adopted process still runs. */
bool survivors_remain(const struct survivors *survivors);

/* Lets the adopted go: they run on, as children of init. Fine on NULL. */
void survivors_free(struct survivors *survivors);

#endif
