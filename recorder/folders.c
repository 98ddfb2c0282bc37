/*
 * Creates and removes the directories of a recording. Called by main.c on the main thread.
 */
#include "recorder/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDERS_ERROR (g_quark_from_static_string("recorder-folders"))

#define MIN_FREE_BYTES (UINT64_C(1) << 20)
#define RESERVED_BYTES (512 << 10)
#define MAX_NAME_ATTEMPTS 100
/* Longest folder for temporary files that leaves room for the names of LTTng's sockets. */
#define MAX_TEMPORARY_PATH 48
#define MAX_OPEN_FOLDERS 16
/* Followed by the pid of the recorder. */
#define TEMPORARY_PREFIX "exectrace-"
#define SHARED_MEMORY_FOLDER "/dev/shm"

bool folders_is_full(const char *path)
{
    struct statvfs status;

    return statvfs(path, &status) == 0 && (uint64_t)status.f_bavail * status.f_frsize < MIN_FREE_BYTES;
}

int folders_reserve(const char *path)
{
    int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;

    if (posix_fallocate(fd, 0, RESERVED_BYTES) == 0)
        return fd;

    close(fd);
    return -1;
}

static bool fail(GError **error, const char *path, const char *why)
{
    g_set_error(error, FOLDERS_ERROR, 0, "cannot write a trace to %s: %s", path, why);
    return false;
}

/* An existing output directory: must be a directory of ours, and empty. */
static bool take_existing(const char *path, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    struct stat status;

    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(error, path, "it exists and is no directory");

    if (!folder || access(path, W_OK | X_OK) != 0)
        return fail(error, path, "permission denied");

    if (g_dir_read_name(folder))
        return fail(error, path, "it exists and is not empty; give another directory or remove it first");

    if (chmod(path, 0700) != 0)
        return fail(error, path, "it belongs to somebody else");

    return true;
}

static bool make_output(const char *path, bool *was_there, GError **error)
{
    *was_there = false;
    if (mkdir(path, 0700) == 0)
        return true;

    if (errno != EEXIST)
        return fail(error, path, g_strerror(errno));

    *was_there = true;
    return take_existing(path, error);
}

/* exectrace-PROGRAM-DATE-TIME, with a number when recorders are quick. */
static char *make_named_output(const char *program, GError **error)
{
    g_autofree char *base = g_path_get_basename(program);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");

    for (unsigned i = 1; i <= MAX_NAME_ATTEMPTS; i++) {
        g_autofree char *path = i == 1 ? g_strdup_printf("exectrace-%.64s-%s", base, time)
                                       : g_strdup_printf("exectrace-%.64s-%s-%u", base, time, i);

        if (mkdir(path, 0700) == 0)
            return g_steal_pointer(&path);

        if (errno != EEXIST) {
            g_set_error(error, FOLDERS_ERROR, 0,
                        "cannot make a directory for the trace here (%s); give one with -o",
                        g_strerror(errno));
            return NULL;
        }
    }

    g_set_error_literal(error, FOLDERS_ERROR, 0, "too many traces of this program here; give a name with -o");
    return NULL;
}

char *folders_make_output(const char *wanted, const char *program, bool *was_there, GError **error)
{
    g_autofree char *path = NULL;

    *was_there = false;
    if (!wanted)
        path = make_named_output(program, error);
    else if (make_output(wanted, was_there, error))
        path = g_strdup(wanted);

    if (!path)
        return NULL;

    if (folders_is_full(path)) {
        fail(error, path, "less than 1 MiB is free on its file system");
        if (!*was_there)
            rmdir(path);

        return NULL;
    }

    return g_canonicalize_filename(path, NULL);
}

static char *make_temporary(const char *parent, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/" TEMPORARY_PREFIX "%d-XXXXXX", parent, (int)getpid());

    if (!mkdtemp(path)) {
        g_set_error(error, FOLDERS_ERROR, 0, "cannot make a temporary directory in %s: %s", parent,
                    g_strerror(errno));
        return NULL;
    }

    return g_steal_pointer(&path);
}

/* Where directories with sockets go. */
static const char *runtime_parent(void)
{
    const char *parent = g_get_tmp_dir();

    return strlen(parent) > MAX_TEMPORARY_PATH || access(parent, W_OK | X_OK) != 0 ? "/tmp" : parent;
}

char *folders_make_runtime(GError **error)
{
    return make_temporary(runtime_parent(), error);
}

char *folders_make_state(GError **error)
{
    char *path = make_temporary(SHARED_MEMORY_FOLDER, NULL);

    return path ? path : folders_make_runtime(error);
}

char *folders_find(const char *path, const char *prefix)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        if (g_str_has_prefix(name, prefix))
            return g_build_filename(path, name, NULL);
    }

    return NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *position)
{
    (void)status;
    (void)type;
    (void)position;
    remove(path);
    return 0;
}

/* Whether a name is that of a temporary directory of a recorder that does not run any more. */
static bool is_abandoned(const char *parent, const char *name)
{
    g_autofree char *path = g_build_filename(parent, name, NULL);
    struct stat status;
    char *end;

    if (!g_str_has_prefix(name, TEMPORARY_PREFIX))
        return false;

    long pid = strtol(name + strlen(TEMPORARY_PREFIX), &end, 10);
    return pid > 0 && *end == '-' && kill((pid_t)pid, 0) != 0 && errno == ESRCH &&
           lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

static void remove_abandoned_in(const char *parent)
{
    g_autoptr(GDir) folder = g_dir_open(parent, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(parent, name, NULL);

        if (is_abandoned(parent, name))
            folders_remove(path);
    }
}

void folders_remove_abandoned(void)
{
    remove_abandoned_in(SHARED_MEMORY_FOLDER);
    remove_abandoned_in(runtime_parent());
}

void folders_remove(const char *path)
{
    if (path)
        nftw(path, remove_entry, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
