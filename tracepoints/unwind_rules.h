/*
 * How to get from one frame to its caller, for a given PC: read from the .eh_frame of the loaded object that
 * holds it. Called by unwind.c for PCs that are not in its cache; async-signal-safe, takes no lock.
 */
#ifndef EXECTRACE_UNWIND_RULES_H
#define EXECTRACE_UNWIND_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* How the canonical frame address (CFA: the stack pointer in the caller, after the return) is found. */
enum unwind_step {
    UNWIND_STOP = 0,      /* the outermost frame, or one we cannot unwind */
    UNWIND_RSP,           /* CFA = rsp + cfa_offset */
    UNWIND_RBP,           /* CFA = rbp + cfa_offset */
    UNWIND_DEREF_RBP,     /* CFA = *(rbp + cfa_offset): functions that realign their stack */
    UNWIND_SIGNAL,        /* the kernel's signal frame: registers in the ucontext at rsp */
    UNWIND_FRAME_POINTER, /* no unwind information: rbp chain, if it looks like one */
};

/* The return address is always at CFA - 8. */
struct unwind_rule {
    int32_t cfa_offset;
    int16_t rbp_offset8; /* in units of 8 bytes, where the caller's rbp is saved */
    uint8_t step;        /* enum unwind_step */
    bool is_rbp_saved;
    bool is_rbp_at_rbp; /* rbp_offset8 counts from rbp, not from the CFA */
};

/* `pc` is inside the instruction to unwind from: a return address - 1, or an interrupted PC. */
struct unwind_rule unwind_rule_find(uint64_t pc);

#endif
