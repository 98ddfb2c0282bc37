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
    bool is_exact;              /* `pc` is an interrupted instruction, not a return address */
    bool needs_rbp;             /* the walk used the first rbp */
    uint64_t rbp_address;       /* where `rbp` was read; 0: nowhere, it is the first one */
    struct unwind_trail *trail; /* where to note what is read; NULL: nowhere */
};

static struct cache_slot cache[CACHE_COUNT];

static uint32_t generation; /* of the code */

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
    __atomic_add_fetch(&generation, 1, __ATOMIC_RELEASE);
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

/* Gives the trail up where it leaves the part of the stack that can always be read, or gets too long. */
static void note_word(struct walk *walk, uint64_t address, uint64_t value)
{
    struct unwind_trail *trail = walk->trail;

    if (trail->word_count == UNWIND_TRAIL_WORDS || address < trail->rsp || address + 8 > walk->stack_high) {
        trail->pc = 0;
        walk->trail = NULL;
        return;
    }
    trail->offsets[trail->word_count] = (uint32_t)((address - trail->rsp) / 8);
    trail->words[trail->word_count++] = value;
}

static inline bool read_unnoted(struct walk *walk, uint64_t address, uint64_t *value)
{
    if (__builtin_expect((address & 7) != 0, 0))
        return false;
    if (__builtin_expect(address < walk->readable_low || address + 8 > walk->readable_high, 0) &&
        !make_readable(walk, address))
        return false;
    *value = *(const uint64_t *)(uintptr_t)address;
    return true;
}

static inline bool read_word(struct walk *walk, uint64_t address, uint64_t *value)
{
    if (!read_unnoted(walk, address, value))
        return false;
    if (walk->trail != NULL)
        note_word(walk, address, *value);
    return true;
}

/* Mostly rbp is any variable of the program, and not noted: see use_rbp(). */
static inline bool read_rbp(struct walk *walk, uint64_t address)
{
    walk->rbp_address = address;
    return read_unnoted(walk, address, &walk->rbp);
}

/* The frame pointer, where the walk depends on it. */
static inline uint64_t use_rbp(struct walk *walk)
{
    if (walk->rbp_address == 0)
        walk->needs_rbp = true;
    else if (walk->trail != NULL)
        note_word(walk, walk->rbp_address, walk->rbp);
    return walk->rbp;
}

static bool step_over_signal(struct walk *walk)
{
    uint64_t context = walk->rsp;

    walk->is_exact = true;
    return read_word(walk, context + UCONTEXT_RIP, &walk->pc) && read_rbp(walk, context + UCONTEXT_RBP) &&
           read_word(walk, context + UCONTEXT_RSP, &walk->rsp);
}

/* Where there is no unwind information: only upwards, and only to what can be code. */
static bool step_by_frame_pointer(struct walk *walk)
{
    uint64_t frame = use_rbp(walk);
    uint64_t pc;

    walk->is_exact = false;
    /* A frame pointer that leads far away belongs to another stack: that of whoever started a coroutine. */
    if (frame < walk->rsp || frame - walk->rsp > FRAME_POINTER_REACH || !read_rbp(walk, frame) ||
        !read_word(walk, frame + 8, &pc) || pc < LOWEST_PC || pc > HIGHEST_PC)
        return false;
    walk->pc = pc;
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
        return read_word(walk, use_rbp(walk) + (uint64_t)(int64_t)rule.fields.cfa_offset, cfa);
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
        cfa = use_rbp(walk) + (uint64_t)(int64_t)rule.fields.cfa_offset;
    } else {
        if (!step_rarely(walk, rule, &cfa))
            return false;
        if (rule.fields.step != UNWIND_DEREF_RBP)
            return true;
    }
    if (cfa <= walk->rsp || !read_word(walk, cfa - 8, &walk->pc))
        return false;
    if ((rule.fields.flags & RULE_RBP_SAVED) != 0) {
        uint64_t base = (rule.fields.flags & RULE_RBP_AT_RBP) != 0 ? use_rbp(walk) : cfa;

        if (!read_rbp(walk, base + (uint64_t)((int64_t)rule.fields.rbp_offset8 * 8)))
            return false;
    }
    walk->rsp = cfa;
    walk->is_exact = false;
    return walk->pc != 0;
}

static inline struct walk begin_walk(const uint64_t *frame, uint64_t stack_low, uint64_t stack_high)
{
    return (struct walk){
        .pc = frame[1],
        .rsp = (uint64_t)(uintptr_t)(frame + 2),
        .rbp = frame[0],
        .readable_low = (uint64_t)(uintptr_t)frame,
        .readable_high = ((uint64_t)(uintptr_t)frame & ~(uint64_t)(PAGE_BYTES - 1)) + PAGE_BYTES,
        .stack_low = stack_low,
        .stack_high = stack_high,
    };
}

static inline uint32_t walk_up(struct walk *walk, uint64_t *pcs, uint32_t max)
{
    uint32_t count = 0;

    for (uint32_t steps = 0; steps < STEP_LIMIT && count < max; steps++) {
        union packed_rule rule = find_rule(walk->pc - !walk->is_exact);

        if ((rule.fields.flags & RULE_OWN_CODE) == 0)
            pcs[count++] = walk->pc + walk->is_exact;
        if (!step(walk, rule))
            break;
    }
    return count;
}

__attribute__((noinline)) uint32_t unwind_take(uint64_t *pcs, uint32_t max, uint64_t stack_low,
                                               uint64_t stack_high)
{
    struct walk walk = begin_walk(__builtin_frame_address(0), stack_low, stack_high);

    return walk_up(&walk, pcs, max);
}

static inline bool is_same(const struct unwind_trail *trail, const struct walk *walk, uint32_t now)
{
    const uint64_t *stack = (const uint64_t *)(uintptr_t)walk->rsp;

    if (trail->pc != walk->pc || trail->rsp != walk->rsp || trail->number == 0 || trail->generation != now ||
        (trail->needs_rbp && trail->rbp != walk->rbp))
        return false;
    for (uint32_t i = 0; i < trail->word_count; i++) {
        if (stack[trail->offsets[i]] != trail->words[i])
            return false;
    }
    return true;
}

/* Has the walk write down its trail. */
static void begin_trail(struct walk *walk, struct unwind_trails *trails, uint32_t now)
{
    struct unwind_trail *trail = &trails->trails[trails->next];

    trail->pc = walk->pc;
    trail->rsp = walk->rsp;
    trail->rbp = walk->rbp;
    trail->generation = now;
    trail->number = 0;
    trail->word_count = 0;
    walk->trail = trail;
}

__attribute__((noinline)) uint32_t unwind_take_new(uint64_t *pcs, uint32_t max, uint64_t stack_low,
                                                   uint64_t stack_high, struct unwind_trails *trails,
                                                   uint32_t *number)
{
    struct walk walk = begin_walk(__builtin_frame_address(0), stack_low, stack_high);
    uint32_t now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    uint32_t count;

    *number = 0;
    if (walk.rsp < stack_low || walk.rsp >= stack_high) {
        trails->trails[trails->next].pc = 0;
        return walk_up(&walk, pcs, max);
    }
    for (uint32_t i = 0; i < UNWIND_TRAIL_COUNT; i++) {
        if (is_same(&trails->trails[i], &walk, now)) {
            *number = trails->trails[i].number;
            return 0;
        }
    }
    begin_trail(&walk, trails, now);
    count = walk_up(&walk, pcs, max);
    if (walk.trail != NULL)
        walk.trail->needs_rbp = walk.needs_rbp;
    return count;
}

void unwind_remember(struct unwind_trails *trails, uint32_t number)
{
    trails->trails[trails->next].number = number;
    trails->next = (trails->next + 1) % UNWIND_TRAIL_COUNT;
}

void unwind_forget_trails(struct unwind_trails *trails)
{
    for (uint32_t i = 0; i < UNWIND_TRAIL_COUNT; i++)
        trails->trails[i].pc = 0;
}
