/* Report `threads`: where the time of every thread went. */
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"
#include "analyzer/thread_account.h"

struct threads_report {
    struct report_context context;
    struct thread_account *account;
};

/* lifetime = running + runnable + blocked + unknown; blocked = its five parts. */
static const struct report_column columns[] = {
    {"pid", "pid", CELL_ID},
    {"tid", "tid", CELL_ID},
    {"thread", "thread", CELL_TEXT},
    {"process", NULL, CELL_TEXT},
    {"start_time_ns", NULL, CELL_TIME},
    {"lifetime_ns", "lifetime", CELL_NS},
    {"running_ns", "running", CELL_NS},
    {"runnable_ns", "runnable", CELL_NS},
    {"blocked_ns", "blocked", CELL_NS},
    {"unknown_ns", "not known", CELL_NS},
    {"blocked_sync_ns", "sync", CELL_NS},
    {"blocked_net_ns", "net", CELL_NS},
    {"blocked_syscall_ns", "syscall", CELL_NS},
    {"blocked_idle_ns", "idle", CELL_NS},
    {"blocked_other_ns", "other", CELL_NS},
    {"sync_waits", "waits", CELL_COUNT},
    {"sync_wait_ns", "waited", CELL_NS},
    {"net_waits", NULL, CELL_COUNT},
    {"net_wait_ns", NULL, CELL_NS},
    {"syscall_waits", NULL, CELL_COUNT},
    {"syscall_wait_ns", NULL, CELL_NS},
    {"idle_waits", NULL, CELL_COUNT},
    {"idle_wait_ns", NULL, CELL_NS},
    {"preemptions", NULL, CELL_COUNT},
};

static void *begin(const struct report_context *context)
{
    struct threads_report *report = g_new0(struct threads_report, 1);

    report->context = *context;
    report->account = thread_account_new(context->model, context->filter);
    return report;
}

static void free_report(void *pointer)
{
    struct threads_report *report = pointer;

    thread_account_free(report->account);
    g_free(report);
}

static void add_row(struct threads_report *report, struct report_table *table, uint32_t index)
{
    const struct thread *thread = trace_model_thread(report->context.model, index);
    const struct thread_sum *sum = thread_account_get(report->account, index);
    int64_t lifetime_ns = 0;

    for (int state = 0; state < 4; state++)
        lifetime_ns += sum->state_ns[state];
    report_table_add(table, thread->pid);
    report_table_add(table, thread->tid);
    report_table_add_text(table, thread->name);
    report_table_add_text(table, trace_model_process(report->context.model, thread->process)->name);
    report_table_add(table, MAX(thread->start_ns, filter_start_ns(report->context.filter)));
    report_table_add(table, lifetime_ns);
    report_table_add(table, sum->state_ns[THREAD_RUNNING]);
    report_table_add(table, sum->state_ns[THREAD_RUNNABLE]);
    report_table_add(table, sum->state_ns[THREAD_BLOCKED]);
    report_table_add(table, sum->state_ns[THREAD_UNKNOWN]);
    for (int by = 0; by < BLOCKED_BY_COUNT; by++)
        report_table_add(table, sum->blocked_ns[by]);
    for (int by = BLOCKED_BY_SYNC; by <= BLOCKED_BY_IDLE; by++) {
        report_table_add(table, (int64_t)sum->wait_count[by]);
        report_table_add(table, (int64_t)sum->wait_ns[by]);
    }
    report_table_add(table, (int64_t)sum->preemption_count);
}

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct threads_report *report = pointer;
    struct report_table *table = report_table_new("threads", columns, G_N_ELEMENTS(columns));
    g_autoptr(GArray) threads = thread_account_list(report->account);

    for (guint i = 0; i < threads->len; i++)
        add_row(report, table, g_array_index(threads, uint32_t, i));
    if (format == REPORT_TEXT)
        fputs("blocked: by sync, net, syscall, idle, other; waits, waited: sync operations with their short "
              "ones\n\n",
              out);
    report_table_write(table, format, trace_model_start_ns(report->context.model), out);
    report_table_free(table);
    if (format == REPORT_TEXT) {
        report_print_loss(&report->context, out);
        report_print_missing(&report->context, out);
    }
}

const struct report_kind report_threads = {
    "threads", "running, runnable and blocked time of every thread", begin, write_report, free_report, true};
