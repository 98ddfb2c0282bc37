/* Descriptors of LTTng's daemons: see daemon_watch.h. */
#include "recorder/daemon_watch.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define CONSUMER_NAME "lttng-consumerd"
/* Its folder in that of the sockets, which stands in its arguments. */
#define CONSUMER_FOLDER "ustconsumerd64"
#define PID_FILE_NAME "lttng-sessiond.pid"

struct daemon_watch {
    int fds[WATCHED_DAEMON_COUNT]; /* pidfds, owned; -1: none */
};

static pid_t find_session_daemon(const char *run_folder)
{
    g_autofree char *path = g_build_filename(run_folder, PID_FILE_NAME, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? atoi(text) : 0;
}

static char *read_file_of(pid_t pid, const char *name, gsize *size)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    char *contents = NULL;

    return g_file_get_contents(path, &contents, size, NULL) ? contents : NULL;
}

static pid_t parent_of(pid_t pid)
{
    gsize size = 0;
    g_autofree char *stat = read_file_of(pid, "stat", &size);
    const char *end_of_name = stat ? strrchr(stat, ')') : NULL;
    int parent = 0;

    return end_of_name && sscanf(end_of_name, ") %*c %d", &parent) == 1 ? parent : 0;
}

/*
 * A process that it forked for other rights has its arguments, too, but another name; the daemon of a
 * container with folders of its own has the name and the arguments, but another parent.
 */
static bool is_consumer(pid_t pid, const char *socket_folder, pid_t session_daemon)
{
    gsize size = 0;
    g_autofree char *name = read_file_of(pid, "comm", &size);

    if (!name || !g_str_has_prefix(name, CONSUMER_NAME) ||
        (session_daemon > 0 && parent_of(pid) != session_daemon))
        return false;

    g_autofree char *arguments = read_file_of(pid, "cmdline", &size);
    return arguments && memmem(arguments, size, socket_folder, strlen(socket_folder));
}

static pid_t find_consumer(const char *run_folder, pid_t session_daemon)
{
    g_autofree char *socket_folder = g_strdup_printf("%s/%s/", run_folder, CONSUMER_FOLDER);
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;

    while (processes && (name = g_dir_read_name(processes))) {
        pid_t pid = atoi(name);

        if (pid > 0 && is_consumer(pid, socket_folder, session_daemon))
            return pid;
    }

    return 0;
}

static int open_process(pid_t pid)
{
    return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

struct daemon_watch *daemon_watch_new(const char *run_folder)
{
    struct daemon_watch *watch = g_new(struct daemon_watch, 1);

    pid_t session_daemon = find_session_daemon(run_folder);

    watch->fds[WATCHED_SESSION_DAEMON] = open_process(session_daemon);
    watch->fds[WATCHED_CONSUMER_DAEMON] = open_process(find_consumer(run_folder, session_daemon));
    return watch;
}

int daemon_watch_fd(const struct daemon_watch *watch, enum watched_daemon which)
{
    return watch->fds[which];
}

void daemon_watch_free(struct daemon_watch *watch)
{
    if (!watch)
        return;

    for (unsigned i = 0; i < WATCHED_DAEMON_COUNT; i++) {
        if (watch->fds[i] >= 0)
            close(watch->fds[i]);
    }

    g_free(watch);
}
