/*
 * Time waited per thread, call stack and kind of wait: what folded stacks and speedscope show.
 */
#ifndef VIEWER_EXPORT_WAIT_SUMS_H
#define VIEWER_EXPORT_WAIT_SUMS_H

#include "viewer_export/exporter.h"

struct wait_sum {
    uint32_t thread, stack;
    const char *word; /* interned by the model: "mutex", "read" */
    bool is_idle;
    uint64_t total_ns, count;
};

struct wait_sums;

struct wait_sums *wait_sums_new(void);
void wait_sums_free(struct wait_sums *sums);
void wait_sums_add(struct wait_sums *sums, const struct export_blocking *blocking);
/* Pointers to the sums, by thread, then the largest first. Free with g_ptr_array_unref(). */
GPtrArray *wait_sums_sorted(const struct wait_sums *sums);
/* "[mutex]", "[idle: epoll_wait]": the leaf below a stack. Free with g_free(). */
char *wait_sum_leaf(const struct wait_sum *sum);

#endif
