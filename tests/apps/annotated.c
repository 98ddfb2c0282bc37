/*
 * Uses every function of exectrace.h; prints the same, recorded or not: "recording N" apart, which is the
 * number of threads that saw a recording. The strings and numbers are checked in the recording.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracepoints/exectrace.h"

static uint64_t request;

static void *work(void *unused)
{
    exectrace_region_begin(request, "parse");
    exectrace_log(request, "cache", "miss");
    exectrace_region_end(request, "parse");
    return unused;
}

int main(void)
{
    char *endless = malloc(10001);
    pthread_t thread;
    uint64_t part;

    errno = 77;
    request = exectrace_task_begin("request", 0);
    part = exectrace_task_begin("part", request);
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    exectrace_counter("queue length", 12.5);
    memset(endless, 'x', 10000);
    endless[10000] = '\0';
    exectrace_log(0, "", endless);
    exectrace_log(0, NULL, NULL);
    exectrace_task_end(part);
    exectrace_task_end(request);
    exectrace_task_end(0);
    printf("recording %d, different tasks %d, errno %d\n", exectrace_is_recording() != 0,
           exectrace_is_recording() == 0 || (request != 0 && part != request), errno);
    free(endless);
    return 0;
}
