/*
 * Where recorder finds the other parts of the project: beside itself in the build tree, or where they were
 * installed, relative to its own place (so a moved installation works).
 */
#ifndef EXECTRACE_RECORDER_LOCATIONS_H
#define EXECTRACE_RECORDER_LOCATIONS_H

#include <glib.h>

/* Path of libexectrace.so; the environment variable EXECTRACE_LIBRARY overrides. Caller frees; NULL with
 * error. */
char *locations_find_library(GError **error);

/* Path of the module with the recorder's own tracepoints (recorder_events.h). Caller frees; NULL with error.
 */
char *locations_find_events_module(GError **error);

#endif
