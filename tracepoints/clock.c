/*
 * The scale between the time stamp counter and CLOCK_MONOTONIC: see clock.h. Any thread sets it, one at a
 * time; who comes second, or interrupts the first in a signal handler, reads the real clock meanwhile.
 */
#include "tracepoints/clock.h"

#include <cpuid.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "tracepoints/raw_syscall.h"

/* A window shorter than this does not give the rate to a few millionths. */
#define SHORTEST_WINDOW_NS UINT64_C(10000000)
#define LIMIT_NS UINT64_C(100000000)
/* A reading that took longer was interrupted. */
#define LONGEST_READING_TICKS 800u

struct clock_scale clock_scale;
static bool is_trusted;

/* The counter runs at one rate in all states of the CPU. */
static bool is_invariant(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
}

/* The kernel has compared the CPUs' counters and uses them. */
static bool is_kernels_clock(void)
{
    char name[16] = "";
    long fd = raw_syscall3(SYS_open, (long)"/sys/devices/system/clocksource/clocksource0/current_clocksource",
                           O_RDONLY | O_CLOEXEC, 0);
    long count = fd < 0 ? -1 : raw_syscall3(SYS_read, fd, (long)name, sizeof name - 1);

    if (fd >= 0)
        raw_syscall3(SYS_close, fd, 0, 0);
    return count == 4 && memcmp(name, "tsc\n", 4) == 0;
}

void clock_init(void)
{
    is_trusted = is_invariant() && is_kernels_clock();
    clock_read_ns();
}

static uint64_t divide(uint64_t value, uint64_t by)
{
    return (uint64_t)(((unsigned __int128)value << 32) / by);
}

/*
 * The rate since the last base. A rate that is more than a thousandth off the known one is not believed: the
 * machine slept, or was moved.
 */
static uint64_t new_rate(uint64_t ticks, uint64_t ns)
{
    uint64_t old = clock_scale.ns_per_tick;
    uint64_t rate;

    if (ticks <= clock_scale.base_ticks || ns <= clock_scale.base_ns)
        return old;
    rate = divide(ns - clock_scale.base_ns, ticks - clock_scale.base_ticks);
    if (old != 0 && (rate > old + old / 1000 || rate < old - old / 1000))
        return old;
    return rate;
}

/* The caller has made the sequence odd. */
static void set_scale(uint64_t ticks, uint64_t ns)
{
    if (clock_scale.base_ticks != 0) {
        uint64_t rate;

        if (ns - clock_scale.base_ns < SHORTEST_WINDOW_NS)
            return;
        rate = new_rate(ticks, ns);
        if (rate == 0)
            return;
        __atomic_store_n(&clock_scale.ns_per_tick, rate, __ATOMIC_RELAXED);
        __atomic_store_n(&clock_scale.limit_ticks, divide(LIMIT_NS, rate), __ATOMIC_RELAXED);
    }
    __atomic_store_n(&clock_scale.base_ticks, ticks, __ATOMIC_RELAXED);
    __atomic_store_n(&clock_scale.base_ns, ns, __ATOMIC_RELAXED);
}

uint64_t clock_read_ns(void)
{
    struct timespec now;
    uint32_t sequence = __atomic_load_n(&clock_scale.sequence, __ATOMIC_ACQUIRE);
    uint64_t before = __rdtsc();

    clock_gettime(CLOCK_MONOTONIC, &now);

    uint64_t after = __rdtsc();
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (!is_trusted || after - before > LONGEST_READING_TICKS || (sequence & 1) != 0 ||
        !__atomic_compare_exchange_n(&clock_scale.sequence, &sequence, sequence + 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return ns;
    set_scale(before + (after - before) / 2, ns);
    __atomic_store_n(&clock_scale.sequence, sequence + 2, __ATOMIC_RELEASE);
    return ns;
}
