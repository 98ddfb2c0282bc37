/*
 * The witness process and the pipe on which it tells what it gets. Owned by target.c, main thread only.
 * It dies with recorder, whatever happens (PR_SET_PDEATHSIG).
 */
#include "recorder/group_witness.h"

#include <glib.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The witness has got the signal when we get it, but may have to wait for a CPU. */
#define WITNESS_LIMIT_MS 50
/* timeout(1) sends a signal to recorder and then to the group: both are one. */
#define SAME_SIGNAL_US 200000

/* What the witness writes; smaller than PIPE_BUF, so it arrives whole. */
struct testimony {
    uint32_t number;
    uint32_t sender_pid;
};

static pid_t witness_pid;
static int testimony_fd = -1;
static struct testimony last_seen;
static gint64 last_seen_us;

static _Noreturn void run_witness(int signal_fd, int output_fd)
{
    struct signalfd_siginfo received;

    while (read(signal_fd, &received, sizeof(received)) == (ssize_t)sizeof(received)) {
        const struct testimony testimony = {.number = received.ssi_signo, .sender_pid = received.ssi_pid};

        if (write(output_fd, &testimony, sizeof(testimony)) < 0)
            break;
    }

    _exit(0);
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
        close(ends[0]);
        run_witness(signalfd(-1, watched, SFD_CLOEXEC), ends[1]);
    }

    close(ends[1]);
    testimony_fd = ends[0];
}

static bool is_same(const struct testimony *testimony, const struct signalfd_siginfo *received)
{
    return testimony->number == received->ssi_signo && testimony->sender_pid == received->ssi_pid;
}

bool group_witness_saw(const struct signalfd_siginfo *received)
{
    struct pollfd polled = {.fd = testimony_fd, .events = POLLIN};
    gint64 start_us = g_get_monotonic_time();

    if (is_same(&last_seen, received) && start_us - last_seen_us < SAME_SIGNAL_US)
        return true;

    for (;;) {
        int left_ms = WITNESS_LIMIT_MS - (int)((g_get_monotonic_time() - start_us) / 1000);

        if (left_ms <= 0 || poll(&polled, 1, left_ms) <= 0 ||
            read(testimony_fd, &last_seen, sizeof(last_seen)) != (ssize_t)sizeof(last_seen))
            return false;

        last_seen_us = g_get_monotonic_time();
        if (is_same(&last_seen, received))
            return true;
    }
}

void group_witness_stop(void)
{
    if (witness_pid <= 0)
        return;

    kill(witness_pid, SIGKILL);
    while (waitpid(witness_pid, NULL, 0) < 0 && errno == EINTR)
        continue;

    close(testimony_fd);
    witness_pid = 0;
    testimony_fd = -1;
}
