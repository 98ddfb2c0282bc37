/*
 * Report `sched`: how long threads that could run waited for a CPU. A wake-up's latency runs from the moment
 * the thread became runnable to the moment it ran; preemptions are apart.
 */
#include <math.h>
#include "analyzer/distribution.h"
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"

struct sched_entry {
    struct distribution latency;
    int64_t running_ns;
    uint64_t preemption_count;
    int64_t preempted_ns;
    uint64_t derived_count;  /* latencies that were derived from a traced thread's wake */
    int64_t longest_time_ns; /* when the longest latency began */
    uint32_t longest_waker;
};

struct sched_report {
    struct report_context context;
    GPtrArray *entries; /* struct sched_entry * or NULL, by thread */
    struct sched_entry all;
};

static void free_entry(void *pointer)
{
    struct sched_entry *entry = pointer;

    if (entry)
        distribution_clear(&entry->latency);
    g_free(entry);
}

static struct sched_entry *entry_of(struct sched_report *report, uint32_t thread)
{
    if (thread >= report->entries->len)
        g_ptr_array_set_size(report->entries, (int)thread + 1);
    if (!report->entries->pdata[thread])
        report->entries->pdata[thread] = g_new0(struct sched_entry, 1);
    return report->entries->pdata[thread];
}

static void add_interval(struct sched_entry *entry, const struct state_interval *interval)
{
    int64_t length_ns = interval->end_ns - interval->start_ns;

    if (interval->state == THREAD_RUNNING) {
        entry->running_ns += length_ns;
    } else if (interval->is_preempted) {
        entry->preempted_ns += length_ns;
        entry->preemption_count += !interval->is_part;
    } else if (!interval->is_part && !interval->is_open) {
        if (entry->latency.count == 0 || (uint64_t)length_ns > entry->latency.max) {
            entry->longest_time_ns = interval->start_ns;
            entry->longest_waker = interval->waker_thread;
        }
        entry->derived_count += interval->is_derived;
        distribution_add(&entry->latency, (uint64_t)length_ns);
    }
}

static void add_state(void *self, const struct state_interval *interval)
{
    struct sched_report *report = self;

    if (interval->state != THREAD_RUNNING && interval->state != THREAD_RUNNABLE)
        return;
    add_interval(entry_of(report, interval->thread), interval);
    if (!trace_model_thread(report->context.model, interval->thread)->is_tracer)
        add_interval(&report->all, interval);
}

static void *begin(const struct report_context *context)
{
    struct sched_report *report = g_new0(struct sched_report, 1);
    struct trace_observer observer = {.state = add_state, .self = report};

    report->context = *context;
    report->entries = g_ptr_array_new_with_free_func(free_entry);
    filter_add_observer(context->filter, &observer);
    return report;
}

static void free_report(void *pointer)
{
    struct sched_report *report = pointer;

    distribution_clear(&report->all.latency);
    g_ptr_array_unref(report->entries);
    g_free(report);
}

static const struct report_column columns[] = {
    {"pid", "pid", CELL_ID},
    {"tid", "tid", CELL_ID},
    {"thread", "thread", CELL_TEXT},
    {"running_ns", "running", CELL_NS},
    {"wakeups", "wake-ups", CELL_COUNT},
    {"min_ns", "min", CELL_NS},
    {"avg_ns", "avg", CELL_NS},
    {"p50_ns", "p50", CELL_NS},
    {"p99_ns", "p99", CELL_NS},
    {"max_ns", "max", CELL_NS},
    {"stddev_ns", "stddev", CELL_NS},
    {"preemptions", "preempted", CELL_COUNT},
    {"preempted_ns", "for", CELL_NS},
    {"max_time_ns", "max at", CELL_TIME},
    {"max_waker_tid", NULL, CELL_ID},
    {"max_waker", "woken by", CELL_TEXT},
    {"derived_wakeups", NULL, CELL_COUNT},
};

static void add_row(const struct sched_report *report, struct report_table *table,
                    const struct thread *thread, struct sched_entry *entry, bool is_text)
{
    const struct thread *waker =
        entry->longest_waker != 0 ? trace_model_thread(report->context.model, entry->longest_waker) : NULL;
    char name[FORMAT_SIZE];

    for (int i = 0; i < 2; i++) {
        if (thread || !is_text)
            report_table_add(table, !thread ? -1 : i == 0 ? thread->pid : thread->tid);
        else
            report_table_add_text(table, "");
    }
    report_table_add_text(table, thread ? thread->name : "[all]");
    report_table_add(table, entry->running_ns);
    report_table_add(table, (int64_t)entry->latency.count);
    report_table_add(table, (int64_t)entry->latency.min);
    report_table_add(table, llround(distribution_average(&entry->latency)));
    report_table_add(table, (int64_t)distribution_quantile(&entry->latency, 0.5));
    report_table_add(table, (int64_t)distribution_quantile(&entry->latency, 0.99));
    report_table_add(table, (int64_t)entry->latency.max);
    report_table_add(table, llround(distribution_deviation(&entry->latency)));
    report_table_add(table, (int64_t)entry->preemption_count);
    report_table_add(table, entry->preempted_ns);
    report_table_add(table, entry->longest_time_ns);
    report_table_add(table, waker ? waker->tid : -1);
    report_table_add_text(table, waker ? report_thread_name(waker, name) : "");
    report_table_add(table, (int64_t)entry->derived_count);
}

static int compare_entries(const void *a, const void *b, void *user)
{
    struct sched_report *report = user;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const struct sched_entry *first = report->entries->pdata[left], *second = report->entries->pdata[right];
    uint64_t first_ns = first->latency.total + (uint64_t)first->preempted_ns;
    uint64_t second_ns = second->latency.total + (uint64_t)second->preempted_ns;

    if (first_ns != second_ns)
        return first_ns > second_ns ? -1 : 1;
    if (first->running_ns != second->running_ns)
        return first->running_ns > second->running_ns ? -1 : 1;
    int32_t first_tid = trace_model_thread(report->context.model, left)->tid;
    int32_t second_tid = trace_model_thread(report->context.model, right)->tid;
    if (first_tid != second_tid)
        return first_tid < second_tid ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* Threads that waited longest for a CPU first. */
static GArray *list_threads(struct sched_report *report)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(uint32_t));

    for (uint32_t i = 1; i < report->entries->len; i++) {
        if (report->entries->pdata[i] && !trace_model_thread(report->context.model, i)->is_tracer)
            g_array_append_val(list, i);
    }
    g_array_sort_with_data(list, compare_entries, report);
    return list;
}

static void write_text(struct sched_report *report, const struct report_table *table, FILE *out)
{
    const char *source = trace_model_sched_source(report->context.model);

    if (!source) {
        fprintf(out, "No scheduling data in this trace: record with `recorder`, or with\n"
                     "lttng enable-event -k sched_switch,sched_waking,sched_wakeup,sched_wakeup_new\n");
        return;
    }
    fprintf(out, "Time that threads were ready to run and waited for a CPU. Source: %s\n", source);
    if (report->all.derived_count > 0)
        fprintf(out,
                "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                " wake-ups are known from a traced thread that released the sleeper.\n",
                report->all.derived_count, report->all.latency.count);
    putc('\n', out);
    report_table_write_text(table, 0, trace_model_start_ns(report->context.model), out);
    if (report->all.latency.count > 1)
        fprintf(out, "\nWake-up latency, all threads\n");
    distribution_print_histogram(&report->all.latency, out);
    report_print_loss(&report->context, out);
    report_print_missing(&report->context, out);
}

static void write_json(struct sched_report *report, const struct report_table *table, FILE *out)
{
    struct report_table *all = report_table_new("sched", columns, G_N_ELEMENTS(columns));

    add_row(report, all, NULL, &report->all, false);
    report_json_begin("sched", out);
    fputs(",\n  \"source\": ", out);
    write_json_text(out, trace_model_sched_source(report->context.model)
                             ? trace_model_sched_source(report->context.model)
                             : "none");
    fputs(",\n  \"all\": ", out);
    report_table_write_json(all, out);
    fputs(",\n  \"sched\": ", out);
    report_table_write_json(table, out);
    report_json_end(out);
    report_table_free(all);
}

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct sched_report *report = pointer;
    struct report_table *table = report_table_new("sched", columns, G_N_ELEMENTS(columns));
    g_autoptr(GArray) threads = list_threads(report);

    for (guint i = 0; i < threads->len; i++) {
        uint32_t index = g_array_index(threads, uint32_t, i);
        add_row(report, table, trace_model_thread(report->context.model, index),
                report->entries->pdata[index], format == REPORT_TEXT);
    }
    if (format == REPORT_TEXT && threads->len > 1)
        add_row(report, table, NULL, &report->all, true);
    if (format == REPORT_TEXT)
        write_text(report, table, out);
    else if (format == REPORT_CSV)
        report_table_write_csv(table, out);
    else
        write_json(report, table, out);
    report_table_free(table);
}

const struct report_kind report_sched = {
    "sched", "how long threads that could run waited for a CPU", begin, write_report, free_report, false};
