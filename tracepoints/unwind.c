/*
 * Walks the calling thread's stack: see unwind.h. The way from a PC to its caller's frame is found once
 * (unwind_rules.c) and kept in a table of fixed size that all threads share.
 */
#include "tracepoints/unwind.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "tracepoints/raw_syscall.h"
#include "tracepoints/unwind_rules.h"

#define CACHE_COUNT (1u << 14) /* a power of two; 256 KiB, touched as used */
#define PAGE_BYTES 4096u
#define LOWEST_PC UINT64_C(0x10000)
#define HIGHEST_PC UINT64_C(0x7fffffffffff)
/* More frames than any `max`, since frames of our own do not count: the end of a walk in a loop. */
#define STEP_LIMIT 192u
/* The longest frame that is followed by its frame pointer alone. */
#define FRAME_POINTER_REACH (UINT64_C(1) << 20)
/* Offsets in the kernel's struct ucontext, which a signal frame's stack pointer points to. */
#define UCONTEXT_RBP 120u
#define UCONTEXT_RSP 160u
#define UCONTEXT_RIP 168u

/* A rule in 64 bits, so that it is read and written in one go. */
union packed_rule {
    struct {
        int32_t cfa_offset;
        int16_t rbp_offset8;
        uint8_t step;
        uint8_t flags;
    } fields;
    uint64_t word;
};

enum {
    RULE_RBP_SAVED = 1,
    RULE_RBP_AT_RBP = 2,
    RULE_OWN_CODE = 4, /* of libexectrace.so */
};

/* `check` is the PC xor `rule`: a pair torn by two writers does not match. */
struct cache_slot {
    uint64_t check;
    uint64_t rule;
};

struct walk {
    uint64_t pc;
    uint64_t rsp;
    uint64_t rbp;
    uint64_t readable_low; /* [readable_low, readable_high) is known to be mapped */
    uint64_t readable_high;
    uint64_t stack_low; /* the thread's own stack */
    uint64_t stack_high;
    bool is_exact; /* `pc` is an interrupted instruction, not a return address */
};

static struct cache_slot cache[CACHE_COUNT];

static uint64_t own_code_start;
static uint64_t own_code_bytes;

void unwind_skip_code(const void *start, const void *end)
{
    own_code_start = (uint64_t)(uintptr_t)start;
    own_code_bytes = (uint64_t)(uintptr_t)end - own_code_start;
}

static union packed_rule find_rule_slowly(uint64_t pc, struct cache_slot *slot)
{
    struct unwind_rule rule = unwind_rule_find(pc);
    union packed_rule packed = {
        .fields = {.cfa_offset = rule.cfa_offset, .rbp_offset8 = rule.rbp_offset8, .step = rule.step}};

    if (rule.is_rbp_saved)
        packed.fields.flags |= RULE_RBP_SAVED;
    if (rule.is_rbp_at_rbp)
        packed.fields.flags |= RULE_RBP_AT_RBP;
    if (pc - own_code_start < own_code_bytes)
        packed.fields.flags |= RULE_OWN_CODE;
    __atomic_store_n(&slot->rule, packed.word, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->check, pc ^ packed.word, __ATOMIC_RELAXED);
    return packed;
}

static inline union packed_rule find_rule(uint64_t pc)
{
    struct cache_slot *slot = &cache[(pc * UINT64_C(0x9e3779b97f4a7c15)) >> 50];
    union packed_rule rule = {.word = __atomic_load_n(&slot->rule, __ATOMIC_RELAXED)};

    if (__builtin_expect((__atomic_load_n(&slot->check, __ATOMIC_RELAXED) ^ rule.word) != pc, 0))
        return find_rule_slowly(pc, slot);
    return rule;
}

void unwind_forget_code(void)
{
    for (uint32_t i = 0; i < CACHE_COUNT; i++)
        __atomic_store_n(&cache[i].check, 0, __ATOMIC_RELAXED);
}

/*
 * Asks the kernel whether 8 bytes can be read: it copies the set before it refuses the impossible first
 * argument. Every system call filter allows this call.
 */
static bool can_read(uint64_t address)
{
    return raw_syscall6(SYS_rt_sigprocmask, -1, (long)address, 0, 8, 0, 0) == -EINVAL;
}

/* Widens or moves the readable range to the page that holds `address`. */
static bool make_readable(struct walk *walk, uint64_t address)
{
    uint64_t page = address & ~(uint64_t)(PAGE_BYTES - 1);

    if (walk->rsp >= walk->stack_low && walk->rsp < walk->stack_high && address >= walk->rsp &&
        address + 8 <= walk->stack_high) {
        walk->readable_low = walk->rsp;
        walk->readable_high = walk->stack_high;
        return true;
    }
    if (!can_read(address))
        return false;
    if (page == walk->readable_high) {
        walk->readable_high = page + PAGE_BYTES;
    } else {
        walk->readable_low = page;
        walk->readable_high = page + PAGE_BYTES;
    }
    return true;
}

static inline bool read_word(struct walk *walk, uint64_t address, uint64_t *value)
{
    if (__builtin_expect((address & 7) != 0, 0))
        return false;
    if (__builtin_expect(address < walk->readable_low || address + 8 > walk->readable_high, 0) &&
        !make_readable(walk, address))
        return false;
    *value = *(const uint64_t *)(uintptr_t)address;
    return true;
}

static bool step_over_signal(struct walk *walk)
{
    uint64_t context = walk->rsp;

    walk->is_exact = true;
    return read_word(walk, context + UCONTEXT_RIP, &walk->pc) &&
           read_word(walk, context + UCONTEXT_RBP, &walk->rbp) &&
           read_word(walk, context + UCONTEXT_RSP, &walk->rsp);
}

/* Where there is no unwind information: only upwards, and only to what can be code. */
static bool step_by_frame_pointer(struct walk *walk)
{
    uint64_t frame = walk->rbp;
    uint64_t pc, rbp;

    walk->is_exact = false;
    /* A frame pointer that leads far away belongs to another stack: that of whoever started a coroutine. */
    if (frame < walk->rsp || frame - walk->rsp > FRAME_POINTER_REACH || !read_word(walk, frame, &rbp) ||
        !read_word(walk, frame + 8, &pc) || pc < LOWEST_PC || pc > HIGHEST_PC)
        return false;
    walk->pc = pc;
    walk->rbp = rbp;
    walk->rsp = frame + 16;
    return true;
}

static __attribute__((noinline)) bool step_rarely(struct walk *walk, union packed_rule rule, uint64_t *cfa)
{
    switch (rule.fields.step) {
    case UNWIND_SIGNAL:
        return step_over_signal(walk);
    case UNWIND_FRAME_POINTER:
        return step_by_frame_pointer(walk);
    case UNWIND_DEREF_RBP:
        return read_word(walk, walk->rbp + (uint64_t)(int64_t)rule.fields.cfa_offset, cfa);
    default:
        return false;
    }
}

/* To the caller's frame. False at the end of the stack. */
static inline bool step(struct walk *walk, union packed_rule rule)
{
    uint64_t cfa;

    if (__builtin_expect(rule.fields.step == UNWIND_RSP, 1)) {
        cfa = walk->rsp + (uint64_t)(int64_t)rule.fields.cfa_offset;
    } else if (rule.fields.step == UNWIND_RBP) {
        cfa = walk->rbp + (uint64_t)(int64_t)rule.fields.cfa_offset;
    } else {
        if (!step_rarely(walk, rule, &cfa))
            return false;
        if (rule.fields.step != UNWIND_DEREF_RBP)
            return true;
    }
    if (cfa <= walk->rsp || !read_word(walk, cfa - 8, &walk->pc))
        return false;
    if ((rule.fields.flags & RULE_RBP_SAVED) != 0) {
        uint64_t base = (rule.fields.flags & RULE_RBP_AT_RBP) != 0 ? walk->rbp : cfa;

        if (!read_word(walk, base + (uint64_t)((int64_t)rule.fields.rbp_offset8 * 8), &walk->rbp))
            return false;
    }
    walk->rsp = cfa;
    walk->is_exact = false;
    return walk->pc != 0;
}

__attribute__((noinline)) uint32_t unwind_take(uint64_t *pcs, uint32_t max, uint64_t stack_low,
                                               uint64_t stack_high)
{
    const uint64_t *frame = __builtin_frame_address(0);
    uint64_t page = (uint64_t)(uintptr_t)frame & ~(uint64_t)(PAGE_BYTES - 1);
    struct walk walk = {.pc = frame[1],
                        .rsp = (uint64_t)(uintptr_t)(frame + 2),
                        .rbp = frame[0],
                        .stack_low = stack_low,
                        .stack_high = stack_high};
    uint32_t count = 0;

    walk.readable_low = (uint64_t)(uintptr_t)frame;
    walk.readable_high = page + PAGE_BYTES;
    for (uint32_t steps = 0; steps < STEP_LIMIT && count < max; steps++) {
        union packed_rule rule = find_rule(walk.pc - !walk.is_exact);

        if ((rule.fields.flags & RULE_OWN_CODE) == 0)
            pcs[count++] = walk.pc + walk.is_exact;
        if (!step(&walk, rule))
            break;
    }
    return count;
}
