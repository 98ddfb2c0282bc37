/*
 * Wrappers of the ways in which code is left for good: longjmp, exit, pthread_exit; and of asynchronous
 * cancellation. A signal handler may leave a call in its middle, and so also our code and LTTng's around the
 * real function. LTTng would then keep what it has reserved and locked: nothing more could be recorded on
 * that CPU, the session would never stop, and the program would hang when it ends.
 *
 * So a handler that leaves our code does so a moment later: the interrupted code goes on, with all signals
 * blocked, and when it is done guard_leave() does what the handler wanted. To the program the signal has come
 * at the end of our code instead of in it. Cancellation is held off for as long.
 *
 * Called by the program on any thread, also in signal handlers; the level of the guard tells whether these
 * have interrupted us.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <threads.h>
#include <ucontext.h>
#include <unwind.h>

#include "tracepoints/guard.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/waits.h"

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* What the frames of the library's C code have for unwinding; the linker puts the second one before it. */
_Unwind_Reason_Code __real___gcc_personality_v0(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class class,
                                                struct _Unwind_Exception *exception,
                                                struct _Unwind_Context *context);
_Unwind_Reason_Code __wrap___gcc_personality_v0(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class class,
                                                struct _Unwind_Exception *exception,
                                                struct _Unwind_Context *context);

/* Where in jmp_buf glibc keeps the stack pointer, mangled. */
#define JUMP_STACK_POINTER 6
/* Code segment of 64-bit programs, in the interrupted registers. */
#define CODE_SEGMENT 0x33

_Noreturn void longjmp(struct __jmp_buf_tag target[1], int value) WRAPPER;
_Noreturn void _longjmp(struct __jmp_buf_tag target[1], int value) WRAPPER;
_Noreturn void siglongjmp(struct __jmp_buf_tag target[1], int value) WRAPPER;
_Noreturn void __longjmp_chk(struct __jmp_buf_tag target[1], int value) WRAPPER;

/* What is looked for on the stack of a handler. */
struct search {
    uintptr_t callee_cfa;
    ucontext_t *interrupted; /* by the latest signal */
    bool is_found;
};

static _Unwind_Reason_Code look_at_frame(struct _Unwind_Context *context, void *data)
{
    struct search *search = data;
    int was_interrupted = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &was_interrupted);

    /* The kernel has put the context where the handler's caller would have its arguments. */
    if (was_interrupted)
        search->interrupted = (ucontext_t *)search->callee_cfa;
    search->callee_cfa = _Unwind_GetCFA(context);
    if (search->interrupted == NULL || pc < (uintptr_t)__ehdr_start || pc >= (uintptr_t)_end)
        return _URC_NO_REASON;
    search->is_found = true;
    return _URC_NORMAL_STOP;
}

/* What the signal has interrupted that let the calling code, a handler, run in the middle of ours. */
static ucontext_t *find_interrupted(void)
{
    struct search search = {.interrupted = NULL};
    uint64_t shadow_stack = 0;

    /* The kernel does not return to a frame that the shadow stack, where there is one, does not expect. */
    __asm__("rdsspq %0" : "+r"(shadow_stack));
    if (shadow_stack != 0)
        return NULL;
    _Unwind_Backtrace(look_at_frame, &search);
    if (!search.is_found || (search.interrupted->uc_mcontext.gregs[REG_CSGSFS] & 0xffff) != CODE_SEGMENT)
        return NULL;
    return search.interrupted;
}

/* Goes on with what was interrupted, as if the handlers had returned, but with all signals blocked. */
static _Noreturn void go_on_with(ucontext_t *interrupted)
{
    sigfillset(&interrupted->uc_sigmask);
    __asm__ volatile("movq %0, %%rsp\n\tmovl %1, %%eax\n\tsyscall"
                     :
                     : "r"(interrupted), "i"(SYS_rt_sigreturn)
                     : "memory");
    __builtin_unreachable();
}

/* Leaves later, if the calling handler has interrupted our code and this can be done. */
static void leave_later(const struct leaving *leaving, uintptr_t target_stack)
{
    struct guard_words *words = &guard_words;
    ucontext_t *interrupted;

    if (words->block == NULL || guard_is_vfork_child() || (interrupted = find_interrupted()) == NULL)
        return;
    /* A jump inside the handler leaves nothing. */
    if (target_stack > (uintptr_t)__builtin_frame_address(0) && target_stack < (uintptr_t)interrupted)
        return;
    words->block->leaving = *leaving;
    raw_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)(uintptr_t)&words->block->leaving.mask,
                 sizeof words->block->leaving.mask, 0, 0);
    words->is_leaving = 1;
    go_on_with(interrupted);
}

void guard_hold_cancel(struct thread_block *thread)
{
    if (guard_words.is_cancel_held)
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &thread->cancel_state);
    guard_words.is_cancel_held = 1;
}

/*
 * A cancellation that is due acts now. By the type, not by the state: pthread_setcancelstate() of glibc 2.36
 * then forgets that the thread's result is PTHREAD_CANCELED.
 */
static void allow_cancel(int state)
{
    int type;

    real.pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    pthread_setcancelstate(state, NULL);
    real.pthread_setcanceltype(type, NULL);
}

void guard_after_leave(void)
{
    struct guard_words *words = &guard_words;
    bool was_held = words->is_cancel_held, is_leaving = words->is_leaving;
    struct leaving leaving = words->block->leaving;

    words->is_cancel_held = 0;
    words->is_leaving = 0;
    if (is_leaving)
        raw_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)(uintptr_t)&leaving.mask, 0, sizeof leaving.mask,
                     0, 0);
    if (was_held)
        allow_cancel(words->block->cancel_state);
    if (is_leaving)
        leaving.leave(&leaving);
}

/*
 * A wrapper that is left while it calls something is cleaned up after. One that is left between two
 * instructions of its own can't be: its frame may be half made.
 */
_Unwind_Reason_Code __wrap___gcc_personality_v0(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class class,
                                                struct _Unwind_Exception *exception,
                                                struct _Unwind_Context *context)
{
    int was_interrupted = 0;

    _Unwind_GetIPInfo(context, &was_interrupted);
    return was_interrupted ? _URC_CONTINUE_UNWIND
                           : __real___gcc_personality_v0(version, actions, class, exception, context);
}

/* Where on the stack a jump leads to; 0: nowhere that is known. */
static uintptr_t stack_of(const struct __jmp_buf_tag *target)
{
    uintptr_t mangled = (uintptr_t)target->__jmpbuf[JUMP_STACK_POINTER], stack;

    /* glibc's PTR_DEMANGLE. */
    __asm__("movq %1, %0\n\trorq $17, %0\n\txorq %%fs:0x30, %0" : "=&r"(stack) : "r"(mangled) : "cc");
    return stack;
}

#define JUMP(name)                                                                                           \
    static void leave_by_##name(const struct leaving *leaving)                                               \
    {                                                                                                        \
        real.name(leaving->target, leaving->value);                                                          \
    }                                                                                                        \
    _Noreturn void name(struct __jmp_buf_tag target[1], int value)                                           \
    {                                                                                                        \
        if (unlikely(guard_is_raised()))                                                                     \
            leave_later(&(struct leaving){.leave = leave_by_##name, .target = target, .value = value},       \
                        stack_of(target));                                                                   \
        real.name(target, value);                                                                            \
        __builtin_unreachable();                                                                             \
    }

JUMP(longjmp)
JUMP(_longjmp)
JUMP(siglongjmp)
JUMP(__longjmp_chk)

static void leave_by_exit(const struct leaving *leaving)
{
    real.exit(leaving->value);
}

WRAPPER _Noreturn void exit(int status)
{
    if (unlikely(guard_is_raised()))
        leave_later(&(struct leaving){.leave = leave_by_exit, .value = status}, 0);
    real.exit(status);
    __builtin_unreachable();
}

static void leave_by_pthread_exit(const struct leaving *leaving)
{
    real.pthread_exit(leaving->target);
}

WRAPPER _Noreturn void pthread_exit(void *result)
{
    if (unlikely(guard_is_raised()))
        leave_later(&(struct leaving){.leave = leave_by_pthread_exit, .target = result}, 0);
    real.pthread_exit(result);
    __builtin_unreachable();
}

static void leave_by_thrd_exit(const struct leaving *leaving)
{
    real.thrd_exit(leaving->value);
}

WRAPPER _Noreturn void thrd_exit(int result)
{
    if (unlikely(guard_is_raised()))
        leave_later(&(struct leaving){.leave = leave_by_thrd_exit, .value = result}, 0);
    real.thrd_exit(result);
    __builtin_unreachable();
}

/* Such a thread has its block before, so that nothing but the block's presence need be known when it records.
 */
WRAPPER int pthread_setcanceltype(int type, int *old_type)
{
    uint32_t role = guard_words.role;
    int result;

    if (type == PTHREAD_CANCEL_ASYNCHRONOUS && role == GUARD_UNKNOWN && guard_enter() != NULL) {
        guard_leave();
        role = guard_words.role;
    }
    if (type == PTHREAD_CANCEL_ASYNCHRONOUS && role == GUARD_TRACED)
        guard_words.role = GUARD_ASYNC;
    result = real.pthread_setcanceltype(type, old_type);
    if (guard_words.role == GUARD_ASYNC && (type == PTHREAD_CANCEL_DEFERRED || result != 0))
        guard_words.role = result != 0 ? role : GUARD_TRACED;
    return result;
}
