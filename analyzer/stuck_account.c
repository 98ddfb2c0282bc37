/* Open waits and their circles; a consumer of the model's facts. A thread has one open wait at most. */
#include "analyzer/stuck_account.h"

#include "tracepoints/contract.h"

#include <stdlib.h>

struct stuck_account {
    GHashTable *by_thread; /* thread -> struct stuck_wait *; owns them */
};

static void add_blocking(void *self, const struct blocking *operation)
{
    struct stuck_account *account = self;

    if (!operation->is_open || operation->wait_kind == 0 || operation->waker_thread == 0 ||
        operation->is_covered || g_hash_table_size(account->by_thread) >= STUCK_ACCOUNT_MAX)
        return;
    struct stuck_wait *wait = g_new0(struct stuck_wait, 1);
    *wait = (struct stuck_wait){
        .thread = operation->thread,
        .holder = operation->waker_thread,
        .stack = operation->stack,
        .holder_stack = operation->waker_stack,
        .wait_kind = operation->wait_kind,
        .object = operation->object,
        .waited_ns = operation->total_ns,
    };
    g_hash_table_replace(account->by_thread, GUINT_TO_POINTER(wait->thread), wait);
}

struct stuck_account *stuck_account_new(struct filter *filter)
{
    struct stuck_account *account = g_new0(struct stuck_account, 1);
    struct trace_observer observer = {.blocking = add_blocking, .self = account};

    account->by_thread = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    filter_add_observer(filter, &observer);
    return account;
}

void stuck_account_free(struct stuck_account *account)
{
    if (!account)
        return;

    g_hash_table_unref(account->by_thread);
    g_free(account);
}

static struct stuck_wait *wait_of(const struct stuck_account *account, uint32_t thread)
{
    return g_hash_table_lookup(account->by_thread, GUINT_TO_POINTER(thread));
}

/* Each thread waits for one holder, so who comes back to a thread on the way along the holders is in its
 * circle. */
static bool is_in_circle(const struct stuck_account *account, const struct stuck_wait *wait)
{
    uint32_t holder = wait->holder;
    const struct stuck_wait *next;

    for (guint steps = 0; steps < g_hash_table_size(account->by_thread); steps++) {
        if (holder == wait->thread)
            return true;
        if (!(next = wait_of(account, holder)))
            return false;
        holder = next->holder;
    }
    return false;
}

/* Who joins a thread waits for work to be done, which is nothing wrong unless the work can never be done. */
static bool is_stuck(const struct stuck_wait *wait)
{
    return wait->is_in_circle || wait->wait_kind != EXECTRACE_WAIT_JOIN;
}

static int compare_waits(const void *a, const void *b)
{
    const struct stuck_wait *left = *(struct stuck_wait *const *)a, *right = *(struct stuck_wait *const *)b;

    if (left->is_in_circle != right->is_in_circle)
        return left->is_in_circle ? -1 : 1;
    if (!left->is_in_circle && left->waited_ns != right->waited_ns)
        return left->waited_ns > right->waited_ns ? -1 : 1;
    return left->thread < right->thread ? -1 : left->thread > right->thread;
}

/* From a list whose circles' members come first, by thread, one with each circle in its own order. */
static GPtrArray *follow_circles(const struct stuck_account *account, const GPtrArray *waits)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_direct_hash, g_direct_equal);
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < waits->len; i++) {
        struct stuck_wait *wait = waits->pdata[i];
        while (g_hash_table_add(done, wait)) {
            g_ptr_array_add(list, wait);
            if (wait->is_in_circle)
                wait = wait_of(account, wait->holder);
        }
    }
    return list;
}

GPtrArray *stuck_account_list(struct stuck_account *account)
{
    g_autoptr(GPtrArray) waits = g_ptr_array_new();
    GHashTableIter iter;
    gpointer wait;

    g_hash_table_iter_init(&iter, account->by_thread);
    while (g_hash_table_iter_next(&iter, NULL, &wait)) {
        ((struct stuck_wait *)wait)->is_in_circle = is_in_circle(account, wait);
        if (is_stuck(wait))
            g_ptr_array_add(waits, wait);
    }
    g_ptr_array_sort(waits, compare_waits);
    return follow_circles(account, waits);
}
