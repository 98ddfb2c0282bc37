/*
 * Events as text, one a line, and back: for golden tests and for looking at a stage of the pipeline.
 * Format: documented at the head of event_text.c.
 */
#ifndef ANALYZER_EVENT_TEXT_H
#define ANALYZER_EVENT_TEXT_H

#include <stdio.h>
#include <glib.h>
#include "analyzer/event.h"

void event_text_write(const struct event *event, FILE *out);
/* Reads until end of file. False on the first line that is not an event; error says which and why. */
bool event_text_read(FILE *in, event_sink sink, void *self, GError **error);
/* "wait", "kernel_switch"...: the enum's name in lower case; "unknown" for a number that is no type. */
const char *event_type_name(uint32_t type);

#endif
