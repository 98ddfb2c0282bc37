/*
 * Wrapper of vfork. Its child runs in the parent's memory, on the parent's stack and with its thread-local
 * words, until it calls exec or _exit: nothing may be recorded and no state may change there (the child's
 * descriptors are its own, what we know is about the parent's). So the level of the guard is raised, by
 * GUARD_VFORK, until the parent goes on.
 *
 * A function that is returned from twice can't have a frame: the child's calls overwrite it. Everything the
 * parent needs afterwards is in registers that system calls keep: rdi the return address, rsi the level, rdx
 * the level's place.
 */
#include "tracepoints/guard.h"

_Static_assert(offsetof(struct guard_words, level) == 0, "vfork finds the level at the start");
_Static_assert(GUARD_VFORK == 0x40000000, "vfork raises the level by this");

__asm__("    .text\n"
        "    .hidden guard_words\n"
        "    .globl vfork\n"
        "    .globl __vfork\n"
        "    .type vfork, @function\n"
        "    .set __vfork, vfork\n"
        "vfork:\n"
        "    .cfi_startproc\n"
        "    popq %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_register %rip, %rdi\n"
        "    movq guard_words@gottpoff(%rip), %rdx\n"
        "    movl %fs:(%rdx), %esi\n"
        "    leal 0x40000000(%rsi), %ecx\n"
        "    movl %ecx, %fs:(%rdx)\n"
        "    movl $58, %eax\n"
        "    syscall\n"
        "    pushq %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_offset %rip, -8\n"
        "    testl %eax, %eax\n"
        "    jz 1f\n"
        "    movl %esi, %fs:(%rdx)\n"
        "    cmpl $-4095, %eax\n"
        "    jae 2f\n"
        "1:  ret\n"
        "2:  pushq %rax\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call __errno_location@PLT\n"
        "    popq %rcx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    negl %ecx\n"
        "    movl %ecx, (%rax)\n"
        "    movl $-1, %eax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size vfork, . - vfork\n");
