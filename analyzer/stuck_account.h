/*
 * Who was stuck when the recording ended: waits that had not ended, whose holder is known, and the circles
 * that they make. A join's holder is the joined thread; joins outside of circles are left out. For the
 * summary.
 */
#ifndef ANALYZER_STUCK_ACCOUNT_H
#define ANALYZER_STUCK_ACCOUNT_H

#include "analyzer/filter.h"

/* More than these are left out. */
#define STUCK_ACCOUNT_MAX 4096

struct stuck_wait {
    uint32_t thread, holder;      /* threads; never 0 */
    uint32_t stack, holder_stack; /* holder_stack: what the holder itself was in; 0: not known, or nothing */
    uint32_t wait_kind;
    uint64_t object;
    uint64_t waited_ns;
    bool is_in_circle; /* its holder waits, in turn, for what ... this thread holds */
};

struct stuck_account;

struct stuck_account *stuck_account_new(struct filter *filter);
void stuck_account_free(struct stuck_account *account);
/*
 * struct stuck_wait *: circles first, each from its lowest thread on along who holds, then the others,
 * longest first. The caller frees the array; the waits are the account's.
 */
GPtrArray *stuck_account_list(struct stuck_account *account);

#endif
