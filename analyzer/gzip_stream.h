/*
 * Writes gzip to a file descriptor. The first error sticks: later writes do nothing, and finishing reports
 * it.
 */
#ifndef ANALYZER_GZIP_STREAM_H
#define ANALYZER_GZIP_STREAM_H

#include <glib.h>
#include <stdbool.h>

struct gzip_stream;

/* Borrows fd. */
struct gzip_stream *gzip_stream_new(int fd);
void gzip_stream_write(struct gzip_stream *stream, const void *bytes, size_t size);
/* Writes the rest and frees the stream. False: something could not be written. */
bool gzip_stream_finish(struct gzip_stream *stream, GError **error);

#endif
