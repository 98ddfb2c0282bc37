/*
 * Where a timeline is written: standard output or a file, plain or gzip.
 *
 * A file gets its name only when it is complete: until output_close() it has a temporary name in the same
 * directory. The first error sticks: later writes do nothing and output_close() reports it.
 */
#ifndef VIEWER_EXPORT_OUTPUT_H
#define VIEWER_EXPORT_OUTPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The most that output_reserve() may be asked for. */
#define OUTPUT_MAX_RESERVE ((size_t)(64 * 1024))
/* Small enough to stay in a processor's cache until it is written. */
#define OUTPUT_BUFFER_BYTES ((size_t)(128 * 1024))

struct output {
    uint8_t *buffer;
    size_t used_bytes;
    uint64_t flushed_bytes; /* handed on from the buffer, before compression */
    struct output_target *target;
};

/*
 * path "-": standard output. Compresses when is_gzip. NULL: the file cannot be made; error names it.
 * Free with output_close() or output_discard().
 */
struct output *output_open(const char *path, bool is_gzip, GError **error);
/* Counts bytes and keeps nothing. Never fails. */
struct output *output_open_nowhere(void);

/* Writes the rest and gives the file its name. False: some write failed, and no file is left. Frees output.
 */
bool output_close(struct output *output, GError **error);
/* Removes what was written so far. Accepts NULL. */
void output_discard(struct output *output);

/* All files that are not complete, before the process ends; async-signal-safe. */
void output_remove_unfinished(void);

bool output_has_failed(const struct output *output);
/* What is to be written cannot be had: as if a write had failed with that errno. */
void output_fail(struct output *output, int error_number);
/* Bytes written so far, before compression. */
uint64_t output_bytes(const struct output *output);

/* The buffer is written while another is filled. */
void output_hand_over(struct output *output);
/* Returns when all is written. */
void output_flush(struct output *output);
/* For what does not fit into the buffer at once. */
void output_write_large(struct output *output, const void *bytes, size_t count);

/* Room for at least count bytes, at most OUTPUT_MAX_RESERVE. Say with output_advance() how many were used. */
static inline uint8_t *output_reserve(struct output *output, size_t count)
{
    if (OUTPUT_BUFFER_BYTES - output->used_bytes < count)
        output_hand_over(output);
    return output->buffer + output->used_bytes;
}

static inline void output_advance(struct output *output, size_t count)
{
    output->used_bytes += count;
}

static inline void output_write(struct output *output, const void *bytes, size_t count)
{
    if (G_UNLIKELY(count > OUTPUT_MAX_RESERVE)) {
        output_write_large(output, bytes, count);
        return;
    }
    memcpy(output_reserve(output, count), bytes, count);
    output->used_bytes += count;
}

#endif
