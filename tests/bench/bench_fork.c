/*
 * How long a fork takes: bench_fork [COUNT]. Prints the median times of COUNT forks (20), in microseconds,
 * from the call of fork to its return in the parent, to its return in the child, and to the child's end.
 *
 * Bare, with the library loaded, and recorded, on an idle machine:
 *   B=build; $B/tests/bench_fork; LD_PRELOAD=$B/tracepoints/libexectrace.so $B/tests/bench_fork
 *   $B/recorder/recorder -q -o DIR -- $B/tests/bench_fork
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COUNT 1000

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    const double *first = a, *second = b;

    return (*first > *second) - (*first < *second);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    static double parent_us[MAX_COUNT], child_us[MAX_COUNT], end_us[MAX_COUNT];
    int count = argc > 1 ? atoi(argv[1]) : 20;
    double *returned =
        mmap(NULL, sizeof(*returned), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (count < 1 || count > MAX_COUNT || returned == MAP_FAILED) {
        fputs("usage: bench_fork [COUNT]\n", stderr);
        return 2;
    }

    for (int i = 0; i < count; i++) {
        double start = now_us();
        pid_t pid = fork();

        if (pid == 0) {
            *returned = now_us();
            _exit(0);
        }

        parent_us[i] = now_us() - start;
        if (pid < 0 || waitpid(pid, NULL, 0) != pid)
            return 1;

        end_us[i] = now_us() - start;
        child_us[i] = *returned - start;
    }

    printf("parent %.0f us, child %.0f us, child's end %.0f us\n", median(parent_us, count),
           median(child_us, count), median(end_us, count));
    return 0;
}
