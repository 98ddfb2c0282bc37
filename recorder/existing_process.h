/*
 * What the kernel will not tell any more about a process that runs already: its threads, their names, its
 * mapped code.
 */
#ifndef EXECTRACE_RECORDER_EXISTING_PROCESS_H
#define EXECTRACE_RECORDER_EXISTING_PROCESS_H

#include "recorder/sched_pairing.h"

#include <sys/types.h>

/* Thread ids (int32_t) of a process, in order. The caller unrefs. Empty when it is gone. */
GArray *existing_process_threads(pid_t pid);

/* Tells pairing of the threads and mappings as if they had just come up at `time` (CLOCK_MONOTONIC ns). */
void existing_process_introduce(pid_t pid, uint64_t time, struct sched_pairing *pairing);

/*
 * One line of /proc/PID/maps. True: an executable mapping of a file or the vdso; base, size, offset and text
 * are set, text lies in the line.
 */
bool existing_process_parse_mapping(const char *line, struct sched_record *record);

#endif
