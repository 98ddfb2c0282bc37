/*
 * Wrapper of dlclose: addresses that were one object's may become another's. dlopen is not wrapped, since it
 * looks at who calls it. Any thread of the program.
 */
#include <dlfcn.h>

#include "tracepoints/real.h"
#include "tracepoints/stacks.h"
#include "tracepoints/waits.h"

#include "tracepoints/provider_stack.h"

WRAPPER int dlclose(void *handle)
{
    int result = real.dlclose(handle);

    if (TRACING(exectrace_stack, define)) {
        uint32_t level = guard_mute();

        stacks_object_unloaded();
        guard_unmute(level);
    }
    return result;
}
