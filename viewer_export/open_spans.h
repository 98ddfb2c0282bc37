/*
 * Regions and tasks that have begun and not ended yet, innermost last. Used by the timeline, main thread.
 */
#ifndef VIEWER_EXPORT_OPEN_SPANS_H
#define VIEWER_EXPORT_OPEN_SPANS_H

#include <glib.h>
#include "analyzer/trace_model.h"

/* Beyond, the oldest is ended as open. */
#define MAX_OPEN_SPANS 256

/* Times are the trace's. */
struct open_span {
    int64_t start_ns;
    uint64_t task, parent;
    uint32_t thread;
    char *name;
};

/* Told of each span that ends; is_open: nothing is known of its end. The span is the caller's. */
typedef void (*open_span_end)(void *user, const struct open_span *span, int64_t end_ns, bool is_open);

/* Of struct open_span; freed with g_array_unref(). */
GArray *open_spans_new(void);
void open_spans_begin(GArray *spans, const struct user_mark *mark, open_span_end end, void *user);
/* The innermost that fits; an end without a beginning (lost, or before the recording) shows nothing. */
void open_spans_end(GArray *spans, const struct user_mark *mark, open_span_end end, void *user);
void open_spans_end_all(GArray *spans, int64_t end_ns, open_span_end end, void *user);

#endif
