/*
 * Whether the program has restricted its system calls: see raw_questions_are_allowed. Told by the wrappers of
 * prctl and syscall; read on any thread. A filter that was there when the program began is not asked for: who
 * made that one for a service has to allow for what its libraries do.
 */
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "tracepoints/raw_syscall.h"

bool raw_questions_are_allowed = true;

void sandbox_note_call(long number, long first)
{
    bool is_filter = number == SYS_prctl ? first == PR_SET_SECCOMP
                     : number == SYS_seccomp
                         ? first == SECCOMP_SET_MODE_FILTER || first == SECCOMP_SET_MODE_STRICT
                         : false;

    if (is_filter)
        __atomic_store_n(&raw_questions_are_allowed, false, __ATOMIC_RELEASE);
}
