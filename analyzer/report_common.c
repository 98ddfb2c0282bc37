/* Shared pieces of the reports. */
#include "analyzer/report_common.h"
#include <inttypes.h>
#include "tracepoints/contract.h"

void report_print_loss(const struct report_context *context, FILE *out)
{
    char count[FORMAT_SIZE];
    uint64_t lost = trace_model_lost_count(context->model);

    if (lost > 0)
        fprintf(out,
                "Lost: %s events were lost while recording; numbers above are too low by what they would "
                "have said (-report=loss).\n",
                format_count(count, lost));
    else if (trace_model_has_loss(context->model))
        fprintf(out, "Lost: some events were lost while recording, how many is not known (-report=loss).\n");
}

void report_print_missing(const struct report_context *context, FILE *out)
{
    uint32_t gaps = trace_model_gaps(context->model);

    if (gaps & GAP_USER_THREADS)
        fprintf(out, "Missing: events carry no thread id, so nobody knows who waited; record with "
                     "`lttng add-context -u -t vpid -t vtid`.\n");
    else if (gaps & GAP_USER_PROCESSES)
        fprintf(out, "Missing: events carry no process id, so processes cannot be told apart; record with "
                     "`lttng add-context -u -t vpid -t vtid`.\n");
    if (gaps & GAP_SWITCHES)
        fprintf(out, "Missing: no context switches, so states and threads are not known; record with "
                     "`lttng enable-event -k sched_switch`.\n");
    if (gaps & GAP_WAKEUPS)
        fprintf(out, "Missing: no wake-ups, so waiting for a CPU is not told from sleeping; record with "
                     "`lttng enable-event -k sched_waking,sched_wakeup,sched_wakeup_new`.\n");
    if (gaps & GAP_KERNEL_PROCESSES)
        fprintf(out, "Missing: no process ids, so processes cannot be told apart; record with "
                     "`lttng enable-event -k lttng_statedump_process_state`.\n");
}

const char *report_thread_name(const struct thread *thread, char *buffer)
{
    if (*thread->name)
        g_utf8_strncpy(buffer, thread->name, 16);
    else
        g_snprintf(buffer, FORMAT_SIZE, "[%d]", thread->tid);
    return buffer;
}

const char *report_object_kind(uint32_t wait_kind)
{
    if (wait_kind == 0)
        return "other objects";
    if (wait_kind == EXECTRACE_WAIT_RWLOCK_READ || wait_kind == EXECTRACE_WAIT_RWLOCK_WRITE)
        return "rwlock";
    return blocking_kind_name(&(struct blocking){.wait_kind = wait_kind});
}

const char *report_object_name(uint32_t wait_kind, uint64_t object, char *buffer)
{
    g_snprintf(buffer, FORMAT_SIZE, wait_kind == EXECTRACE_WAIT_JOIN ? "of thread %" PRIu64 : "0x%" PRIx64,
               object);
    return buffer;
}

const char *report_release_verb(uint32_t wait_kind)
{
    switch (wait_kind) {
    case EXECTRACE_WAIT_MUTEX:
    case EXECTRACE_WAIT_RWLOCK_READ:
    case EXECTRACE_WAIT_RWLOCK_WRITE:
    case EXECTRACE_WAIT_SPIN:
    case EXECTRACE_WAIT_ONCE:
        return "held by";
    case EXECTRACE_WAIT_JOIN:
        return "joined";
    default:
        return "woken by";
    }
}
