/*
 * What the recorder has said once about threads, loaded objects, metrics and its source of scheduling, and
 * has to say again in every snapshot: what a flight recorder keeps is too young to hold it.
 */
#ifndef EXECTRACE_RECORDER_INTRODUCTIONS_H
#define EXECTRACE_RECORDER_INTRODUCTIONS_H

#include "recorder/recorder_events.h"

/*
 * The table of events to emit through from now on: everything goes to `events` (borrowed), and introductions
 * are remembered. Any thread may use it. There is one memory per process; introductions_clear ends it.
 */
const struct recorder_events *introductions_watch(const struct recorder_events *events);

/*
 * Emits again what is still true, and what was a moment ago: the names of threads that have just ended. Times
 * are those of the last event, so that a stream's times do not step back.
 */
void introductions_repeat(void);

void introductions_clear(void);

#endif
