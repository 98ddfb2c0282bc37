/*
 * The real functions of the allocation wrappers; the form of an entry is explained in real_sync.h. Until they
 * are resolved, their places hold real_early_<name>, defined beside the wrappers: those may be called
 * while real_resolve_all() itself runs (dlsym may allocate) and must not come back to it then.
 */
#ifndef EXECTRACE_REAL_ALLOC_H
#define EXECTRACE_REAL_ALLOC_H

#include <stddef.h>

#define REAL_ALLOC_LIST(X)                                                                                   \
    X(void *, malloc, NULL, (size_t size), (size))                                                           \
    X(void *, calloc, NULL, (size_t count, size_t size), (count, size))                                      \
    X(void *, realloc, NULL, (void *address, size_t size), (address, size))                                  \
    X(void, free, NULL, (void *address), (address))                                                          \
    X(int, posix_memalign, NULL, (void **address, size_t alignment, size_t size),                            \
      (address, alignment, size))                                                                            \
    X(void *, aligned_alloc, NULL, (size_t alignment, size_t size), (alignment, size))                       \
    X(void *, memalign, NULL, (size_t alignment, size_t size), (alignment, size))                            \
    X(void *, valloc, NULL, (size_t size), (size))                                                           \
    X(void *, pvalloc, NULL, (size_t size), (size))                                                          \
    X(size_t, malloc_usable_size, NULL, (void *address), (address))

#endif
