/*
 * babeltrace2 appends causes from the innermost (index 0) to the outermost; the innermost says what is wrong
 * with the trace, the others only through which functions the error came. Called on any thread.
 */
#include "analyzer/ctf_error.h"

#include <string.h>
#include <babeltrace2/babeltrace.h>

/* Cuts what only a developer of babeltrace2 can use: ": name=value, ..." and the final full stop. */
static char *shorten(const char *message)
{
    g_autofree char *line = g_strdup(message);

    g_strdelimit(line, "\n\t", ' ');
    char *details = strstr(line, ": ");
    while (details && !strchr(details, '='))
        details = NULL;
    if (details)
        *details = 0;
    g_strstrip(line);
    size_t length = strlen(line);
    if (length && line[length - 1] == '.')
        line[length - 1] = 0;
    return g_steal_pointer(&line);
}

void ctf_error_take(GError **error)
{
    const bt_error *causes = bt_current_thread_take_error();

    if (!causes) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "babeltrace2 failed without saying why");
        return;
    }
    g_autofree char *message = shorten(bt_error_cause_get_message(bt_error_borrow_cause_by_index(causes, 0)));
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "babeltrace2: %s", message);
    bt_error_release(causes);
}
