/*
 * The witness process. Owned by target.c, main thread only. It keeps all signals blocked, so the kernel shows
 * in its /proc/PID/status which ones it has got, without it having to run; on request it forgets them. It
 * dies with recorder, whatever happens (PR_SET_PDEATHSIG).
 */
#include "recorder/group_witness.h"

#include <glib.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel signals the members of a group one after the other; the witness's turn may come after ours. */
#define LOOK_COUNT 10
#define LOOK_INTERVAL_US 1000
/* timeout(1) sends a signal to recorder and then to the group: both are one. */
#define SAME_SIGNAL_US 200000

static pid_t witness_pid;
static int request_fd = -1; /* a byte: forget the signals you have got */
static uint32_t last_number;
static gint64 last_seen_us;

static _Noreturn void run_witness(const sigset_t *watched, int fd)
{
    const struct timespec at_once = {0};
    char byte;

    for (;;) {
        ssize_t size = read(fd, &byte, 1);

        if (size == 0)
            _exit(0);

        while (size == 1 && sigtimedwait(watched, NULL, &at_once) > 0)
            continue;
    }
}

/* The witness must not hold open what others wait to be closed. */
static void let_go_of_streams(void)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null_fd, fd);
}

void group_witness_start(const sigset_t *watched)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;

    witness_pid = fork();
    if (witness_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);

        let_go_of_streams();
        close(ends[1]);
        run_witness(watched, ends[0]);
    }

    close(ends[0]);
    request_fd = ends[1];
}

/* Whether the kernel holds the signal back for the witness. */
static bool is_pending(uint32_t number)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)witness_pid);
    g_autofree char *status = NULL;
    uint64_t pending;

    if (!g_file_get_contents(path, &status, NULL, NULL))
        return false;

    const char *line = strstr(status, "\nShdPnd:");
    if (!line)
        return false;

    pending = g_ascii_strtoull(line + strlen("\nShdPnd:"), NULL, 16);
    return pending >> (number - 1) & 1;
}

bool group_witness_saw(const struct signalfd_siginfo *received)
{
    if (witness_pid <= 0)
        return false;

    if (last_number == received->ssi_signo && g_get_monotonic_time() - last_seen_us < SAME_SIGNAL_US)
        return true;

    for (unsigned i = 0; i < LOOK_COUNT; i++) {
        if (is_pending(received->ssi_signo)) {
            last_number = received->ssi_signo;
            last_seen_us = g_get_monotonic_time();
            return write(request_fd, "", 1) == 1;
        }

        g_usleep(LOOK_INTERVAL_US);
    }

    return false;
}

void group_witness_stop(void)
{
    if (witness_pid <= 0)
        return;

    kill(witness_pid, SIGKILL);
    while (waitpid(witness_pid, NULL, 0) < 0 && errno == EINTR)
        continue;

    close(request_fd);
    witness_pid = 0;
    request_fd = -1;
}
