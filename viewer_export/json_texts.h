/*
 * Pieces of JSON that many events share, made once: a track's numbers, a thread's name, a slice's name with
 * its category and first arguments. Used by chrome_json.c.
 */
#ifndef VIEWER_EXPORT_JSON_TEXTS_H
#define VIEWER_EXPORT_JSON_TEXTS_H

#include "viewer_export/exporter.h"

struct json_texts;

/* Borrowed until the next call. */
struct json_piece {
    const char *text;
    size_t length;
};

/* Room that a caller has to have behind the end of what it copies from json_texts_track(). */
#define JSON_TRACK_BYTES 48u

struct json_texts *json_texts_new(const struct trace_model *model);
void json_texts_free(struct json_texts *texts);

/*
 * ","pid":1,"tid":2,"ts": of the track, or of the one of its states; JSON_TRACK_BYTES may be read, so that a
 * copy of that fixed size does.
 */
struct json_piece json_texts_track(struct json_texts *texts, const struct track *track, bool is_state);
/* "worker 1234", escaped and quoted. */
struct json_piece json_texts_thread(struct json_texts *texts, uint32_t thread);

enum slice_category { SLICE_SYNC, SLICE_NET, SLICE_SYSCALL, SLICE_SHORT, SLICE_RELEASE };
/* ,"cat": ... "name": ... "args":{ kind and object; more arguments may follow. */
struct json_piece json_texts_operation(struct json_texts *texts, enum slice_category category,
                                       const struct operation_label *label);
/* ,"cat": ... "name": ... and the colour. */
struct json_piece json_texts_state(struct json_texts *texts, const struct export_state *state);

#endif
