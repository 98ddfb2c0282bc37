/* Spans that have not ended yet: see open_spans.h. */
#include "viewer_export/open_spans.h"

#include <string.h>

static void clear(gpointer span)
{
    g_free(((struct open_span *)span)->name);
}

GArray *open_spans_new(void)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(struct open_span));
    g_array_set_clear_func(spans, clear);
    return spans;
}

void open_spans_begin(GArray *spans, const struct user_mark *mark, open_span_end end, void *user)
{
    if (spans->len == MAX_OPEN_SPANS) {
        end(user, &g_array_index(spans, struct open_span, 0), mark->time_ns, true);
        g_array_remove_index(spans, 0);
    }
    const struct open_span span = {
        .start_ns = mark->time_ns,
        .task = mark->task,
        .parent = mark->parent,
        .thread = mark->thread,
        .name = g_strdup(mark->name ? mark->name : ""),
    };
    g_array_append_val(spans, span);
}

static bool is_end_of(const struct open_span *span, const struct user_mark *mark)
{
    if (span->task != mark->task)
        return false;
    return mark->type == EVENT_USER_TASK_END || !mark->name || strcmp(span->name, mark->name) == 0;
}

void open_spans_end(GArray *spans, const struct user_mark *mark, open_span_end end, void *user)
{
    for (guint i = spans->len; i-- > 0;) {
        const struct open_span *span = &g_array_index(spans, struct open_span, i);
        if (is_end_of(span, mark)) {
            end(user, span, mark->time_ns, false);
            g_array_remove_index(spans, i);
            return;
        }
    }
}

void open_spans_end_all(GArray *spans, int64_t end_ns, open_span_end end, void *user)
{
    for (guint i = spans->len; i-- > 0;)
        end(user, &g_array_index(spans, struct open_span, i), end_ns, true);
    g_array_set_size(spans, 0);
}
