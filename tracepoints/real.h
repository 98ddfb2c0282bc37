/*
 * The functions that our wrappers stand in front of. Code of ours that runs in the traced program calls them
 * only through this table, never by name.
 *
 * Every entry can be called at any moment: until the constructor has resolved the table an entry holds a
 * small function that resolves first. The lists of entries are one per domain: real_sync.h, real_io.h,
 * real_alloc.h.
 */
#ifndef EXECTRACE_REAL_H
#define EXECTRACE_REAL_H

#include <stdbool.h>
#include <stddef.h>

#include "tracepoints/real_alloc.h"
#include "tracepoints/real_io.h"
#include "tracepoints/real_sync.h"

#define REAL_LIST(X) REAL_SYNC_LIST(X) REAL_IO_LIST(X)

#define REAL_FIELD(result, name, version, parameters, arguments) result(*name) parameters;

struct real_functions {
    REAL_LIST(REAL_FIELD)
    REAL_ALLOC_LIST(REAL_FIELD)
};

extern struct real_functions real __attribute__((visibility("hidden")));

/* Resolves the whole table once; called by the constructor, or by the first call that comes before it. */
void real_resolve_all(void);

/* True while real_resolve_all() runs on some thread: real_early_* then use the early arena. */
bool real_is_resolving(void);

/*
 * The early arena: memory for allocations before malloc is known. Zeroed, never given back. NULL when
 * exhausted. `alignment` is a power of two.
 */
void *real_early_alloc(size_t size, size_t alignment);
bool real_early_owns(const void *address);
/* Bytes from `address` (owned by the arena) to the end of its used part: an upper bound for realloc's copy.
 */
size_t real_early_size(const void *address);

#endif
