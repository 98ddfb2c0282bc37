/*
 * A profile: values summed per (stack, labels). Built by the profile builders from trace_model facts,
 * written by pprof.c (and by other writers of folded stacks).
 */
#ifndef ANALYZER_PROFILE_H
#define ANALYZER_PROFILE_H

#include "analyzer/symbols.h"
#include "analyzer/trace_model.h"

#define PROFILE_MAX_VALUES 4
#define PROFILE_MAX_LABELS 12

struct profile_label {
    const char *key;  /* static string */
    const char *text; /* interned or static, valid for the profile's life; NULL: numeric */
    int64_t number;
    const char *unit; /* static; for numbers; may be NULL */
};

struct profile_sample_key {
    uint32_t stack;       /* leaf part */
    uint32_t outer_stack; /* callers above it (offwake: the waker's stack); 0: none */
    uint32_t label_count;
    struct profile_label labels[PROFILE_MAX_LABELS];
};

struct profile;

/* types and units: value_count static strings each. */
struct profile *profile_new(const struct trace_model *model, uint32_t value_count, const char *const *types,
                            const char *const *units, const char *period_type, const char *period_unit,
                            const char *default_type);
void profile_free(struct profile *profile);
void profile_add(struct profile *profile, const struct profile_sample_key *key, const int64_t *values);
void profile_add_comment(struct profile *profile, const char *comment); /* copied */

typedef void (*profile_visitor)(const struct profile_sample_key *key, const int64_t *values, void *user);
/* In a stable order. */
void profile_visit(const struct profile *profile, profile_visitor visitor, void *user);

/* gzipped profile.proto to fd. */
bool pprof_write(const struct profile *profile, struct symbol_table *symbols, int fd, GError **error);

#endif
