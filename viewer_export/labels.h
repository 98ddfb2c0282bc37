/* Names of slices and states, the same in every format. */
#ifndef VIEWER_EXPORT_LABELS_H
#define VIEWER_EXPORT_LABELS_H

#include "viewer_export/exporter.h"

/* Enough for any label; longer ones are cut. */
#define LABEL_BYTES 160

/* "mutex 0x55d0c0", "idle: epoll_wait". */
void operation_label_write(const struct operation_label *label, char text[LABEL_BYTES]);
/* "release mutex 0x55d0c0": what the releaser did. */
void release_label_write(const struct operation_label *label, char text[LABEL_BYTES]);
/* "running on CPU 2", "runnable (preempted)", "blocked: mutex 0x55d0c0". */
void state_label_write(const struct export_state *state, char text[LABEL_BYTES]);
/* "worker 1234": name and tid. */
void thread_label_write(const struct thread *thread, char text[LABEL_BYTES]);
/* "lost 12 events". */
void loss_label_write(const struct export_loss *loss, char text[LABEL_BYTES]);
/* "running" | "runnable" | "blocked" | "unknown". */
const char *state_word(enum thread_state state);

#endif
