/*
 * Pieces of JSON that many events share, made once: a track's numbers, a thread's name, a slice's name with
 * its category. Used by chrome_json.c.
 */
#ifndef VIEWER_EXPORT_JSON_TEXTS_H
#define VIEWER_EXPORT_JSON_TEXTS_H

#include "viewer_export/exporter.h"

struct json_texts;

/* Borrowed until the next call. JSON_PADDING bytes behind its end may be read. */
struct json_piece {
    const char *text;
    size_t length;
};

/* What a caller copies of json_texts_track(), whatever its length. */
#define JSON_TRACK_BYTES 64u

struct json_texts *json_texts_new(const struct trace_model *model);
void json_texts_free(struct json_texts *texts);

/*
 * The beginning of a slice on the track, or on the one of its states, up to the number of its time, after a
 * comma. JSON_TRACK_BYTES may be read, so that a copy of that fixed size does.
 */
struct json_piece json_texts_track(struct json_texts *texts, const struct track *track, bool is_state);
/* "worker 1234", escaped and quoted; at most JSON_THREAD_BYTES. */
#define JSON_THREAD_BYTES ((size_t)1024)
struct json_piece json_texts_thread(struct json_texts *texts, uint32_t thread);

/* The two below are at most JSON_NAME_BYTES. */
#define JSON_NAME_BYTES ((size_t)1100)
enum slice_category { SLICE_SYNC, SLICE_NET, SLICE_SYSCALL, SLICE_SHORT, SLICE_RELEASE };
/* ,"cat": ... "name": ... */
struct json_piece json_texts_operation(struct json_texts *texts, enum slice_category category,
                                       const struct operation_label *label);
/* ,"cat": ... "name": ... and the colour. */
struct json_piece json_texts_state(struct json_texts *texts, const struct export_state *state);

#endif
