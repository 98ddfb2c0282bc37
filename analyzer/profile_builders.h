/*
 * The kinds of profiles, and how facts of the trace model become their samples. main.c picks kinds from
 * the table, connects each builder to the model (or behind a filter), and asks for the profile when the
 * trace has ended.
 */
#ifndef ANALYZER_PROFILE_BUILDERS_H
#define ANALYZER_PROFILE_BUILDERS_H

#include "analyzer/profile.h"

/* Of different stacks and labels; beyond it labels are given up, first that of the object. */
#define PROFILE_BUILDER_MAX_SUMS (1u << 17)

struct profile_kind {
    const char *name;        /* as after -pprof= */
    const char *description; /* one line for --help */
    const struct profile_kind_rules *rules;
};

/* All kinds, ended by one whose name is NULL. */
extern const struct profile_kind profile_kinds[];
/* NULL: no such kind. */
const struct profile_kind *profile_kind_find(const char *name);

struct profile_builder;

/* Borrows the model, which must outlive the builder and its profile. */
struct profile_builder *profile_builder_new(const struct profile_kind *kind, const struct trace_model *model);
void profile_builder_free(struct profile_builder *builder);
/* What to hang into the model; self is the builder. */
struct trace_observer profile_builder_observer(struct profile_builder *builder);
/*
 * After trace_model_finish(): the profile, with comments on where the trace's data came from and what was
 * lost. The caller frees it. Called once.
 */
struct profile *profile_builder_finish(struct profile_builder *builder);

#endif
