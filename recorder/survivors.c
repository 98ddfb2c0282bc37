/*
 * Adopts orphans (PR_SET_CHILD_SUBREAPER) and reaps them as soon as they have ended, since others may wait
 * for their process ids to go away. Called by main.c and target.c on the main thread.
 */
#include "recorder/survivors.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SURVIVORS_ERROR (g_quark_from_static_string("recorder-survivors"))

struct survivors {
    GHashTable *others; /* set of pids, owned: children that have nothing to do with the program */
    int fd;             /* signalfd of SIGCHLD, owned */
};

/* Pids of our children, owned by the caller. Adopted ones are the first thread's. NULL: the kernel does not
 * tell. */
static GArray *list_children(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;

    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word; word++) {
        pid_t pid = atoi(*word);

        if (pid > 0)
            g_array_append_val(pids, pid);
    }

    return pids;
}

static bool is_ours(const struct survivors *survivors, pid_t pid)
{
    return !g_hash_table_contains(survivors->others, GINT_TO_POINTER(pid));
}

struct survivors *survivors_new(GError **error)
{
    g_autoptr(GArray) children = list_children();
    sigset_t child_signal;

    if (!children || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        g_set_error_literal(error, SURVIVORS_ERROR, 0,
                            "this kernel does not tell which processes a program leaves behind; "
                            "leave --wait-children out");
        return NULL;
    }

    struct survivors *survivors = g_new0(struct survivors, 1);
    survivors->others = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (unsigned i = 0; i < children->len; i++)
        g_hash_table_add(survivors->others, GINT_TO_POINTER(g_array_index(children, pid_t, i)));

    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    survivors->fd = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
    return survivors;
}

int survivors_fd(const struct survivors *survivors)
{
    return survivors->fd;
}

void survivors_reap(struct survivors *survivors, pid_t except)
{
    struct signalfd_siginfo received;

    while (read(survivors->fd, &received, sizeof(received)) == (ssize_t)sizeof(received))
        continue;

    g_autoptr(GArray) children = list_children();
    for (unsigned i = 0; children && i < children->len; i++) {
        pid_t pid = g_array_index(children, pid_t, i);

        if (pid != except && is_ours(survivors, pid))
            waitpid(pid, NULL, WNOHANG);
    }
}

bool survivors_remain(const struct survivors *survivors)
{
    g_autoptr(GArray) children = list_children();

    for (unsigned i = 0; children && i < children->len; i++) {
        if (is_ours(survivors, g_array_index(children, pid_t, i)))
            return true;
    }

    return false;
}

void survivors_free(struct survivors *survivors)
{
    if (!survivors)
        return;

    prctl(PR_SET_CHILD_SUBREAPER, 0);
    if (survivors->fd >= 0)
        close(survivors->fd);

    g_hash_table_destroy(survivors->others);
    g_free(survivors);
}
