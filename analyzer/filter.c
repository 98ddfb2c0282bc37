/* Filters; between the model and its consumers, on the reader's calling thread. */
#include "analyzer/filter.h"
#include <errno.h>
#include <math.h>
#include <string.h>

const char *const filter_option_names[] = {"from",   "to",           "pid",   "tid",
                                           "thread", "min-duration", "focus", NULL};

const char filter_option_help[] =
    "Filters (for every output):\n"
    "  -from=TIME, -to=TIME   only what happens in this range: 2.5s, 300ms (since the trace's start), 25%,\n"
    "                         2024-05-01T12:00:00.5Z or seconds since 1970\n"
    "  -pid=N[,N]... -tid=N[,N]...  only these processes or threads\n"
    "  -thread=REGEX          only threads with such a name\n"
    "  -min-duration=TIME     only waits and calls at least this long\n"
    "  -focus=REGEX           only what has such a function or file on its stack\n";

enum { MAX_IDS = 10000 };
static const int64_t percent_scale = 1000000;

bool filter_parse_duration(const char *text, int64_t *ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"", 1e9},  {"s", 1e9},  {"ms", 1e6},   {"us", 1e3},
                 {"ns", 1.}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
    char *end;
    double number = g_ascii_strtod(text, &end);

    if (end == text || !isfinite(number) || number < 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(end, units[i].name) == 0 && number * units[i].ns < 9e18) {
            *ns = llround(number * units[i].ns);
            return true;
        }
    }
    return false;
}

/* Seconds since 1970, exactly: a double has not enough digits. */
static bool parse_epoch(const char *text, int64_t *ns)
{
    char *end;
    guint64 seconds = g_ascii_strtoull(text, &end, 10);
    int64_t fraction = 0, digit = 100000000;

    if (!g_ascii_isdigit(*text) || seconds < 100000000)
        return false;
    if (seconds > 100000000000000000ULL && *end == '\0' && seconds < G_MAXINT64) {
        *ns = (int64_t)seconds;
        return true;
    }
    if (seconds > 9000000000ULL)
        return false;
    if (*end == '.') {
        for (end++; g_ascii_isdigit(*end); end++, digit /= 10)
            fraction += digit * (*end - '0');
    }
    *ns = (int64_t)seconds * 1000000000 + fraction;
    return *end == '\0';
}

static bool parse_date(const char *text, int64_t *ns)
{
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, local);
    if (!date)
        return false;

    *ns = g_date_time_to_unix(date) * 1000000000 + llround(fmod(g_date_time_get_seconds(date), 1.) * 1e9);
    return true;
}

static bool parse_time_point(const char *text, struct time_point *point)
{
    size_t length = strlen(text);
    struct time_point parsed = {.kind = TIME_POINT_ABSOLUTE};

    if (length > 1 && text[length - 1] == '%') {
        char *end;
        double percent = g_ascii_strtod(text, &end);
        if (end != text + length - 1 || !(percent >= 0 && percent <= 100))
            return false;
        parsed = (struct time_point){TIME_POINT_PERCENT, llround(percent * (double)percent_scale)};
    } else if (!parse_epoch(text, &parsed.value) && !parse_date(text, &parsed.value)) {
        parsed.kind = TIME_POINT_RELATIVE;
        if (!filter_parse_duration(text, &parsed.value))
            return false;
    }
    *point = parsed;
    return true;
}

static bool parse_ids(const char *text, GArray **ids, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", MAX_IDS);

    if (!*words) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "name at least one number");
        return false;
    }
    if (!*ids)
        *ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    for (char **word = words; *word; word++) {
        guint64 id;
        if (!g_ascii_string_to_unsigned(*word, 10, 0, G_MAXINT32, &id, error))
            return false;
        int32_t value = (int32_t)id;
        g_array_append_val(*ids, value);
    }
    return true;
}

static bool parse_regex(const char *text, GRegex **regex, GError **error)
{
    GRegex *parsed = g_regex_new(text, G_REGEX_OPTIMIZE, 0, error);
    if (!parsed)
        return false;

    g_clear_pointer(regex, g_regex_unref);
    *regex = parsed;
    return true;
}

/* Of two times of the same kind it can be told without the trace. */
static bool check_order(const struct filter_options *options, GError **error)
{
    if (options->from.kind == TIME_POINT_NONE || options->from.kind != options->to.kind ||
        options->from.value < options->to.value)
        return true;
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "there is nothing between -from and -to: the first has to be the earlier one");
    return false;
}

bool filter_options_set(struct filter_options *options, const char *name, const char *value, GError **error)
{
    bool is_good;

    if (strcmp(name, "from") == 0)
        is_good = parse_time_point(value, &options->from);
    else if (strcmp(name, "to") == 0)
        is_good = parse_time_point(value, &options->to);
    else if (strcmp(name, "pid") == 0)
        is_good = parse_ids(value, &options->pids, error);
    else if (strcmp(name, "tid") == 0)
        is_good = parse_ids(value, &options->tids, error);
    else if (strcmp(name, "thread") == 0)
        is_good = parse_regex(value, &options->thread, error);
    else if (strcmp(name, "focus") == 0)
        is_good = parse_regex(value, &options->focus, error);
    else
        is_good = filter_parse_duration(value, &options->min_duration_ns);
    if (!is_good && error && !*error)
        g_set_error(
            error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s\" is no time; write 2.5s, 300ms%s", value,
            strcmp(name, "min-duration") == 0 ? " or 20us"
                                              : ", 25%, a date (2024-05-01T12:00:00Z) or seconds since 1970");
    if (!is_good)
        g_prefix_error(error, "-%s: ", name);
    return is_good && check_order(options, error);
}

void filter_options_clear(struct filter_options *options)
{
    g_clear_pointer(&options->pids, g_array_unref);
    g_clear_pointer(&options->tids, g_array_unref);
    g_clear_pointer(&options->thread, g_regex_unref);
    g_clear_pointer(&options->focus, g_regex_unref);
}

bool filter_options_is_empty(const struct filter_options *options)
{
    return options->from.kind == TIME_POINT_NONE && options->to.kind == TIME_POINT_NONE && !options->pids &&
           !options->tids && !options->thread && !options->focus && options->min_duration_ns == 0;
}

bool filter_options_need_range(const struct filter_options *options)
{
    return options->from.kind == TIME_POINT_PERCENT || options->to.kind == TIME_POINT_PERCENT;
}

enum verdict { VERDICT_OPEN = 0, VERDICT_NO, VERDICT_YES };

/* What was said of a thread, and by which of its facts, which may change. */
struct thread_verdict {
    const char *name; /* interned */
    int32_t pid;
    uint8_t verdict; /* enum verdict */
};

/* One observer behind the filter. */
struct outlet {
    struct filter *filter;
    struct trace_observer observer;
    GArray *operations;  /* struct blocking: held, see filter_hold_lost() */
    GArray *allocations; /* struct heap_sample: likewise */
};

struct filter {
    struct trace_model *model;            /* borrowed */
    const struct filter_options *options; /* borrowed */
    int64_t start_ns, end_ns;             /* of the trace; 0: not known */
    bool has_borders;
    int64_t from_ns, to_ns;
    GArray *threads;    /* struct thread_verdict, by thread */
    bool is_settled;    /* they are final */
    bool has_changed;   /* one of them has, after it was used */
    GByteArray *stacks; /* enum verdict, by stack */
    filter_stack_predicate focus;
    void *focus_self;
    bool is_holding;
    GPtrArray *outlets; /* struct outlet * */
};

static void outlet_free(void *pointer)
{
    struct outlet *outlet = pointer;

    g_array_unref(outlet->operations);
    g_array_unref(outlet->allocations);
    g_free(outlet);
}

struct filter *filter_new(struct trace_model *model, const struct filter_options *options, int64_t start_ns,
                          int64_t end_ns)
{
    struct filter *filter = g_new0(struct filter, 1);

    filter->model = model;
    filter->options = options;
    filter->start_ns = start_ns;
    filter->end_ns = end_ns;
    filter->from_ns = G_MININT64;
    filter->to_ns = G_MAXINT64;
    filter->threads = g_array_new(FALSE, TRUE, sizeof(struct thread_verdict));
    filter->stacks = g_byte_array_new();
    filter->outlets = g_ptr_array_new_with_free_func(outlet_free);
    return filter;
}

void filter_free(struct filter *filter)
{
    if (!filter)
        return;

    g_array_unref(filter->threads);
    g_byte_array_unref(filter->stacks);
    g_ptr_array_unref(filter->outlets);
    g_free(filter);
}

void filter_set_focus(struct filter *filter, filter_stack_predicate predicate, void *self)
{
    filter->focus = predicate;
    filter->focus_self = self;
}

void filter_hold_lost(struct filter *filter)
{
    filter->is_holding = true;
}

static int64_t resolve(const struct filter *filter, struct time_point point, int64_t otherwise)
{
    int64_t start_ns = filter->start_ns != 0 ? filter->start_ns : trace_model_start_ns(filter->model);

    switch (point.kind) {
    case TIME_POINT_ABSOLUTE:
        return point.value;
    case TIME_POINT_RELATIVE:
        return start_ns + point.value;
    case TIME_POINT_PERCENT:
        return start_ns +
               (int64_t)((__int128)(filter->end_ns - start_ns) * point.value / (100 * percent_scale));
    default:
        return otherwise;
    }
}

/* The trace's start is known with its first event, and there is no fact before that. */
static void find_borders(struct filter *filter)
{
    if (filter->has_borders)
        return;
    filter->has_borders = true;
    filter->from_ns = resolve(filter, filter->options->from, G_MININT64);
    filter->to_ns = resolve(filter, filter->options->to, G_MAXINT64);
    /* The last event belongs to the last range. */
    if (filter->options->to.kind == TIME_POINT_PERCENT && filter->options->to.value == 100 * percent_scale)
        filter->to_ns = G_MAXINT64;
    filter->to_ns = MAX(filter->to_ns, filter->from_ns);
}

int64_t filter_start_ns(const struct filter *filter)
{
    return MAX(trace_model_start_ns(filter->model), resolve(filter, filter->options->from, G_MININT64));
}

int64_t filter_end_ns(const struct filter *filter)
{
    int64_t end_ns = MIN(trace_model_end_ns(filter->model), resolve(filter, filter->options->to, G_MAXINT64));

    return MAX(end_ns, filter_start_ns(filter));
}

static bool has_id(const GArray *ids, int32_t id)
{
    for (guint i = 0; i < ids->len; i++) {
        if (g_array_index(ids, int32_t, i) == id)
            return true;
    }
    return false;
}

/* The remembered verdict on a stack. */
static uint8_t *verdict_at(GByteArray *verdicts, uint32_t index)
{
    if (index >= verdicts->len) {
        guint old = verdicts->len;
        g_byte_array_set_size(verdicts, MAX(index + 1, 2 * old));
        memset(verdicts->data + old, VERDICT_OPEN, verdicts->len - old);
    }
    return &verdicts->data[index];
}

static bool is_wanted(const struct filter_options *options, const struct thread *thread)
{
    return (!options->pids || has_id(options->pids, thread->pid)) &&
           (!options->tids || has_id(options->tids, thread->tid)) &&
           (!options->thread || g_regex_match(options->thread, thread->name, 0, NULL));
}

bool filter_has_thread(struct filter *filter, uint32_t index)
{
    if (index >= filter->threads->len)
        g_array_set_size(filter->threads, MAX(index + 1, 2 * filter->threads->len));
    struct thread_verdict *known = &g_array_index(filter->threads, struct thread_verdict, index);
    if (filter->is_settled && known->verdict != VERDICT_OPEN)
        return known->verdict == VERDICT_YES;

    const struct thread *thread = trace_model_thread(filter->model, index);
    if (known->verdict == VERDICT_OPEN || known->name != thread->name || known->pid != thread->pid) {
        uint8_t verdict = is_wanted(filter->options, thread) ? VERDICT_YES : VERDICT_NO;
        filter->has_changed |= known->verdict != VERDICT_OPEN && known->verdict != verdict;
        *known = (struct thread_verdict){thread->name, thread->pid, verdict};
    }
    return known->verdict == VERDICT_YES;
}

/*
 * What is certain only now: another pass is needed. Threads of the tracer in the program, which the kernel
 * tells of too, get their names only once they run: who observes their facts at once shows the first of them.
 */
static void leave_strangers_out(struct filter *filter)
{
    for (uint32_t i = 0; i < trace_model_thread_count(filter->model); i++) {
        filter_has_thread(filter, i);
        if (trace_model_is_stranger(filter->model, i) || trace_model_thread(filter->model, i)->is_tracer)
            g_array_index(filter->threads, struct thread_verdict, i).verdict = VERDICT_NO;
    }
    filter->has_changed = true;
}

GArray *filter_take_corrections(struct filter *filter)
{
    if (filter->is_settled)
        return NULL;
    for (guint i = 0; i < filter->threads->len; i++)
        if (g_array_index(filter->threads, struct thread_verdict, i).verdict != VERDICT_OPEN)
            filter_has_thread(filter, i);
    if (trace_model_has_strangers(filter->model))
        leave_strangers_out(filter);
    return filter->has_changed ? g_array_ref(filter->threads) : NULL;
}

void filter_apply_corrections(struct filter *filter, GArray *corrections)
{
    g_array_unref(filter->threads);
    filter->threads = g_array_ref(corrections);
    filter->is_settled = true;
}

static bool has_stack(struct filter *filter, uint32_t index)
{
    if (!filter->options->focus || !filter->focus)
        return true;
    if (index == 0)
        return false;

    uint8_t *verdict = verdict_at(filter->stacks, index);
    if (*verdict == VERDICT_OPEN) {
        const struct stack *stack = trace_model_stack(filter->model, index);
        /* It may be defined later. */
        if (stack->is_lost)
            return false;
        *verdict = filter->focus(filter->focus_self, stack) ? VERDICT_YES : VERDICT_NO;
    }
    return *verdict == VERDICT_YES;
}

/* Keeps a fact that only its stack keeps out, when that is not known yet. */
static void hold(const struct filter *filter, GArray *held, const void *fact, uint32_t stack)
{
    if (filter->is_holding && filter->options->focus && stack != 0 && held->len < FILTER_MAX_HELD &&
        trace_model_stack(filter->model, stack)->is_lost)
        g_array_append_vals(held, fact, 1);
}

/* Is the moment in the range? Its end belongs to it only when nothing can come after it. */
static bool has_moment(const struct filter *filter, int64_t time_ns)
{
    return time_ns >= filter->from_ns && time_ns < filter->to_ns;
}

/* An interval without length belongs to the range that one which ends then belongs to. */
static bool has_instant(const struct filter *filter, int64_t time_ns)
{
    return (time_ns > filter->from_ns || filter->from_ns <= trace_model_start_ns(filter->model)) &&
           time_ns <= filter->to_ns;
}

static void pass_state(void *self, const struct state_interval *interval)
{
    struct outlet *outlet = self;
    struct filter *filter = outlet->filter;
    struct state_interval cut = *interval;

    find_borders(filter);
    cut.start_ns = MAX(cut.start_ns, filter->from_ns);
    cut.end_ns = MIN(cut.end_ns, filter->to_ns);
    bool is_in = interval->start_ns == interval->end_ns ? has_instant(filter, interval->end_ns)
                                                        : cut.start_ns < cut.end_ns;
    if (!is_in || !filter_has_thread(filter, interval->thread))
        return;
    cut.is_part = interval->is_part || cut.end_ns != interval->end_ns;
    outlet->observer.state(outlet->observer.self, &cut);
}

/* Cuts to the range; false when nothing is left. */
static bool cut_operation(const struct filter *filter, struct blocking *operation)
{
    bool ends_here = has_moment(filter, operation->end_ns);

    if (operation->is_summary)
        return ends_here;
    if (operation->end_ns < filter->from_ns || operation->start_ns >= filter->to_ns)
        return false;
    if (ends_here && operation->start_ns >= filter->from_ns)
        return true;
    operation->start_ns = MAX(operation->start_ns, filter->from_ns);
    operation->end_ns = MIN(operation->end_ns, filter->to_ns);
    operation->total_ns = (uint64_t)(operation->end_ns - operation->start_ns);
    operation->longest_ns = operation->shortest_ns = operation->total_ns;
    operation->is_part = operation->is_part || !ends_here;
    if (!ends_here)
        operation->count = operation->error_count = 0;
    if (operation->wake_ns < operation->start_ns || operation->wake_ns > operation->end_ns)
        operation->wake_ns = 0;
    return true;
}

static void pass_blocking(void *self, const struct blocking *operation)
{
    struct outlet *outlet = self;
    struct filter *filter = outlet->filter;
    struct blocking cut = *operation;

    find_borders(filter);
    uint64_t length_ns = operation->is_summary ? operation->longest_ns : operation->total_ns;
    if (length_ns < (uint64_t)filter->options->min_duration_ns ||
        !filter_has_thread(filter, operation->thread))
        return;
    if (!has_stack(filter, operation->stack))
        hold(filter, outlet->operations, operation, operation->stack);
    else if (cut_operation(filter, &cut))
        outlet->observer.blocking(outlet->observer.self, &cut);
}

static void pass_heap(void *self, const struct heap_sample *sample)
{
    struct outlet *outlet = self;
    struct filter *filter = outlet->filter;

    find_borders(filter);
    if (!has_moment(filter, sample->time_ns) || !filter_has_thread(filter, sample->thread))
        return;
    if (!has_stack(filter, sample->stack))
        hold(filter, outlet->allocations, sample, sample->stack);
    else
        outlet->observer.heap(outlet->observer.self, sample);
}

static void pass_mark(void *self, const struct user_mark *mark)
{
    struct outlet *outlet = self;

    find_borders(outlet->filter);
    if (has_moment(outlet->filter, mark->time_ns) && filter_has_thread(outlet->filter, mark->thread))
        outlet->observer.mark(outlet->observer.self, mark);
}

static void pass_metric(void *self, int64_t time_ns, uint32_t process, const char *name, const char *unit,
                        double value)
{
    struct outlet *outlet = self;
    const GArray *pids = outlet->filter->options->pids;

    find_borders(outlet->filter);
    if (has_moment(outlet->filter, time_ns) &&
        (!pids || has_id(pids, trace_model_process(outlet->filter->model, process)->pid)))
        outlet->observer.metric(outlet->observer.self, time_ns, process, name, unit, value);
}

static void pass_loss(void *self, const struct loss *loss)
{
    struct outlet *outlet = self;

    find_borders(outlet->filter);
    if (loss->end_ns >= outlet->filter->from_ns && loss->start_ns < outlet->filter->to_ns)
        outlet->observer.loss(outlet->observer.self, loss);
}

void filter_add_observer(struct filter *filter, const struct trace_observer *observer)
{
    if (filter_options_is_empty(filter->options) && !filter->is_settled) {
        trace_model_add_observer(filter->model, observer);
        return;
    }
    struct outlet *outlet = g_new0(struct outlet, 1);
    *outlet = (struct outlet){.filter = filter,
                              .observer = *observer,
                              .operations = g_array_new(FALSE, FALSE, sizeof(struct blocking)),
                              .allocations = g_array_new(FALSE, FALSE, sizeof(struct heap_sample))};
    g_ptr_array_add(filter->outlets, outlet);
    struct trace_observer inlet = {
        .state = observer->state ? pass_state : NULL,
        .blocking = observer->blocking ? pass_blocking : NULL,
        .heap = observer->heap ? pass_heap : NULL,
        .mark = observer->mark ? pass_mark : NULL,
        .metric = observer->metric ? pass_metric : NULL,
        .loss = observer->loss ? pass_loss : NULL,
        .self = outlet,
        .blocking_classes = observer->blocking_classes,
        .wants_wakers = observer->wants_wakers,
    };
    trace_model_add_observer(filter->model, &inlet);
}

void filter_finish(struct filter *filter)
{
    filter->is_holding = false;
    for (guint i = 0; i < filter->outlets->len; i++) {
        struct outlet *outlet = filter->outlets->pdata[i];
        for (guint j = 0; j < outlet->operations->len; j++)
            pass_blocking(outlet, &g_array_index(outlet->operations, struct blocking, j));
        for (guint j = 0; j < outlet->allocations->len; j++)
            pass_heap(outlet, &g_array_index(outlet->allocations, struct heap_sample, j));
    }
}
