/*
 * fuzz_model SEED EVENTS: feeds the model events that no tracer would make, in any order and with any values,
 * through all accounts of the reports, and checks what must hold all the same: the state intervals of a
 * thread touch and add up to its lifetime, operations are cut right by filters, indices are valid. Meant for
 * the sanitizers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analyzer/filter.h"
#include "analyzer/lock_account.h"
#include "analyzer/site_account.h"
#include "analyzer/thread_account.h"
#include "tracepoints/contract.h"

static GRand *dice;

/* Mostly small, sometimes huge. */
static uint64_t any_number(void)
{
    switch (g_rand_int_range(dice, 0, 8)) {
    case 0:
        return (uint64_t)g_rand_int(dice) << 32 | g_rand_int(dice);
    case 1:
        return g_rand_int(dice);
    default:
        return (uint64_t)g_rand_int_range(dice, 0, 40);
    }
}

static int32_t any_id(int32_t limit)
{
    return g_rand_int_range(dice, 0, 50) == 0 ? (int32_t)g_rand_int(dice) : g_rand_int_range(dice, -1, limit);
}

static const char *any_text(void)
{
    static const char *const texts[] = {
        NULL,         "",        "read",          "futex",           "poll",      "close", "accept",
        "epoll_wait", "app-ust", "/usr/lib/x.so", "\xff\xfe broken", "nanosleep", "socket"};

    return texts[g_rand_int_range(dice, 0, G_N_ELEMENTS(texts))];
}

static struct event_pcs any_pcs(uint64_t *pcs, uint32_t size)
{
    struct event_pcs stack = {.pcs = pcs, .count = (uint32_t)g_rand_int_range(dice, 0, (int)size)};

    for (uint32_t i = 0; i < stack.count; i++)
        pcs[i] = any_number();
    return stack;
}

static bool any_bool(void)
{
    return g_rand_int_range(dice, 0, 2) == 1;
}

static void fill_strings(struct event *event, uint64_t *pcs, const uint8_t *bytes)
{
    switch (event->type) {
    case EVENT_LOST:
    case EVENT_SCHED_LOST:
        event->lost.is_packets = any_bool();
        break;
    case EVENT_SCHED_WAKEUP:
        event->wakeup.is_new = any_bool();
        event->wakeup.is_waking = any_bool();
        break;
    case EVENT_PROCESS_START:
        event->process_start.exe = any_text();
        event->process_start.name = any_text();
        break;
    case EVENT_MODULE:
    case EVENT_MODULE_BUILD_ID:
    case EVENT_MODULE_UNLOAD:
        event->module.is_segment = any_bool();
        event->module.path = any_text();
        event->module.build_id = bytes;
        event->module.build_id_size = (uint32_t)g_rand_int_range(dice, 0, 80);
        break;
    case EVENT_STACK:
    case EVENT_SCHED_SAMPLE:
        event->stack_definition = any_pcs(pcs, 40);
        break;
    case EVENT_THREAD_NAME:
    case EVENT_SCHED_NAME:
    case EVENT_KERNEL_NET_RECEIVE:
        event->name = any_text();
        break;
    case EVENT_PEER:
        event->peer.address = bytes;
        event->peer.address_size = (uint32_t)g_rand_int_range(dice, 0, 80);
        break;
    case EVENT_SCHED_START:
        event->sched_start.name = any_text();
        break;
    case EVENT_SCHED_SOURCE:
        event->sched_source.description = any_text();
        break;
    case EVENT_METRIC_DEFINE:
    case EVENT_METRIC:
        event->metric.name = event->metric.unit = event->metric.help = any_text();
        break;
    case EVENT_KERNEL_SWITCH:
        event->kernel_switch.prev_tid = any_id(12);
        event->kernel_switch.next_tid = any_id(12);
        event->kernel_switch.prev_comm = event->kernel_switch.next_comm = any_text();
        break;
    case EVENT_KERNEL_SYSCALL_ENTRY:
    case EVENT_KERNEL_SYSCALL_EXIT:
        event->kernel_syscall.name = any_text();
        break;
    case EVENT_KERNEL_THREAD:
        event->kernel_thread.name = any_text();
        break;
    case EVENT_KERNEL_FD:
        event->kernel_fd.file = any_text();
        break;
    case EVENT_KERNEL_IRQ_ENTRY:
    case EVENT_KERNEL_IRQ_EXIT:
        event->kernel_irq.name = any_text();
        break;
    default:
        if (event->type >= EVENT_USER_TASK_BEGIN && event->type <= EVENT_USER_COUNTER)
            event->user.name = event->user.message = any_text();
        break;
    }
}

static void feed(struct trace_model *model, unsigned long count)
{
    int64_t time_ns = 1000000;
    uint64_t pcs[40], callstack[40];
    uint8_t bytes[80];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)g_rand_int(dice);
    for (unsigned long i = 0; i < count; i++) {
        struct event event = {0};
        uint64_t words[6];
        for (size_t j = 0; j < G_N_ELEMENTS(words); j++)
            words[j] = any_number();
        /* Whatever the type, its numbers are these; its pointers are set below. */
        memcpy(&event.wait, words, MIN(sizeof words, sizeof event - offsetof(struct event, wait)));
        time_ns += g_rand_int_range(dice, 0, 30);
        event.time_ns = time_ns;
        event.type = (uint32_t)g_rand_int_range(dice, 0, EVENT_TYPE_END);
        event.pid = any_id(6);
        event.tid = any_id(12);
        event.cpu = any_id(4);
        event.host = g_rand_int_range(dice, 0, 20) == 0;
        event.stack = (uint32_t)any_number();
        event.callstack = (struct event_pcs){0};
        if (g_rand_int_range(dice, 0, 10) == 0)
            event.callstack = any_pcs(callstack, 40);
        fill_strings(&event, pcs, bytes);
        trace_model_event(model, &event);
    }
    trace_model_finish(model);
}

struct checks {
    struct trace_model *model;
    GArray *ends; /* int64_t by thread: where its latest interval ended */
};

static void check(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "fuzz_model: %s\n", what);
    abort();
}

static void check_state(void *self, const struct state_interval *interval)
{
    struct checks *checks = self;

    check(interval->thread < trace_model_thread_count(checks->model), "interval of no thread");
    check(interval->start_ns < interval->end_ns ||
              (interval->start_ns == interval->end_ns && interval->state == THREAD_RUNNABLE),
          "interval without length");
    if (interval->thread >= checks->ends->len)
        g_array_set_size(checks->ends, interval->thread + 1);
    int64_t *end_ns = &g_array_index(checks->ends, int64_t, interval->thread);
    check(*end_ns == 0 || *end_ns == interval->start_ns, "intervals do not touch");
    *end_ns = interval->end_ns;
    check(interval->stack < trace_model_stack_count(checks->model), "stack of an interval");
    check(interval->waker_thread < trace_model_thread_count(checks->model), "waker of an interval");
}

static void check_blocking(void *self, const struct blocking *operation)
{
    struct checks *checks = self;

    check(operation->thread < trace_model_thread_count(checks->model), "operation of no thread");
    check(operation->stack < trace_model_stack_count(checks->model), "stack of an operation");
    check(operation->waker_stack < trace_model_stack_count(checks->model), "stack of a waker");
    check(operation->waker_thread < trace_model_thread_count(checks->model), "waker of an operation");
    check((operation->wait_kind != 0) != (operation->call_name != NULL), "neither wait nor call, or both");
    check(*blocking_kind_name(operation) != '\0', "operation without a kind");
}

static void check_heap(void *self, const struct heap_sample *sample)
{
    const struct checks *checks = self;

    check(sample->owner_thread < trace_model_thread_count(checks->model), "owner of an allocation");
    check(!isnan(sample->objects) && !isnan(sample->bytes), "allocation of no size");
}

static void check_threads(struct trace_model *model, struct thread_account *account)
{
    for (uint32_t i = 1; i < trace_model_thread_count(model); i++) {
        const struct thread *thread = trace_model_thread(model, i);
        const struct thread_sum *sum = thread_account_get(account, i);
        int64_t blocked_ns = 0;
        check(thread->running_ns + thread->runnable_ns + thread->blocked_ns + thread->unknown_ns ==
                  thread->end_ns - thread->start_ns,
              "states do not add up to the lifetime");
        for (int by = 0; by < BLOCKED_BY_COUNT; by++)
            blocked_ns += sum->blocked_ns[by];
        check(blocked_ns == sum->state_ns[THREAD_BLOCKED], "parts of blocked do not add up");
        check(thread->process < trace_model_process_count(model), "thread of no process");
    }
    for (uint32_t i = 0; i < trace_model_stack_count(model); i++)
        check(trace_model_stack(model, i)->frame_count > 0 || i == 0, "stack without frames");
}

int main(int argc, char **argv)
{
    unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000;
    struct trace_model *model = trace_model_new();
    struct filter_options options = {0};
    struct filter *filter = filter_new(model, &options, 0, 0);
    struct thread_account *threads = thread_account_new(model, filter);
    struct lock_account *locks = lock_account_new(model, filter);
    struct site_account *sites = site_account_new(filter);
    struct checks checks = {model, g_array_new(FALSE, TRUE, sizeof(int64_t))};
    struct trace_observer observer = {
        .state = check_state, .blocking = check_blocking, .heap = check_heap, .self = &checks};

    dice = g_rand_new_with_seed((guint32)seed);
    filter_add_observer(filter, &observer);
    feed(model, count);
    check_threads(model, threads);
    g_array_unref(thread_account_list(threads));
    g_ptr_array_unref(lock_account_list(locks));
    g_ptr_array_unref(site_account_list(sites, model));

    g_array_unref(checks.ends);
    site_account_free(sites);
    lock_account_free(locks);
    thread_account_free(threads);
    filter_free(filter);
    trace_model_free(model);
    g_rand_free(dice);
    return 0;
}
