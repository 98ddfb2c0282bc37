/*
 * What a call stack of 15 frames costs: our unwinder, libunwind's unw_backtrace, libgcc's _Unwind_Backtrace.
 *
 *     cc -O2 -D_GNU_SOURCE -I. tests/bench/unwind.c tracepoints/unwind.c tracepoints/unwind_rules.c \
 *         -lunwind -o unwind && ./unwind
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unwind.h>

#include "tracepoints/unwind.h"

#define ROUNDS 200000

extern void *__libc_stack_end;

static uint64_t pcs[128];
static volatile uint32_t count;

static void take_ours(void)
{
    uint64_t high = (uint64_t)(uintptr_t)__libc_stack_end;

    count = unwind_take(pcs, 128, high - (1u << 23), high);
}

static void take_libunwind(void)
{
    count = (uint32_t)unw_backtrace((void **)pcs, 128);
}

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *argument)
{
    uint32_t *place = argument;

    pcs[(*place)++] = _Unwind_GetIP(context);
    return *place == 128 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static void take_libgcc(void)
{
    uint32_t place = 0;

    _Unwind_Backtrace(collect, &place);
    count = place;
}

static double measure(void (*take)(void), int rounds)
{
    struct timespec start, end;

    take();
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < rounds; i++)
        take();
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / rounds;
}

static __attribute__((noinline)) int descend(volatile int depth)
{
    if (depth > 0)
        return descend(depth - 1) + 1;
    printf("ours %.0f ns", measure(take_ours, ROUNDS));
    printf(" (%u frames)", count);
    printf(", libunwind %.0f ns (%u frames)", measure(take_libunwind, ROUNDS), count);
    printf(", libgcc %.0f ns (%u frames)\n", measure(take_libgcc, ROUNDS / 50), count);
    return 0;
}

int main(void)
{
    return descend(9) != 9;
}
