/* Sums of short waits: see sync_sums.h. Runs on the thread that owns the sums, inside the guard. */
#include "tracepoints/sync_sums.h"

#include "tracepoints/clock.h"
#include "tracepoints/guard.h"

#include "tracepoints/provider_sync.h"

/* How long a sum may wait before it is emitted. */
#define SYNC_SUMS_AGE_NS UINT64_C(1000000000)

static uint64_t age_of(const struct sync_sum *sum)
{
    uint64_t now_ns = clock_now_ns();

    return now_ns > sum->last_ns ? now_ns - sum->last_ns : 0;
}

static const void *present_probes(void)
{
    return __atomic_load_n(&lttng_ust_tracepoint_exectrace_sync___summary.probes, __ATOMIC_RELAXED);
}

static void emit(const struct thread_block *thread, struct sync_sum *sum)
{
    if (sum->count > 0 && TRACING(exectrace_sync, summary))
        lttng_ust_do_tracepoint(exectrace_sync, summary, thread->tid, sum->kind, sum->object, sum->count,
                                sum->total_ns, sum->longest_ns, sum->stack, age_of(sum));
    *sum = (struct sync_sum){0};
}

static uint32_t slot_of(uint8_t kind, uint64_t object, uint32_t stack)
{
    uint64_t hash = (object ^ ((uint64_t)stack << 32) ^ kind) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(hash >> 32) & (SYNC_SUMS_COUNT - 1);
}

void sync_sums_add(struct thread_block *thread, uint8_t kind, uint64_t object, uint32_t stack,
                   uint64_t now_ns, uint64_t duration_ns)
{
    struct sync_sums *table = &thread->sync_sums;
    struct sync_sum *sum;

    sync_sums_flush_old(thread, now_ns);
    sum = &table->sums[slot_of(kind, object, stack)];
    if (sum->count == 0 || sum->object != object || sum->stack != stack || sum->kind != kind) {
        emit(thread, sum);
        sum->object = object;
        sum->kind = kind;
        sum->stack = stack;
        if (table->oldest_ns == 0) {
            table->oldest_ns = now_ns;
            table->probes = present_probes();
        }
    }
    sum->last_ns = now_ns;
    sum->count++;
    sum->total_ns += duration_ns;
    if (duration_ns > sum->longest_ns)
        sum->longest_ns = duration_ns;
}

void sync_sums_flush_old(struct thread_block *thread, uint64_t now_ns)
{
    const struct sync_sums *table = &thread->sync_sums;

    if (table->oldest_ns != 0 &&
        (now_ns - table->oldest_ns > SYNC_SUMS_AGE_NS || table->probes != present_probes()))
        sync_sums_flush(thread);
}

void sync_sums_flush(struct thread_block *thread)
{
    if (thread->sync_sums.oldest_ns == 0)
        return;
    for (uint32_t i = 0; i < SYNC_SUMS_COUNT; i++)
        emit(thread, &thread->sync_sums.sums[i]);
    thread->sync_sums.oldest_ns = 0;
}

void sync_sums_reset(struct thread_block *thread)
{
    thread->sync_sums = (struct sync_sums){0};
}
