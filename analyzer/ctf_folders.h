/*
 * The CTF traces below a folder: where they are, which of them are parts of one, how large each stream is.
 * Pure: looks at names, sizes and the first bytes of files, knows no trace library.
 */
#ifndef ANALYZER_CTF_FOLDERS_H
#define ANALYZER_CTF_FOLDERS_H

#include <stdbool.h>
#include <glib.h>

/* One trace; in several folders when it was rotated or is a series of snapshots (all have one UUID). */
struct ctf_trace {
    GPtrArray *folders; /* of char *, owned: absolute or relative as the path given, sorted */
    char *uuid;         /* owned; NULL: none */
};

struct ctf_trace_list {
    GPtrArray *traces;        /* of struct ctf_trace *, owned; sorted by first folder */
    GHashTable *stream_bytes; /* owned; char * -> guint64 *: bytes of a stream by the name of its port */
    guint64 total_bytes;
    unsigned stream_file_count;
    guint64 total_packets; /* as LTTng's index files say; 0: there are none */
};

/*
 * Finds every trace at or below path. False: path cannot be read, or there is none; error is one sentence.
 */
bool ctf_folders_find(const char *path, struct ctf_trace_list *list, GError **error);
void ctf_trace_list_clear(struct ctf_trace_list *list);
/* Do the traces at or below path have files of that channel of LTTng? False also when path cannot be read. */
bool ctf_folders_have_channel(const char *path, const char *channel);
/* Bytes of a stream, given the name of babeltrace2's output port for it; 0: not known. */
guint64 ctf_trace_list_stream_bytes(const struct ctf_trace_list *list, const char *port_name);

#endif
