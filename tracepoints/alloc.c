/*
 * Wrappers of the allocation functions. Called by the traced program and by its libraries on any thread, by
 * the dynamic loader with its lock held, and before any constructor ran.
 *
 * The fast path is a thread-local countdown of bytes and a jump; free() looks at one byte (alloc_samples.h).
 * The countdown starts at zero and stays there until the library is ready, so that a thread's first
 * allocation comes through the slow path. It runs whether a session records or not.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "tracepoints/alloc_early.h"
#include "tracepoints/alloc_samples.h"
#include "tracepoints/alloc_sampling.h"
#include "tracepoints/calls.h"
#include "tracepoints/clock.h"
#include "tracepoints/guard.h"
#include "tracepoints/real.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/threads.h"

#include "tracepoints/provider_alloc.h"

#define NEVER INT64_MAX /* a countdown that does not end */

static uint64_t random_state;

/* Takes `size` off the countdown. False: the allocation may be a sample. */
static inline bool is_passed_over(size_t size)
{
    uint64_t left = (uint64_t)guard_words.alloc_bytes_left;

    if (unlikely(size >= left))
        return false;
    guard_words.alloc_bytes_left = (int64_t)(left - size);
    return true;
}

static bool records_all(void)
{
    return settings.alloc_mean_bytes == 1;
}

/* The next sample's distance; 0 (every allocation asks) when all are recorded. */
static void restart_countdown(void)
{
    if (unlikely(random_state == 0)) {
        const uint64_t *seed = (const uint64_t *)getauxval(AT_RANDOM);
        __atomic_store_n(&random_state, (seed == NULL ? clock_now_ns() : *seed) | 1, __ATOMIC_RELAXED);
        if (records_all())
            alloc_filter_mark_all();
    }
    if (settings.alloc_mean_bytes == 0)
        guard_words.alloc_bytes_left = NEVER;
    else if (!records_all())
        guard_words.alloc_bytes_left =
            alloc_sampling_distance(alloc_sampling_random(&random_state), settings.alloc_mean_bytes);
}

/*
 * Whether an allocation on the slow path is a sample; starts the next countdown. A thread's first one comes
 * there without a countdown having ended.
 */
static bool ends_countdown(size_t size)
{
    bool is_first = guard_words.alloc_bytes_left == 0 && !records_all();

    restart_countdown();
    if (is_first) {
        if (is_passed_over(size))
            return false;
        restart_countdown();
    }
    return true;
}

static void emit_alloc(struct thread_block *thread, void *address, size_t size)
{
    if (!records_all() && !alloc_samples_add(address))
        return;
    lttng_ust_tracepoint(exectrace_alloc, alloc, (uintptr_t)address, size,
                         alloc_sampling_weight(size, settings.alloc_mean_bytes),
                         stacks_take(thread, clock_now_ns()));
}

/*
 * Guard for an event; NULL: no event. LTTng's code runs on the program's threads too, with locks held that
 * an event may need.
 */
static struct thread_block *enter(const void *site)
{
    return threads_is_tracer_code(site) ? NULL : guard_enter();
}

/* The slow path after a call: this allocation has ended the countdown. Returns `address`. */
static __attribute__((noinline)) void *sample(void *address, size_t size, const void *site)
{
    int saved_errno = errno;
    struct thread_block *thread = enter(site);

    if (thread != NULL) {
        if (ends_countdown(size) && address != NULL && settings.alloc_mean_bytes > 0 &&
            TRACING(exectrace_alloc, alloc))
            emit_alloc(thread, address, size);
        guard_leave();
    } else if (guard_words.role == GUARD_SILENT) {
        guard_words.alloc_bytes_left = NEVER;
    }
    errno = saved_errno;
    return address;
}

/* The filter hit: forgets the address. Must come before the real call, which makes it free for others. */
static __attribute__((noinline)) bool forget(void *address, const void *site)
{
    int saved_errno = errno;
    struct thread_block *thread;
    bool is_sample = records_all() ? address != NULL : alloc_samples_remove(address);

    if (is_sample && TRACING(exectrace_alloc, free) && (thread = enter(site)) != NULL) {
        lttng_ust_tracepoint(exectrace_alloc, free, (uintptr_t)address);
        guard_leave();
    }
    errno = saved_errno;
    return is_sample;
}

EXECTRACE_EXPORT void *malloc(size_t size)
{
    if (likely(is_passed_over(size)))
        return real.malloc(size);
    return sample(real.malloc(size), size, SITE);
}

EXECTRACE_EXPORT void *calloc(size_t count, size_t size)
{
    size_t bytes;

    if (unlikely(__builtin_mul_overflow(count, size, &bytes)))
        return real.calloc(count, size);
    if (likely(is_passed_over(bytes)))
        return real.calloc(count, size);
    return sample(real.calloc(count, size), bytes, SITE);
}

static void free_slowly(void *address, const void *site)
{
    if (real_early_owns(address))
        return;
    forget(address, site);
    real.free(address);
}

EXECTRACE_EXPORT void free(void *address)
{
    if (likely(!alloc_filter_hits(address)))
        real.free(address);
    else
        free_slowly(address, SITE);
}

static __attribute__((noinline)) void *realloc_slowly(void *address, size_t size, const void *site)
{
    if (real_early_owns(address))
        return alloc_early_move(address, size);

    bool was_sample = alloc_filter_hits(address) && forget(address, site);
    void *moved = real.realloc(address, size);
    if (moved == NULL && size > 0 && was_sample)
        sample(address, real.malloc_usable_size(address), site);
    else if (moved != NULL && !is_passed_over(size))
        sample(moved, size, site);
    return moved;
}

/*
 * Counts as a release and a new allocation of the whole size, wherever the memory ends up. reallocarray() is
 * not wrapped: the C library jumps from it to realloc(), which may be another allocator's.
 */
EXECTRACE_EXPORT void *realloc(void *address, size_t size)
{
    if (likely(!alloc_filter_hits(address) && is_passed_over(size)))
        return real.realloc(address, size);
    return realloc_slowly(address, size, SITE);
}

EXECTRACE_EXPORT int posix_memalign(void **address, size_t alignment, size_t size)
{
    if (likely(is_passed_over(size)))
        return real.posix_memalign(address, alignment, size);

    int error = real.posix_memalign(address, alignment, size);
    if (error == 0)
        sample(*address, size, SITE);
    return error;
}

EXECTRACE_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    if (likely(is_passed_over(size)))
        return real.aligned_alloc(alignment, size);
    return sample(real.aligned_alloc(alignment, size), size, SITE);
}

EXECTRACE_EXPORT void *memalign(size_t alignment, size_t size)
{
    if (likely(is_passed_over(size)))
        return real.memalign(alignment, size);
    return sample(real.memalign(alignment, size), size, SITE);
}

EXECTRACE_EXPORT void *valloc(size_t size)
{
    if (likely(is_passed_over(size)))
        return real.valloc(size);
    return sample(real.valloc(size), size, SITE);
}

EXECTRACE_EXPORT void *pvalloc(size_t size)
{
    if (likely(is_passed_over(size)))
        return real.pvalloc(size);
    return sample(real.pvalloc(size), size, SITE);
}
