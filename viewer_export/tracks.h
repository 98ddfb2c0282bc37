/*
 * The lines of the viewer: which there are, how they are numbered, named and ordered.
 */
#ifndef VIEWER_EXPORT_TRACKS_H
#define VIEWER_EXPORT_TRACKS_H

#include "analyzer/trace_model.h"

enum track_kind {
    TRACK_THREAD,  /* waits, calls, regions and logs of a thread */
    TRACK_OVERLAP, /* operations of a thread that would cut across others on its own track */
    TRACK_TASK,    /* user tasks of a process that don't overlap each other */
    TRACK_COUNTER, /* of a process, or of the whole trace */
    TRACK_CPU,
    TRACK_LOSS, /* events that the tracer lost */
};

struct track {
    uint32_t index; /* from 1, dense, in the order of first use */
    enum track_kind kind;
    uint32_t process; /* model's index; 0: the trace as a whole */
    uint32_t thread;  /* model's index; 0: none */
    uint32_t number;  /* CPU; lane from 1; for counters the metric, from 1 */
    /*
     * Unique numbers for formats that know only processes and threads: the real ones, or numbers beyond what
     * Linux gives where they are not known, were used twice, or the track is no thread.
     */
    uint32_t pid, tid, state_tid;
    const char *counter_name, *counter_unit; /* owned; TRACK_COUNTER */
    uint64_t slice_count;
    bool has_states;
};

struct track_table;

struct track_table *track_table_new(const struct trace_model *model);
void track_table_free(struct track_table *table);

/* The track, made at first use. Valid for the table's life. */
struct track *track_table_thread(struct track_table *table, uint32_t thread);
/* A thread's process became known after its track was made: before anything but states was shown on it. */
void track_table_settle(struct track_table *table, uint32_t thread);
/* process, thread: 0 where the kind has none. */
struct track *track_table_get(struct track_table *table, enum track_kind kind, uint32_t process,
                              uint32_t thread, uint32_t number);
/* counters are told apart by process and name. */
struct track *track_table_counter(struct track_table *table, uint32_t process, const char *name,
                                  const char *unit);

uint32_t track_table_count(const struct track_table *table);
/* In the order of first use; index from 1 to count. */
const struct track *track_table_at(const struct track_table *table, uint32_t index);

/* "worker 3", "CPU 2", "lost events". Free with g_free(). */
char *track_name(const struct track_table *table, const struct track *track);
/* Of the process or the group of tracks that a track belongs to. Free with g_free(). */
char *track_process_name(const struct track_table *table, const struct track *track);
/*
 * All tracks in the order in which a viewer should show them: by process; main thread, then the busiest;
 * then overlaps below their thread. Of const struct track *. Free with g_ptr_array_unref().
 */
GPtrArray *track_table_sorted(const struct track_table *table);

#endif
