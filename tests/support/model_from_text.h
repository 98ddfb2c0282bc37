/*
 * A trace model fed from event text in a test's source, with observers hung in before.
 */
#ifndef TESTS_SUPPORT_MODEL_FROM_TEXT_H
#define TESTS_SUPPORT_MODEL_FROM_TEXT_H

#include <stdio.h>
#include <string.h>
#include "analyzer/event_text.h"
#include "analyzer/trace_model.h"

static inline bool model_from_text_event(void *model, const struct event *event)
{
    trace_model_event(model, event);
    return true;
}

/* Ends the test when the text is not right. */
static inline void model_from_text(struct trace_model *model, const char *text)
{
    FILE *in = fmemopen((char *)text, strlen(text), "r");
    GError *error = NULL;

    assert_non_null(in);
    if (!event_text_read(in, model_from_text_event, model, &error))
        fail_msg("%s", error->message);
    fclose(in);
    trace_model_finish(model);
}

#endif
