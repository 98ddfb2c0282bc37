/*
 * Report `syscalls`: durations per system call. From a kernel trace every call whose entry and exit are both
 * there; else the calls of the C library's wrappers that were recorded, short ones as sums.
 */
#include <math.h>
#include <string.h>
#include "analyzer/distribution.h"
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"

struct call_sum {
    const char *name;
    uint64_t error_count;
    uint64_t cut_ns; /* of calls that end after the range: part of its time, counted where they end */
    struct distribution duration;
};

struct syscalls_report {
    struct report_context context;
    /* name -> struct call_sum *; a kernel trace knows all calls, so it is preferred to the library's */
    GHashTable *kernel, *library;
    struct call_sum all_kernel, all_library;
    uint64_t open_count;
};

static void free_sum(void *pointer)
{
    struct call_sum *sum = pointer;

    distribution_clear(&sum->duration);
    g_free(sum);
}

static void add_to(struct call_sum *sum, const struct blocking *operation)
{
    sum->error_count += operation->error_count;
    if (operation->is_summary)
        distribution_add_sum(&sum->duration, operation->count, operation->total_ns, operation->shortest_ns,
                             operation->longest_ns);
    else if (operation->count > 0)
        distribution_add(&sum->duration, operation->total_ns);
    else
        sum->cut_ns += operation->total_ns;
}

static void add_blocking(void *self, const struct blocking *operation)
{
    struct syscalls_report *report = self;
    bool is_kernel = operation->source == FACT_KERNEL;
    GHashTable *sums = is_kernel ? report->kernel : report->library;

    if (!operation->call_name)
        return;
    if (operation->is_open) {
        report->open_count += operation->count;
        return;
    }
    /* Names are interned or static: the pointer is the key. */
    struct call_sum *sum = g_hash_table_lookup(sums, operation->call_name);
    if (!sum) {
        sum = g_new0(struct call_sum, 1);
        sum->name = operation->call_name;
        g_hash_table_insert(sums, (gpointer)sum->name, sum);
    }
    add_to(sum, operation);
    add_to(is_kernel ? &report->all_kernel : &report->all_library, operation);
}

static void *begin(const struct report_context *context)
{
    struct syscalls_report *report = g_new0(struct syscalls_report, 1);
    struct trace_observer observer = {.blocking = add_blocking, .self = report};

    report->context = *context;
    report->kernel = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_sum);
    report->library = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_sum);
    report->all_kernel.name = report->all_library.name = "[all]";
    filter_add_observer(context->filter, &observer);
    return report;
}

static void free_report(void *pointer)
{
    struct syscalls_report *report = pointer;

    distribution_clear(&report->all_kernel.duration);
    distribution_clear(&report->all_library.duration);
    g_hash_table_unref(report->kernel);
    g_hash_table_unref(report->library);
    g_free(report);
}

static const struct report_column columns[] = {
    {"name", "call", CELL_TEXT},      {"count", "count", CELL_COUNT}, {"errors", "errors", CELL_COUNT},
    {"total_ns", "total", CELL_NS},   {"min_ns", "min", CELL_NS},     {"avg_ns", "avg", CELL_NS},
    {"p50_ns", "p50", CELL_NS},       {"p99_ns", "p99", CELL_NS},     {"max_ns", "max", CELL_NS},
    {"stddev_ns", "stddev", CELL_NS},
};

static void add_row(struct report_table *table, struct call_sum *sum)
{
    report_table_add_text(table, sum->name);
    report_table_add(table, (int64_t)sum->duration.count);
    report_table_add(table, (int64_t)sum->error_count);
    report_table_add(table, (int64_t)(sum->duration.total + sum->cut_ns));
    report_table_add(table, (int64_t)sum->duration.min);
    report_table_add(table, llround(distribution_average(&sum->duration)));
    report_table_add(table, (int64_t)distribution_quantile(&sum->duration, 0.5));
    report_table_add(table, (int64_t)distribution_quantile(&sum->duration, 0.99));
    report_table_add(table, (int64_t)sum->duration.max);
    report_table_add(table, llround(distribution_deviation(&sum->duration)));
}

static int compare_sums(const void *a, const void *b)
{
    const struct call_sum *left = *(struct call_sum *const *)a, *right = *(struct call_sum *const *)b;

    if (left->duration.total != right->duration.total)
        return left->duration.total > right->duration.total ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct syscalls_report *report = pointer;
    bool is_kernel = report->all_kernel.duration.count > 0;
    struct call_sum *all = is_kernel ? &report->all_kernel : &report->all_library;
    struct report_table *table = report_table_new("syscalls", columns, G_N_ELEMENTS(columns));
    g_autoptr(GPtrArray) sums = g_ptr_array_new();
    GHashTableIter iter;
    void *sum;

    g_hash_table_iter_init(&iter, is_kernel ? report->kernel : report->library);
    while (g_hash_table_iter_next(&iter, NULL, &sum))
        g_ptr_array_add(sums, sum);
    g_ptr_array_sort(sums, compare_sums);
    for (guint i = 0; i < sums->len; i++)
        add_row(table, sums->pdata[i]);
    if (format == REPORT_TEXT && sums->len > 1)
        add_row(table, all);
    if (format == REPORT_TEXT && sums->len == 0)
        fputs("No system calls in this trace: record with `recorder`, or with `lttng enable-event -k "
              "--syscall -a`.\n",
              out);
    else
        report_table_write(table, format, 0, out);
    report_table_free(table);
    if (format != REPORT_TEXT)
        return;
    if (all->duration.count > 1)
        fprintf(out, "\nDurations, all calls%s\n",
                all->duration.summed_count > 0
                    ? " (of short ones the shortest, the longest, and the average of the rest)"
                    : "");
    distribution_print_histogram(&all->duration, out);
    if (report->open_count > 0)
        fprintf(out, "%" G_GUINT64_FORMAT " had not ended when the recording did; not counted.\n",
                report->open_count);
    report_print_loss(&report->context, out);
}

const struct report_kind report_syscalls = {
    "syscalls", "count, errors and durations per system call", begin, write_report, free_report, false};
