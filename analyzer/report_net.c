/* Report `net`: time spent on the network per peer. */
#include <string.h>
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"
#include "tracepoints/contract.h"

enum { MAX_PEERS = 1 << 16 };

struct peer_sum {
    uint32_t process;
    const char *peer;
    uint64_t count, error_count, idle_count;
    uint64_t received_bytes, sent_bytes;
    uint64_t total_ns, longest_ns, idle_ns;
    char key[]; /* process and peer */
};

struct net_report {
    struct report_context context;
    GHashTable *sums; /* key -> struct peer_sum * */
};

static const char short_calls[] = "[short calls]";

static const char *peer_of(const struct blocking *operation)
{
    if (operation->peer)
        return operation->peer;
    if (operation->fd_kind == EXECTRACE_FD_EPOLL)
        return "[any: epoll]";
    if (g_str_has_prefix(operation->call_name, "accept"))
        return "[new connections]";
    if (g_str_has_prefix(operation->call_name, "get"))
        return "[name lookup]";
    return operation->is_summary ? short_calls : "[unknown peer]";
}

static struct peer_sum *sum_of(struct net_report *report, uint32_t process, const char *peer)
{
    g_autofree char *key = g_strdup_printf("%u %s", process, peer);
    struct peer_sum *sum = g_hash_table_lookup(report->sums, key);

    if (!sum && g_hash_table_size(report->sums) >= MAX_PEERS) {
        peer = "[other peers]";
        g_free(key);
        key = g_strdup_printf("%u %s", process, peer);
        sum = g_hash_table_lookup(report->sums, key);
    }
    if (sum)
        return sum;
    sum = g_malloc0(sizeof *sum + strlen(key) + 1);
    sum->process = process;
    sum->peer = peer;
    strcpy(sum->key, key);
    g_hash_table_insert(report->sums, sum->key, sum);
    return sum;
}

static void count_bytes(struct peer_sum *sum, const struct blocking *operation)
{
    static const char *const receivers[] = {"recv", "recvfrom", "recvmsg", "read", "readv"};
    static const char *const senders[] = {"send", "sendto", "sendmsg", "write", "writev", "sendfile"};

    if (operation->result <= 0 || operation->is_summary || operation->count == 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(receivers); i++) {
        if (strcmp(operation->call_name, receivers[i]) == 0)
            sum->received_bytes += (uint64_t)operation->result;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(senders); i++) {
        if (strcmp(operation->call_name, senders[i]) == 0)
            sum->sent_bytes += (uint64_t)operation->result;
    }
}

static void add_blocking(void *self, const struct blocking *operation)
{
    struct net_report *report = self;

    if (operation->blocking_class != BLOCKING_NET || operation->is_covered)
        return;
    uint32_t process = trace_model_thread(report->context.model, operation->thread)->process;
    struct peer_sum *sum = sum_of(report, process, peer_of(operation));
    sum->error_count += operation->error_count;
    count_bytes(sum, operation);
    if (operation->is_idle) {
        sum->idle_count += operation->count;
        sum->idle_ns += operation->total_ns;
    }
    sum->count += operation->count;
    sum->total_ns += operation->total_ns;
    sum->longest_ns = MAX(sum->longest_ns, operation->longest_ns);
}

static void *begin(const struct report_context *context)
{
    struct net_report *report = g_new0(struct net_report, 1);
    struct trace_observer observer = {.blocking = add_blocking, .self = report};

    report->context = *context;
    report->sums = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    filter_add_observer(context->filter, &observer);
    return report;
}

static void free_report(void *pointer)
{
    struct net_report *report = pointer;

    g_hash_table_unref(report->sums);
    g_free(report);
}

static const struct report_column columns[] = {
    {"pid", "pid", CELL_ID},
    {"peer", "peer", CELL_TEXT},
    {"count", "calls", CELL_COUNT},
    {"errors", "errors", CELL_COUNT},
    {"total_ns", "total", CELL_NS},
    {"avg_ns", "avg", CELL_NS},
    {"max_ns", "max", CELL_NS},
    {"received_bytes", "received", CELL_BYTES},
    {"sent_bytes", "sent", CELL_BYTES},
    {"idle_waits", "of them idle", CELL_COUNT},
    {"idle_ns", "for", CELL_NS},
};

static int compare_sums(const void *a, const void *b)
{
    const struct peer_sum *left = *(struct peer_sum *const *)a, *right = *(struct peer_sum *const *)b;

    uint64_t left_ns = left->total_ns - left->idle_ns, right_ns = right->total_ns - right->idle_ns;

    if (left_ns != right_ns)
        return left_ns > right_ns ? -1 : 1;
    if (left->idle_ns != right->idle_ns)
        return left->idle_ns > right->idle_ns ? -1 : 1;
    return strcmp(left->key, right->key);
}

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct net_report *report = pointer;
    struct report_table *table = report_table_new("net", columns, G_N_ELEMENTS(columns));
    g_autoptr(GPtrArray) sums = g_ptr_array_new();
    bool has_short = false;
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, report->sums);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(sums, value);
    g_ptr_array_sort(sums, compare_sums);
    for (guint i = 0; i < sums->len; i++) {
        const struct peer_sum *sum = sums->pdata[i];
        has_short |= sum->peer == short_calls;
        report_table_add(table, trace_model_process(report->context.model, sum->process)->pid);
        report_table_add_text(table, sum->peer);
        report_table_add(table, (int64_t)sum->count);
        report_table_add(table, (int64_t)sum->error_count);
        report_table_add(table, (int64_t)sum->total_ns);
        report_table_add(table, sum->count > 0 ? (int64_t)(sum->total_ns / sum->count) : 0);
        report_table_add(table, (int64_t)sum->longest_ns);
        report_table_add(table, (int64_t)sum->received_bytes);
        report_table_add(table, (int64_t)sum->sent_bytes);
        report_table_add(table, (int64_t)sum->idle_count);
        report_table_add(table, (int64_t)sum->idle_ns);
    }
    if (format == REPORT_TEXT && sums->len == 0)
        fputs("No waits for the network in this trace.\n", out);
    else
        report_table_write(table, format, 0, out);
    report_table_free(table);
    if (format == REPORT_TEXT && has_short)
        fputs(
            "Short calls were summed while recording: they are in one row, without their peers and bytes.\n",
            out);
    if (format == REPORT_TEXT)
        report_print_loss(&report->context, out);
}

const struct report_kind report_net = {
    "net", "waits for the network, per peer", begin, write_report, free_report, false};
