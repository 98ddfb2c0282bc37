/*
 * What the environment asks for (names: contract.h), read once by the constructor; all of it is ignored in
 * secure execution. Read-only afterwards.
 */
#ifndef EXECTRACE_SETTINGS_H
#define EXECTRACE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct settings {
    uint64_t wait_threshold_ns;    /* waits and wakes below are summed or left out; default 5 us */
    uint64_t syscall_threshold_ns; /* calls below are summed; default 20 us */
    uint64_t alloc_mean_bytes;     /* mean bytes between samples; 0: off, 1: every allocation */
    uint32_t stack_depth;
    bool follow;               /* children are recorded too */
    bool needs_admission;      /* a new process waits for the recorder, see state.h */
    char state_directory[256]; /* "": none */
};

extern struct settings settings __attribute__((visibility("hidden")));

void settings_read(void);

#endif
