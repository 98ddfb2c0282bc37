/* Stack unwinder: see unwind.h. Runs on the thread whose stack it reads. */
#include "tracepoints/unwind.h"

#include <stddef.h>
#include <unwind.h>

struct collector {
    uint64_t *pcs;
    uint32_t count;
    uint32_t max;
};

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *argument)
{
    struct collector *collector = argument;
    uint64_t pc = _Unwind_GetIP(context);

    if (pc == 0 || collector->count == collector->max)
        return _URC_END_OF_STACK;
    if (pc - (uintptr_t)__ehdr_start >= (uintptr_t)_end - (uintptr_t)__ehdr_start)
        collector->pcs[collector->count++] = pc;
    return _URC_NO_REASON;
}

uint32_t unwind_take(const struct thread_block *thread, uint64_t *pcs, uint32_t max)
{
    struct collector collector = {.pcs = pcs, .max = max};

    (void)thread;
    _Unwind_Backtrace(collect, &collector);
    return collector.count;
}
