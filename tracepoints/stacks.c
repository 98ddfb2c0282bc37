/*
 * Numbers and definitions of call stacks: see stacks.h. Called on any thread of the program, inside the
 * guard; the table is shared and lock-free.
 */
#include "tracepoints/stacks.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracepoints/modules.h"
#include "tracepoints/process.h"
#include "tracepoints/unwind.h"

#include "tracepoints/provider_stack.h"

#define STACK_SLOT_COUNT                                                                                     \
    (1u << 18) /* a power of two; the table is 4 MiB of address space, touched as used                       \
                */
#define STACK_PROBE_COUNT 64u
#define EPOCH_NS UINT64_C(1000000000)
/* Of the stacks in a thread's events one in so many is defined again in its epoch, for buffers that keep less
 * than an epoch. A prime, so that no program's rhythm hides a stack from it. */
#define REFRESH_INTERVAL 251u
/* Of those that it tells others not more than one in so long: most are never used. */
#define TOLD_REFRESH_PAUSE_NS UINT64_C(10000000)

/* A stack's number is its slot's index + 1; slots are never given back. */
struct stack_slot {
    uint64_t hash;  /* of the PCs; 0: free */
    uint32_t epoch; /* of its last definition */
};

_Static_assert(STACK_SLOT_COUNT <= EXECTRACE_WHO_STACK_LIMIT, "a stack's number fits into `who`");

static struct stack_slot *table;
static uint32_t depth_limit;
static uint32_t epoch = 1;
static uint64_t epoch_start_ns;
static const void *epoch_probes; /* the tracepoint's probes when the epoch began: changes with sessions */

void stacks_init(uint32_t max_depth)
{
    void *memory = (void *)syscall(SYS_mmap, 0L, (long)(STACK_SLOT_COUNT * sizeof(struct stack_slot)),
                                   (long)(PROT_READ | PROT_WRITE),
                                   (long)(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), -1L, 0L);

    depth_limit = max_depth;
    table = memory == MAP_FAILED ? NULL : memory;
}

void stacks_new_epoch(void)
{
    __atomic_add_fetch(&epoch, 1, __ATOMIC_ACQ_REL);
}

static uint64_t hash_pcs(const uint64_t *pcs, uint32_t count)
{
    uint64_t hash = count;

    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ pcs[i]) * UINT64_C(0x9fb21c651e98df25);
        hash ^= hash >> 32;
    }
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    return hash != 0 ? hash : 1;
}

static struct stack_slot *find_slot(uint64_t hash)
{
    for (uint32_t i = 0; i < STACK_PROBE_COUNT; i++) {
        struct stack_slot *slot = &table[((uint32_t)(hash >> 32) + i) & (STACK_SLOT_COUNT - 1)];
        uint64_t seen = __atomic_load_n(&slot->hash, __ATOMIC_ACQUIRE);

        if (seen == 0 &&
            __atomic_compare_exchange_n(&slot->hash, &seen, hash, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return slot;
        if (seen == hash)
            return slot;
    }
    return NULL;
}

/* The epoch that `now_ns` belongs to. */
static uint32_t current_epoch(uint64_t now_ns)
{
    uint64_t start_ns = __atomic_load_n(&epoch_start_ns, __ATOMIC_RELAXED);
    const void *probes =
        __atomic_load_n(&lttng_ust_tracepoint_exectrace_stack___define.probes, __ATOMIC_RELAXED);

    if (unlikely(now_ns - start_ns > EPOCH_NS && now_ns > start_ns) &&
        __atomic_compare_exchange_n(&epoch_start_ns, &start_ns, now_ns, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        stacks_new_epoch();
    if (unlikely(probes != __atomic_load_n(&epoch_probes, __ATOMIC_RELAXED))) {
        __atomic_store_n(&epoch_probes, probes, __ATOMIC_RELAXED);
        stacks_new_epoch();
    }
    return __atomic_load_n(&epoch, __ATOMIC_ACQUIRE);
}

/* Emits the definition and, once per epoch, the modules of its PCs. */
static void define(struct stack_slot *slot, const uint64_t *pcs, uint32_t count, uint32_t now)
{
    process_introduce_again();
    for (uint32_t i = 0; i < count; i++)
        modules_announce(pcs[i] - 1, now, false);
    lttng_ust_do_tracepoint(exectrace_stack, define, (uint32_t)(slot - table) + 1, pcs, count);
    __atomic_store_n(&slot->epoch, now, __ATOMIC_RELEASE);
}

/* Defines the stack in thread->pcs where that is due. `is_refresh`: due anyway. */
static void define_if_due(struct thread_block *thread, struct stack_slot *slot, uint32_t count, uint32_t now,
                          bool is_refresh)
{
    if (unlikely(is_refresh)) {
        modules_announce(thread->pcs[thread->stack_count / REFRESH_INTERVAL % count] - 1, now, true);
        define(slot, thread->pcs, count, now);
    } else if (unlikely(__atomic_load_n(&slot->epoch, __ATOMIC_ACQUIRE) != now)) {
        define(slot, thread->pcs, count, now);
    }
}

/* Counts an event of the thread. True: its stack is defined again. */
static bool is_refresh_due(struct thread_block *thread)
{
    return unlikely(++thread->stack_count % REFRESH_INTERVAL == 0);
}

static uint32_t take(struct thread_block *thread, uint64_t now_ns, bool is_refresh)
{
    struct stack_slot *slot;
    uint32_t count, now, number;

    if (depth_limit == 0 || table == NULL)
        return 0;
    count = unwind_take_new(thread->pcs, depth_limit, thread->stack_low, thread->stack_high, &thread->trails,
                            &number);
    now = current_epoch(now_ns);
    if (likely(number != 0)) {
        slot = &table[number - 1];
        if (likely(!is_refresh && __atomic_load_n(&slot->epoch, __ATOMIC_ACQUIRE) == now))
            return number;
        count = unwind_take(thread->pcs, depth_limit, thread->stack_low, thread->stack_high);
    }
    if (count == 0)
        return 0;
    if (number == 0) {
        slot = find_slot(hash_pcs(thread->pcs, count));
        if (slot == NULL)
            return 0;
        number = (uint32_t)(slot - table) + 1;
        unwind_remember(&thread->trails, number);
    }
    define_if_due(thread, slot, count, now, is_refresh);
    return number;
}

uint32_t stacks_take(struct thread_block *thread, uint64_t now_ns)
{
    return take(thread, now_ns, is_refresh_due(thread));
}

uint32_t stacks_take_early(struct thread_block *thread, uint64_t now_ns)
{
    return take(thread, now_ns, false);
}

uint32_t stacks_take_to_tell(struct thread_block *thread, uint64_t now_ns)
{
    bool is_refresh = now_ns >= thread->told_refresh_ns + TOLD_REFRESH_PAUSE_NS && is_refresh_due(thread);

    if (unlikely(is_refresh))
        thread->told_refresh_ns = now_ns;
    return take(thread, now_ns, is_refresh);
}

uint32_t stacks_renew(struct thread_block *thread, uint32_t stack, uint64_t now_ns)
{
    bool is_refresh = is_refresh_due(thread);

    if (stack != 0 &&
        (is_refresh || __atomic_load_n(&table[stack - 1].epoch, __ATOMIC_ACQUIRE) != current_epoch(now_ns)))
        take(thread, now_ns, is_refresh);
    return stack;
}

void stacks_object_unloaded(void)
{
    unwind_forget_code();
    if (modules_forget_unloaded())
        stacks_new_epoch();
}
