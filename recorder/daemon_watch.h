/*
 * Notices when one of LTTng's daemons ends during a recording, which LTTng itself tells nobody: the session
 * daemon, or the consumer daemon, which writes the trace. Called by main.c and target.c on the main thread.
 */
#ifndef EXECTRACE_RECORDER_DAEMON_WATCH_H
#define EXECTRACE_RECORDER_DAEMON_WATCH_H

struct daemon_watch;

enum watched_daemon { WATCHED_SESSION_DAEMON, WATCHED_CONSUMER_DAEMON, WATCHED_DAEMON_COUNT };

/* Finds the daemons whose sockets are in run_folder; the consumer daemon runs once a session has channels. */
struct daemon_watch *daemon_watch_new(const char *run_folder);

/* Readable when the daemon has ended; -1: it was not found. */
int daemon_watch_fd(const struct daemon_watch *watch, enum watched_daemon which);

/* Fine on NULL. */
void daemon_watch_free(struct daemon_watch *watch);

#endif
