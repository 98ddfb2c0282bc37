/* Sums of short system calls: see call_sums.h. Runs on the thread that owns the sums. */
#include "tracepoints/call_sums.h"

#include "tracepoints/guard.h"
#include "tracepoints/provider_syscall.h"

#define OLDEST_NS UINT64_C(100000000)
#define PROBES 4u

static void emit(const struct thread_block *thread, struct call_sum *sum)
{
    lttng_ust_tracepoint(exectrace_syscall, summary, thread->tid, sum->number, sum->fd_kind, sum->count,
                         sum->errors, sum->total_ns, sum->shortest_ns, sum->longest_ns);
    sum->count = 0;
}

static bool is_of(const struct call_sum *sum, uint16_t number, uint8_t fd_kind)
{
    return sum->number == number && sum->fd_kind == fd_kind && sum->count > 0;
}

/* The sum of (number, fd_kind) when it is not in its first place, or one made for it. */
static __attribute__((noinline)) struct call_sum *find_slowly(struct thread_block *thread, uint32_t first,
                                                              uint16_t number, uint8_t fd_kind)
{
    struct call_sums *sums = &thread->call_sums;
    struct call_sum *free_sum = NULL;

    for (uint32_t i = 0; i < PROBES; i++) {
        struct call_sum *sum = &sums->sums[(first + i) % CALL_SUMS_COUNT];
        if (is_of(sum, number, fd_kind))
            return sum;
        if (sum->count == 0 && free_sum == NULL)
            free_sum = sum;
    }
    if (free_sum == NULL) {
        free_sum = &sums->sums[first % CALL_SUMS_COUNT];
        emit(thread, free_sum);
    }
    *free_sum = (struct call_sum){.number = number, .fd_kind = fd_kind, .shortest_ns = UINT64_MAX};
    return free_sum;
}

static struct call_sum *find(struct thread_block *thread, uint16_t number, uint8_t fd_kind)
{
    uint32_t first = number * 7u + fd_kind * 3u;
    struct call_sum *sum = &thread->call_sums.sums[first % CALL_SUMS_COUNT];

    return likely(is_of(sum, number, fd_kind)) ? sum : find_slowly(thread, first, number, fd_kind);
}

void call_sums_add(struct thread_block *thread, uint16_t number, uint8_t fd_kind, uint64_t now_ns,
                   uint64_t duration_ns, int is_error)
{
    struct call_sums *sums = &thread->call_sums;
    struct call_sum *sum = find(thread, number, fd_kind);

    sum->count++;
    sum->errors += is_error != 0;
    sum->total_ns += duration_ns;
    if (duration_ns < sum->shortest_ns)
        sum->shortest_ns = duration_ns;
    if (duration_ns > sum->longest_ns)
        sum->longest_ns = duration_ns;

    if (sums->oldest_ns == 0)
        sums->oldest_ns = now_ns - duration_ns;
    else if (now_ns > sums->oldest_ns + OLDEST_NS)
        call_sums_flush(thread);
}

void call_sums_flush(struct thread_block *thread)
{
    struct call_sums *sums = &thread->call_sums;

    if (sums->oldest_ns == 0)
        return;

    for (uint32_t i = 0; i < CALL_SUMS_COUNT; i++) {
        if (sums->sums[i].count > 0)
            emit(thread, &sums->sums[i]);
    }
    sums->oldest_ns = 0;
}

void call_sums_reset(struct thread_block *thread)
{
    thread->call_sums = (struct call_sums){0};
}
