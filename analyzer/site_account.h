/*
 * Places in the program that waited: operations summed by stack, kind and idleness. For the summary.
 */
#ifndef ANALYZER_SITE_ACCOUNT_H
#define ANALYZER_SITE_ACCOUNT_H

#include "analyzer/filter.h"

#define SITE_SEVERAL_THREADS UINT32_MAX

struct site_sum {
    enum blocking_class blocking_class;
    const char *kind; /* blocking_kind_name() */
    uint32_t stack;
    bool is_idle;
    uint32_t thread; /* that was there; 0: not known; SITE_SEVERAL_THREADS */
    uint64_t count, total_ns, longest_ns, open_count;
};

struct site_account;

struct site_account *site_account_new(struct filter *filter);
void site_account_free(struct site_account *account);
/*
 * struct site_sum *, longest total first. The same place of a program is one, however many processes ran it;
 * its stack is that of one of them. Called once, when the model has been finished. The caller frees the
 * array; the sums are the account's.
 */
GPtrArray *site_account_list(struct site_account *account, const struct trace_model *model);

#endif
