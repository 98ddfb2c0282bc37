/*
 * Thread blocks: see threads.h and guard.h.
 *
 * A thread is given its block at its first recorded operation, and gives it back in the last but one round of
 * its thread-specific data destructors, so that operations in other libraries' destructors are still seen.
 */
#include "tracepoints/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tracepoints/clock.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/state_map.h"
#include "tracepoints/waits.h"

#include "tracepoints/provider_thread.h"

/* One round is left for LTTng, which forgets the thread in a destructor of its own. */
#define LAST_EXIT_ROUND (PTHREAD_DESTRUCTOR_ITERATIONS - 1)
/* How long the last thread waits for those that ended before it: 2 s, in vain only where libc has threads of
 * its own that nobody started through pthread_create. */
#define LAST_THREAD_PAUSE_NS 1000000
#define LAST_THREAD_PAUSES 2000
#define TRACER_RANGE_COUNT 8u
#define MAIN_STACK_BYTES (64u * 1024u * 1024u)

__thread struct guard_words guard_words __attribute__((tls_model("initial-exec"), visibility("hidden")));
bool guard_is_open;

extern void *__libc_stack_end;

/* Code of LTTng's libraries. Filled before the guard is opened, read-only afterwards. */
struct code_range threads_tracer_code = {.start = 0, .bytes = UINTPTR_MAX};
static struct code_range tracer_ranges[TRACER_RANGE_COUNT];
static uint32_t tracer_range_count;

static struct thread_block *blocks;
static uint32_t block_count;
static pthread_key_t exit_key;
static bool has_exit_key;
static bool knows_libc_locks;
static int32_t program_thread_count = 1; /* threads of the program that have not ended */
static int32_t tracer_thread_count;      /* LTTng's; they do not end before the process */

int32_t threads_own_tid(void)
{
    return raw_questions_are_allowed ? (int32_t)raw_syscall3(SYS_gettid, 0, 0, 0)
                                     : threads_tid_of(pthread_self());
}

/* The number of a thread's CPU clock has its id in the upper bits. */
int32_t threads_tid_of(pthread_t thread)
{
    clockid_t clock;

    return pthread_getcpuclockid(thread, &clock) == 0 ? ~(clock >> 3) : 0;
}

void threads_learn_lock_owner(void)
{
    if (guard_words.lock_owner == 0 && knows_libc_locks)
        guard_words.lock_owner = threads_own_tid();
}

struct thread_block *threads_first(void)
{
    return __atomic_load_n(&blocks, __ATOMIC_ACQUIRE);
}

static int note_tracer_object(struct dl_phdr_info *info, size_t size, void *unused)
{
    uintptr_t start = UINTPTR_MAX, end = 0;

    (void)size;
    (void)unused;
    if (info->dlpi_name == NULL || strstr(info->dlpi_name, "/liblttng-ust") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

        if (segment->p_type != PT_LOAD)
            continue;
        if (info->dlpi_addr + segment->p_vaddr < start)
            start = info->dlpi_addr + segment->p_vaddr;
        if (info->dlpi_addr + segment->p_vaddr + segment->p_memsz > end)
            end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    }
    if (tracer_range_count < TRACER_RANGE_COUNT && start < end)
        tracer_ranges[tracer_range_count++] = (struct code_range){.start = start, .bytes = end - start};
    return 0;
}

static void bound_tracer_code(void)
{
    uintptr_t low = UINTPTR_MAX, high = 0;

    for (uint32_t i = 0; i < tracer_range_count; i++) {
        const struct code_range *range = &tracer_ranges[i];

        if (range->start < low)
            low = range->start;
        if (range->start + range->bytes > high)
            high = range->start + range->bytes;
    }
    if (low < high)
        threads_tracer_code = (struct code_range){.start = low, .bytes = high - low};
}

/* The slower way, for calls that come before the constructor. */
static bool is_in_tracer_object(const void *pc)
{
    struct dl_find_object object;

    return _dl_find_object((void *)(uintptr_t)pc, &object) == 0 && object.dlfo_link_map != NULL &&
           strstr(object.dlfo_link_map->l_name, "/liblttng-ust") != NULL;
}

bool threads_look_for_tracer_code(const void *pc)
{
    for (uint32_t i = 0; i < tracer_range_count; i++) {
        if ((uintptr_t)pc - tracer_ranges[i].start < tracer_ranges[i].bytes)
            return true;
    }
    return tracer_range_count == 0 && is_in_tracer_object(pc);
}

static struct thread_block *take_free_block(int32_t tid)
{
    for (struct thread_block *block = threads_first(); block != NULL; block = block->next) {
        int32_t none = 0;

        if (__atomic_load_n(&block->tid, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&block->tid, &none, tid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return block;
    }
    return NULL;
}

static struct thread_block *make_block(int32_t tid)
{
    void *memory =
        (void *)syscall(SYS_mmap, 0L, (long)sizeof(struct thread_block), (long)(PROT_READ | PROT_WRITE),
                        (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L);
    struct thread_block *block = memory;

    if (memory == MAP_FAILED)
        return NULL;
    block->tid = tid;
    block->slot_index = __atomic_fetch_add(&block_count, 1, __ATOMIC_RELAXED);
    block->next = threads_first();
    while (
        !__atomic_compare_exchange_n(&blocks, &block->next, block, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        continue;
    return block;
}

/* Puts the block at its thread's disposal: state slot and stack bounds. */
static void bind_block(struct thread_block *block)
{
    block->slot = state_map_slot(block->slot_index);
    block->holds = state_map_holds(block->slot_index);
    if (block->slot == NULL) {
        block->slot = &block->own_slot;
        block->holds = &block->own_holds;
    }
    *block->holds = (struct state_holds){0};
    block->hold_count = 0;
    block->slot->operation = (struct state_operation){0};
    block->slot->sequence &= ~1u;
    __atomic_store_n(&block->slot->tid, block->tid, __ATOMIC_RELEASE);
    block->start_routine = 0;
    block->stack_low = 0;
    block->stack_high = 0;
    unwind_forget_trails(&block->trails);
    if (block->tid == (int32_t)raw_question3(SYS_getpid, 0, 0, 0)) {
        block->stack_high = (uintptr_t)__libc_stack_end;
        block->stack_low = block->stack_high - MAIN_STACK_BYTES;
    }
}

/*
 * LTTng blocks and unblocks signals with pthread_sigmask() at its first event in a thread, and that function
 * leaves libc's own two signals out: a thread of libc's that has them blocked (the one that waits for the
 * timers of SIGEV_THREAD, which allocates) would have them unblocked, and the next timer would end the
 * process. So such a thread has its first event here, and its mask afterwards as it was.
 */
static void keep_libc_signals_blocked(int32_t tid)
{
    static const uint64_t libc_signals = 3ull << 31; /* SIGCANCEL, which is SIGTIMER, and SIGSETXID */
    uint64_t mask = 0;
    char name[16] = "";

    if (raw_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)(uintptr_t)&mask, sizeof mask, 0, 0) != 0 ||
        !(mask & libc_signals) || !guard_is_open)
        return;
    raw_syscall6(SYS_prctl, PR_GET_NAME, (long)(uintptr_t)name, 0, 0, 0, 0);
    lttng_ust_do_tracepoint(exectrace_thread, name, tid, name[0] != '\0' ? name : " ");
    raw_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)(uintptr_t)&mask, 0, sizeof mask, 0, 0);
}

struct thread_block *guard_attach(void)
{
    struct guard_words *words = &guard_words;
    int saved_errno = errno;
    struct thread_block *block;
    int32_t tid;

    if (words->role == GUARD_SILENT)
        return NULL;
    words->level = 1;
    if (words->role == GUARD_ASYNC) {
        guard_hold_cancel(words->block);
        return words->block;
    }
    tid = threads_own_tid();
    block = take_free_block(tid);
    if (block == NULL)
        block = make_block(tid);
    if (block != NULL) {
        bind_block(block);
        words->block = block;
        words->role = GUARD_TRACED;
        keep_libc_signals_blocked(tid);
        threads_await_end();
    } else {
        words->level = 0;
    }
    errno = saved_errno;
    return block;
}

/* The thread's last word. */
static void detach(struct thread_block *block)
{
    if (guard_words.role == GUARD_ASYNC)
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    waiters_unmark(&block->mark); /* of a wait that longjmp left */
    if (guard_is_open) {
        sync_sums_flush(block);
        call_sums_flush(block);
        /* The object of a join is the joined thread's id. */
        if (waits_are_recorded() && waiters_has_any((const void *)(uintptr_t)block->tid))
            wake_waiters_of(block, EXECTRACE_WAIT_JOIN, (uint64_t)block->tid);
        if (TRACING(exectrace_thread, exit))
            lttng_ust_do_tracepoint(exectrace_thread, exit, block->start_routine);
    }
    guard_words.role = GUARD_SILENT;
    guard_words.block = NULL;
    __atomic_store_n(&block->slot->tid, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&block->tid, 0, __ATOMIC_RELEASE);
}

/* Are only LTTng's threads left? Those of the program that have been counted as ended may take a moment more.
 */
static bool is_last_with_tracers(void)
{
    uint32_t tracer_count = (uint32_t)__atomic_load_n(&tracer_thread_count, __ATOMIC_ACQUIRE);
    const struct timespec pause = {.tv_nsec = LAST_THREAD_PAUSE_NS};

    for (int i = 0; i < LAST_THREAD_PAUSES; i++) {
        if (thread_names_count_others() <= tracer_count)
            return true;
        raw_syscall3(SYS_nanosleep, (long)(uintptr_t)&pause, 0, 0);
    }
    return false;
}

/*
 * The last thread of a program ends the process, but LTTng's threads would keep it alive for ever: when the
 * program's other threads are gone, does what the C library would. LTTng's are counted when they are started:
 * in the child of a fork they may not have their names yet.
 */
static void end_process_of_tracers(void)
{
    if (__atomic_sub_fetch(&program_thread_count, 1, __ATOMIC_ACQ_REL) <= 0 && is_last_with_tracers())
        exit(0);
}

static void thread_is_ending(void *unused)
{
    uint32_t level = guard_mute();

    (void)unused;
    if (++guard_words.exit_rounds < LAST_EXIT_ROUND && guard_is_open) {
        threads_await_end();
        guard_unmute(level);
        return;
    }
    if (guard_words.block != NULL)
        detach(guard_words.block);
    guard_unmute(level);
    end_process_of_tracers();
}

void threads_await_end(void)
{
    if (has_exit_key)
        pthread_setspecific(exit_key, &exit_key);
}

void threads_count(int32_t change)
{
    __atomic_add_fetch(&program_thread_count, change, __ATOMIC_ACQ_REL);
}

void threads_count_tracers(int32_t change)
{
    __atomic_add_fetch(&tracer_thread_count, change, __ATOMIC_ACQ_REL);
}

/* The versions whose pthread_mutex_lock was compared with mutexes.c; the layout itself is far older. */
static bool libc_is_known(void)
{
    const char *version = gnu_get_libc_version();

    return strncmp(version, "2.3", 3) == 0 && version[3] >= '5' && version[3] <= '9' && version[4] == '\0';
}

void threads_init(void)
{
    dl_iterate_phdr(note_tracer_object, NULL);
    bound_tracer_code();
    knows_libc_locks = libc_is_known();
    has_exit_key = pthread_key_create(&exit_key, thread_is_ending) == 0;
    threads_await_end(); /* the main thread too may end by pthread_exit */
}

void threads_reset_after_fork(void)
{
    struct thread_block *own = guard_words.block;

    if (guard_words.lock_owner != 0)
        guard_words.lock_owner = threads_own_tid();
    program_thread_count = 1;
    tracer_thread_count = 0;
    waiters_reset();
    thread_starts_reset_after_fork();
    for (struct thread_block *block = threads_first(); block != NULL; block = block->next) {
        sync_sums_reset(block);
        call_sums_reset(block);
        if (block != own)
            block->tid = 0;
    }
    if (own != NULL) {
        uintptr_t low = own->stack_low, high = own->stack_high;
        uint64_t start_routine = own->start_routine;

        own->tid = threads_own_tid();
        bind_block(own);
        own->stack_low = low;
        own->stack_high = high;
        own->start_routine = start_routine;
    }
}
