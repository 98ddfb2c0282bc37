/*
 * Watches the state folder and admits the processes that appear in it. Called by main.c and target.c on the
 * main thread: lttng-ctl is not made for several threads.
 */
#include "recorder/admission.h"

#include "tracepoints/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#define ADMISSION_ERROR (g_quark_from_static_string("recorder-admission"))

struct admission {
    struct session *session; /* borrowed */
    GHashTable *pids;        /* set of admitted pids, owned */
    char *folder;            /* owned */
    int fd;                  /* inotify, owned */
    int lock_fd;             /* the folder with our lock: new processes see that we live; owned, -1: none */
};

struct admission *admission_new(const char *state_folder, struct session *session, GError **error)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (fd < 0 || inotify_add_watch(fd, state_folder, IN_CREATE) < 0) {
        g_set_error(error, ADMISSION_ERROR, 0, "cannot watch %s for new processes: %s", state_folder,
                    g_strerror(errno));
        if (fd >= 0)
            close(fd);

        return NULL;
    }

    struct admission *admission = g_new0(struct admission, 1);
    admission->session = session;
    admission->pids = g_hash_table_new(g_direct_hash, g_direct_equal);
    admission->folder = g_strdup(state_folder);
    admission->fd = fd;
    admission->lock_fd = open(state_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (admission->lock_fd >= 0)
        flock(admission->lock_fd, LOCK_EX | LOCK_NB);

    return admission;
}

bool admission_add(struct admission *admission, pid_t pid, GError **error)
{
    if (g_hash_table_contains(admission->pids, GINT_TO_POINTER(pid)))
        return true;

    if (!session_track(admission->session, pid, error))
        return false;

    g_hash_table_add(admission->pids, GINT_TO_POINTER(pid));
    return true;
}

int admission_fd(const struct admission *admission)
{
    return admission->fd;
}

/* Tells the waiting process. Its file may still be empty; then it grows now, and the process maps it later.
 */
static void let_in(const struct admission *admission, const char *name)
{
    g_autofree char *path = g_build_filename(admission->folder, name, NULL);
    const uint32_t admitted = 1;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;

    if (pwrite(fd, &admitted, sizeof(admitted), offsetof(struct state_file, admitted)) < 0)
        g_debug("%s: %s", path, g_strerror(errno)); /* it will go on by itself after a moment */

    close(fd);
}

void admission_handle(struct admission *admission)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t size;

    while ((size = read(admission->fd, buffer, sizeof(buffer))) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            pid_t pid = event->len > 0 ? atoi(event->name) : 0;

            if (pid > 0 && admission_add(admission, pid, NULL))
                let_in(admission, event->name);

            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
}

void admission_free(struct admission *admission)
{
    if (!admission)
        return;

    close(admission->fd);
    if (admission->lock_fd >= 0)
        close(admission->lock_fd);

    g_hash_table_destroy(admission->pids);
    g_free(admission->folder);
    g_free(admission);
}
