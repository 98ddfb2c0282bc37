/*
 * The mapping described in state.h. Owned by state_map.c; called by the constructor, the destructor, fork and
 * thread start, always muted.
 */
#ifndef EXECTRACE_STATE_MAP_H
#define EXECTRACE_STATE_MAP_H

#include <stdbool.h>

#include "tracepoints/state.h"

/* Maps the file of this process (or anonymous memory). Also in the child of a fork. */
void state_map_init(void);

/* The child of a fork that is not recorded: what is mapped is its parent's, and stays as it is. */
void state_map_leave(void);

/*
 * Waits, at most a moment, until the recorder has admitted this process to its recording, when the
 * environment says that it wants to be asked. True: it was asked and has admitted us.
 */
bool state_map_await_admission(void);

/* Slot `index`; NULL when there are not so many. */
struct state_slot *state_map_slot(uint32_t index);

/* What the thread of slot `index` holds; NULL as above. */
struct state_holds *state_map_holds(uint32_t index);

/* See state_holders.h. */
int32_t state_map_find_holder(uint64_t object, int32_t waiter);

/* The destructor has reported what was open: the recorder need not. */
void state_map_finish(void);

#endif
