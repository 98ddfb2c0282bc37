/*
 * Loaded objects named by stacks: emits exectrace_process:module once per epoch. Called by stacks.c inside
 * the guard; lock-free and async-signal-safe.
 */
#ifndef EXECTRACE_MODULES_H
#define EXECTRACE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Announces the object that holds `pc`; only if it was not announced in `epoch`, or always. */
void modules_announce(uint64_t pc, uint32_t epoch, bool always);

/* Forgets the objects that are not loaded any more. Was one of them announced? */
bool modules_forget_unloaded(void);

#endif
