/*
 * Starts the program and accompanies it. Owns the process until it has ended, and the signals that recorder
 * gets on its behalf. Called by main.c on the main thread, before recorder has any other thread.
 *
 * The new process waits for a byte on a pipe before it calls exec, so that the session and the kernel's rings
 * are ready when the program starts; a second pipe, closed by exec, brings back the error when exec fails.
 */
#include "recorder/target.h"
#include "recorder/group_witness.h"
#include "recorder/newcomers.h"
#include "recorder/program_check.h"

#include "tracepoints/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGET_ERROR (g_quark_from_static_string("recorder-target"))

/* Signals that are passed on to the program. The first four usually end it. */
static const int forwarded_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
#define ENDING_SIGNAL_COUNT 4
#define SNAPSHOT_SIGNAL SIGUSR2

struct target {
    pid_t pid;
    int release_fd;    /* owned; a byte lets the program start */
    int exec_error_fd; /* owned; errno of exec, or end of file */
    bool has_ended;
};

static sigset_t original_mask;
static struct sigaction original_pipe_action;
static int signal_fd = -1;

/* --- environment -------------------------------------------------------------------------------------- */

static char *preload_list(const char *library, GError **error)
{
    /* Keeps LTTng's descriptors open in programs that close them all. Part of LTTng-UST. */
    static const char helper[] = "liblttng-ust-fd.so.1";
    g_autoptr(GString) list = g_string_new(library);
    const char *previous = g_getenv("LD_PRELOAD");

    if (strpbrk(library, " :")) {
        g_set_error(error, TARGET_ERROR, 0,
                    "%s cannot be loaded into a program: its path contains a space or a colon", library);
        return NULL;
    }

    g_string_append_printf(list, ":%s", helper);
    if (previous && previous[0])
        g_string_append_printf(list, ":%s", previous);

    return g_string_free(g_steal_pointer(&list), FALSE);
}

char **target_environment(const struct recorder_options *options, const struct target_settings *settings,
                          GError **error)
{
    g_autofree char *preload = preload_list(settings->library, error);
    g_autofree char *limit_ms = g_strdup_printf("%u", options->start_limit_ms);
    const char *const settings_table[][2] = {
        {"LD_PRELOAD", preload},
        {"LTTNG_UST_REGISTER_TIMEOUT", limit_ms},
        /* Our own events tell about loaded objects; LTTng's way reads all of them at the program's start. */
        {"LTTNG_UST_WITHOUT_BADDR_STATEDUMP", "1"},
        {EXECTRACE_ENV_FOLLOW, options->follow_children ? "all" : "none"},
        {EXECTRACE_ENV_STATE, settings->state_folder},
        {EXECTRACE_ENV_ADMISSION, settings->needs_admission ? "1" : NULL},
        {EXECTRACE_ENV_WAIT_THRESHOLD, options->wait_threshold_ns},
        {EXECTRACE_ENV_SYSCALL_THRESHOLD, options->syscall_threshold_ns},
        {EXECTRACE_ENV_ALLOC, options->alloc},
        {EXECTRACE_ENV_STACKS, options->stacks},
    };
    char **environment;

    if (!preload)
        return NULL;

    environment = g_get_environ();
    for (unsigned i = 0; i < G_N_ELEMENTS(settings_table); i++) {
        if (settings_table[i][1])
            environment = g_environ_setenv(environment, settings_table[i][0], settings_table[i][1], TRUE);
    }

    return environment;
}

/* --- signals ------------------------------------------------------------------------------------------ */

void target_hold_signals(void)
{
    sigset_t held;

    sigemptyset(&held);
    for (unsigned i = 0; i < G_N_ELEMENTS(forwarded_signals); i++)
        sigaddset(&held, forwarded_signals[i]);

    sigprocmask(SIG_BLOCK, &held, &original_mask);
    /* A session daemon that goes away is an error, not our end. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &original_pipe_action);
    group_witness_start(&held);
    signal_fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
}

void target_end_signals(void)
{
    group_witness_stop();
}

int target_was_interrupted(void)
{
    sigset_t pending;

    if (sigpending(&pending) != 0)
        return 0;

    for (unsigned i = 0; i < ENDING_SIGNAL_COUNT; i++) {
        if (sigismember(&pending, forwarded_signals[i]))
            return forwarded_signals[i];
    }

    return 0;
}

/* From the terminal, or sent to our process group, or sent by the program itself to its group. */
static bool has_reached_program(const struct target *target, const struct signalfd_siginfo *received)
{
    if ((pid_t)received->ssi_pid == target->pid)
        return true;

    return getpgid(target->pid) == getpgrp() && group_witness_saw(received);
}

/* The next signal that is not recorder's own business; false: there is none. */
static bool next_signal(const struct target_duties *duties, struct signalfd_siginfo *received)
{
    while (read(signal_fd, received, sizeof(*received)) == (ssize_t)sizeof(*received)) {
        if (!duties->take_snapshot || received->ssi_signo != SNAPSHOT_SIGNAL)
            return true;

        duties->take_snapshot(duties->data);
    }

    return false;
}

static void forward_signals(const struct target *target, const struct target_duties *duties)
{
    struct signalfd_siginfo received;

    while (next_signal(duties, &received)) {
        if (!has_reached_program(target, &received))
            kill(target->pid, (int)received.ssi_signo);
    }
}

static bool is_told_to_end(const struct target_duties *duties)
{
    struct signalfd_siginfo received;

    while (next_signal(duties, &received)) {
        for (unsigned i = 0; i < ENDING_SIGNAL_COUNT; i++) {
            if ((int)received.ssi_signo == forwarded_signals[i])
                return true;
        }
    }

    return false;
}

/* --- start and end ------------------------------------------------------------------------------------ */

/* In the new process: nothing but async-signal-safe calls from here on. */
static _Noreturn void run_program(int release_fd, int error_fd, const char *path, char **arguments,
                                  char **shell_arguments, char **environment)
{
    char byte;
    ssize_t size;

    do {
        size = read(release_fd, &byte, 1);
    } while (size < 0 && errno == EINTR);

    if (size != 1)
        _exit(RECORDER_FAILED);

    sigaction(SIGPIPE, &original_pipe_action, NULL);
    sigprocmask(SIG_SETMASK, &original_mask, NULL);
    execve(path, arguments, environment);
    if (errno == ENOEXEC) /* a script without #!: as execvp does */
        execve(shell_arguments[0], shell_arguments, environment);

    int cause = errno;
    if (write(error_fd, &cause, sizeof(cause)) < 0)
        _exit(RECORDER_FAILED);

    _exit(RECORDER_NOT_EXECUTABLE);
}

static char **shell_arguments(const char *path, char **arguments)
{
    GPtrArray *list = g_ptr_array_new();

    g_ptr_array_add(list, g_strdup("/bin/sh"));
    g_ptr_array_add(list, g_strdup(path));
    for (char **argument = arguments + 1; *argument; argument++)
        g_ptr_array_add(list, g_strdup(*argument));

    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

struct target *target_spawn(const char *path, char **arguments, char **environment, GError **error)
{
    g_auto(GStrv) by_shell = shell_arguments(path, arguments);
    int release_pipe[2] = {-1, -1};
    int error_pipe[2] = {-1, -1};
    pid_t pid = -1;

    if (pipe2(release_pipe, O_CLOEXEC) == 0 && pipe2(error_pipe, O_CLOEXEC) == 0)
        pid = fork();

    if (pid == 0) {
        close(release_pipe[1]); /* or the end of recorder would never be seen */
        run_program(release_pipe[0], error_pipe[1], path, arguments, by_shell, environment);
    }

    int cause = errno;
    close(release_pipe[0]);
    close(error_pipe[1]);
    if (pid < 0) {
        g_set_error(error, TARGET_ERROR, 0, "cannot start a process: %s", g_strerror(cause));
        close(release_pipe[1]);
        close(error_pipe[0]);
        return NULL;
    }

    struct target *target = g_new0(struct target, 1);
    *target = (struct target){.pid = pid, .release_fd = release_pipe[1], .exec_error_fd = error_pipe[0]};
    return target;
}

pid_t target_pid(const struct target *target)
{
    return target->pid;
}

static void close_release(struct target *target)
{
    if (target->release_fd >= 0)
        close(target->release_fd);

    target->release_fd = -1;
}

static int reap(struct target *target)
{
    int status = 0;

    while (waitpid(target->pid, &status, 0) < 0 && errno == EINTR)
        continue;

    target->has_ended = true;
    return status;
}

bool target_release(struct target *target, GError **error)
{
    int cause = 0;
    ssize_t size = write(target->release_fd, "", 1);

    close_release(target);
    do {
        size = read(target->exec_error_fd, &cause, sizeof(cause));
    } while (size < 0 && errno == EINTR);

    if (size != (ssize_t)sizeof(cause))
        return true;

    reap(target);
    g_set_error(error, PROGRAM_CHECK_ERROR, cause == ENOENT ? RECORDER_NOT_FOUND : RECORDER_NOT_EXECUTABLE,
                "cannot run the program: %s", g_strerror(cause));
    return false;
}

enum polled_fd {
    POLLED_SIGNALS,
    POLLED_PROCESS,
    POLLED_ADMISSION,
    POLLED_NEWCOMERS,
    POLLED_CHILDREN,
    POLLED_DAEMONS,
    POLLED_COUNT = POLLED_DAEMONS + WATCHED_DAEMON_COUNT
};

static void prepare_poll(struct pollfd *polled, int pid_fd, const struct target_duties *duties)
{
    const int fds[POLLED_COUNT] = {
        [POLLED_SIGNALS] = signal_fd,
        [POLLED_PROCESS] = pid_fd,
        [POLLED_ADMISSION] = duties->admission ? admission_fd(duties->admission) : -1,
        [POLLED_NEWCOMERS] = duties->admission ? newcomers_fd() : -1,
        [POLLED_CHILDREN] = duties->survivors ? survivors_fd(duties->survivors) : -1,
    };

    for (unsigned i = 0; i < POLLED_COUNT; i++)
        polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};

    for (unsigned i = 0; i < WATCHED_DAEMON_COUNT; i++)
        polled[POLLED_DAEMONS + i].fd = daemon_watch_fd(duties->daemons, i);
}

/* When one has ended the others follow, and there is no more to say. */
static void look_at_daemons(struct pollfd *polled, const struct target_duties *duties)
{
    for (unsigned i = 0; i < WATCHED_DAEMON_COUNT; i++) {
        if (!polled[i].revents)
            continue;

        for (unsigned j = 0; j < WATCHED_DAEMON_COUNT; j++)
            polled[j] = (struct pollfd){.fd = -1};

        duties->daemon_has_ended(i, duties->data);
        return;
    }
}

/* Processes that have ended again by now are added in vain. */
static void admit_newcomers(struct admission *admission)
{
    pid_t pid;

    while ((pid = newcomers_next()) != 0)
        admission_add(admission, pid, NULL);
}

/* Waits for something to do, and does all that is the same in every phase. except: is reaped by others. */
static bool do_duties(struct pollfd *polled, int limit_ms, const struct target_duties *duties, pid_t except)
{
    int count = poll(polled, POLLED_COUNT, limit_ms);

    if (count < 0)
        return errno == EINTR;

    if (polled[POLLED_ADMISSION].revents)
        admission_handle(duties->admission);

    if (polled[POLLED_NEWCOMERS].revents)
        admit_newcomers(duties->admission);

    if (polled[POLLED_CHILDREN].revents)
        survivors_reap(duties->survivors, except);

    look_at_daemons(polled + POLLED_DAEMONS, duties);
    return true;
}

/* The program has ended; what it started and left behind has not. */
static void wait_for_survivors(const struct target_duties *duties)
{
    struct pollfd polled[POLLED_COUNT];

    prepare_poll(polled, -1, duties);
    survivors_reap(duties->survivors, 0);
    while (survivors_remain(duties->survivors)) {
        if (!do_duties(polled, -1, duties, 0) || is_told_to_end(duties))
            return;
    }
}

int target_wait(struct target *target, const struct target_duties *duties)
{
    int pid_fd = (int)syscall(SYS_pidfd_open, target->pid, 0);
    struct pollfd polled[POLLED_COUNT];

    prepare_poll(polled, pid_fd, duties);
    while (pid_fd >= 0 && !polled[POLLED_PROCESS].revents) {
        if (!do_duties(polled, -1, duties, target->pid))
            break;

        forward_signals(target, duties);
    }

    if (pid_fd >= 0)
        close(pid_fd);

    int status = reap(target);
    if (duties->survivors)
        wait_for_survivors(duties);

    return status;
}

bool target_watch(pid_t pid, uint64_t duration_ns, const struct target_duties *duties)
{
    int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    gint64 end_us = g_get_monotonic_time() + (gint64)(duration_ns / 1000);
    struct pollfd polled[POLLED_COUNT];
    gint64 left_us = 1;

    if (pid_fd < 0)
        return true;

    prepare_poll(polled, pid_fd, duties);
    while (!polled[POLLED_PROCESS].revents && left_us > 0) {
        int limit_ms = duration_ns ? (int)MIN((end_us - g_get_monotonic_time()) / 1000 + 1, G_MAXINT) : -1;

        if (!do_duties(polled, MAX(limit_ms, duration_ns ? 0 : -1), duties, 0) || is_told_to_end(duties))
            break;

        left_us = duration_ns ? end_us - g_get_monotonic_time() : 1;
    }

    close(pid_fd);
    return polled[POLLED_PROCESS].revents != 0;
}

void target_free(struct target *target)
{
    if (!target)
        return;

    close_release(target);
    close(target->exec_error_fd);
    if (!target->has_ended)
        reap(target);

    g_free(target);
}

void target_exit_like(int wait_status)
{
    if (WIFSIGNALED(wait_status)) {
        int number = WTERMSIG(wait_status);
        struct rlimit no_core = {0, 0};
        sigset_t only;

        setrlimit(RLIMIT_CORE, &no_core);
        signal(number, SIG_DFL);
        sigemptyset(&only);
        sigaddset(&only, number);
        sigprocmask(SIG_UNBLOCK, &only, NULL);
        raise(number);
        _exit(128 + number);
    }

    exit(WEXITSTATUS(wait_status));
}
