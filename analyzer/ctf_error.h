/* babeltrace2's chain of error causes as one sentence. Only ctf_*.c may include this. */
#ifndef ANALYZER_CTF_ERROR_H
#define ANALYZER_CTF_ERROR_H

#include <glib.h>

/* Takes the current thread's babeltrace2 error, or says that there is none; error may be NULL. */
void ctf_error_take(GError **error);

#endif
