/*
 * The unwinder against libgcc's: the same frames on plain, realigned, signal, callback and foreign stacks;
 * the stated maximum of frames; damaged stacks end the walk and nothing else.
 */
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unwind.h>

#include <cmocka.h>

#include "tracepoints/unwind.h"
#include "tracepoints/unwind_rules.h"

#define MAX 128u

extern void *__libc_stack_end;

struct pair {
    uint64_t ours[MAX + 1];
    uint32_t ours_count;
    uint64_t theirs[MAX + 1];
    uint32_t theirs_count;
};

static struct pair pair;

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *argument)
{
    int is_exact = 0;
    uint64_t pc = _Unwind_GetIPInfo(context, &is_exact);

    (void)argument;
    if (pc == 0 || pair.theirs_count == MAX)
        return _URC_END_OF_STACK;
    pair.theirs[pair.theirs_count++] = pc + (is_exact != 0);
    return _URC_NO_REASON;
}

/* The bounds of the main stack are known to ours. */
static __attribute__((noinline)) void take(void)
{
    uint64_t high = (uint64_t)(uintptr_t)__libc_stack_end;

    memset(&pair, 0, sizeof(pair));
    pair.ours_count = unwind_take(pair.ours, MAX, high - (1u << 23), high);
    _Unwind_Backtrace(collect, NULL);
}

/* Nothing is known of the stack: every page is asked for. */
static __attribute__((noinline)) void take_unknown(void)
{
    memset(&pair, 0, sizeof(pair));
    pair.ours_count = unwind_take(pair.ours, MAX, 0, 0);
    _Unwind_Backtrace(collect, NULL);
}

/* All frames but the first, whose PCs are two places in take(). */
static void assert_same(uint32_t least)
{
    assert_true(pair.ours_count >= least);
    assert_int_equal(pair.ours_count, pair.theirs_count);
    for (uint32_t i = 1; i < pair.theirs_count; i++)
        assert_int_equal(pair.ours[i], pair.theirs[i]);
}

static __attribute__((noinline)) int descend(int depth, void (*bottom)(void))
{
    volatile int keep = depth;

    if (depth == 0)
        bottom();
    else
        descend(depth - 1, bottom);
    return keep;
}

static void test_unwind__plain_calls_match(void **state)
{
    (void)state;
    descend(20, take);
    assert_same(22);
    descend(20, take); /* from the cache */
    assert_same(22);
}

static void test_unwind__unknown_stack_matches(void **state)
{
    (void)state;
    descend(20, take_unknown);
    assert_same(22);
}

/* A function whose stack pointer moves: the frame address hangs on rbp. */
static __attribute__((noinline)) int with_alloca(size_t size)
{
    volatile char *bytes = __builtin_alloca(size);

    bytes[0] = 1;
    take();
    return bytes[0];
}

static void test_unwind__alloca_matches(void **state)
{
    (void)state;
    assert_int_equal(with_alloca(100), 1);
    assert_same(3);
}

/* A function that realigns its stack: the frame address is loaded from memory. */
static __attribute__((noinline)) int with_alignment(size_t size)
{
    volatile char aligned[128] __attribute__((aligned(64)));
    volatile char *more = __builtin_alloca(size);

    aligned[0] = more[0] = 2;
    descend(3, take);
    return aligned[0];
}

static void test_unwind__realigned_stack_matches(void **state)
{
    (void)state;
    assert_int_equal(with_alignment(50), 2);
    assert_same(5);
}

static int compare(const void *a, const void *b)
{
    take();
    return *(const int *)a - *(const int *)b;
}

static void test_unwind__callback_from_libc_matches(void **state)
{
    int numbers[] = {2, 1};

    (void)state;
    qsort(numbers, 2, sizeof(numbers[0]), compare);
    assert_same(4);
}

static void on_signal(int number)
{
    (void)number;
    take();
}

static void test_unwind__signal_frame_matches(void **state)
{
    struct sigaction action = {.sa_handler = on_signal}, old;

    (void)state;
    sigaction(SIGUSR1, &action, &old);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &old, NULL);
    assert_same(5);
}

static void test_unwind__signal_on_its_own_stack_matches(void **state)
{
    static char bytes[65536];
    stack_t stack = {.ss_sp = bytes, .ss_size = sizeof(bytes)}, old_stack;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, old;

    (void)state;
    sigaltstack(&stack, &old_stack);
    sigaction(SIGUSR1, &action, &old);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &old, NULL);
    old_stack.ss_flags = SS_DISABLE;
    sigaltstack(&old_stack, NULL);
    assert_same(5);
}

static ucontext_t coroutine_context, main_context;

static void coroutine(void)
{
    descend(10, take);
}

static void test_unwind__coroutine_stack_matches(void **state)
{
    static char bytes[65536];

    (void)state;
    getcontext(&coroutine_context);
    coroutine_context.uc_stack.ss_sp = bytes;
    coroutine_context.uc_stack.ss_size = sizeof(bytes);
    coroutine_context.uc_link = &main_context;
    makecontext(&coroutine_context, coroutine, 0);
    swapcontext(&main_context, &coroutine_context);
    assert_same(12);
}

static void test_unwind__deeper_than_the_maximum_is_cut(void **state)
{
    (void)state;
    descend(MAX + 1, take);
    assert_int_equal(pair.ours_count, MAX);
    assert_int_equal(pair.theirs_count, MAX);
    assert_int_equal(pair.ours[MAX - 1], pair.theirs[MAX - 1]);
}

/* Runs unwind_take() on a stack that ends at an unmapped page; what lies above the call is `filler`. */
static uint64_t *damaged_stack;
static volatile uint32_t damaged_count;

static void walk_damaged(void)
{
    damaged_count = unwind_take(pair.ours, MAX, 0, 0);
}

static __attribute__((noinline)) void run_on(char *stack_top)
{
    void (*function)(void) = walk_damaged;

    __asm__ volatile("movq %%rsp, %%r12\n\t"
                     "movq %%rbp, %%r13\n\t"
                     "movq %0, %%rsp\n\t"
                     "movq %0, %%rbp\n\t"
                     "call *%1\n\t"
                     "movq %%r12, %%rsp\n\t"
                     "movq %%r13, %%rbp\n\t"
                     : "+D"(stack_top), "+S"(function)
                     :
                     : "r12", "r13", "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
}

static void test_unwind__damaged_stack_ends_the_walk(void **state)
{
    static const uint64_t fillers[] = {
        0, 1, 8, 0x4141414141414141, UINT64_MAX, 0x7ffffffff000, 0xffff800000000000};
    size_t bytes = 16 * 4096;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_int_equal(mprotect(memory + bytes - 4096, 4096, PROT_NONE), 0);
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        damaged_stack = (uint64_t *)(memory + bytes - 4096 - 512);
        for (size_t j = 0; j < 64; j++)
            damaged_stack[j] = fillers[i];
        damaged_count = 0;
        run_on((char *)damaged_stack);
        assert_true(damaged_count >= 1);
        assert_true(damaged_count < MAX);
    }
    munmap(memory, bytes);
}

static void test_unwind__skipped_code_is_left_out(void **state)
{
    (void)state;
    descend(2, take);
    unwind_forget_code();
    unwind_skip_code((const void *)(uintptr_t)(pair.ours[0] - 1), (const void *)(uintptr_t)pair.ours[0]);
    descend(2, take);
    unwind_skip_code(NULL, NULL);
    unwind_forget_code();
    assert_int_equal(pair.ours_count + 1, pair.theirs_count);
    assert_int_equal(pair.ours[0], pair.theirs[1]);
}

/* Counts the rules of every few PCs of an object's code. */
static int visit_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    uint32_t *counts = argument;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        for (uint64_t pc = start; pc < start + segment->p_memsz; pc += 7)
            counts[unwind_rule_find(pc).step]++;
    }
    return 0;
}

/* Nearly all code can be unwound, and what cannot is found out without harm. */
static void test_unwind__all_code_of_the_process_has_rules(void **state)
{
    uint32_t counts[UNWIND_FRAME_POINTER + 1] = {0};
    uint32_t total = 0;

    (void)state;
    dl_iterate_phdr(visit_object, counts);
    for (size_t i = 0; i <= UNWIND_FRAME_POINTER; i++)
        total += counts[i];
    assert_true(total > 100000);
    assert_true(counts[UNWIND_RSP] > total / 2);
    assert_true(counts[UNWIND_RBP] > 0);
    assert_true(counts[UNWIND_STOP] < total / 50);
    assert_true(counts[UNWIND_FRAME_POINTER] < total / 10);
}

#define WALK_MAX 160u

/* Remembered walks: every one that is recognized is compared with a walk of its own. */
static struct {
    struct unwind_trails trails;
    uint64_t stacks[4096][WALK_MAX];
    uint32_t counts[4096];
    uint32_t taken, recognized;
    uint64_t low, high;
} memory;

static __attribute__((noinline)) void take_remembered(void)
{
    uint64_t new_pcs[WALK_MAX], pcs[WALK_MAX];
    uint32_t number;
    uint32_t new_count = unwind_take_new(new_pcs, WALK_MAX, memory.low, memory.high, &memory.trails, &number);
    uint32_t count = unwind_take(pcs, WALK_MAX, memory.low, memory.high);

    memory.recognized += number != 0;
    if (number == 0) {
        number = memory.taken++ % 4096 + 1;
        memory.counts[number - 1] = new_count;
        memcpy(memory.stacks[number - 1], new_pcs, sizeof new_pcs);
        unwind_remember(&memory.trails, number);
    } else {
        assert_int_equal(new_count, 0);
    }
    assert_int_equal(memory.counts[number - 1], count);
    assert_memory_equal(memory.stacks[number - 1] + 1, pcs + 1, (count - 1) * sizeof *pcs);
}

static void begin_memory(bool is_known)
{
    memset(&memory, 0, sizeof memory);
    memory.high = is_known ? (uint64_t)(uintptr_t)__libc_stack_end : 0;
    memory.low = is_known ? memory.high - (1u << 23) : 0;
}

static int wander_left(uint32_t path, int depth);

/* Two functions with frames of one size that call each other by the bits of `path`. */
static __attribute__((noinline)) int wander_right(uint32_t path, int depth)
{
    volatile int keep = depth;

    if (depth == 0)
        take_remembered();
    else if (path & 1)
        wander_right(path >> 1, depth - 1);
    else
        wander_left(path >> 1, depth - 1);
    return keep;
}

static __attribute__((noinline)) int wander_left(uint32_t path, int depth)
{
    volatile int keep = depth + 1; /* not the same function */

    if (depth == 0)
        take_remembered();
    else if (path & 1)
        wander_right(path >> 1, depth - 1);
    else
        wander_left(path >> 1, depth - 1);
    return keep;
}

static void test_unwind__remembered_stacks_are_the_right_ones(void **state)
{
    uint32_t random = 12345;

    (void)state;
    begin_memory(true);
    for (int i = 0; i < 20000; i++) {
        random = random * 1103515245u + 12345u;
        /* One of eight stacks of one depth, or of two depths that differ in their oldest frames only. */
        if (random & 0x10000)
            wander_left((random >> 20) & 7, 5);
        else
            wander_right((random >> 20 & 1) << 9, 9 + (int)(random >> 24 & 1));
    }
    assert_true(memory.recognized > 2000);
    assert_true(memory.taken > 2000);
}

static void test_unwind__same_stack_is_walked_once(void **state)
{
    volatile int times = 10; /* one call, which no compiler unrolls to ten with as many return addresses */

    (void)state;
    begin_memory(true);
    while (times-- > 0)
        wander_left(5, 20);
    assert_int_equal(memory.taken, 1);
    unwind_forget_code();
    wander_left(5, 20);
    assert_int_equal(memory.taken, 1 + 1);
    unwind_forget_trails(&memory.trails);
    wander_left(5, 20);
    assert_int_equal(memory.taken, 1 + 1 + 1);
}

static void test_unwind__what_cannot_be_remembered_is_walked(void **state)
{
    (void)state;
    begin_memory(false); /* nothing is known of the stack */
    for (int i = 0; i < 5; i++)
        wander_left(5, 20);
    assert_int_equal(memory.recognized, 0);
    begin_memory(true); /* deeper than a trail is long */
    for (int i = 0; i < 5; i++)
        wander_left(5, (int)UNWIND_TRAIL_WORDS + 10);
    assert_int_equal(memory.recognized, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwind__plain_calls_match),
        cmocka_unit_test(test_unwind__unknown_stack_matches),
        cmocka_unit_test(test_unwind__alloca_matches),
        cmocka_unit_test(test_unwind__realigned_stack_matches),
        cmocka_unit_test(test_unwind__callback_from_libc_matches),
        cmocka_unit_test(test_unwind__signal_frame_matches),
        cmocka_unit_test(test_unwind__signal_on_its_own_stack_matches),
        cmocka_unit_test(test_unwind__coroutine_stack_matches),
        cmocka_unit_test(test_unwind__deeper_than_the_maximum_is_cut),
        cmocka_unit_test(test_unwind__damaged_stack_ends_the_walk),
        cmocka_unit_test(test_unwind__remembered_stacks_are_the_right_ones),
        cmocka_unit_test(test_unwind__same_stack_is_walked_once),
        cmocka_unit_test(test_unwind__what_cannot_be_remembered_is_walked),
        cmocka_unit_test(test_unwind__skipped_code_is_left_out),
        cmocka_unit_test(test_unwind__all_code_of_the_process_has_rules),
    };

    return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
