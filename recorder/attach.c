/*
 * Looks at a running process through /proc. Called by main.c on the main thread.
 */
#include "recorder/attach.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTACH_ERROR (g_quark_from_static_string("recorder-attach"))

#define MAX_DESCENDANTS 4096

static char *proc_path(pid_t pid, const char *name)
{
    return g_strdup_printf("/proc/%d/%s", (int)pid, name);
}

static bool has_library(const char *maps)
{
    return strstr(maps, "/libexectrace.so");
}

bool attach_check(pid_t pid, GError **error)
{
    g_autofree char *path = proc_path(pid, "maps");
    g_autofree char *maps = NULL;

    if (kill(pid, 0) != 0 && errno == ESRCH) {
        g_set_error(error, ATTACH_ERROR, 0, "there is no process %d", (int)pid);
        return false;
    }

    if (!g_file_get_contents(path, &maps, NULL, NULL)) {
        g_set_error(error, ATTACH_ERROR, 0,
                    geteuid() == 0 ? "the kernel does not let us look into process %d"
                                   : "process %d belongs to somebody else; attach as that user or as root",
                    (int)pid);
        return false;
    }

    if (!has_library(maps)) {
        g_set_error(error, ATTACH_ERROR, 0,
                    "process %d was not started with libexectrace.so; start it with recorder, or with "
                    "LD_PRELOAD=libexectrace.so to attach later",
                    (int)pid);
        return false;
    }

    return true;
}

/* The value of a variable in an environment block of `size` bytes; NULL when it is not set. */
static char *find_variable(const char *block, gsize size, const char *name)
{
    gsize name_length = strlen(name);

    for (gsize at = 0; at < size;) {
        gsize length = strnlen(block + at, size - at);

        if (length > name_length && block[at + name_length] == '=' &&
            strncmp(block + at, name, name_length) == 0)
            return g_strndup(block + at + name_length + 1, length - name_length - 1);

        at += length + 1;
    }

    return NULL;
}

char *attach_lttng_home(pid_t pid)
{
    g_autofree char *path = proc_path(pid, "environ");
    g_autofree char *block = NULL;
    gsize size;

    if (!g_file_get_contents(path, &block, &size, NULL))
        return NULL;

    char *home = find_variable(block, size, "LTTNG_HOME");
    return home ? home : find_variable(block, size, "HOME");
}

char *attach_program(pid_t pid)
{
    g_autofree char *path = proc_path(pid, "exe");
    char *program = g_file_read_link(path, NULL);

    return program ? program : g_strdup_printf("%d", (int)pid);
}

static void add_descendants(GArray *pids, pid_t pid)
{
    g_autofree char *path = proc_path(pid, "task");
    g_autoptr(GDir) threads = g_dir_open(path, 0, NULL);
    const char *tid;

    while (threads && (tid = g_dir_read_name(threads))) {
        g_autofree char *list = g_build_filename(path, tid, "children", NULL);
        g_autofree char *text = NULL;

        if (!g_file_get_contents(list, &text, NULL, NULL))
            continue;

        g_auto(GStrv) words = g_strsplit(text, " ", -1);
        for (char **word = words; *word && pids->len < MAX_DESCENDANTS; word++) {
            pid_t child = atoi(*word);

            if (child > 0) {
                g_array_append_val(pids, child);
                add_descendants(pids, child);
            }
        }
    }
}

GArray *attach_descendants(pid_t pid)
{
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));

    add_descendants(pids, pid);
    for (unsigned i = pids->len; i-- > 0;) {
        g_autofree char *path = proc_path(g_array_index(pids, pid_t, i), "maps");
        g_autofree char *maps = NULL;

        if (!g_file_get_contents(path, &maps, NULL, NULL) || !has_library(maps))
            g_array_remove_index_fast(pids, i);
    }

    return pids;
}
