/*
 * A trace instance of the kernel that is ours alone: /sys/kernel/tracing/instances/exectrace-PID. It records
 * the tracepoints that are switched on in it for the whole machine, into rings of its own, whatever else is
 * traced. Only who may write to tracefs (root) can have one.
 */
#ifndef EXECTRACE_RECORDER_TRACEFS_INSTANCE_H
#define EXECTRACE_RECORDER_TRACEFS_INSTANCE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct tracefs_instance;

/*
 * Makes the instance, with rings of about ring_bytes per CPU and CLOCK_MONOTONIC times; fewer bytes when
 * memory is short. Instances that recorders left behind which are gone are removed first. It records nothing
 * yet. NULL: tracefs is not there, or may not be written.
 */
struct tracefs_instance *tracefs_instance_new(uint64_t ring_bytes);

/* Switches a tracepoint of the scheduler on, by its name. */
bool tracefs_instance_enable(struct tracefs_instance *instance, const char *tracepoint);

/* A CPU's ring: non-blocking, a read gives one page. -1 when there is none. The caller closes it before
 * _free.
 */
int tracefs_instance_open_ring(const struct tracefs_instance *instance, int cpu);

/* Bytes of a page of the rings, header included. */
uint32_t tracefs_instance_page_bytes(const struct tracefs_instance *instance);

/* Bytes per CPU that the kernel gave. */
uint64_t tracefs_instance_ring_bytes(const struct tracefs_instance *instance);

/* Nothing is recorded any more; what is in the rings stays. */
void tracefs_instance_stop(struct tracefs_instance *instance);

/* Removes the instance; fine on NULL. */
void tracefs_instance_free(struct tracefs_instance *instance);

#endif
