/*
 * See newcomers.h. The collector's thread writes process ids into a pipe, the main thread reads them.
 */
#include "recorder/newcomers.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NEWCOMERS_ERROR (g_quark_from_static_string("recorder-newcomers"))

static const struct recorder_events *real; /* borrowed */
static struct recorder_events watched;
static int ends[2] = {-1, -1};

static void sched_start(uint64_t time, int32_t pid, int32_t tid, int32_t parent_pid, int32_t parent_tid)
{
    real->sched_start(time, pid, tid, parent_pid, parent_tid);
    if (pid == tid && write(ends[1], &pid, sizeof(pid)) < 0)
        g_debug("process %d stays unrecorded: %s", pid, g_strerror(errno)); /* thousands at once */
}

const struct recorder_events *newcomers_watch(const struct recorder_events *events, GError **error)
{
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        g_set_error(error, NEWCOMERS_ERROR, 0, "cannot make a pipe: %s", g_strerror(errno));
        return NULL;
    }

    real = events;
    watched = *events;
    watched.sched_start = sched_start;
    return &watched;
}

int newcomers_fd(void)
{
    return ends[0];
}

pid_t newcomers_next(void)
{
    int32_t pid;

    return read(ends[0], &pid, sizeof(pid)) == (ssize_t)sizeof(pid) ? pid : 0;
}

void newcomers_clear(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (ends[i] >= 0)
            close(ends[i]);

        ends[i] = -1;
    }
}
