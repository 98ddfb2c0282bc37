/*
 * What a user wants to see of a trace: a range of time, some processes and threads, long waits only. Sits
 * between the model and whatever consumes its facts, so that every output filters alike.
 *
 * Facts that reach over a border of the range are cut there. What is cut keeps its time in both ranges but
 * counts once, in the range that has its end: from..middle and middle..to add up to from..to, times and
 * counts. Sums of short waits (is_summary) belong to the range that has their end, as do samples and marks.
 */
#ifndef ANALYZER_FILTER_H
#define ANALYZER_FILTER_H

#include "analyzer/trace_model.h"

enum time_point_kind {
    TIME_POINT_NONE = 0,
    TIME_POINT_ABSOLUTE, /* value: ns since the Unix epoch */
    TIME_POINT_RELATIVE, /* value: ns since the trace's start */
    TIME_POINT_PERCENT,  /* value: millionths of a percent of the trace's length */
};

struct time_point {
    enum time_point_kind kind;
    int64_t value;
};

struct filter_options {
    struct time_point from, to;
    GArray *pids, *tids; /* int32_t; NULL: all. Owned */
    GRegex *thread;      /* of the thread's name; NULL: all. Owned */
    GRegex *focus;       /* of the functions and files of stacks; NULL: all. Owned */
    int64_t min_duration_ns;
};

/* The options that filter_options_set() knows, for getopt_long_only; ended by a NULL. */
extern const char *const filter_option_names[];
extern const char filter_option_help[];

/* name: one of filter_option_names. False: the value makes no sense; error says why. */
bool filter_options_set(struct filter_options *options, const char *name, const char *value, GError **error);
void filter_options_clear(struct filter_options *options);
bool filter_options_is_empty(const struct filter_options *options);
/* The end of the trace must be known before its facts are filtered. */
bool filter_options_need_range(const struct filter_options *options);
/* "12.5ms", "3s", "100" (seconds): false when it is none. */
bool filter_parse_duration(const char *text, int64_t *ns);

struct filter;

#define FILTER_MAX_HELD (1u << 16)

/* Does the stack match -focus? Called once per distinct stack. */
typedef bool (*filter_stack_predicate)(void *self, const struct stack *stack);

/* Both are borrowed. start_ns, end_ns: of the trace; both 0 when not known (see filter_options_need_range).
 */
struct filter *filter_new(struct trace_model *model, const struct filter_options *options, int64_t start_ns,
                          int64_t end_ns);
void filter_free(struct filter *filter);
void filter_set_focus(struct filter *filter, filter_stack_predicate predicate, void *self);
/*
 * With -focus: keeps up to FILTER_MAX_HELD operations and allocations whose stacks the trace has not defined
 * yet (in overwritten buffers the definition may come later) until filter_finish(), when the model has been
 * finished. For observers that take operations in any order; others lose what has no stack yet.
 */
void filter_hold_lost(struct filter *filter);
void filter_finish(struct filter *filter);
/* Hangs the observer behind the filter; without options it is hung into the model directly. */
void filter_add_observer(struct filter *filter, const struct trace_observer *observer);

bool filter_has_thread(struct filter *filter, uint32_t thread);
/*
 * Threads are judged when their first fact passes, but may get another name, or their process be told, later:
 * then what passed before was wrong; and where there are strangers (trace_model_has_strangers) they are left
 * out, with the tracer's own threads. When the model has been finished: NULL if that did not happen, else
 * what a second filter needs to judge the same threads right from the beginning, for a second pass over the
 * trace. The caller unrefs it.
 */
GArray *filter_take_corrections(struct filter *filter);
void filter_apply_corrections(struct filter *filter, GArray *corrections);
/* The range that is shown: the options' borders, or the trace's own. */
int64_t filter_start_ns(const struct filter *filter);
int64_t filter_end_ns(const struct filter *filter);

#endif
