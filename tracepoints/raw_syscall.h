/*
 * System calls made directly: they leave errno alone, are no cancellation points, and nobody's wrapper (ours
 * included) sees them. Only for the library's own questions to the kernel; the traced program's calls always
 * go through the real libc function. The result is the kernel's: a value, or -errno.
 */
#ifndef EXECTRACE_RAW_SYSCALL_H
#define EXECTRACE_RAW_SYSCALL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#if !defined(__x86_64__) || defined(__ILP32__)
#error "libexectrace.so knows the x86-64 system call convention only"
#endif

static inline long raw_syscall3(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/*
 * False once the program has had the kernel filter its system calls (seccomp): it has thought of its own
 * calls, not of the library's, and one too many may end the process. What the library would like to know
 * stays unknown then. Never true again. Owned by sandbox.c.
 */
extern bool raw_questions_are_allowed __attribute__((visibility("hidden")));

/* A call that only the library needs. -EPERM: not allowed. */
static inline long raw_question3(long number, long a, long b, long c)
{
    return raw_questions_are_allowed ? raw_syscall3(number, a, b, c) : -EPERM;
}

/* The program has made this call, by name or by number, and it succeeded. */
void sandbox_note_call(long number, long first);

/* A direct call's result in the form of a libc function: -1 and errno, or the value. */
static inline long raw_result(long result)
{
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

#endif
