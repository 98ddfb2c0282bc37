/*
 * Allocation before the table of real functions is resolved (real.h): called by the first wrappers of the
 * process, on whichever thread that is.
 */
#ifndef EXECTRACE_ALLOC_EARLY_H
#define EXECTRACE_ALLOC_EARLY_H

#include <stddef.h>

/* Copies an allocation of the early arena to the heap, as realloc does. NULL: no memory. */
void *alloc_early_move(const void *address, size_t size);

#endif
