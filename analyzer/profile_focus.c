/*
 * Which samples of a profile have a frame that a regular expression matches: the analyzer's -focus. Apart
 * from profile.c because it needs symbols.
 */
#include "analyzer/profile.h"

struct focus {
    const struct trace_model *model;
    struct symbol_table *symbols;
    const GRegex *regex;
    GHashTable *verdicts; /* stack index -> 1 no, 2 yes */
};

static bool is_match(const GRegex *regex, const char *text)
{
    return g_regex_match(regex, text, 0, NULL);
}

static bool stack_matches(const struct focus *focus, uint32_t index)
{
    gpointer known = g_hash_table_lookup(focus->verdicts, GUINT_TO_POINTER(index));

    if (known || index == 0 || index >= PROFILE_STACK_FIRST_SPECIAL)
        return GPOINTER_TO_UINT(known) == 2;

    bool matches =
        symbol_table_stack_matches(focus->symbols, trace_model_stack(focus->model, index), focus->regex);
    g_hash_table_insert(focus->verdicts, GUINT_TO_POINTER(index), GUINT_TO_POINTER(matches ? 2 : 1));
    return matches;
}

/* By the names that stand for a stack that is not there. */
static bool stand_ins_match(const struct focus *focus, const struct profile_sample_key *key, uint32_t index)
{
    char *names[PROFILE_MAX_STAND_INS];
    uint32_t count = profile_stand_ins(key, index, names);
    bool matches = false;

    for (uint32_t i = 0; i < count; i++) {
        matches = matches || is_match(focus->regex, names[i]);
        g_free(names[i]);
    }
    return matches;
}

static bool is_in_focus(const struct profile_sample_key *key, void *user)
{
    if (stack_matches(user, key->stack) || stand_ins_match(user, key, key->stack))
        return true;
    return key->outer_stack != 0 &&
           (stack_matches(user, key->outer_stack) || stand_ins_match(user, key, key->outer_stack));
}

void profile_focus(struct profile *profile, struct symbol_table *symbols, const GRegex *regex)
{
    struct focus focus = {.model = profile_model(profile),
                          .symbols = symbols,
                          .regex = regex,
                          .verdicts = g_hash_table_new(g_direct_hash, g_direct_equal)};
    uint32_t dropped = profile_keep_if(profile, is_in_focus, &focus);
    g_autofree char *comment =
        g_strdup_printf("focus=%s left out %u samples", g_regex_get_pattern(regex), dropped);

    profile_add_comment(profile, comment);
    g_hash_table_destroy(focus.verdicts);
}
