/* Report `heap`: allocations per thread, and the places whose memory was still in use at the end. */
#include <math.h>
#include "analyzer/id_map.h"
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"
#include "analyzer/stack_text.h"

enum { MAX_TEXT_SITES = 20, MAX_FRAMES = 4 };

struct heap_sum {
    double allocated_objects, allocated_bytes;
    double freed_objects, freed_bytes;
    double peak_bytes;
    uint32_t index; /* thread or stack */
};

struct heap_report {
    struct report_context context;
    GArray *threads;          /* struct heap_sum, by thread that allocated */
    GArray *sites;            /* struct heap_sum */
    struct id_map site_index; /* stack -> number in sites */
};

static void add_to(struct heap_sum *sum, const struct heap_sample *sample)
{
    if (sample->is_free) {
        sum->freed_objects += sample->objects;
        sum->freed_bytes += sample->bytes;
        return;
    }
    sum->allocated_objects += sample->objects;
    sum->allocated_bytes += sample->bytes;
    sum->peak_bytes = MAX(sum->peak_bytes, sum->allocated_bytes - sum->freed_bytes);
}

static void add_heap(void *self, const struct heap_sample *sample)
{
    struct heap_report *report = self;
    bool is_new;

    if (sample->owner_thread >= report->threads->len)
        g_array_set_size(report->threads, sample->owner_thread + 1);
    struct heap_sum *thread = &g_array_index(report->threads, struct heap_sum, sample->owner_thread);
    thread->index = sample->owner_thread;
    add_to(thread, sample);

    uint64_t *number = id_map_add(&report->site_index, sample->stack, &is_new);
    if (is_new) {
        *number = report->sites->len;
        g_array_set_size(report->sites, report->sites->len + 1);
    }
    struct heap_sum *site = &g_array_index(report->sites, struct heap_sum, *number);
    site->index = sample->stack;
    add_to(site, sample);
}

static void *begin(const struct report_context *context)
{
    struct heap_report *report = g_new0(struct heap_report, 1);
    struct trace_observer observer = {.heap = add_heap, .self = report};

    report->context = *context;
    report->threads = g_array_new(FALSE, TRUE, sizeof(struct heap_sum));
    report->sites = g_array_new(FALSE, TRUE, sizeof(struct heap_sum));
    filter_add_observer(context->filter, &observer);
    return report;
}

static void free_report(void *pointer)
{
    struct heap_report *report = pointer;

    g_array_unref(report->threads);
    g_array_unref(report->sites);
    id_map_clear(&report->site_index);
    g_free(report);
}

static const struct report_column thread_columns[] = {
    {"pid", "pid", CELL_ID},
    {"tid", "tid", CELL_ID},
    {"thread", "thread", CELL_TEXT},
    {"alloc_objects", "allocations", CELL_COUNT},
    {"alloc_bytes", "allocated", CELL_BYTES},
    {"freed_objects", "frees", CELL_COUNT},
    {"freed_bytes", "freed", CELL_BYTES},
    {"inuse_objects", "in use", CELL_COUNT},
    {"inuse_bytes", "in use", CELL_BYTES},
    {"peak_bytes", "peak", CELL_BYTES},
};

static const struct report_column site_columns[] = {
    {"alloc_objects", "allocations", CELL_COUNT},
    {"alloc_bytes", "allocated", CELL_BYTES},
    {"inuse_objects", "in use", CELL_COUNT},
    {"inuse_bytes", "in use", CELL_BYTES},
    {"stack", "where", CELL_TEXT},
};

static double in_use(const struct heap_sum *sum)
{
    return sum->allocated_bytes - sum->freed_bytes;
}

static int compare_sums(const void *a, const void *b)
{
    const struct heap_sum *left = a, *right = b;

    if (in_use(left) != in_use(right))
        return in_use(left) > in_use(right) ? -1 : 1;
    if (left->allocated_bytes != right->allocated_bytes)
        return left->allocated_bytes > right->allocated_bytes ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

static struct report_table *thread_table(const struct heap_report *report)
{
    struct report_table *table = report_table_new("heap", thread_columns, G_N_ELEMENTS(thread_columns));

    g_array_sort(report->threads, compare_sums);
    for (guint i = 0; i < report->threads->len; i++) {
        const struct heap_sum *sum = &g_array_index(report->threads, struct heap_sum, i);
        const struct thread *thread = trace_model_thread(report->context.model, sum->index);
        if (sum->allocated_objects + sum->freed_objects == 0)
            continue;
        report_table_add(table, thread->pid);
        report_table_add(table, thread->tid);
        report_table_add_text(table, thread->name);
        report_table_add(table, llround(sum->allocated_objects));
        report_table_add(table, llround(sum->allocated_bytes));
        report_table_add(table, llround(sum->freed_objects));
        report_table_add(table, llround(sum->freed_bytes));
        report_table_add(table, llround(sum->allocated_objects - sum->freed_objects));
        report_table_add(table, llround(in_use(sum)));
        report_table_add(table, llround(sum->peak_bytes));
    }
    return table;
}

static struct report_table *site_table(const struct heap_report *report, bool is_text)
{
    struct report_table *table = report_table_new("heap", site_columns, G_N_ELEMENTS(site_columns));
    const struct report_context *context = &report->context;

    g_array_sort(report->sites, compare_sums);
    for (guint i = 0; i < report->sites->len; i++) {
        const struct heap_sum *sum = &g_array_index(report->sites, struct heap_sum, i);
        report_table_add(table, llround(sum->allocated_objects));
        report_table_add(table, llround(sum->allocated_bytes));
        report_table_add(table, llround(sum->allocated_objects - sum->freed_objects));
        report_table_add(table, llround(in_use(sum)));
        g_autofree char *stack =
            is_text ? stack_text_short(context->model, context->symbols, sum->index, MAX_FRAMES)
                    : stack_text_folded(context->model, context->symbols, sum->index);
        report_table_add_text(table, stack);
        if (is_text && i == MAX_TEXT_SITES)
            break;
    }
    return table;
}

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct heap_report *report = pointer;
    struct report_table *threads = thread_table(report);
    struct report_table *sites = site_table(report, format == REPORT_TEXT);

    if (format == REPORT_CSV) {
        report_table_write_csv(threads, out);
    } else if (format == REPORT_JSON) {
        report_json_begin("heap", out);
        fputs(",\n  \"heap\": ", out);
        report_table_write_json(threads, out);
        fputs(",\n  \"sites\": ", out);
        report_table_write_json(sites, out);
        report_json_end(out);
    } else if (report_table_row_count(threads) == 0) {
        fprintf(out, "No allocations in this trace.\n");
    } else {
        fprintf(out, "By the thread that allocated\n");
        report_table_write_text(threads, 0, 0, out);
        fprintf(out, "\nBy the place that allocated, most in use at the end first\n");
        report_table_write_text(sites, MAX_TEXT_SITES, 0, out);
        report_print_loss(&report->context, out);
    }
    report_table_free(threads);
    report_table_free(sites);
}

const struct report_kind report_heap = {
    "heap", "allocations per thread, memory in use at the end", begin, write_report, free_report, false};
