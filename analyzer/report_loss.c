/* Report `loss`: what the tracers lost, and when. */
#include "analyzer/report_common.h"
#include "analyzer/report_kinds.h"

/* Beyond, losses of one kind are added to the latest row. */
enum { MAX_ROWS = 1 << 16 };

struct loss_report {
    struct report_context context;
    GArray *losses; /* struct loss */
};

static void add_loss(void *self, const struct loss *loss)
{
    struct loss_report *report = self;

    if (report->losses->len < MAX_ROWS) {
        g_array_append_val(report->losses, *loss);
        return;
    }
    struct loss *last = &g_array_index(report->losses, struct loss, MAX_ROWS - 1);
    last->end_ns = MAX(last->end_ns, loss->end_ns);
    last->count += loss->count;
}

static void *begin(const struct report_context *context)
{
    struct loss_report *report = g_new0(struct loss_report, 1);
    struct trace_observer observer = {.loss = add_loss, .self = report};

    report->context = *context;
    report->losses = g_array_new(FALSE, FALSE, sizeof(struct loss));
    filter_add_observer(context->filter, &observer);
    return report;
}

static void free_report(void *pointer)
{
    struct loss_report *report = pointer;

    g_array_unref(report->losses);
    g_free(report);
}

/* count 0: some, how many is not known. */
static const struct report_column columns[] = {
    {"what", "what", CELL_TEXT},
    {"count", "how many", CELL_COUNT},
    {"start_time_ns", "from", CELL_TIME},
    {"end_time_ns", "to", CELL_TIME},
};

static void write_report(void *pointer, enum report_format format, FILE *out)
{
    struct loss_report *report = pointer;
    struct report_table *table = report_table_new("loss", columns, G_N_ELEMENTS(columns));
    uint64_t count = 0;

    for (guint i = 0; i < report->losses->len; i++) {
        const struct loss *loss = &g_array_index(report->losses, struct loss, i);
        report_table_add_text(table, loss->what);
        report_table_add(table, (int64_t)loss->count);
        report_table_add(table, loss->start_ns);
        report_table_add(table, loss->end_ns);
        count += loss->is_packets ? 0 : loss->count;
    }
    if (format == REPORT_TEXT && report->losses->len == 0)
        fprintf(out, "Nothing was lost.\n");
    else
        report_table_write(table, format, trace_model_start_ns(report->context.model), out);
    if (format == REPORT_TEXT && count > 0)
        fprintf(out,
                "%" G_GUINT64_FORMAT
                " events in all. Larger buffers avoid it: recorder(1) says which option.\n",
                count);
    report_table_free(table);
}

const struct report_kind report_loss = {
    "loss", "what the tracers lost, and when", begin, write_report, free_report, false};
