/*
 * LTTng's session daemon: the one that runs is used; when none runs, one is started and stopped afterwards.
 *
 * Root always uses the one global daemon (LTTng allows no other), so recorders of root share it: whoever
 * needs it first starts it, the last one that ends stops it. An ordinary user's recorder gets a daemon of its
 * own, with a private LTTNG_HOME, that clashes with nobody; but to attach to a process, it must be the daemon
 * that the process looks for, and that one is shared as root's is.
 */
#ifndef EXECTRACE_RECORDER_SESSION_DAEMON_H
#define EXECTRACE_RECORDER_SESSION_DAEMON_H

#include <glib.h>
#include <stdbool.h>

struct session_daemon;

/*
 * Makes sure that a session daemon answers. Sets LTTNG_HOME in our environment when the daemon is not root's:
 * call it before anything else starts a thread, and pass the environment on to the program. runtime_folder:
 * an existing directory of ours, for a private daemon's sockets. home: NULL, or where the process that is to
 * be recorded looks for an ordinary user's daemon. with_kernel: a daemon that root starts can trace the
 * kernel. Nothing is left behind on failure.
 */
struct session_daemon *session_daemon_acquire(const char *runtime_folder, const char *home, bool with_kernel,
                                              GError **error);

/* Where the sockets of the daemon are that answers now. The caller frees. */
char *session_daemon_run_folder(void);

/* Whether the daemon is ours alone: then no process of somebody else can be recorded by mistake. */
bool session_daemon_is_private(const struct session_daemon *daemon);

/*
 * Ends our use of it; stops it when a recorder started it and nobody else uses it. Frees it; fine on NULL.
 * *left_running says whether a daemon that a recorder started had to be left because others have sessions in
 * it.
 */
void session_daemon_release(struct session_daemon *daemon, bool *left_running);

#endif
