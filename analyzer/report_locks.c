/* Report `locks`: per synchronisation object, who waited, how long, and who held it. */
#include <inttypes.h>
#include <string.h>
#include "analyzer/lock_account.h"
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"
#include "analyzer/stack_text.h"

enum { MAX_TEXT_OBJECTS = 20, MAX_TEXT_PAIRS = 3, MAX_FRAMES = 4, MAX_PAIRS = 64 };

struct locks_report {
    struct report_context context;
    struct lock_account *account;
};

static const struct report_column columns[] = {
    {"pid", NULL, CELL_ID},
    {"kind", "kind", CELL_TEXT},
    {"object", "object", CELL_OBJECT},
    {"contentions", "waits", CELL_COUNT},
    {"total_ns", "total", CELL_NS},
    {"max_ns", "max", CELL_NS},
    {"threads", "threads", CELL_COUNT},
    {"longest_hold_ns", "longest hold", CELL_NS},
    {"owner_changes", "owner changes", CELL_COUNT},
    {"timeouts", "timed out", CELL_COUNT},
    {"open", "open", CELL_COUNT},
    {"idle_waits", "of them idle", CELL_COUNT},
    {"idle_ns", "for", CELL_NS},
    {"top_waiter_stack", NULL, CELL_TEXT},
    {"top_holder_stack", NULL, CELL_TEXT},
};

static const struct report_column pair_columns[] = {
    {"pid", NULL, CELL_ID},
    {"kind", NULL, CELL_TEXT},
    {"object", NULL, CELL_OBJECT},
    {"contentions", NULL, CELL_COUNT},
    {"total_ns", NULL, CELL_NS},
    {"waiter_tid", NULL, CELL_ID},
    {"holder_tid", NULL, CELL_ID},
    {"waiter_stack", NULL, CELL_TEXT},
    {"holder_stack", NULL, CELL_TEXT},
};

static void *begin(const struct report_context *context)
{
    struct locks_report *report = g_new0(struct locks_report, 1);

    report->context = *context;
    report->account = lock_account_new(context->model, context->filter);
    return report;
}

static void free_report(void *pointer)
{
    struct locks_report *report = pointer;

    lock_account_free(report->account);
    g_free(report);
}

static void add_folded(const struct locks_report *report, struct report_table *table, uint32_t stack)
{
    g_autofree char *text = stack_text_folded(report->context.model, report->context.symbols, stack);

    report_table_add_text(table, text);
}

/* For people, joins are named by the thread that was joined. */
static void add_object(struct report_table *table, const struct lock_sum *lock, bool is_text)
{
    char object[FORMAT_SIZE];

    if (is_text)
        report_table_add_text(table, report_object_name(lock->wait_kind, lock->object, object));
    else
        report_table_add(table, (int64_t)lock->object);
}

static void add_row(const struct locks_report *report, struct report_table *table,
                    const struct lock_sum *lock, bool has_stacks)
{
    report_table_add(table, trace_model_process(report->context.model, lock->process)->pid);
    report_table_add_text(table, report_object_kind(lock->wait_kind));
    add_object(table, lock, !has_stacks);
    report_table_add(table, (int64_t)lock->count);
    report_table_add(table, (int64_t)lock->total_ns);
    report_table_add(table, (int64_t)lock->longest_ns);
    report_table_add(table, lock->waiter_threads);
    report_table_add(table, (int64_t)lock->longest_hold_ns);
    report_table_add(table, (int64_t)lock->owner_changes);
    report_table_add(table, (int64_t)lock->timeout_count);
    report_table_add(table, (int64_t)lock->open_count);
    report_table_add(table, (int64_t)lock->idle_count);
    report_table_add(table, (int64_t)lock->idle_ns);
    add_folded(report, table, has_stacks ? lock->pairs[0].waiter_stack : 0);
    add_folded(report, table, has_stacks ? lock->pairs[0].holder_stack : 0);
}

static int32_t tid_of(const struct locks_report *report, uint32_t thread)
{
    return thread != 0 ? trace_model_thread(report->context.model, thread)->tid : -1;
}

static void add_pairs(const struct locks_report *report, struct report_table *table,
                      const struct lock_sum *lock)
{
    for (size_t i = 0; i < lock->pair_count && i < MAX_PAIRS; i++) {
        const struct lock_pair *pair = &lock->pairs[i];
        report_table_add(table, trace_model_process(report->context.model, lock->process)->pid);
        report_table_add_text(table, report_object_kind(lock->wait_kind));
        report_table_add(table, (int64_t)lock->object);
        report_table_add(table, (int64_t)pair->count);
        report_table_add(table, (int64_t)pair->total_ns);
        report_table_add(table, tid_of(report, pair->waiter));
        report_table_add(table, tid_of(report, pair->holder));
        add_folded(report, table, pair->waiter_stack);
        add_folded(report, table, pair->holder_stack);
    }
}

/* "THREAD: FRAMES" */
static char *place_text(const struct locks_report *report, uint32_t thread, uint32_t stack)
{
    const struct report_context *context = &report->context;
    char name[FORMAT_SIZE];
    g_autofree char *frames = stack_text_short(context->model, context->symbols, stack, MAX_FRAMES);

    return g_strdup_printf("%s: %s", report_thread_name(trace_model_thread(context->model, thread), name),
                           frames);
}

/* What is printed of a pair after its sums. */
static char *pair_text(const struct locks_report *report, const struct lock_sum *lock,
                       const struct lock_pair *pair)
{
    g_autofree char *waiter = place_text(report, pair->waiter, pair->waiter_stack);
    const char *verb = pair->is_idle ? "idle in" : "waited in";

    if (pair->holder == 0)
        return g_strdup_printf("%-9s  %s", verb, waiter);
    g_autofree char *holder = place_text(report, pair->holder, pair->holder_stack);
    return g_strdup_printf("%-9s  %s\n                     %-9s  %s", verb, waiter,
                           report_release_verb(lock->wait_kind), holder);
}

/* Pairs that read alike. */
struct shown_pair {
    char *text;
    bool is_idle;
    uint64_t count, total_ns;
};

/* As the pairs are: not idle first, then heaviest. */
static int compare_shown(const void *left, const void *right)
{
    const struct shown_pair *a = left, *b = right;

    if (a->is_idle != b->is_idle)
        return a->is_idle ? 1 : -1;
    return (a->total_ns < b->total_ns) - (a->total_ns > b->total_ns);
}

static void add_shown(GArray *shown, const struct lock_pair *pair, char *text)
{
    for (guint i = 0; i < shown->len; i++) {
        struct shown_pair *alike = &g_array_index(shown, struct shown_pair, i);
        if (strcmp(alike->text, text) != 0)
            continue;
        alike->count += pair->count;
        alike->total_ns += pair->total_ns;
        g_free(text);
        return;
    }
    struct shown_pair added = {text, pair->is_idle, pair->count, pair->total_ns};
    g_array_append_val(shown, added);
}

/* Pairs that read alike, as those of a server's equal processes do, are shown as one. */
static void print_pairs(const struct locks_report *report, const struct lock_sum *lock, FILE *out)
{
    g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(struct shown_pair));
    char total[FORMAT_SIZE], count[FORMAT_SIZE];

    for (size_t i = 0; i < lock->pair_count && i < MAX_PAIRS; i++)
        add_shown(shown, &lock->pairs[i], pair_text(report, lock, &lock->pairs[i]));
    g_array_sort(shown, compare_shown);
    for (guint i = 0; i < shown->len; i++) {
        struct shown_pair *pair = &g_array_index(shown, struct shown_pair, i);
        if (i < MAX_TEXT_PAIRS)
            fprintf(out, "  %9s %7s  %s\n", format_ns(total, (int64_t)pair->total_ns),
                    format_count(count, pair->count), pair->text);
        g_free(pair->text);
    }
}

static void print_stacks(const struct locks_report *report, const GPtrArray *locks, FILE *out)
{
    char object[FORMAT_SIZE];

    for (guint i = 0; i < locks->len && i < MAX_TEXT_OBJECTS; i++) {
        const struct lock_sum *lock = locks->pdata[i];
        if (lock_sum_busy_ns(lock) == 0)
            break;
        fprintf(out, "\n%s %s\n", report_object_kind(lock->wait_kind),
                report_object_name(lock->wait_kind, lock->object, object));
        print_pairs(report, lock, out);
    }
}

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct locks_report *report = pointer;
    struct report_table *table = report_table_new("locks", columns, G_N_ELEMENTS(columns));
    struct report_table *pairs = report_table_new("locks", pair_columns, G_N_ELEMENTS(pair_columns));
    g_autoptr(GPtrArray) locks = lock_account_list(report->account);

    for (guint i = 0; i < locks->len; i++) {
        add_row(report, table, locks->pdata[i], format != REPORT_TEXT);
        if (format == REPORT_JSON)
            add_pairs(report, pairs, locks->pdata[i]);
    }
    if (format == REPORT_TEXT && locks->len == 0) {
        fputs("No waits for locks, conditions or threads in this trace.\n", out);
        report_print_missing(&report->context, out);
    } else if (format == REPORT_TEXT) {
        report_table_write_text(table, MAX_TEXT_OBJECTS, 0, out);
        print_stacks(report, locks, out);
        report_print_loss(&report->context, out);
    } else if (format == REPORT_CSV) {
        report_table_write_csv(table, out);
    } else {
        report_json_begin("locks", out);
        fputs(",\n  \"locks\": ", out);
        report_table_write_json(table, out);
        fputs(",\n  \"stacks\": ", out);
        report_table_write_json(pairs, out);
        report_json_end(out);
    }
    report_table_free(table);
    report_table_free(pairs);
}

const struct report_kind report_locks = {
    "locks", "objects that were waited for: who waited, who held them", begin, write_report, free_report,
    false};
