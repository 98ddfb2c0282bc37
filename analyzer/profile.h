/*
 * A profile: values summed per (stack, labels). Built by the profile builders from trace_model facts,
 * written by pprof.c (and by other writers of folded stacks).
 */
#ifndef ANALYZER_PROFILE_H
#define ANALYZER_PROFILE_H

#include "analyzer/symbols.h"
#include "analyzer/trace_model.h"

/* Some receivers of pprof files fail beyond four sample types. */
#define PROFILE_MAX_VALUES 4
#define PROFILE_MAX_LABELS 14

/* In place of a stack: short operations that were summed while recording. */
#define PROFILE_STACK_SUMMED UINT32_MAX
/* In place of a stack: the samples that profile_limit() took together. */
#define PROFILE_STACK_REST (UINT32_MAX - 1)
/* In place of a holder's stack: nobody was seen to release the lock. */
#define PROFILE_STACK_NO_HOLDER (UINT32_MAX - 2)
/* In place of a waker's stack: its thread, whose name is the label `waker`. */
#define PROFILE_STACK_WAKER (UINT32_MAX - 3)
#define PROFILE_STACK_FIRST_SPECIAL PROFILE_STACK_WAKER

struct profile_label {
    const char *key;  /* static string */
    const char *text; /* static, or valid for the profile's life (profile_keep_text); NULL: numeric */
    int64_t number;
    const char *unit; /* static; for numbers; may be NULL */
};

struct profile_sample_key {
    uint32_t stack;       /* leaf part: the model's index, or PROFILE_STACK_...; 0: none */
    uint32_t outer_stack; /* callers above it (offwake: the waker's stack); 0: none */
    uint32_t label_count;
    struct profile_label labels[PROFILE_MAX_LABELS]; /* one value per label key */
};

#define PROFILE_MAX_STAND_INS 2

/*
 * Names that stand for a stack that a sample does not have, innermost first: "[read]" below "[thread
 * worker]". stack: key->stack or key->outer_stack. Returns how many (0: it is a real stack); the caller frees
 * them.
 */
uint32_t profile_stand_ins(const struct profile_sample_key *key, uint32_t stack,
                           char *names[PROFILE_MAX_STAND_INS]);

struct profile_value_type {
    const char *type, *unit; /* static */
};

/* What the numbers of a profile mean. Static data. */
struct profile_values {
    uint32_t count;
    struct profile_value_type types[PROFILE_MAX_VALUES];
    uint32_t default_index; /* the one shown first, and by which samples are sorted */
    struct profile_value_type period_type;
    int64_t period;
};

struct profile;

/* Borrows both; they must outlive the profile. */
struct profile *profile_new(const struct trace_model *model, const struct profile_values *values);
void profile_free(struct profile *profile);

/* Adds to the sample with this key. Keys are equal when their stacks and labels are, texts compared as text.
 */
void profile_add(struct profile *profile, const struct profile_sample_key *key, const int64_t *values);
/* A copy of text that lives as long as the profile; the same pointer for the same text. */
const char *profile_keep_text(struct profile *profile, const char *text);
void profile_add_comment(struct profile *profile, const char *comment); /* copied */

const struct trace_model *profile_model(const struct profile *profile);
const struct profile_values *profile_values(const struct profile *profile);
uint32_t profile_sample_count(const struct profile *profile);
/* Sum over all samples of the value with this index. */
int64_t profile_total(const struct profile *profile, uint32_t value_index);
/* Strings, in the order they were added. */
const GPtrArray *profile_comments(const struct profile *profile);

typedef void (*profile_visitor)(const struct profile_sample_key *key, const int64_t *values, void *user);
/* Largest default value first, then by stack and labels: the same samples always come in the same order. */
void profile_visit(const struct profile *profile, profile_visitor visitor, void *user);

typedef bool (*profile_predicate)(const struct profile_sample_key *key, void *user);
/* Drops the samples for which is_kept says no; returns how many those were. */
uint32_t profile_keep_if(struct profile *profile, profile_predicate is_kept, void *user);

/*
 * At most max_samples remain (receivers of profiles have such limits; at least 1). Labels that split samples
 * most go first, object, peer, tid and thread in this order and each from all samples; if that is not enough
 * the smallest samples become one. Sums stay the same; comments say what was done.
 */
void profile_limit(struct profile *profile, uint32_t max_samples);

/* The time the numbers cover, when it is not the whole trace. */
void profile_set_range(struct profile *profile, int64_t start_ns, int64_t end_ns);
int64_t profile_start_ns(const struct profile *profile);
int64_t profile_end_ns(const struct profile *profile);

/*
 * Keeps only the samples with a frame (function or file name) that matches the regular expression, and adds
 * a comment that says so.
 */
void profile_focus(struct profile *profile, struct symbol_table *symbols, const GRegex *focus);

/* gzipped profile.proto to fd. Error: fd could not be written. */
bool pprof_write(const struct profile *profile, struct symbol_table *symbols, int fd, GError **error);

#endif
