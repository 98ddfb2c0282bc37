/*
 * Profiles as data: a table of samples, each with a key (stacks and labels) and its summed values. Filled by
 * profile_builders.c on the analyzer's main thread, read by the writers.
 */
#include "analyzer/profile.h"

#include <string.h>

/* Ends with its key, which is cut off behind the last label in use. */
struct sample {
    int64_t values[PROFILE_MAX_VALUES];
    struct profile_sample_key key;
};

#define SAMPLE_OF(key_pointer) ((struct sample *)((char *)(key_pointer)-offsetof(struct sample, key)))

struct profile {
    const struct trace_model *model;     /* borrowed */
    const struct profile_values *values; /* borrowed */
    GHashTable *samples;                 /* set of pointers to the keys of owned samples */
    GStringChunk *texts;
    GPtrArray *comments;      /* owned strings */
    int64_t start_ns, end_ns; /* both 0: the trace's */
};

static guint hash_text(guint hash, const char *text)
{
    return hash * 31 + (text ? g_str_hash(text) : 0);
}

static guint sample_hash(gconstpointer pointer)
{
    const struct profile_sample_key *key = pointer;
    guint hash = key->stack * 2654435761u ^ key->outer_stack * 40503u;

    for (uint32_t i = 0; i < key->label_count; i++) {
        const struct profile_label *label = &key->labels[i];

        hash = hash_text(hash, label->key);
        hash = hash_text(hash, label->text);
        hash = hash * 31 + (guint)(label->number ^ (label->number >> 32));
    }
    return hash;
}

static int compare_labels(const struct profile_label *a, const struct profile_label *b)
{
    int order = g_strcmp0(a->key, b->key);

    if (order == 0)
        order = g_strcmp0(a->text, b->text);
    if (order == 0)
        order = (a->number > b->number) - (a->number < b->number);
    return order;
}

static int compare_all_labels(const struct profile_sample_key *a, const struct profile_sample_key *b)
{
    for (uint32_t i = 0; i < MIN(a->label_count, b->label_count); i++) {
        int order = compare_labels(&a->labels[i], &b->labels[i]);

        if (order != 0)
            return order;
    }
    return (a->label_count > b->label_count) - (a->label_count < b->label_count);
}

static gboolean sample_equal(gconstpointer a, gconstpointer b)
{
    const struct profile_sample_key *first = a, *second = b;

    return first->stack == second->stack && first->outer_stack == second->outer_stack &&
           compare_all_labels(first, second) == 0;
}

static void sample_free(gpointer key)
{
    g_free(SAMPLE_OF(key));
}

static GHashTable *new_sample_set(void)
{
    return g_hash_table_new_full(sample_hash, sample_equal, sample_free, NULL);
}

/* Up to the last label in use. */
static size_t key_bytes(const struct profile_sample_key *key)
{
    return offsetof(struct profile_sample_key, labels) + key->label_count * sizeof key->labels[0];
}

struct profile *profile_new(const struct trace_model *model, const struct profile_values *values)
{
    struct profile *profile = g_new0(struct profile, 1);

    g_assert(values->count >= 1 && values->count <= PROFILE_MAX_VALUES);
    profile->model = model;
    profile->values = values;
    profile->samples = new_sample_set();
    profile->texts = g_string_chunk_new(1024);
    profile->comments = g_ptr_array_new_with_free_func(g_free);
    return profile;
}

void profile_free(struct profile *profile)
{
    if (!profile)
        return;

    g_hash_table_destroy(profile->samples);
    g_string_chunk_free(profile->texts);
    g_ptr_array_free(profile->comments, TRUE);
    g_free(profile);
}

static struct sample *add_sample(struct profile *profile, const struct profile_sample_key *key)
{
    struct sample *sample = g_malloc0(offsetof(struct sample, key) + key_bytes(key));

    memcpy(&sample->key, key, key_bytes(key));
    g_hash_table_add(profile->samples, &sample->key);
    return sample;
}

void profile_add(struct profile *profile, const struct profile_sample_key *key, const int64_t *values)
{
    struct profile_sample_key *known = g_hash_table_lookup(profile->samples, key);
    struct sample *sample;

    g_assert(key->label_count <= PROFILE_MAX_LABELS);
    sample = known ? SAMPLE_OF(known) : add_sample(profile, key);
    for (uint32_t i = 0; i < profile->values->count; i++)
        sample->values[i] += values[i];
}

const char *profile_keep_text(struct profile *profile, const char *text)
{
    return g_string_chunk_insert_const(profile->texts, text);
}

void profile_add_comment(struct profile *profile, const char *comment)
{
    g_ptr_array_add(profile->comments, g_strdup(comment));
}

const struct trace_model *profile_model(const struct profile *profile)
{
    return profile->model;
}

const struct profile_values *profile_values(const struct profile *profile)
{
    return profile->values;
}

uint32_t profile_sample_count(const struct profile *profile)
{
    return g_hash_table_size(profile->samples);
}

int64_t profile_total(const struct profile *profile, uint32_t value_index)
{
    GHashTableIter iter;
    gpointer key;
    int64_t total = 0;

    g_hash_table_iter_init(&iter, profile->samples);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        total += SAMPLE_OF(key)->values[value_index];
    return total;
}

const GPtrArray *profile_comments(const struct profile *profile)
{
    return profile->comments;
}

void profile_set_range(struct profile *profile, int64_t start_ns, int64_t end_ns)
{
    profile->start_ns = start_ns;
    profile->end_ns = end_ns;
}

static bool has_range(const struct profile *profile)
{
    return profile->start_ns != 0 || profile->end_ns != 0;
}

int64_t profile_start_ns(const struct profile *profile)
{
    return has_range(profile) ? profile->start_ns : trace_model_start_ns(profile->model);
}

int64_t profile_end_ns(const struct profile *profile)
{
    return has_range(profile) ? profile->end_ns : trace_model_end_ns(profile->model);
}

static int compare_frames(const struct frame *a, const struct frame *b)
{
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return g_strcmp0(a->module ? a->module->path : NULL, b->module ? b->module->path : NULL);
}

/* By what is on them: their numbers depend on which came first, and that on what else was read. */
static int compare_stacks(const struct trace_model *model, uint32_t a, uint32_t b)
{
    if (a == b || a >= PROFILE_STACK_FIRST_SPECIAL || b >= PROFILE_STACK_FIRST_SPECIAL)
        return (a > b) - (a < b);

    const struct stack *first = trace_model_stack(model, a), *second = trace_model_stack(model, b);
    for (uint32_t i = 0; i < MIN(first->frame_count, second->frame_count); i++) {
        int order = compare_frames(&first->frames[i], &second->frames[i]);

        if (order != 0)
            return order;
    }
    if (first->frame_count != second->frame_count)
        return first->frame_count < second->frame_count ? -1 : 1;
    return (a > b) - (a < b);
}

/* What samples are sorted by. */
struct sample_order {
    const struct trace_model *model;
    uint32_t value_index;
};

static gint compare_samples(gconstpointer a, gconstpointer b, gpointer user)
{
    const struct sample *first = SAMPLE_OF(*(char *const *)a), *second = SAMPLE_OF(*(char *const *)b);
    const struct sample_order *by = user;

    if (first->values[by->value_index] != second->values[by->value_index])
        return first->values[by->value_index] > second->values[by->value_index] ? -1 : 1;
    int order = compare_stacks(by->model, first->key.stack, second->key.stack);
    if (order == 0)
        order = compare_stacks(by->model, first->key.outer_stack, second->key.outer_stack);
    return order != 0 ? order : compare_all_labels(&first->key, &second->key);
}

/* The keys of all samples, sorted. The caller frees the array, not the keys. */
static gpointer *sorted_keys(const struct profile *profile)
{
    struct sample_order by = {profile->model, profile->values->default_index};
    gpointer *keys = g_hash_table_get_keys_as_array(profile->samples, NULL);

    g_qsort_with_data(keys, (gint)g_hash_table_size(profile->samples), sizeof *keys, compare_samples, &by);
    return keys;
}

void profile_visit(const struct profile *profile, profile_visitor visitor, void *user)
{
    g_autofree gpointer *sorted = sorted_keys(profile);
    guint count = g_hash_table_size(profile->samples);

    for (guint i = 0; i < count; i++)
        visitor(sorted[i], SAMPLE_OF(sorted[i])->values, user);
}

static void drop_label(struct profile_sample_key *key, const char *name)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < key->label_count; i++) {
        if (strcmp(key->labels[i].key, name) != 0)
            key->labels[kept++] = key->labels[i];
    }
    key->label_count = kept;
}

/* Adds all samples again, under keys that change() has changed. rank: 0 for the largest. */
static void rekey(struct profile *profile,
                  void (*change)(struct profile_sample_key *key, guint rank, void *user), void *user)
{
    g_autofree gpointer *sorted = sorted_keys(profile);
    GHashTable *old = profile->samples;
    guint count = g_hash_table_size(old);

    profile->samples = new_sample_set();
    for (guint i = 0; i < count; i++) {
        const struct sample *sample = SAMPLE_OF(sorted[i]);
        struct profile_sample_key key = {.label_count = 0};

        memcpy(&key, &sample->key, key_bytes(sorted[i]));
        change(&key, i, user);
        profile_add(profile, &key, sample->values);
    }
    g_hash_table_destroy(old);
}

static void change_label(struct profile_sample_key *key, guint rank, void *name)
{
    (void)rank;
    drop_label(key, name);
}

static bool has_label(const struct profile *profile, const char *name)
{
    GHashTableIter iter;
    gpointer pointer;

    g_hash_table_iter_init(&iter, profile->samples);
    while (g_hash_table_iter_next(&iter, &pointer, NULL)) {
        const struct profile_sample_key *key = pointer;

        for (uint32_t i = 0; i < key->label_count; i++) {
            if (strcmp(key->labels[i].key, name) == 0)
                return true;
        }
    }
    return false;
}

static void change_small(struct profile_sample_key *key, guint rank, void *kept)
{
    if (rank >= *(const uint32_t *)kept)
        *key = (struct profile_sample_key){.stack = PROFILE_STACK_REST};
}

static void comment_on(struct profile *profile, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void comment_on(struct profile *profile, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(profile->comments, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void profile_limit(struct profile *profile, uint32_t max_samples)
{
    static const char *const labels[] = {"object", "peer", "tid", "thread"};
    uint32_t kept = MAX(max_samples, 1) - 1, before;

    for (size_t i = 0; i < G_N_ELEMENTS(labels) && profile_sample_count(profile) > kept + 1; i++) {
        if (!has_label(profile, labels[i]))
            continue;
        rekey(profile, change_label, (gpointer)labels[i]);
        comment_on(profile, "at most %u samples: without the label %s", kept + 1, labels[i]);
    }
    before = profile_sample_count(profile);
    if (before > kept + 1) {
        rekey(profile, change_small, &kept);
        comment_on(profile, "at most %u samples: the %u smallest are one", kept + 1, before - kept);
    }
}

struct keep {
    profile_predicate is_kept;
    void *user;
};

static gboolean is_dropped(gpointer key, gpointer value, gpointer user)
{
    const struct keep *keep = user;

    (void)value;
    return !keep->is_kept(key, keep->user);
}

uint32_t profile_keep_if(struct profile *profile, profile_predicate is_kept, void *user)
{
    struct keep keep = {.is_kept = is_kept, .user = user};

    return g_hash_table_foreach_remove(profile->samples, is_dropped, &keep);
}
