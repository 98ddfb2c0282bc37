/*
 * The thread that writes full buffers while the main thread fills the next. One for all outputs, so that many
 * parts do not need many threads or buffers. All functions: main thread.
 */
#ifndef VIEWER_EXPORT_OUTPUT_WRITER_H
#define VIEWER_EXPORT_OUTPUT_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct output_target;

/* Writes bytes to the target; called on the thread, or on the caller's when there can be none. */
typedef void (*output_write_function)(struct output_target *target, const uint8_t *bytes, size_t count);

/* Each output that will hand buffers over, once; the thread begins with the first hand-over. */
void output_writer_acquire(size_t buffer_bytes, output_write_function write);
/* Once per acquire, after output_writer_wait(); the last one ends the thread. */
void output_writer_release(void);

/*
 * Takes the buffer, from g_malloc() with the size given above, and gives another for it. Waits while too many
 * are still to be written.
 */
uint8_t *output_writer_hand_over(struct output_target *target, uint8_t *buffer, size_t count);
/* Until all that was handed over for the target is written. */
void output_writer_wait(const struct output_target *target);

#endif
