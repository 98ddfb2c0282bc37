/*
 * Wrappers of calls on memory, other processes, signals, queues and names: made from the tables in
 * real_files.h. Called by the traced program on any thread; by allocators with their locks held.
 */
#include "tracepoints/calls.h"

#include <unistd.h>

IO_MEMORY_CALLS(WRAP_CALL, )
IO_PROCESS_CALLS(WRAP_CALL, )
IO_NAME_CALLS(WRAP_CALL, )

WRAP_ALIAS(mmap64, mmap)
WRAP_ALIAS(__wait, wait)
WRAP_ALIAS(__waitpid, waitpid)
WRAP_ALIAS(__sigsuspend, sigsuspend)
