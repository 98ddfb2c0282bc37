/*
 * The mapping described in state.h. Owned by state_map.c; called by the constructor, the destructor, fork and
 * thread start, always muted.
 */
#ifndef EXECTRACE_STATE_MAP_H
#define EXECTRACE_STATE_MAP_H

#include "tracepoints/state.h"

/* Maps the file of this process (or anonymous memory). Also in the child of a fork. */
void state_map_init(void);

/* Slot `index`; NULL when there are not so many. */
struct state_slot *state_map_slot(uint32_t index);

/* The destructor has reported what was open: the recorder need not. */
void state_map_finish(void);

#endif
