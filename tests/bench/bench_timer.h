/*
 * How the measured programs tell their cost. When they are ready they say so and wait for a line; in the end
 * they print a line with the seconds of user and system time that the process has taken since, and the number
 * of iterations. Used by bench_*.c and bench_pool.cpp, read by tests/bench/run.
 */
#ifndef EXECTRACE_TESTS_BENCH_TIMER_H
#define EXECTRACE_TESTS_BENCH_TIMER_H

#include <stdio.h>
#include <sys/resource.h>

struct bench_timer {
    double user_s;
    double system_s;
};

static inline struct bench_timer bench_timer_now(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (struct bench_timer){(double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
                                (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6};
}

static inline struct bench_timer bench_timer_start(void)
{
    puts("begin");
    fflush(stdout);
    getchar();
    return bench_timer_now();
}

static inline void bench_timer_print(const struct bench_timer *start, long iterations)
{
    struct bench_timer end = bench_timer_now();

    printf("%.6f %.6f %ld\n", end.user_s - start->user_s, end.system_s - start->system_s, iterations);
    fflush(stdout);
}

#endif
