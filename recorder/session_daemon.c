/*
 * Starts, shares and stops LTTng's session daemon. Called by main.c on the main thread.
 *
 * Sharing: every recorder holds a shared flock on a lock file while it uses the daemon; starting
 * and stopping happen under the exclusive lock. The file holds the pid of the daemon that a recorder started,
 * and is removed by the last one. The kernel drops the lock of a recorder that is killed.
 */
#include "recorder/session_daemon.h"
#include "recorder/folders.h"
#include "recorder/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON_ERROR (g_quark_from_static_string("recorder-session-daemon"))

#define DAEMON_PROGRAM "lttng-sessiond"
#define ROOT_LOCK_PATH "/run/exectrace-recorder.lock"
#define ROOT_RUN_FOLDER "/var/run/lttng"
/* Who may write to it may use root's daemon; lttng-ctl tries that one first. */
#define ROOT_CLIENT_SOCKET ROOT_RUN_FOLDER "/client-lttng-sessiond"
#define NO_KERNEL "--no-kernel"
/* Of the kernel's probes those that we need: all of them take seconds to load. */
#define SCHED_PROBES_ONLY "--kmod-probes=sched"
/* In a user's home. */
#define USER_LOCK_NAME ".exectrace-recorder.lock"
#define USER_RUN_NAME ".lttng"

#define START_POLL_US 5000
#define START_LIMIT_US 10000000
/* It loads modules then. */
#define KERNEL_START_LIMIT_US 60000000
#define STOP_LIMIT_MS 15000
#define MAX_LOCK_ATTEMPTS 1000

struct session_daemon {
    pid_t pid;               /* the daemon that a recorder started; 0: somebody else's */
    int lock_fd;             /* -1: not shared */
    char *lock_path;         /* owned; NULL: not shared */
    char *run_folder;        /* owned; NULL: not shared. Where the shared daemon has its sockets */
    bool has_made_wait_file; /* LTTng's wait file did not exist before */
    bool with_kernel;        /* when we start it, it loads the kernel tracer's modules */
};

/* --- LTTng's files ------------------------------------------------------------------------------------ */

/* LTTng keeps small shared-memory files on which programs wait for a daemon to come; this is the user's. */
static char *wait_file_name(void)
{
    return g_strdup_printf("/lttng-ust-wait-8-%u", getuid());
}

static bool has_wait_file(void)
{
    g_autofree char *name = wait_file_name();
    g_autofree char *path = g_strconcat("/dev/shm", name, NULL);

    return access(path, F_OK) == 0;
}

static bool is_mapped_by(const char *pid, const char *name)
{
    g_autofree char *path = g_build_filename("/proc", pid, "maps", NULL);
    g_autofree char *maps = NULL;

    return g_file_get_contents(path, &maps, NULL, NULL) && strstr(maps, name);
}

/* Programs that still wait for a daemon keep the file: a later daemon must find them. */
static void remove_unused_wait_file(void)
{
    g_autofree char *name = wait_file_name();
    g_autofree char *self = g_strdup_printf("%d", (int)getpid());
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *pid;

    while (processes && (pid = g_dir_read_name(processes))) {
        if (g_ascii_isdigit(pid[0]) && strcmp(pid, self) != 0 && is_mapped_by(pid, name))
            return;
    }

    if (processes)
        shm_unlink(name);
}

/* What a daemon leaves in its run folder when it is killed. The folder itself goes when nothing else is in
 * it. */
static void clear_run_folder(const char *folder)
{
    static const char *const names[] = {"kconsumerd",           "ustconsumerd32",        "ustconsumerd64",
                                        "agent.port",           "client-lttng-sessiond", "lttng-sessiond.lck",
                                        "lttng-sessiond.pid",   "lttng-ust-sock-8",      "sessiond-health",
                                        "sessiond-notification"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        folders_remove(path);
    }

    rmdir(folder);
}

/* --- starting and stopping ---------------------------------------------------------------------------- */

static char *find_program(GError **error)
{
    static const char *const fallbacks[] = {"/usr/bin/" DAEMON_PROGRAM, "/usr/local/bin/" DAEMON_PROGRAM,
                                            "/usr/sbin/" DAEMON_PROGRAM};
    char *path = g_find_program_in_path(DAEMON_PROGRAM);

    for (unsigned i = 0; !path && i < G_N_ELEMENTS(fallbacks); i++) {
        if (access(fallbacks[i], X_OK) == 0)
            path = g_strdup(fallbacks[i]);
    }

    if (!path)
        g_set_error_literal(error, DAEMON_ERROR, 0,
                            "LTTng's session daemon (" DAEMON_PROGRAM
                            ") is not installed; install the package lttng-tools");

    return path;
}

/* In the new process. A private daemon must not outlive a recorder that is killed. */
static void prepare_daemon(gpointer is_private)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    if (is_private)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* True: it answers. False: it ended, or says nothing for too long. */
static bool wait_until_daemon_answers(pid_t pid, int limit_us)
{
    for (int waited_us = 0; waited_us < limit_us; waited_us += START_POLL_US) {
        if (session_daemon_answers())
            return true;

        if (waitpid(pid, NULL, WNOHANG) != 0)
            return session_daemon_answers();

        g_usleep(START_POLL_US);
    }

    return false;
}

/* Descriptors of all processes of a process group; the caller frees and closes them. */
static GArray *open_process_group(pid_t group)
{
    GArray *members = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;

    while (processes && (name = g_dir_read_name(processes))) {
        pid_t pid = atoi(name);

        if (pid <= 0 || getpgid(pid) != group)
            continue;

        struct pollfd member = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
        if (member.fd >= 0)
            g_array_append_val(members, member);
    }

    return members;
}

/* It unloads what it has loaded when it is asked to end. */
static bool traces_kernel(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    g_autofree char *arguments = NULL;
    gsize size = 0;

    return g_file_get_contents(path, &arguments, &size, NULL) &&
           !memmem(arguments, size, NO_KERNEL, strlen(NO_KERNEL));
}

/*
 * Ends the daemon and the consumer daemons it started, and waits until all are gone. They have nothing left
 * to do: all traces are written and no session exists. Asked politely they would take more than a second,
 * most of it asleep; one that traces the kernel is asked all the same. As their reaper we leave no zombies to
 * a lazy init.
 */
static void stop_daemon(pid_t pid)
{
    if (getpgid(pid) != pid) { /* not started by a recorder after all */
        kill(pid, SIGTERM);
        return;
    }

    GArray *members = open_process_group(pid);

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (traces_kernel(pid))
        kill(pid, SIGTERM);
    else
        kill(-pid, SIGKILL);

    for (unsigned i = 0; i < members->len; i++) {
        struct pollfd *member = &g_array_index(members, struct pollfd, i);

        poll(member, 1, STOP_LIMIT_MS);
        close(member->fd);
    }

    while (waitpid(-pid, NULL, WNOHANG) > 0)
        continue;

    prctl(PR_SET_CHILD_SUBREAPER, 0);
    g_array_unref(members);
}

static bool start_daemon(struct session_daemon *daemon, bool is_private, GError **error)
{
    g_autofree char *program = find_program(error);
    char *arguments[] = {program, daemon->with_kernel ? SCHED_PROBES_ONLY : NO_KERNEL, "--quiet", NULL};
    g_autoptr(GError) cause = NULL;
    GPid pid;

    if (!program)
        return false;

    if (!g_spawn_async(NULL, arguments, NULL,
                       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                       prepare_daemon, GINT_TO_POINTER(is_private), &pid, &cause)) {
        g_set_error(error, DAEMON_ERROR, 0, "cannot start LTTng's session daemon: %s", cause->message);
        return false;
    }

    if (!wait_until_daemon_answers(pid, daemon->with_kernel ? KERNEL_START_LIMIT_US : START_LIMIT_US)) {
        g_set_error(error, DAEMON_ERROR, 0,
                    "LTTng's session daemon does not start; run \"lttng-sessiond\" by hand to see why");
        stop_daemon(pid);
        return false;
    }

    daemon->pid = pid;
    return true;
}

/* --- sharing ------------------------------------------------------------------------------------------ */

/* The file may have been removed by the last user between our open and our lock. */
static bool is_current_lock(const struct session_daemon *daemon)
{
    struct stat ours;
    struct stat current;

    return fstat(daemon->lock_fd, &ours) == 0 && stat(daemon->lock_path, &current) == 0 &&
           ours.st_ino == current.st_ino && ours.st_dev == current.st_dev;
}

static pid_t read_lock_pid(int fd)
{
    char text[32] = "";
    ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

    return size > 0 ? atoi(text) : 0;
}

static bool write_lock_pid(int fd, pid_t pid)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)pid);

    return ftruncate(fd, 0) == 0 && pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text);
}

/* Whether process pid is a session daemon, and not something else that got its number. */
static bool is_daemon_process(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = NULL;

    return pid > 0 && g_file_get_contents(path, &name, NULL, NULL) &&
           g_str_has_prefix(name, "lttng-sessiond");
}

/* With the exclusive lock: finds or starts the daemon. */
static bool prepare_shared(struct session_daemon *daemon, GError **error)
{
    pid_t pid = read_lock_pid(daemon->lock_fd);

    if (session_daemon_answers()) {
        daemon->pid = is_daemon_process(pid) ? pid : 0;
        return true;
    }

    return start_daemon(daemon, false, error) && write_lock_pid(daemon->lock_fd, daemon->pid);
}

/* One try. False without error: somebody else was quicker, try again. */
static bool try_acquire_shared(struct session_daemon *daemon, GError **error)
{
    daemon->lock_fd = open(daemon->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (daemon->lock_fd < 0) {
        g_set_error(error, DAEMON_ERROR, 0, "cannot open %s: %s", daemon->lock_path, g_strerror(errno));
        return false;
    }

    bool is_first = flock(daemon->lock_fd, LOCK_EX | LOCK_NB) == 0;
    if (is_first && is_current_lock(daemon) && !prepare_shared(daemon, error)) {
        unlink(daemon->lock_path);
        close(daemon->lock_fd);
        return false;
    }

    flock(daemon->lock_fd, LOCK_SH);
    if (is_current_lock(daemon) && session_daemon_answers()) {
        pid_t pid = read_lock_pid(daemon->lock_fd);

        daemon->pid = is_daemon_process(pid) ? pid : 0;
        return true;
    }

    close(daemon->lock_fd);
    return false;
}

static bool acquire_shared(struct session_daemon *daemon, GError **error)
{
    GError *cause = NULL;

    for (unsigned i = 0; i < MAX_LOCK_ATTEMPTS; i++) {
        if (try_acquire_shared(daemon, &cause)) {
            session_clean_and_count();
            return true;
        }

        if (cause) {
            g_propagate_error(error, cause);
            return false;
        }

        g_usleep(START_POLL_US);
    }

    g_set_error_literal(error, DAEMON_ERROR, 0, "LTTng's session daemon keeps going away");
    return false;
}

static void release_shared(struct session_daemon *daemon, bool *left_running)
{
    bool is_last = flock(daemon->lock_fd, LOCK_EX | LOCK_NB) == 0 && is_current_lock(daemon);

    if (is_last && daemon->pid && session_clean_and_count() == 0) {
        stop_daemon(daemon->pid);
        clear_run_folder(daemon->run_folder);
    } else if (is_last && daemon->pid) {
        *left_running = true;
    }

    if (is_last)
        unlink(daemon->lock_path);

    close(daemon->lock_fd);
}

/* --- the two ways ------------------------------------------------------------------------------------- */

static bool acquire_private(struct session_daemon *daemon, const char *runtime_folder, GError **error)
{
    g_autofree char *previous = g_strdup(g_getenv("LTTNG_HOME"));

    if (session_daemon_answers()) {
        session_clean_and_count();
        return true;
    }

    g_setenv("LTTNG_HOME", runtime_folder, TRUE);
    if (start_daemon(daemon, true, error))
        return true;

    if (previous)
        g_setenv("LTTNG_HOME", previous, TRUE);
    else
        g_unsetenv("LTTNG_HOME");

    return false;
}

static void free_daemon(struct session_daemon *daemon)
{
    g_free(daemon->lock_path);
    g_free(daemon->run_folder);
    g_free(daemon);
}

/* Root's daemon, or the one that a process to be attached to looks for. */
static bool acquire_known(struct session_daemon *daemon, const char *home, GError **error)
{
    if (geteuid() == 0) {
        daemon->lock_path = g_strdup(ROOT_LOCK_PATH);
        daemon->run_folder = g_strdup(ROOT_RUN_FOLDER);
    } else {
        daemon->lock_path = g_build_filename(home, USER_LOCK_NAME, NULL);
        daemon->run_folder = g_build_filename(home, USER_RUN_NAME, NULL);
        g_setenv("LTTNG_HOME", home, TRUE);
    }

    return acquire_shared(daemon, error);
}

struct session_daemon *session_daemon_acquire(const char *runtime_folder, const char *home, bool with_kernel,
                                              GError **error)
{
    struct session_daemon *daemon = g_new0(struct session_daemon, 1);

    daemon->lock_fd = -1;
    daemon->with_kernel = with_kernel && geteuid() == 0;
    daemon->has_made_wait_file = !has_wait_file();
    bool is_ok = geteuid() == 0 || home ? acquire_known(daemon, home, error)
                                        : acquire_private(daemon, runtime_folder, error);
    if (!is_ok) {
        free_daemon(daemon);
        return NULL;
    }

    return daemon;
}

char *session_daemon_run_folder(void)
{
    const char *home = g_getenv("LTTNG_HOME");

    return geteuid() == 0 || access(ROOT_CLIENT_SOCKET, W_OK) == 0
               ? g_strdup(ROOT_RUN_FOLDER)
               : g_build_filename(home && *home ? home : g_get_home_dir(), USER_RUN_NAME, NULL);
}

bool session_daemon_is_private(const struct session_daemon *daemon)
{
    return daemon->lock_fd < 0 && daemon->pid;
}

void session_daemon_release(struct session_daemon *daemon, bool *left_running)
{
    *left_running = false;
    if (!daemon)
        return;

    if (daemon->lock_fd >= 0) {
        release_shared(daemon, left_running);
    } else if (daemon->pid) {
        stop_daemon(daemon->pid);
    }

    if (daemon->has_made_wait_file)
        remove_unused_wait_file();

    free_daemon(daemon);
}
