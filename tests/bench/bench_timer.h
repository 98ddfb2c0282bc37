/*
 * How the measured programs tell their cost: one line with the wall time and the CPU time of an iteration,
 * in nanoseconds. CPU time is the whole process's. Used by bench_*.c and bench_pool.cpp, read by
 * tests/bench/run.
 */
#ifndef EXECTRACE_TESTS_BENCH_TIMER_H
#define EXECTRACE_TESTS_BENCH_TIMER_H

#include <stdio.h>
#include <time.h>

struct bench_timer {
    struct timespec wall;
    struct timespec cpu;
};

static inline struct bench_timer bench_timer_start(void)
{
    struct bench_timer timer;

    clock_gettime(CLOCK_MONOTONIC, &timer.wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &timer.cpu);
    return timer;
}

static inline double bench_timer_ns(const struct timespec *start, const struct timespec *end)
{
    return (double)(end->tv_sec - start->tv_sec) * 1e9 + (double)(end->tv_nsec - start->tv_nsec);
}

static inline void bench_timer_print(const struct bench_timer *start, double iterations)
{
    struct bench_timer end = bench_timer_start();

    printf("%.3f %.3f\n", bench_timer_ns(&start->wall, &end.wall) / iterations,
           bench_timer_ns(&start->cpu, &end.cpu) / iterations);
}

#endif
