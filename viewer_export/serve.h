/*
 * Hands one file to ui.perfetto.dev in the user's browser, the way Perfetto's own open_trace_in_ui does: the
 * page fetches it from 127.0.0.1:9001, the only address that its security policy lets it reach.
 */
#ifndef VIEWER_EXPORT_SERVE_H
#define VIEWER_EXPORT_SERVE_H

#include <glib.h>
#include <stdbool.h>

#define SERVE_PORT 9001
#define SERVE_ORIGIN "https://ui.perfetto.dev"

/*
 * Prints the link, serves the open file fd under that name until it was fetched once, and returns. Only
 * programs of this machine can connect, and only a page of SERVE_ORIGIN may read the answer. fd stays open.
 */
bool serve_once(int fd, const char *name, GError **error);

#endif
