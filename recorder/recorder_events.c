/*
 * Loads the module with the recorder's tracepoints. Called by main.c on the main thread when the session
 * runs.
 */
#include "recorder/recorder_events.h"

#include <dlfcn.h>

#define EVENTS_ERROR (g_quark_from_static_string("recorder-events"))

#define POLL_INTERVAL_US 2000
#define POLL_LIMIT_US 1000000

const struct recorder_events *recorder_events_load(const char *path, GError **error)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const struct recorder_events *events = module ? dlsym(module, RECORDER_EVENTS_SYMBOL) : NULL;

    if (!events) {
        g_set_error(error, EVENTS_ERROR, 0, "cannot load the recorder's tracepoints: %s", dlerror());
        return NULL;
    }

    for (int waited_us = 0; !events->is_recorded(); waited_us += POLL_INTERVAL_US) {
        if (waited_us >= POLL_LIMIT_US) {
            g_set_error_literal(error, EVENTS_ERROR, 0,
                                "LTTng's session daemon does not record the recorder's own events");
            return NULL;
        }

        g_usleep(POLL_INTERVAL_US);
    }

    return events;
}
