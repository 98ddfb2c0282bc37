/*
 * Which events a result hangs on: what a reader need not decode, merge and hand out. Events that nobody needs
 * are counted (EVENT_SKIPPED), so that the number of events and the trace's range stay what they are.
 */
#ifndef ANALYZER_EVENT_NEEDS_H
#define ANALYZER_EVENT_NEEDS_H

#include "analyzer/event.h"

#define EVENT_NEEDS_CALLS 512

struct event_needs {
    uint64_t types;              /* event_type_bit(): all events of these types */
    uint64_t types_with_context; /* only those events that come with a call stack or a process id */
    /* Of EVENT_CALL, when that is not among types: bits by number; calls beyond are needed. */
    uint64_t calls[EVENT_NEEDS_CALLS / 64];
    bool has_calls; /* some calls are needed */
};

_Static_assert(EVENT_TYPE_END <= 64, "struct event_needs has a bit for each type");

static inline uint64_t event_type_bit(uint32_t type)
{
    return UINT64_C(1) << type;
}

static inline bool event_needs_call(const struct event_needs *needs, uint64_t number)
{
    return number >= EVENT_NEEDS_CALLS || (needs->calls[number / 64] >> number % 64 & 1) != 0;
}

#endif
