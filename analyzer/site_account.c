/* Sums per place; a consumer of the model's facts. As many as there are distinct stacks and kinds. */
#include "analyzer/site_account.h"
#include <string.h>
#include "analyzer/id_map.h"

struct site_account {
    struct id_map index; /* hash of what makes a site -> number in sums */
    GPtrArray *sums;     /* struct site_sum *; owns them */
};

static void merge(struct site_sum *into, const struct site_sum *sum)
{
    if (into->thread != sum->thread)
        into->thread = SITE_SEVERAL_THREADS;
    into->count += sum->count;
    into->total_ns += sum->total_ns;
    into->longest_ns = MAX(into->longest_ns, sum->longest_ns);
    into->open_count += sum->open_count;
}

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
    merge(sum, &(struct site_sum){.thread = operation->thread,
                                  .count = operation->count,
                                  .total_ns = operation->total_ns,
                                  .longest_ns = operation->longest_ns,
                                  .open_count = operation->is_open});
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

/* What the frame is in its file, wherever the process has it; paths are interned. */
static uint64_t place_in_file(const struct frame *frame)
{
    const struct module *module = frame->module;

    return module ? (uintptr_t)module->path ^ id_map_hash(frame->address - module->base + module->offset)
                  : frame->address;
}

static uint64_t place_of(const struct site_sum *sum, const struct trace_model *model)
{
    const struct stack *stack = trace_model_stack(model, sum->stack);
    uint64_t place = id_map_hash((uintptr_t)sum->kind) ^ (sum->is_idle << 4 | (uint64_t)sum->blocking_class);

    /* Nothing is known to be the same. */
    if (stack->is_lost || stack->frame_count == 0)
        return id_map_hash(place ^ ((uint64_t)sum->stack << 32 | sum->thread));
    for (uint32_t i = 0; i < stack->frame_count; i++)
        place = id_map_hash(place ^ place_in_file(&stack->frames[i]));
    return place;
}

GPtrArray *site_account_list(struct site_account *account, const struct trace_model *model)
{
    GPtrArray *list = g_ptr_array_new();
    struct id_map places = {0};

    for (guint i = 0; i < account->sums->len; i++) {
        struct site_sum *sum = account->sums->pdata[i];
        bool is_new;
        uint64_t *number = id_map_add(&places, place_of(sum, model), &is_new);
        if (is_new) {
            *number = list->len;
            g_ptr_array_add(list, sum);
        } else {
            merge(list->pdata[*number], sum);
        }
    }
    id_map_clear(&places);
    g_ptr_array_sort(list, compare_sums);
    return list;
}
