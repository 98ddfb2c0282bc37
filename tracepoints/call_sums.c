/* Sums of short system calls: see call_sums.h. Runs on the thread that owns the sums. */
#include "tracepoints/call_sums.h"

#include <errno.h>

#include "tracepoints/clock.h"
#include "tracepoints/guard.h"
#include "tracepoints/provider_syscall.h"

#define OLDEST_NS UINT64_C(100000000)
#define PROBES 4u

/* All calls of the table ended before it was due. */
static uint64_t age_of(const struct call_sums *sums, uint64_t now_ns)
{
    return now_ns > sums->due_ns ? now_ns - sums->due_ns : 0;
}

static void emit(const struct thread_block *thread, struct call_sum *sum, uint64_t now_ns)
{
    lttng_ust_tracepoint(exectrace_syscall, summary, thread->tid, (uint16_t)sum->key,
                         (uint8_t)(sum->key >> 16), sum->count, sum->errors, sum->total_ns, sum->shortest_ns,
                         sum->longest_ns, age_of(&thread->call_sums, now_ns));
    sum->key = 0;
}

/* The sum of the key, or one made for it. */
static struct call_sum *find(struct thread_block *thread, uint32_t key, uint64_t now_ns)
{
    struct call_sums *sums = &thread->call_sums;
    uint32_t first = call_sums_place(key);
    struct call_sum *free_sum = NULL;

    for (uint32_t i = 0; i < PROBES; i++) {
        struct call_sum *sum = &sums->sums[(first + i) % CALL_SUMS_COUNT];
        if (sum->key == key)
            return sum;
        if (sum->key == 0 && free_sum == NULL)
            free_sum = sum;
    }
    if (free_sum == NULL) {
        free_sum = &sums->sums[first];
        emit(thread, free_sum, now_ns);
    }
    *free_sum = (struct call_sum){.key = key, .shortest_ns = UINT64_MAX};
    return free_sum;
}

static void flush(struct thread_block *thread, uint64_t now_ns)
{
    struct call_sums *sums = &thread->call_sums;

    if (sums->due_ns == 0)
        return;

    for (uint32_t i = 0; i < CALL_SUMS_COUNT; i++) {
        if (sums->sums[i].key != 0)
            emit(thread, &sums->sums[i], now_ns);
    }
    sums->due_ns = 0;
}

void call_sums_add(struct thread_block *thread, uint32_t key, uint64_t now_ns, uint64_t duration_ns,
                   bool is_error)
{
    int saved_errno = errno;
    struct call_sums *sums = &thread->call_sums;
    struct call_sum *sum;

    if (now_ns >= sums->due_ns)
        flush(thread, now_ns);
    sum = find(thread, key, now_ns);
    sum->count++;
    sum->errors += is_error;
    sum->total_ns += duration_ns;
    if (duration_ns < sum->shortest_ns)
        sum->shortest_ns = duration_ns;
    if (duration_ns > sum->longest_ns)
        sum->longest_ns = duration_ns;

    if (sums->due_ns == 0)
        sums->due_ns = now_ns + (duration_ns < OLDEST_NS ? OLDEST_NS - duration_ns : 0);
    errno = saved_errno;
}

void call_sums_flush(struct thread_block *thread)
{
    flush(thread, clock_now_ns());
}

void call_sums_reset(struct thread_block *thread)
{
    thread->call_sums = (struct call_sums){0};
}
