/*
 * Whether a relay daemon answers where a trace is to be sent. Asked first, because LTTng itself only says
 * later that something went wrong.
 */
#ifndef EXECTRACE_RECORDER_RELAY_H
#define EXECTRACE_RECORDER_RELAY_H

#include <glib.h>
#include <stdbool.h>

struct relay_address {
    char host[256];
    char control_port[8];
};

/*
 * Takes net://, net6://, tcp:// and tcp6:// URLs apart: host, or [host] for IPv6, then :CONTROL_PORT, the
 * rest is left to LTTng. False: not such a URL.
 */
bool relay_parse_url(const char *url, struct relay_address *address);

/* Connects to the control port, for some seconds at most. False with a sentence. Main thread. */
bool relay_check(const char *url, GError **error);

#endif
