/*
 * The real functions of the allocation wrappers; the form of an entry is explained in real_sync.h. Until they
 * are resolved, their places hold real_early_<name>, defined beside the wrappers: those may be called
 * while real_resolve_all() itself runs (dlsym may allocate) and must not come back to it then.
 */
#ifndef EXECTRACE_REAL_ALLOC_H
#define EXECTRACE_REAL_ALLOC_H

#include <stddef.h>

#define REAL_ALLOC_LIST(X)

#endif
