/*
 * What writers of profiles show where a sample has no stack: kernel traces mostly have none, and short
 * operations were summed without theirs.
 */
#include "analyzer/profile.h"

#include <string.h>

static const char *label_text(const struct profile_sample_key *key, const char *name)
{
    for (uint32_t i = 0; i < key->label_count; i++) {
        if (strcmp(key->labels[i].key, name) == 0)
            return key->labels[i].text;
    }
    return NULL;
}

/* The thread, or what is known instead of it; NULL: nothing. */
static char *thread_name(const struct profile_sample_key *key)
{
    static const struct {
        const char *label, *word;
    } tries[] = {{"thread", "[thread "}, {"tid", "[thread "}, {"process", "[process "}, {"pid", "[process "}};

    for (size_t i = 0; i < G_N_ELEMENTS(tries); i++) {
        const char *text = label_text(key, tries[i].label);

        if (text)
            return g_strconcat(tries[i].word, text, "]", NULL);
    }
    return NULL;
}

/* Only scheduling has a source. */
static char *operation_name(const struct profile_sample_key *key, bool is_summed)
{
    const char *kind = label_text(key, "kind");

    if (label_text(key, "source"))
        return g_strdup("[run queue]");
    if (!kind)
        return g_strdup("[no stack]");
    return g_strconcat(is_summed ? "[short " : "[", kind, "]", NULL);
}

static uint32_t operation_of_thread(const struct profile_sample_key *key, bool is_summed,
                                    char *names[PROFILE_MAX_STAND_INS])
{
    names[0] = operation_name(key, is_summed);
    names[1] = thread_name(key);
    return names[1] ? 2 : 1;
}

uint32_t profile_stand_ins(const struct profile_sample_key *key, uint32_t stack,
                           char *names[PROFILE_MAX_STAND_INS])
{
    const char *waker;

    switch (stack) {
    case 0:
        return operation_of_thread(key, false, names);
    case PROFILE_STACK_SUMMED:
        return operation_of_thread(key, true, names);
    case PROFILE_STACK_REST:
        names[0] = g_strdup("[other samples]");
        return 1;
    case PROFILE_STACK_NO_HOLDER:
        names[0] = g_strdup("[holder not recorded]");
        return 1;
    case PROFILE_STACK_WAKER:
        waker = label_text(key, "waker");
        names[0] = g_strconcat("[thread ", waker ? waker : "not known", "]", NULL);
        return 1;
    default:
        return 0;
    }
}
