/* Sums per place; a consumer of the model's facts. As many as there are distinct stacks and kinds. */
#include "analyzer/site_account.h"
#include <string.h>
#include "analyzer/id_map.h"

struct site_account {
    struct id_map index; /* hash of what makes a site -> number in sums */
    GPtrArray *sums;     /* struct site_sum *; owns them */
};

static void add_blocking(void *self, const struct blocking *operation)
{
    struct site_account *account = self;
    const char *kind = blocking_kind_name(operation);
    /* Kinds are static or interned strings: one pointer each. */
    uint64_t key = id_map_hash((uintptr_t)kind) ^ ((uint64_t)operation->stack << 8 | operation->is_idle << 4 |
                                                   (uint64_t)operation->blocking_class);
    bool is_new;

    if (operation->is_covered)
        return;
    uint64_t *number = id_map_add(&account->index, key, &is_new);
    if (is_new) {
        struct site_sum *sum = g_new0(struct site_sum, 1);
        *sum = (struct site_sum){.blocking_class = operation->blocking_class,
                                 .kind = kind,
                                 .stack = operation->stack,
                                 .is_idle = operation->is_idle,
                                 .thread = operation->thread};
        *number = account->sums->len;
        g_ptr_array_add(account->sums, sum);
    }
    struct site_sum *sum = account->sums->pdata[*number];
    if (sum->thread != operation->thread)
        sum->thread = SITE_SEVERAL_THREADS;
    sum->count += operation->count;
    sum->total_ns += operation->total_ns;
    sum->longest_ns = MAX(sum->longest_ns, operation->longest_ns);
    sum->open_count += operation->is_open;
}

struct site_account *site_account_new(struct filter *filter)
{
    struct site_account *account = g_new0(struct site_account, 1);
    struct trace_observer observer = {.blocking = add_blocking, .self = account};

    account->sums = g_ptr_array_new_with_free_func(g_free);
    filter_add_observer(filter, &observer);
    return account;
}

void site_account_free(struct site_account *account)
{
    if (!account)
        return;

    id_map_clear(&account->index);
    g_ptr_array_unref(account->sums);
    g_free(account);
}

static int compare_sums(const void *a, const void *b)
{
    const struct site_sum *left = *(struct site_sum *const *)a, *right = *(struct site_sum *const *)b;

    if (left->total_ns != right->total_ns)
        return left->total_ns > right->total_ns ? -1 : 1;
    if (left->stack != right->stack)
        return left->stack < right->stack ? -1 : 1;
    int order = strcmp(left->kind, right->kind);
    return order != 0 ? order : (int)left->is_idle - (int)right->is_idle;
}

GPtrArray *site_account_list(struct site_account *account)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < account->sums->len; i++)
        g_ptr_array_add(list, account->sums->pdata[i]);
    g_ptr_array_sort(list, compare_sums);
    return list;
}
