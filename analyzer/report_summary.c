/*
 * The summary: on one screen, what was recorded, where the threads' time went, who waited for what and who
 * held it, and what to ask next.
 */
#include <string.h>
#include "analyzer/lock_account.h"
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"
#include "analyzer/site_account.h"
#include "analyzer/stack_text.h"
#include "analyzer/stuck_account.h"
#include "analyzer/thread_account.h"
#include "tracepoints/contract.h"

enum {
    MAX_THREADS = 8,
    MAX_LOCKS = 3,
    MAX_SITES = 3,
    MAX_STUCK = 8,
    MAX_FRAMES = 3,
    MAX_LINE = 100,
    MAX_MACHINE_SITES = 100
};

struct summary {
    struct report_context context;
    struct thread_account *threads;
    struct lock_account *locks;
    struct site_account *sites;
    struct stuck_account *stuck;
};

static void *begin(const struct report_context *context)
{
    struct summary *summary = g_new0(struct summary, 1);

    summary->context = *context;
    summary->threads = thread_account_new(context->model, context->filter);
    summary->locks = lock_account_new(context->model, context->filter);
    summary->sites = site_account_new(context->filter);
    summary->stuck = stuck_account_new(context->filter);
    return summary;
}

static void free_summary(void *report)
{
    struct summary *summary = report;

    thread_account_free(summary->threads);
    lock_account_free(summary->locks);
    site_account_free(summary->sites);
    stuck_account_free(summary->stuck);
    g_free(summary);
}

/* The process with the most threads, and how many there are that have any. */
static const struct process *main_process(const struct trace_model *model, const GArray *threads,
                                          guint *count)
{
    g_autofree guint *sizes = g_new0(guint, trace_model_process_count(model));
    uint32_t largest = 0;

    *count = 0;
    for (guint i = 0; i < threads->len; i++) {
        uint32_t process = trace_model_thread(model, g_array_index(threads, uint32_t, i))->process;
        *count += process != 0 && sizes[process] == 0;
        sizes[process]++;
        if (process != 0 && (largest == 0 || sizes[process] > sizes[largest]))
            largest = process;
    }
    return trace_model_process(model, largest);
}

/* From the first thread's begin to the last one's end, within the filter's range. */
static int64_t duration_of(const struct report_context *context, const GArray *threads)
{
    int64_t start_ns = G_MAXINT64, end_ns = G_MININT64;

    for (guint i = 0; i < threads->len; i++) {
        const struct thread *thread = trace_model_thread(context->model, g_array_index(threads, uint32_t, i));
        start_ns = MIN(start_ns, thread->start_ns);
        end_ns = MAX(end_ns, thread->end_ns);
    }
    if (threads->len == 0)
        return filter_end_ns(context->filter) - filter_start_ns(context->filter);
    start_ns = MAX(start_ns, filter_start_ns(context->filter));
    end_ns = MIN(end_ns, filter_end_ns(context->filter));
    return MAX(end_ns - start_ns, 0);
}

static void print_head(const struct summary *summary, const GArray *threads, FILE *out)
{
    const struct report_context *context = &summary->context;
    char text[FORMAT_SIZE], count[FORMAT_SIZE];
    guint process_count;
    const struct process *process = main_process(context->model, threads, &process_count);
    const char *source = trace_model_sched_source(context->model);

    if (process->index != 0)
        fprintf(out, "%s (%d)", *process->name ? process->name : "[unknown program]", process->pid);
    else
        fputs(threads->len > 0 ? "[processes not known]" : "[nobody known]", out);
    if (process_count > 1)
        fprintf(out, " and %u more process%s", process_count - 1, process_count == 2 ? "" : "es");
    fprintf(out, ": %s, %u thread%s, %s events", format_ns(text, duration_of(context, threads)), threads->len,
            threads->len == 1 ? "" : "s", format_count(count, trace_model_event_count(context->model)));
    fprintf(out, ", %s lost\n",
            trace_model_lost_count(context->model) > 0
                ? format_count(count, trace_model_lost_count(context->model))
            : trace_model_has_loss(context->model) ? "some"
                                                   : "none");
    fprintf(out, "Scheduling: %s\n", source ? source : "not recorded (states of threads are not known)");
}

static const struct report_column thread_columns[] = {
    {NULL, "thread", CELL_TEXT},  {NULL, "tid", CELL_ID},  {NULL, "running", CELL_NS},
    {NULL, "runnable", CELL_NS},  {NULL, "sync", CELL_NS}, {NULL, "net", CELL_NS},
    {NULL, "syscall", CELL_NS},   {NULL, "idle", CELL_NS}, {NULL, "other", CELL_NS},
    {NULL, "not known", CELL_NS},
};

/* Without scheduling data a thread's waits are all that is known of it. */
static int64_t unknown_ns(const struct thread *thread, const struct thread_sum *sum)
{
    int64_t unknown = sum->state_ns[THREAD_UNKNOWN];

    for (int by = 0; by < BLOCKED_BY_COUNT && !thread->has_states; by++)
        unknown -= (int64_t)sum->wait_ns[by];
    return MAX(unknown, 0);
}

static void print_threads(const struct summary *summary, const GArray *threads, FILE *out)
{
    struct report_table *table = report_table_new("threads", thread_columns, G_N_ELEMENTS(thread_columns));
    char name[FORMAT_SIZE];

    for (guint i = 0; i < threads->len; i++) {
        uint32_t index = g_array_index(threads, uint32_t, i);
        const struct thread *thread = trace_model_thread(summary->context.model, index);
        const struct thread_sum *sum = thread_account_get(summary->threads, index);
        report_table_add_text(table, report_thread_name(thread, name));
        report_table_add(table, thread->tid);
        report_table_add(table, sum->state_ns[THREAD_RUNNING]);
        report_table_add(table, sum->state_ns[THREAD_RUNNABLE]);
        for (int by = 0; by < BLOCKED_BY_COUNT; by++)
            report_table_add(table, thread->has_states ? sum->blocked_ns[by] : (int64_t)sum->wait_ns[by]);
        report_table_add(table, unknown_ns(thread, sum));
    }
    fprintf(out, "\nWhere the threads' time went (blocked: by what)\n");
    report_table_write_text(table, MAX_THREADS, 0, out);
    report_table_free(table);
}

/* "waited in: f < g" for a stack, cut to the line's length. */
static void print_place(const struct summary *summary, const char *lead, uint32_t stack, FILE *out)
{
    g_autofree char *text =
        stack_text_short(summary->context.model, summary->context.symbols, stack, MAX_FRAMES);

    if (g_utf8_strlen(text, -1) > MAX_LINE) {
        char *cut = g_utf8_offset_to_pointer(text, MAX_LINE - 3);
        strcpy(cut, "...");
    }
    fprintf(out, "%s%s\n", lead, text);
}

static void print_lock(const struct summary *summary, const struct lock_sum *lock, FILE *out)
{
    char total[FORMAT_SIZE], longest[FORMAT_SIZE], count[FORMAT_SIZE], name[FORMAT_SIZE], object[FORMAT_SIZE];
    const struct lock_pair *pair = &lock->pairs[0];
    uint64_t busy_count = lock->count - lock->idle_count;

    fprintf(out, "%9s  %s %s: %s wait%s, longest %s, %u thread%s\n",
            format_ns(total, (int64_t)lock_sum_busy_ns(lock)), report_object_kind(lock->wait_kind),
            report_object_name(lock->wait_kind, lock->object, object), format_count(count, busy_count),
            busy_count == 1 ? "" : "s", format_ns(longest, (int64_t)lock->longest_busy_ns),
            lock->waiter_threads, lock->waiter_threads == 1 ? "" : "s");
    if (pair->is_idle)
        return;
    print_place(summary, "           waited in    ", pair->waiter_stack, out);
    if (pair->holder == 0)
        return;
    g_autofree char *lead =
        g_strdup_printf("           %-12s %s%s", report_release_verb(lock->wait_kind),
                        report_thread_name(trace_model_thread(summary->context.model, pair->holder), name),
                        pair->holder_stack != 0 ? " in " : "\n");
    if (pair->holder_stack != 0)
        print_place(summary, lead, pair->holder_stack, out);
    else
        fputs(lead, out);
}

static void print_locks(const struct summary *summary, FILE *out)
{
    g_autoptr(GPtrArray) locks = lock_account_list(summary->locks);

    for (guint i = 0, shown = 0; i < locks->len && shown < MAX_LOCKS; i++) {
        const struct lock_sum *lock = locks->pdata[i];
        if (lock_sum_busy_ns(lock) == 0)
            break;
        /* A program that waits for its threads to end: nobody is in its way. */
        if (lock->wait_kind == EXECTRACE_WAIT_JOIN)
            continue;
        if (shown++ == 0)
            fprintf(out, "\nMost waited for\n");
        print_lock(summary, lock, out);
    }
}

static void print_thread(const struct summary *summary, uint32_t index, FILE *out)
{
    const struct thread *thread = trace_model_thread(summary->context.model, index);
    char name[FORMAT_SIZE];

    fprintf(out, "%s (%d)", report_thread_name(thread, name), thread->tid);
}

static void print_stuck_wait(const struct summary *summary, const struct stuck_wait *wait, FILE *out)
{
    char total[FORMAT_SIZE], object[FORMAT_SIZE];

    fprintf(out, " %9s  ", format_ns(total, (int64_t)wait->waited_ns));
    print_thread(summary, wait->thread, out);
    if (wait->wait_kind == EXECTRACE_WAIT_JOIN)
        fputs(" waits for the end of ", out);
    else
        fprintf(out, " waits for %s %s, held by ", report_object_kind(wait->wait_kind),
                report_object_name(wait->wait_kind, wait->object, object));
    print_thread(summary, wait->holder, out);
    fputc('\n', out);
    if (wait->stack != 0)
        print_place(summary, "           waits in     ", wait->stack, out);
    if (wait->holder_stack != 0 && !wait->is_in_circle)
        print_place(summary, "           the other in ", wait->holder_stack, out);
}

/* Circles come first, in their order. */
static void print_circles(const struct summary *summary, const GPtrArray *waits, FILE *out)
{
    uint32_t first = 0;
    bool has_join = false;

    for (guint i = 0; i < waits->len; i++) {
        const struct stuck_wait *wait = waits->pdata[i];
        if (!wait->is_in_circle)
            break;
        if (first == 0) {
            first = wait->thread;
            fputs("DEADLOCK: ", out);
        }
        print_thread(summary, wait->thread, out);
        fputs(" -> ", out);
        has_join = has_join || wait->wait_kind == EXECTRACE_WAIT_JOIN;
        if (wait->holder != first)
            continue;
        print_thread(summary, first, out);
        fprintf(out, ": each waits for %s\n", has_join ? "the next one" : "what the next one holds");
        first = 0;
        has_join = false;
    }
}

static void print_stuck(const struct summary *summary, FILE *out)
{
    g_autoptr(GPtrArray) waits = stuck_account_list(summary->stuck);

    if (waits->len == 0)
        return;
    fprintf(out, "\nStuck when the recording ended\n");
    print_circles(summary, waits, out);
    for (guint i = 0; i < waits->len && i < MAX_STUCK; i++)
        print_stuck_wait(summary, waits->pdata[i], out);
    if (waits->len > MAX_STUCK)
        fprintf(out, "           and %u more\n", waits->len - MAX_STUCK);
}

static const char *thread_of(const struct summary *summary, const struct site_sum *site, char *buffer)
{
    if (site->thread == SITE_SEVERAL_THREADS)
        return "several threads";
    if (site->thread == 0)
        return "a thread that is not known";
    return report_thread_name(trace_model_thread(summary->context.model, site->thread), buffer);
}

static void print_sites(const struct summary *summary, const GPtrArray *sites, enum blocking_class wanted,
                        FILE *out)
{
    char total[FORMAT_SIZE], count[FORMAT_SIZE], name[FORMAT_SIZE];
    guint shown = 0;

    for (guint i = 0; i < sites->len && shown < MAX_SITES; i++) {
        const struct site_sum *site = sites->pdata[i];
        if (site->blocking_class != wanted || site->is_idle)
            continue;
        g_autofree char *lead = g_strdup_printf(
            "%-8s%9s %9s  %-12s ", shown == 0 ? blocking_class_name(wanted) : "",
            format_ns(total, (int64_t)site->total_ns), format_count(count, site->count), site->kind);
        if (site->stack != 0)
            print_place(summary, lead, site->stack, out);
        else
            fprintf(out, "%s[no stack] in %s\n", lead, thread_of(summary, site, name));
        shown++;
    }
}

static void print_idle_and_open(const GPtrArray *sites, FILE *out)
{
    char total[FORMAT_SIZE], count[FORMAT_SIZE];
    uint64_t idle_ns = 0, idle_count = 0, open_count = 0;

    for (guint i = 0; i < sites->len; i++) {
        const struct site_sum *site = sites->pdata[i];
        idle_ns += site->is_idle ? site->total_ns : 0;
        idle_count += site->is_idle ? site->count : 0;
        open_count += site->open_count;
    }
    if (idle_count > 0)
        fprintf(out, "idle    %9s %9s  waits for work, not for somebody: not in the above\n",
                format_ns(total, (int64_t)idle_ns), format_count(count, idle_count));
    if (open_count > 0)
        fprintf(out, "open              %9s  had not ended when the recording did\n",
                format_count(count, open_count));
}

static void print_next(const struct summary *summary, FILE *out)
{
    const char *trace = summary->context.trace;

    fprintf(out, "\nNext: analyzer %s -report=locks (threads, sched, syscalls, net, heap, loss)\n", trace);
    fprintf(out, "      analyzer %s -pprof=sync -o sync.pb.gz; go tool pprof -top sync.pb.gz\n", trace);
    fprintf(out, "      viewer_export %s -o timeline.json; open it in ui.perfetto.dev\n", trace);
}

static void write_text(struct summary *summary, FILE *out)
{
    g_autoptr(GArray) threads = thread_account_list(summary->threads);
    g_autoptr(GPtrArray) sites = site_account_list(summary->sites, summary->context.model);

    print_head(summary, threads, out);
    if (threads->len > 0)
        print_threads(summary, threads, out);
    else
        fputs("None of these events tells of a thread. Record with `recorder -- PROGRAM`, or whole machines "
              "with\n"
              "lttng enable-event -k sched_switch,sched_waking,sched_wakeup,sched_wakeup_new; "
              "lttng enable-event -k --syscall -a\n",
              out);
    print_stuck(summary, out);
    print_locks(summary, out);
    if (sites->len > 0)
        fprintf(out, "\nWhere they blocked    waits  (whole calls, what ran of them included)\n");
    print_sites(summary, sites, BLOCKING_SYNC, out);
    print_sites(summary, sites, BLOCKING_NET, out);
    print_sites(summary, sites, BLOCKING_SYSCALL, out);
    print_idle_and_open(sites, out);
    report_print_loss(&summary->context, out);
    report_print_missing(&summary->context, out);
    print_next(summary, out);
}

static const struct report_column machine_columns[] = {
    {"start_time_ns", NULL, CELL_TIME}, {"duration_ns", NULL, CELL_NS},
    {"threads", NULL, CELL_COUNT},      {"events", NULL, CELL_COUNT},
    {"lost_events", NULL, CELL_COUNT},  {"running_ns", NULL, CELL_NS},
    {"runnable_ns", NULL, CELL_NS},     {"blocked_ns", NULL, CELL_NS},
    {"unknown_ns", NULL, CELL_NS},      {"sync_waits", NULL, CELL_COUNT},
    {"sync_wait_ns", NULL, CELL_NS},    {"net_waits", NULL, CELL_COUNT},
    {"net_wait_ns", NULL, CELL_NS},     {"syscall_waits", NULL, CELL_COUNT},
    {"syscall_wait_ns", NULL, CELL_NS}, {"idle_waits", NULL, CELL_COUNT},
    {"idle_wait_ns", NULL, CELL_NS},
};

static struct report_table *machine_table(struct summary *summary)
{
    struct report_table *table = report_table_new("summary", machine_columns, G_N_ELEMENTS(machine_columns));
    g_autoptr(GArray) threads = thread_account_list(summary->threads);
    const struct report_context *context = &summary->context;
    static const enum thread_state states[] = {THREAD_RUNNING, THREAD_RUNNABLE, THREAD_BLOCKED,
                                               THREAD_UNKNOWN};
    struct thread_sum all = {0};

    for (guint i = 0; i < threads->len; i++) {
        const struct thread_sum *sum =
            thread_account_get(summary->threads, g_array_index(threads, uint32_t, i));
        for (size_t j = 0; j < G_N_ELEMENTS(states); j++)
            all.state_ns[states[j]] += sum->state_ns[states[j]];
        for (int by = 0; by < BLOCKED_BY_COUNT; by++) {
            all.wait_count[by] += sum->wait_count[by];
            all.wait_ns[by] += sum->wait_ns[by];
        }
    }
    report_table_add(table, filter_start_ns(context->filter));
    report_table_add(table, filter_end_ns(context->filter) - filter_start_ns(context->filter));
    report_table_add(table, threads->len);
    report_table_add(table, (int64_t)trace_model_event_count(context->model));
    report_table_add(table, (int64_t)trace_model_lost_count(context->model));
    for (size_t j = 0; j < G_N_ELEMENTS(states); j++)
        report_table_add(table, all.state_ns[states[j]]);
    for (int by = BLOCKED_BY_SYNC; by <= BLOCKED_BY_IDLE; by++) {
        report_table_add(table, (int64_t)all.wait_count[by]);
        report_table_add(table, (int64_t)all.wait_ns[by]);
    }
    return table;
}

static const struct report_column site_columns[] = {
    {"class", NULL, CELL_TEXT},  {"kind", NULL, CELL_TEXT},   {"idle", NULL, CELL_COUNT},
    {"count", NULL, CELL_COUNT}, {"total_ns", NULL, CELL_NS}, {"max_ns", NULL, CELL_NS},
    {"open", NULL, CELL_COUNT},  {"stack", NULL, CELL_TEXT},
};

/* The places that waited longest; idle is 1 or 0. */
static struct report_table *site_table(struct summary *summary)
{
    struct report_table *table = report_table_new("summary", site_columns, G_N_ELEMENTS(site_columns));
    g_autoptr(GPtrArray) sites = site_account_list(summary->sites, summary->context.model);

    for (guint i = 0; i < sites->len && i < MAX_MACHINE_SITES; i++) {
        const struct site_sum *site = sites->pdata[i];
        g_autofree char *stack =
            stack_text_folded(summary->context.model, summary->context.symbols, site->stack);
        report_table_add_text(table, blocking_class_name(site->blocking_class));
        report_table_add_text(table, site->kind);
        report_table_add(table, site->is_idle);
        report_table_add(table, (int64_t)site->count);
        report_table_add(table, (int64_t)site->total_ns);
        report_table_add(table, (int64_t)site->longest_ns);
        report_table_add(table, (int64_t)site->open_count);
        report_table_add_text(table, stack);
    }
    return table;
}

static void write_json(struct summary *summary, const struct report_table *table, FILE *out)
{
    const char *source = trace_model_sched_source(summary->context.model);
    struct report_table *sites = site_table(summary);

    report_json_begin("summary", out);
    fputs(",\n  \"scheduling\": ", out);
    write_json_text(out, source ? source : "none");
    fputs(",\n  \"summary\": ", out);
    report_table_write_json(table, out);
    fputs(",\n  \"sites\": ", out);
    report_table_write_json(sites, out);
    report_json_end(out);
    report_table_free(sites);
}

static void write_summary(void *report, enum report_format format, FILE *out)
{
    struct summary *summary = report;

    if (format == REPORT_TEXT) {
        write_text(summary, out);
        return;
    }
    struct report_table *table = machine_table(summary);
    if (format == REPORT_CSV)
        report_table_write_csv(table, out);
    else
        write_json(summary, table, out);
    report_table_free(table);
}

const struct report_kind report_summary = {
    "summary", "what was recorded, who waited for what (default)", begin, write_summary, free_summary, true};
