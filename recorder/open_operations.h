/*
 * Operations that had not ended when the recording did: read from the state files of the program's processes
 * (tracepoints/state.h) and emitted as exectrace_process:open. So a program that was killed, or that crashed,
 * still tells what each thread was waiting for.
 */
#ifndef EXECTRACE_RECORDER_OPEN_OPERATIONS_H
#define EXECTRACE_RECORDER_OPEN_OPERATIONS_H

#include "recorder/recorder_events.h"

/*
 * When process pid ended (CLOCK_MONOTONIC ns); 0: it is not known to have ended; OPEN_OPERATIONS_NONE: its
 * operations are of no interest. data: as given to open_operations_emit.
 */
#define OPEN_OPERATIONS_NONE UINT64_MAX
typedef uint64_t (*open_operations_end)(int32_t pid, void *data);

/*
 * Emits the open operations of all state files in the folder, in order of file name and slot. A process whose
 * library reported its open operations itself is left out, and so is a file that is not a state file. An
 * operation's duration runs to the end of its process, or to now_ns. Returns how many were emitted.
 */
unsigned open_operations_emit(const char *state_folder, uint64_t now_ns, open_operations_end end, void *data,
                              const struct recorder_events *events);

/*
 * The same for a process that runs on and keeps its state in its own memory: reads it from there. 0 when we
 * may not.
 */
unsigned open_operations_emit_running(int32_t pid, uint64_t now_ns, const struct recorder_events *events);

#endif
