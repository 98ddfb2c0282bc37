/*
 * From facts of the trace model to profiles. A builder sums facts under a small key of numbers and interned
 * pointers while the trace is read (this runs for every operation, so it must be quick), and turns the sums
 * into samples with labels when the trace has ended and the threads' names are known. Main thread only.
 */
#include "analyzer/profile_builders.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "analyzer/profile_sums.h"
#include "tracepoints/contract.h"

enum charge {
    CHARGE_WAITER,
    CHARGE_HOLDER,           /* the stack that released the lock */
    CHARGE_WAITER_AND_WAKER, /* the waiter's stack on top of the waker's */
};

struct profile_kind_rules {
    const struct profile_values *values;
    uint32_t blocking_classes; /* bits: 1 << enum blocking_class */
    bool is_runnable;
    bool is_heap;
    enum charge charge;
};

static const struct profile_values contention_values = {
    .count = 2,
    .types = {{"contentions", "count"}, {"delay", "nanoseconds"}},
    .default_index = 1,
    .period_type = {"contentions", "count"},
    .period = 1,
};

static const struct profile_values heap_values = {
    .count = 4,
    .types = {{"alloc_objects", "count"},
              {"alloc_space", "bytes"},
              {"inuse_objects", "count"},
              {"inuse_space", "bytes"}},
    .default_index = 3,
    .period_type = {"space", "bytes"},
    .period = 1,
};

#define ALL_CLASSES                                                                                          \
    (TRACE_CLASS_BIT(BLOCKING_SYNC) | TRACE_CLASS_BIT(BLOCKING_NET) | TRACE_CLASS_BIT(BLOCKING_SYSCALL))

static const struct profile_kind_rules sync_rules = {.values = &contention_values,
                                                     .blocking_classes = TRACE_CLASS_BIT(BLOCKING_SYNC)};
static const struct profile_kind_rules net_rules = {.values = &contention_values,
                                                    .blocking_classes = TRACE_CLASS_BIT(BLOCKING_NET)};
static const struct profile_kind_rules syscall_rules = {
    .values = &contention_values, .blocking_classes = TRACE_CLASS_BIT(BLOCKING_SYSCALL)};
static const struct profile_kind_rules sched_rules = {.values = &contention_values, .is_runnable = true};
static const struct profile_kind_rules block_rules = {.values = &contention_values,
                                                      .blocking_classes = ALL_CLASSES};
static const struct profile_kind_rules mutex_rules = {.values = &contention_values,
                                                      .blocking_classes = TRACE_CLASS_BIT(BLOCKING_SYNC),
                                                      .charge = CHARGE_HOLDER};
static const struct profile_kind_rules offwake_rules = {
    .values = &contention_values, .blocking_classes = ALL_CLASSES, .charge = CHARGE_WAITER_AND_WAKER};
static const struct profile_kind_rules heap_rules = {.values = &heap_values, .is_heap = true};

const struct profile_kind profile_kinds[] = {
    {"sync", "waits for locks, conditions, semaphores, other threads", &sync_rules},
    {"net", "blocked on the network", &net_rules},
    {"syscall", "blocked in other system calls", &syscall_rules},
    {"sched", "ready to run, waiting for a CPU", &sched_rules},
    {"block", "sync, net and syscall together", &block_rules},
    {"mutex", "what others waited for a lock, charged to the stack that released it", &mutex_rules},
    {"offwake", "every wait: the waiter's stack on top of the stack that woke it", &offwake_rules},
    {"heap", "allocated memory, and what is still in use at the end", &heap_rules},
    {NULL, NULL, NULL},
};

struct profile_builder {
    const struct profile_kind *kind;
    const struct trace_model *model; /* borrowed */
    struct sum_table *sums;
    GHashTable *locks; /* set of uint64_t: objects that are no locks but used like one */
};

const struct profile_kind *profile_kind_find(const char *name)
{
    for (const struct profile_kind *kind = profile_kinds; kind->name; kind++) {
        if (strcmp(kind->name, name) == 0)
            return kind;
    }
    return NULL;
}

struct profile_builder *profile_builder_new(const struct profile_kind *kind, const struct trace_model *model)
{
    struct profile_builder *builder = g_new0(struct profile_builder, 1);

    builder->kind = kind;
    builder->model = model;
    builder->sums = sum_table_new(model, PROFILE_BUILDER_MAX_SUMS, kind->rules->is_heap);
    builder->locks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return builder;
}

void profile_builder_free(struct profile_builder *builder)
{
    if (!builder)
        return;

    sum_table_free(builder->sums);
    g_hash_table_destroy(builder->locks);
    g_free(builder);
}

static void add_exact(struct profile_builder *builder, const struct sum_key *key, uint64_t count,
                      uint64_t delay_ns)
{
    sum_table_add(builder->sums, key, (int64_t)count, (int64_t)delay_ns);
}

static bool is_lock(uint32_t wait_kind)
{
    switch (wait_kind) {
    case EXECTRACE_WAIT_MUTEX:
    case EXECTRACE_WAIT_RWLOCK_READ:
    case EXECTRACE_WAIT_RWLOCK_WRITE:
    case EXECTRACE_WAIT_SPIN:
        return true;
    default:
        return false;
    }
}

/*
 * Conditions, semaphores and futexes make locks too (Python's, Rust's): whether an object is one may show
 * only later, so waits for it are summed and settled at the end. False: nothing that could be a lock.
 */
static bool note_lock(struct profile_builder *builder, const struct blocking *operation)
{
    if (operation->wait_kind != EXECTRACE_WAIT_COND && operation->wait_kind != EXECTRACE_WAIT_SEMAPHORE &&
        operation->wait_kind != EXECTRACE_WAIT_FUTEX)
        return false;

    if (operation->is_lock_like && g_hash_table_size(builder->locks) < PROFILE_BUILDER_MAX_SUMS &&
        !g_hash_table_contains(builder->locks, &operation->object))
        g_hash_table_add(builder->locks, g_memdup2(&operation->object, sizeof operation->object));
    return true;
}

static void observe_blocking(void *self, const struct blocking *operation)
{
    struct profile_builder *builder = self;
    const struct profile_kind_rules *rules = builder->kind->rules;
    struct sum_key key = {
        .stack = operation->stack,
        .thread = operation->thread,
        .flags = operation->fd_kind & SUM_FD_KIND,
        .kind = blocking_kind_name(operation),
        .syscall = operation->call_name,
        .peer = operation->peer,
        .object = operation->object,
    };

    if (operation->is_covered || !(rules->blocking_classes & TRACE_CLASS_BIT(operation->blocking_class)))
        return;
    if (rules->charge == CHARGE_HOLDER) {
        if (!is_lock(operation->wait_kind) && !note_lock(builder, operation))
            return;
        key.stack = operation->waker_stack;
        key.thread = operation->waker_thread;
        if (!is_lock(operation->wait_kind))
            key.flags |= SUM_MAYBE_LOCK;
        if (operation->waker_thread == 0 && !operation->is_summary)
            key.stack = PROFILE_STACK_NO_HOLDER;
    } else if (rules->charge == CHARGE_WAITER_AND_WAKER) {
        key.outer_stack = operation->waker_stack;
        if (key.outer_stack == 0 && operation->waker_thread != 0) {
            key.outer_stack = operation->waker_thread;
            key.flags |= SUM_BY_WAKER;
        }
    }
    if (key.stack == 0 && operation->is_summary)
        key.stack = PROFILE_STACK_SUMMED;
    if (operation->is_idle)
        key.flags |= SUM_IDLE;
    if (operation->is_open)
        key.flags |= SUM_OPEN;
    add_exact(builder, &key, operation->count, operation->total_ns);
}

static void observe_state(void *self, const struct state_interval *interval)
{
    struct sum_key key = {
        .stack = interval->stack,
        .thread = interval->thread,
        .flags = interval->is_derived ? SUM_DERIVED : SUM_EXACT,
        .kind = interval->is_preempted ? "preempted" : "woken",
    };

    if (interval->state != THREAD_RUNNABLE)
        return;

    if (interval->is_open)
        key.flags |= SUM_OPEN;
    add_exact(self, &key, interval->is_part ? 0 : 1, (uint64_t)(interval->end_ns - interval->start_ns));
}

static void observe_heap(void *self, const struct heap_sample *heap)
{
    /* By process, not by thread: memory may be freed by another thread than the one that allocated it. */
    const struct thread *thread = trace_model_thread(((struct profile_builder *)self)->model, heap->thread);
    struct sum_key key = {.stack = heap->stack,
                          .thread = thread->process,
                          .flags = SUM_BY_PROCESS | (heap->is_free ? SUM_FREED : 0)};
    struct sum *sum = sum_table_find(((struct profile_builder *)self)->sums, &key);

    sum->estimated[0] += heap->objects;
    sum->estimated[1] += heap->bytes;
}

struct trace_observer profile_builder_observer(struct profile_builder *builder)
{
    const struct profile_kind_rules *rules = builder->kind->rules;

    return (struct trace_observer){
        .blocking = rules->blocking_classes ? observe_blocking : NULL,
        .state = rules->is_runnable ? observe_state : NULL,
        .heap = rules->is_heap ? observe_heap : NULL,
        .self = builder,
        .blocking_classes = rules->blocking_classes,
        .wants_wakers = rules->charge == CHARGE_WAITER_AND_WAKER,
    };
}

static void add_label(struct profile_sample_key *key, const char *name, const char *text)
{
    if (text && *text != '\0')
        key->labels[key->label_count++] = (struct profile_label){.key = name, .text = text};
}

static void add_number(struct profile *profile, struct profile_sample_key *key, const char *name,
                       const char *format, uint64_t number)
{
    char text[32];

    g_snprintf(text, sizeof text, format, number);
    add_label(key, name, profile_keep_text(profile, text));
}

static void add_process_labels(struct profile *profile, struct profile_sample_key *key, uint32_t index)
{
    const struct process *process = trace_model_process(profile_model(profile), index);

    if (index == 0)
        return;

    add_label(key, "process", process->name);
    add_number(profile, key, "pid", "%" PRIu64, (uint32_t)process->pid);
}

static void add_thread_labels(struct profile *profile, struct profile_sample_key *key, uint32_t index)
{
    const struct thread *thread = trace_model_thread(profile_model(profile), index);

    if (index == 0)
        return;

    add_process_labels(profile, key, thread->process);
    add_label(key, "thread", thread->name);
    add_number(profile, key, "tid", "%" PRIu64, (uint32_t)thread->tid);
}

static void add_operation_labels(struct profile *profile, struct profile_sample_key *key,
                                 const struct sum_key *sum)
{
    uint32_t fd_kind = sum->flags & SUM_FD_KIND;

    add_label(key, "kind", sum->kind);
    if (sum->object != 0)
        add_number(profile, key, "object", "0x%" PRIx64, sum->object);
    add_label(key, "syscall", sum->syscall);
    if (fd_kind != EXECTRACE_FD_NONE)
        add_label(key, "fd_kind", fd_kind_name(fd_kind));
    add_label(key, "peer", sum->peer);
    if (sum->flags & SUM_IDLE)
        add_label(key, "idle", "true");
    if (sum->flags & SUM_OPEN)
        add_label(key, "open", "true");
    if (sum->flags & (SUM_EXACT | SUM_DERIVED))
        add_label(key, "source", sum->flags & SUM_EXACT ? "exact" : "derived");
}

/* A waker that is known without its stack. */
static void add_waker(struct profile *profile, struct profile_sample_key *key, uint32_t index)
{
    const struct thread *waker = trace_model_thread(profile_model(profile), index);

    key->outer_stack = PROFILE_STACK_WAKER;
    if (*waker->name != '\0')
        add_label(key, "waker", waker->name);
    else
        add_number(profile, key, "waker", "%" PRIu64, (uint32_t)waker->tid);
}

static void add_sum(struct profile *profile, const struct sum *sum)
{
    struct profile_sample_key key = {.stack = sum->key.stack, .outer_stack = sum->key.outer_stack};
    bool is_by_process = sum->key.flags & SUM_BY_PROCESS;

    if (!is_by_process && sum->key.thread != 0 &&
        trace_model_thread(profile_model(profile), sum->key.thread)->is_tracer)
        return;

    if (is_by_process)
        add_process_labels(profile, &key, sum->key.thread);
    else
        add_thread_labels(profile, &key, sum->key.thread);
    add_operation_labels(profile, &key, &sum->key);
    if (sum->key.flags & SUM_BY_WAKER)
        add_waker(profile, &key, sum->key.outer_stack);
    profile_add(profile, &key, sum->exact);
}

static void add_heap_sum(struct profile *profile, const struct sum *sum)
{
    struct profile_sample_key key = {.stack = sum->key.stack};
    int64_t objects = llround(sum->estimated[0]), bytes = llround(sum->estimated[1]);
    bool is_freed = sum->key.flags & SUM_FREED;
    int64_t values[] = {is_freed ? 0 : objects, is_freed ? 0 : bytes, is_freed ? -objects : objects,
                        is_freed ? -bytes : bytes};

    add_process_labels(profile, &key, sum->key.thread);
    profile_add(profile, &key, values);
}

static const char *const less_detail[] = {
    [SUM_WITHOUT_OBJECTS] = "too many different samples: without the label object",
    [SUM_WITHOUT_PEERS] = "too many different samples: without the labels object and peer",
    [SUM_WITHOUT_THREADS] = "too many different samples: without the labels object, peer, thread and tid",
};

static void add_comments(const struct profile_builder *builder, struct profile *profile)
{
    const struct trace_model *model = builder->model;
    const char *source = trace_model_sched_source(model);
    g_autofree char *kind = g_strdup_printf("%s: %s", builder->kind->name, builder->kind->description);
    g_autofree char *sched = g_strdup_printf("scheduling data: %s", source ? source : "none in this trace");
    g_autofree char *lost =
        g_strdup_printf("lost events: %" PRIu64 "%s", trace_model_lost_count(model),
                        trace_model_lost_count(model) > 0 ? ", so these numbers may be too small" : "");

    profile_add_comment(profile, "exectrace analyzer " EXECTRACE_VERSION);
    profile_add_comment(profile, kind);
    profile_add_comment(profile, sched);
    profile_add_comment(profile, lost);
    if (sum_table_detail(builder->sums) != SUM_ALL_DETAILS)
        profile_add_comment(profile, less_detail[sum_table_detail(builder->sums)]);
}

struct profile *profile_builder_finish(struct profile_builder *builder)
{
    const struct profile_kind_rules *rules = builder->kind->rules;
    struct profile *profile = profile_new(builder->model, rules->values);

    sum_table_settle(builder->sums);
    for (uint32_t i = 0; i < sum_table_count(builder->sums); i++) {
        const struct sum *sum = sum_table_at(builder->sums, i);

        if ((sum->key.flags & SUM_MAYBE_LOCK) && !g_hash_table_contains(builder->locks, &sum->key.object))
            continue;
        if (rules->is_heap)
            add_heap_sum(profile, sum);
        else
            add_sum(profile, sum);
    }
    add_comments(builder, profile);
    return profile;
}
