/*
 * The curves above a process's threads: how many run, could run, are blocked or wait for locks, and the heap
 * in use.
 */
#ifndef VIEWER_EXPORT_COUNTERS_H
#define VIEWER_EXPORT_COUNTERS_H

#include "analyzer/trace_model.h"

struct counters;

struct counters *counters_new(void);
void counters_free(struct counters *counters);
/* No curve but the heap's shall be finer than averages of that width, see counters_average_ns(); 0: any may.
 */
void counters_set_average(struct counters *counters, int64_t average_ns);
/* Times are relative to the timeline's start. */
void counters_add_state(struct counters *counters, uint32_t process, enum thread_state state,
                        int64_t start_ns, int64_t end_ns);
void counters_add_lock_wait(struct counters *counters, uint32_t process, int64_t start_ns, int64_t end_ns);
/* bytes: more (positive) or less in use from then on. True: value is worth a point of the curve. */
bool counters_add_heap(struct counters *counters, uint32_t process, int64_t time_ns, double bytes,
                       double *value);

/* name, unit: static. */
typedef void (*counter_visitor)(void *user, uint32_t process, const char *name, const char *unit,
                                int64_t time_ns, double value);
/* All but the heap. */
void counters_visit(struct counters *counters, counter_visitor visitor, void *user);
/* The widest average among them; 0: all are exact. */
int64_t counters_average_ns(const struct counters *counters);

#endif
