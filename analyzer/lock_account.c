/* Sums per synchronisation object; a consumer of the model's facts. */
#include "analyzer/lock_account.h"
#include <stdlib.h>
#include "tracepoints/contract.h"

struct lock_account {
    struct trace_model *model; /* borrowed */
    struct id_map index;       /* hash of process, object and kind -> number in sums */
    GPtrArray *sums;           /* struct lock_sum *; owns them; number 0 is the overflow's */
    uint32_t pair_count;       /* of all sums */
};

static struct lock_sum *sum_of(struct lock_account *account, uint32_t process,
                               const struct blocking *operation)
{
    /* Readers and writers of one rwlock are one object. */
    uint32_t kind = operation->wait_kind == EXECTRACE_WAIT_RWLOCK_READ ? EXECTRACE_WAIT_RWLOCK_WRITE
                                                                       : operation->wait_kind;
    uint64_t key = id_map_hash(operation->object) ^ id_map_hash((uint64_t)process << 8 | kind);
    bool is_new;

    if (account->sums->len > LOCK_ACCOUNT_MAX && !id_map_find(&account->index, key))
        return account->sums->pdata[0];
    uint64_t *number = id_map_add(&account->index, key, &is_new);
    if (is_new) {
        struct lock_sum *sum = g_new0(struct lock_sum, 1);
        sum->process = process;
        sum->object = operation->object;
        sum->wait_kind = kind;
        *number = account->sums->len;
        g_ptr_array_add(account->sums, sum);
    }
    return account->sums->pdata[*number];
}

/* NULL: there are too many. */
static struct lock_pair *pair_of(struct lock_account *account, struct lock_sum *sum,
                                 const struct blocking *operation)
{
    uint64_t key =
        (uint64_t)operation->is_idle << 63 | (uint64_t)operation->stack << 32 | operation->waker_stack;
    uint64_t *number = id_map_find(&sum->pair_index, key);
    bool is_new;

    if (number)
        return &sum->pairs[*number];
    if (sum->pair_count > 0 && account->pair_count >= LOCK_ACCOUNT_MAX_PAIRS)
        return NULL;
    if (sum->pair_count == sum->pair_capacity) {
        sum->pair_capacity = MAX(2 * sum->pair_capacity, 1);
        sum->pairs = g_renew(struct lock_pair, sum->pairs, sum->pair_capacity);
    }
    *id_map_add(&sum->pair_index, key, &is_new) = sum->pair_count;
    account->pair_count++;
    struct lock_pair *pair = &sum->pairs[sum->pair_count++];
    *pair = (struct lock_pair){.waiter_stack = operation->stack,
                               .holder_stack = operation->waker_stack,
                               .is_idle = operation->is_idle};
    return pair;
}

/* Is it something that one thread has and others wait for? */
static bool has_owner(const struct blocking *operation)
{
    switch (operation->wait_kind) {
    case EXECTRACE_WAIT_MUTEX:
    case EXECTRACE_WAIT_RWLOCK_READ:
    case EXECTRACE_WAIT_RWLOCK_WRITE:
    case EXECTRACE_WAIT_SPIN:
    case EXECTRACE_WAIT_ONCE:
        return true;
    default:
        return operation->is_lock_like;
    }
}

static void follow_owner(struct lock_sum *sum, const struct blocking *operation)
{
    bool is_acquired = operation->outcome == EXECTRACE_OUTCOME_ACQUIRED && !operation->is_open;

    if (operation->waker_thread != 0 && operation->wake_ns != 0) {
        int64_t since_ns = sum->acquired_ns > operation->start_ns && sum->acquired_ns <= operation->wake_ns
                               ? sum->acquired_ns
                               : operation->start_ns;
        /* Starts come a little late, so a release may seem to lie before one. */
        if (operation->wake_ns > since_ns)
            sum->longest_hold_ns = MAX(sum->longest_hold_ns, (uint64_t)(operation->wake_ns - since_ns));
        sum->owner = operation->waker_thread;
    }
    if (!is_acquired)
        return;
    sum->owner_changes += sum->owner != operation->thread;
    sum->owner = operation->thread;
    sum->acquired_ns = operation->end_ns;
}

static void count_waiter(struct lock_sum *sum, uint32_t thread)
{
    bool is_new = true;

    if (sum->last_waiter == thread)
        return;
    if (sum->waiter_threads == 1)
        id_map_add(&sum->waiters, sum->last_waiter, &is_new);
    if (sum->waiter_threads > 0)
        id_map_add(&sum->waiters, thread, &is_new);
    sum->waiter_threads += is_new;
    sum->last_waiter = thread;
}

static void add_wait(struct lock_account *account, struct lock_sum *sum, const struct blocking *operation)
{
    sum->count += operation->count;
    sum->total_ns += operation->total_ns;
    sum->longest_ns = MAX(sum->longest_ns, operation->longest_ns);
    if (operation->is_idle) {
        sum->idle_count += operation->count;
        sum->idle_ns += operation->total_ns;
    } else {
        sum->longest_busy_ns = MAX(sum->longest_busy_ns, operation->longest_ns);
    }
    sum->open_count += operation->is_open;
    sum->timeout_count += operation->outcome == EXECTRACE_OUTCOME_TIMED_OUT;
    count_waiter(sum, operation->thread);
    struct lock_pair *pair = pair_of(account, sum, operation);
    if (pair) {
        pair->count += operation->count;
        pair->total_ns += operation->total_ns;
        pair->waiter = operation->thread;
        pair->holder = operation->waker_thread;
    }
    if (!operation->is_summary && has_owner(operation))
        follow_owner(sum, operation);
}

static void add_blocking(void *self, const struct blocking *operation)
{
    struct lock_account *account = self;

    if (operation->wait_kind == 0 || operation->is_covered)
        return;
    uint32_t process = trace_model_thread(account->model, operation->thread)->process;
    add_wait(account, sum_of(account, process, operation), operation);
}

static void free_sum(void *pointer)
{
    struct lock_sum *sum = pointer;

    id_map_clear(&sum->waiters);
    id_map_clear(&sum->pair_index);
    g_free(sum->pairs);
    g_free(sum);
}

struct lock_account *lock_account_new(struct trace_model *model, struct filter *filter)
{
    struct lock_account *account = g_new0(struct lock_account, 1);
    struct trace_observer observer = {.blocking = add_blocking, .self = account};

    account->model = model;
    account->sums = g_ptr_array_new_with_free_func(free_sum);
    g_ptr_array_add(account->sums, g_new0(struct lock_sum, 1));
    filter_add_observer(filter, &observer);
    return account;
}

void lock_account_free(struct lock_account *account)
{
    if (!account)
        return;

    id_map_clear(&account->index);
    g_ptr_array_unref(account->sums);
    g_free(account);
}

static int compare_sums(const void *a, const void *b)
{
    const struct lock_sum *left = *(struct lock_sum *const *)a, *right = *(struct lock_sum *const *)b;

    if (lock_sum_busy_ns(left) != lock_sum_busy_ns(right))
        return lock_sum_busy_ns(left) > lock_sum_busy_ns(right) ? -1 : 1;
    if (left->idle_ns != right->idle_ns)
        return left->idle_ns > right->idle_ns ? -1 : 1;
    if (left->process != right->process)
        return left->process < right->process ? -1 : 1;
    if (left->object != right->object)
        return left->object < right->object ? -1 : 1;
    return left->wait_kind < right->wait_kind ? -1 : left->wait_kind > right->wait_kind;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct lock_pair *left = a, *right = b;

    if (left->is_idle != right->is_idle)
        return left->is_idle ? 1 : -1;
    if (left->total_ns != right->total_ns)
        return left->total_ns > right->total_ns ? -1 : 1;
    if (left->waiter_stack != right->waiter_stack)
        return left->waiter_stack < right->waiter_stack ? -1 : 1;
    return left->holder_stack < right->holder_stack ? -1 : left->holder_stack > right->holder_stack;
}

GPtrArray *lock_account_list(struct lock_account *account)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < account->sums->len; i++) {
        struct lock_sum *sum = account->sums->pdata[i];
        if (sum->count == 0 && sum->total_ns == 0)
            continue;
        id_map_clear(&sum->pair_index);
        qsort(sum->pairs, sum->pair_count, sizeof sum->pairs[0], compare_pairs);
        g_ptr_array_add(list, sum);
    }
    g_ptr_array_sort(list, compare_sums);
    return list;
}
