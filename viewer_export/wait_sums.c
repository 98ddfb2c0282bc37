/* Used by folded.c and speedscope.c; main thread. */
#include "viewer_export/wait_sums.h"

#include <string.h>

struct wait_sums {
    GHashTable *sums; /* struct wait_sum * to itself */
};

static guint sum_hash(gconstpointer pointer)
{
    const struct wait_sum *sum = pointer;
    return (sum->thread * 31 + sum->stack) * 31 + g_str_hash(sum->word) + sum->is_idle;
}

static gboolean sum_equal(gconstpointer left_pointer, gconstpointer right_pointer)
{
    const struct wait_sum *left = left_pointer, *right = right_pointer;
    return left->thread == right->thread && left->stack == right->stack && left->is_idle == right->is_idle &&
           strcmp(left->word, right->word) == 0;
}

struct wait_sums *wait_sums_new(void)
{
    struct wait_sums *sums = g_new0(struct wait_sums, 1);
    sums->sums = g_hash_table_new_full(sum_hash, sum_equal, g_free, NULL);
    return sums;
}

void wait_sums_free(struct wait_sums *sums)
{
    if (!sums)
        return;
    g_hash_table_unref(sums->sums);
    g_free(sums);
}

void wait_sums_add(struct wait_sums *sums, const struct export_blocking *blocking)
{
    const struct blocking *operation = blocking->operation;
    const struct wait_sum key = {
        .thread = operation->thread,
        .stack = operation->stack,
        .word = blocking->label.word,
        .is_idle = blocking->label.is_idle,
    };
    struct wait_sum *sum = g_hash_table_lookup(sums->sums, &key);
    if (!sum) {
        sum = g_memdup2(&key, sizeof(key));
        g_hash_table_add(sums->sums, sum);
    }
    sum->total_ns += operation->total_ns;
    sum->count += operation->count;
}

#define COMPARE(left, right)                                                                                 \
    if ((left) != (right))                                                                                   \
    return (left) < (right) ? -1 : 1

static gint compare(gconstpointer left_pointer, gconstpointer right_pointer)
{
    const struct wait_sum *left = *(struct wait_sum *const *)left_pointer;
    const struct wait_sum *right = *(struct wait_sum *const *)right_pointer;
    COMPARE(left->thread, right->thread);
    COMPARE(right->total_ns, left->total_ns);
    COMPARE(left->stack, right->stack);
    COMPARE(left->is_idle, right->is_idle);
    return strcmp(left->word, right->word);
}

GPtrArray *wait_sums_sorted(const struct wait_sums *sums)
{
    GPtrArray *sorted = g_ptr_array_sized_new(g_hash_table_size(sums->sums));
    GHashTableIter iter;
    gpointer sum;
    g_hash_table_iter_init(&iter, sums->sums);
    while (g_hash_table_iter_next(&iter, &sum, NULL))
        g_ptr_array_add(sorted, sum);
    g_ptr_array_sort(sorted, compare);
    return sorted;
}

char *wait_sum_leaf(const struct wait_sum *sum)
{
    return g_strdup_printf("[%s%s]", sum->is_idle ? "idle: " : "", sum->word);
}
