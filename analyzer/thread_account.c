/*
 * Sums per thread; a consumer of the model's facts.
 *
 * A blocked interval belongs to the operation that encloses it. Operations are told after the intervals
 * within them, idle ones perhaps later, so the latest intervals of a thread wait in a short list for their
 * operation.
 */
#include "analyzer/thread_account.h"

enum { MAX_WAITING = 32 };

struct span {
    int64_t start_ns, end_ns;
};

struct thread_entry {
    struct thread_sum sum;
    uint32_t span_count;
    struct span *spans; /* blocked intervals without an operation yet; owned */
    /* Intervals that were too many for the list. */
    int64_t dropped_start_ns, dropped_ns;
    /* An operation that had not ended: its last interval is told after it, when the trace ends. */
    struct span open;
    enum blocked_by open_by;
};

struct thread_account {
    struct trace_model *model; /* borrowed */
    struct filter *filter;     /* borrowed */
    GPtrArray *entries;        /* struct thread_entry * or NULL, by thread */
    bool is_finished;
};

static void free_entry(void *pointer)
{
    struct thread_entry *entry = pointer;

    if (entry)
        g_free(entry->spans);
    g_free(entry);
}

static struct thread_entry *entry_of(struct thread_account *account, uint32_t thread)
{
    if (thread >= account->entries->len)
        g_ptr_array_set_size(account->entries, (int)thread + 1);
    if (!account->entries->pdata[thread])
        account->entries->pdata[thread] = g_new0(struct thread_entry, 1);
    return account->entries->pdata[thread];
}

static void settle_dropped(struct thread_entry *entry, enum blocked_by by)
{
    entry->sum.blocked_ns[by] += entry->dropped_ns;
    entry->dropped_ns = 0;
}

/* The oldest interval goes to those whose operation, if one comes, must enclose them all. */
static void drop_oldest(struct thread_entry *entry)
{
    const struct span *oldest = &entry->spans[0];

    if (entry->dropped_ns == 0)
        entry->dropped_start_ns = oldest->start_ns;
    entry->dropped_ns += oldest->end_ns - oldest->start_ns;
    for (uint32_t i = 1; i < entry->span_count; i++)
        entry->spans[i - 1] = entry->spans[i];
    entry->span_count--;
}

/* An event is recorded a little after its operation's end was taken, so the middle decides. */
static bool is_within(int64_t start_ns, int64_t end_ns, const struct span *operation)
{
    int64_t middle_ns = start_ns + (end_ns - start_ns) / 2;

    return middle_ns >= operation->start_ns && middle_ns <= operation->end_ns;
}

static void add_state(void *self, const struct state_interval *interval)
{
    struct thread_entry *entry = entry_of(self, interval->thread);

    entry->sum.state_ns[interval->state] += interval->end_ns - interval->start_ns;
    if (interval->state == THREAD_RUNNABLE && interval->is_preempted && !interval->is_part)
        entry->sum.preemption_count++;
    if (interval->state != THREAD_BLOCKED)
        return;
    if (is_within(interval->start_ns, interval->end_ns, &entry->open)) {
        entry->sum.blocked_ns[entry->open_by] += interval->end_ns - interval->start_ns;
        return;
    }
    if (!entry->spans)
        entry->spans = g_new(struct span, MAX_WAITING);
    if (entry->span_count == MAX_WAITING)
        drop_oldest(entry);
    entry->spans[entry->span_count++] = (struct span){interval->start_ns, interval->end_ns};
}

static enum blocked_by blocked_by_of(const struct blocking *operation)
{
    if (operation->is_idle)
        return BLOCKED_BY_IDLE;
    switch (operation->blocking_class) {
    case BLOCKING_SYNC:
        return BLOCKED_BY_SYNC;
    case BLOCKING_NET:
        return BLOCKED_BY_NET;
    case BLOCKING_SYSCALL:
        break;
    }
    return BLOCKED_BY_SYSCALL;
}

static void add_blocking(void *self, const struct blocking *operation)
{
    struct thread_entry *entry = entry_of(self, operation->thread);
    enum blocked_by by = blocked_by_of(operation);
    struct span enclosing = {operation->start_ns, operation->end_ns};
    uint32_t kept = 0;

    if (operation->is_covered)
        return;
    entry->sum.wait_ns[by] += operation->total_ns;
    entry->sum.wait_count[by] += operation->count;
    if (operation->is_open)
        entry->sum.open_ns += operation->total_ns;
    if (operation->is_summary)
        return;
    if (operation->is_open) {
        entry->open = enclosing;
        entry->open_by = by;
    }
    if (entry->dropped_ns > 0)
        settle_dropped(entry, operation->start_ns <= entry->dropped_start_ns ? by : BLOCKED_BY_OTHER);
    for (uint32_t i = 0; i < entry->span_count; i++) {
        const struct span *span = &entry->spans[i];
        if (is_within(span->start_ns, span->end_ns, &enclosing))
            entry->sum.blocked_ns[by] += span->end_ns - span->start_ns;
        else
            entry->spans[kept++] = *span;
    }
    entry->span_count = kept;
}

struct thread_account *thread_account_new(struct trace_model *model, struct filter *filter)
{
    struct thread_account *account = g_new0(struct thread_account, 1);
    struct trace_observer observer = {.state = add_state, .blocking = add_blocking, .self = account};

    account->model = model;
    account->filter = filter;
    account->entries = g_ptr_array_new_with_free_func(free_entry);
    filter_add_observer(filter, &observer);
    return account;
}

void thread_account_free(struct thread_account *account)
{
    if (!account)
        return;

    g_ptr_array_unref(account->entries);
    g_free(account);
}

/* What is still without an operation has none. */
static void finish(struct thread_account *account)
{
    for (guint i = 0; i < account->entries->len; i++) {
        struct thread_entry *entry = account->entries->pdata[i];
        if (!entry)
            continue;
        settle_dropped(entry, BLOCKED_BY_OTHER);
        for (uint32_t j = 0; j < entry->span_count; j++)
            entry->sum.blocked_ns[BLOCKED_BY_OTHER] += entry->spans[j].end_ns - entry->spans[j].start_ns;
        entry->span_count = 0;
    }
    account->is_finished = true;
}

const struct thread_sum *thread_account_get(struct thread_account *account, uint32_t thread)
{
    static const struct thread_sum nothing;

    if (!account->is_finished)
        finish(account);
    if (thread >= account->entries->len || !account->entries->pdata[thread])
        return &nothing;
    return &((const struct thread_entry *)account->entries->pdata[thread])->sum;
}

bool thread_sum_is_empty(const struct thread_sum *sum)
{
    uint64_t all = 0;

    for (int state = 0; state < 4; state++)
        all += (uint64_t)sum->state_ns[state];
    for (int by = 0; by < BLOCKED_BY_COUNT; by++)
        all += sum->wait_count[by] + sum->wait_ns[by];
    return all == 0;
}

static uint64_t weight_of(const struct thread_sum *sum)
{
    return (uint64_t)(sum->state_ns[THREAD_RUNNING] + sum->state_ns[THREAD_RUNNABLE]) +
           sum->wait_ns[BLOCKED_BY_SYNC] + sum->wait_ns[BLOCKED_BY_NET] + sum->wait_ns[BLOCKED_BY_SYSCALL];
}

static int compare_weights(const void *a, const void *b, void *user)
{
    struct thread_account *account = user;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    uint64_t left_weight = weight_of(thread_account_get(account, left));
    uint64_t right_weight = weight_of(thread_account_get(account, right));

    if (left_weight != right_weight)
        return left_weight > right_weight ? -1 : 1;
    const struct thread *first = trace_model_thread(account->model, left);
    const struct thread *second = trace_model_thread(account->model, right);
    if (first->tid != second->tid)
        return first->tid < second->tid ? -1 : 1;
    return left < right ? -1 : left > right;
}

GArray *thread_account_list(struct thread_account *account)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(uint32_t));

    for (uint32_t i = 1; i < trace_model_thread_count(account->model); i++) {
        const struct thread *thread = trace_model_thread(account->model, i);
        bool has_facts =
            !thread_sum_is_empty(thread_account_get(account, i)) || thread->end_ns > thread->start_ns;
        if (has_facts && !thread->is_tracer && filter_has_thread(account->filter, i))
            g_array_append_val(list, i);
    }
    g_array_sort_with_data(list, compare_weights, account);
    return list;
}
