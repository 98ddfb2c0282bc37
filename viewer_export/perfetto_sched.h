/*
 * Thread states as the kernel's scheduler events, which is what Perfetto makes thread state tracks and CPU
 * tracks of.
 */
#ifndef VIEWER_EXPORT_PERFETTO_SCHED_H
#define VIEWER_EXPORT_PERFETTO_SCHED_H

#include "viewer_export/exporter.h"
#include "viewer_export/proto_writer.h"

struct perfetto_sched;

/* All borrowed. */
struct perfetto_sched *perfetto_sched_new(const struct trace_model *model, struct output *output,
                                          struct proto_writer *writer);
void perfetto_sched_free(struct perfetto_sched *sched);
/* The states of one thread in the order of time. */
void perfetto_sched_state(struct perfetto_sched *sched, const struct export_state *state);
/* How much perfetto_sched_finish() will write, about, for the states so far. */
uint64_t perfetto_sched_held_bytes(const struct perfetto_sched *sched);
/* Writes all switches. 0, or the errno with which what was put aside could not be read. */
int perfetto_sched_finish(struct perfetto_sched *sched);

#endif
