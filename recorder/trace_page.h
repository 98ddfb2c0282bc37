/*
 * One page of the kernel's trace ring buffer, as per_cpu/cpuN/trace_pipe_raw hands it out: a header with the
 * page's time, then events that each say how much later they are. The layout is the kernel's
 * (Documentation/trace/ring-buffer-design, events/header_page, events/header_event). Pure.
 */
#ifndef EXECTRACE_RECORDER_TRACE_PAGE_H
#define EXECTRACE_RECORDER_TRACE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes before the first event, on 64-bit kernels. */
#define TRACE_PAGE_HEADER_BYTES 16

struct trace_page {
    const uint8_t *bytes; /* borrowed */
    uint32_t next;        /* offset of what follows the current event */
    uint32_t end;         /* offset behind the last event */
    uint64_t time;        /* of the current event, in units of the trace clock */
    uint64_t
        lost_count; /* events that were overwritten before this page's first; 1 when only that is known */
    const uint8_t *event; /* the current event's own bytes, borrowed; 4-byte aligned */
    uint32_t event_bytes;
};

/* Begins to read; bytes must outlive the page. A page that is too short has no events. */
void trace_page_begin(struct trace_page *page, const uint8_t *bytes, uint32_t byte_count);

/* Steps to the next event. False: there is none, or the rest makes no sense. */
bool trace_page_next(struct trace_page *page);

#endif
