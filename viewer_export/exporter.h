/*
 * What a file format has to provide, and the one table of formats. timeline.c decides what is shown and on
 * which track; an exporter only writes it down.
 *
 * Times are nanoseconds since export_context.origin_ns. Calls come in the order in which things end, not in
 * which they begin; on one track, two slices are disjoint or the later call is the outer one, and never
 * begin at the same time unless the earlier call is the outer one.
 */
#ifndef VIEWER_EXPORT_EXPORTER_H
#define VIEWER_EXPORT_EXPORTER_H

#include "analyzer/trace_model.h"
#include "viewer_export/output.h"
#include "viewer_export/stack_text.h"
#include "viewer_export/tracks.h"

/* What is said about an export as a whole; borrowed, valid for the exporter's life. */
struct export_context {
    const struct trace_model *model;
    struct track_table *tracks;
    struct stack_texts *stacks;
    struct output *output;
    /* Sentences for people, char *: loss, what was left out. Complete when end() is called. */
    const GPtrArray *notes;
};

/* What an operation waits for, in the words of its slice: "idle: cond 0x55d0". */
struct operation_label {
    const char *word; /* static or interned; NULL: not known */
    uint64_t object;
    bool has_object;
    bool object_is_tid; /* of a join: the thread waited for */
    bool is_idle;
};

/* A wait or call, and who ended it. */
struct export_blocking {
    const struct blocking *operation;
    const struct track *track;
    int64_t start_ns, end_ns;
    int64_t cut_ns; /* how long it had lasted when the recording began; not part of start to end */
    struct operation_label label;
    /* The release, and the arrow from there; waker_track is NULL when nobody is known to have released it. */
    const struct track *waker_track;
    int64_t wake_ns;
    uint64_t flow; /* unique per arrow */
    uint64_t
        release; /* the flow of the first arrow from this release; another than flow: it was drawn already */
    /*
     * What is left of the operation after the release, from woken_ns >= wake_ns to end_ns: the arrow ends
     * there. NULL: the operation began after the release, and the arrow ends at its beginning.
     */
    const struct track *woken_track;
    int64_t woken_ns;
};

struct export_state {
    const struct state_interval *interval;
    const struct track *track;       /* TRACK_THREAD of the thread */
    const struct track *waker_track; /* RUNNABLE, woken by a known thread, has_state_tracks; else NULL */
    const struct track *cpu_track;   /* TRACK_CPU; NULL when it did not run, or is not sure where */
    int64_t start_ns, end_ns;
    int64_t cpu_start_ns, cpu_end_ns; /* on the CPU's track: without what overlaps another's run */
    struct operation_label reason;    /* BLOCKED: on what; word NULL when not known */
};

/* A user's region or task. */
struct export_span {
    const struct track *track;
    int64_t start_ns, end_ns;
    const char *category; /* "region" or "task" */
    const char *name;
    uint64_t task, parent; /* 0: none */
    bool is_open;
};

struct export_log {
    const struct track *track;
    int64_t time_ns;
    const char *category, *message;
    uint64_t task;
};

struct export_counter {
    const struct track *track; /* TRACK_COUNTER; its name, unit and process */
    int64_t time_ns;
    double value;
};

struct export_loss {
    const struct track *track;
    int64_t start_ns, end_ns;
    uint64_t count; /* 0: not known */
    const char *what;
};

struct exporter {
    const char *name;        /* of -format= */
    const char *suffixes[3]; /* file names that choose it, without .gz */
    const char *description; /* half a line for --help */
    /*
     * The viewer makes tracks of states itself: no need to wait for what a thread was blocked on. state()
     * then uses the numbers of threads only, not those of processes.
     */
    bool has_state_tracks;

    void *(*new)(const struct export_context *context);
    void (*begin)(void *self);
    /* Each may be NULL. */
    void (*state)(void *self, const struct export_state *state);
    void (*blocking)(void *self, const struct export_blocking *blocking);
    void (*span)(void *self, const struct export_span *span);
    void (*log)(void *self, const struct export_log *log);
    void (*counter)(void *self, const struct export_counter *counter);
    void (*loss)(void *self, const struct export_loss *loss);
    /* What end() will write, about, because of the facts so far; NULL: nothing. */
    uint64_t (*held_bytes)(void *self);
    void (*end)(void *self);
    void (*free)(void *self);
};

/* Each in the file of its name. */
extern const struct exporter chrome_json_exporter, perfetto_exporter, folded_exporter, speedscope_exporter;

/* Ends with NULL; the first is the default. */
extern const struct exporter *const exporters[];

const struct exporter *exporter_find(const char *name);
/* By the name of a file, ".gz" left aside; NULL: no exporter has such names. */
const struct exporter *exporter_find_by_file(const char *path);

#endif
