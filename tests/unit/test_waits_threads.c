/*
 * The wrappers' logic under many threads, as plain code: waits and wakes at a few objects, stacks of changing
 * shape, sums. Linked plainly and, where the compiler can, with -fsanitize=thread, whose complaint fails the
 * test.
 *
 * Nothing records here: the tracepoints are defined, and no session is active.
 */
#define LTTNG_UST_TRACEPOINT_DEFINE
#define LTTNG_UST_TRACEPOINT_PROBE_DYNAMIC_LINKAGE
#include "tracepoints/provider_process.h"
#include "tracepoints/provider_stack.h"
#include "tracepoints/provider_sync.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracepoints/clock.h"
#include "tracepoints/modules.h"
#include "tracepoints/process.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

#define THREAD_COUNT 6
#define ROUND_COUNT 3000
#define OBJECT_COUNT 4

/* What the rest of the library gives: a block for each thread, no code of LTTng's, a process that is known.
 */
__thread struct guard_words guard_words __attribute__((tls_model("initial-exec"), visibility("hidden")));
bool guard_is_open = true;
struct code_range threads_tracer_code = {.start = 0, .bytes = 0};

static struct thread_block blocks[THREAD_COUNT + 1];
static int block_count;

void guard_hold_cancel(struct thread_block *thread)
{
    (void)thread;
}

void guard_after_leave(void)
{
}

struct thread_block *guard_attach(void)
{
    struct thread_block *block = &blocks[__atomic_fetch_add(&block_count, 1, __ATOMIC_RELAXED)];

    block->tid = (int32_t)syscall(SYS_gettid);
    block->slot = &block->own_slot;
    guard_words.block = block;
    guard_words.role = GUARD_TRACED;
    guard_words.level = 1;
    return block;
}

bool threads_look_for_tracer_code(const void *pc)
{
    (void)pc;
    return false;
}

void process_introduce_again(void)
{
}

void modules_announce(uint64_t pc, uint32_t epoch, bool always)
{
    (void)pc;
    (void)epoch;
    (void)always;
}

bool modules_forget_unloaded(void)
{
    return false;
}

static pthread_mutex_t objects[OBJECT_COUNT];
static long guarded[OBJECT_COUNT];
static uint32_t wrong_releases;
static pthread_barrier_t all_started;

/* As a wrapper does; `depth` gives the stacks different shapes. */
static __attribute__((noinline)) int lock_as_wrapper(int number, int depth)
{
    volatile int keep = depth;
    struct waiter_release release;

    if (depth > 0)
        return lock_as_wrapper(number, depth - 1) + (keep == 0);
    WAIT_SCOPE(wait);
    wait_begin(&wait, EXECTRACE_WAIT_MUTEX, wait_object(&objects[number]), __builtin_return_address(0));
    pthread_mutex_lock(&objects[number]);
    /* The word of a release is never half of one and half of another. */
    if (waiters_find_release(wait_object(&objects[number]), 1, &release) &&
        (release.tid == 0 || release.tid > (1 << 22)))
        __atomic_add_fetch(&wrong_releases, 1, __ATOMIC_RELAXED);
    wait_end(&wait, EXECTRACE_OUTCOME_ACQUIRED);
    return keep;
}

static void unlock_as_wrapper(int number)
{
    wake(EXECTRACE_WAIT_MUTEX, &objects[number], __builtin_return_address(0));
    pthread_mutex_unlock(&objects[number]);
}

static void *hammer(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;

    pthread_barrier_wait(&all_started);
    for (int i = 0; i < ROUND_COUNT; i++) {
        int number = rand_r(&seed) % OBJECT_COUNT;

        lock_as_wrapper(number, rand_r(&seed) % 6);
        guarded[number]++;
        if (i % 4 == 0)
            sched_yield(); /* for others to come and wait */
        unlock_as_wrapper(number);
        /* Others than the owner release too, as with semaphores and conditions. */
        wake(EXECTRACE_WAIT_COND, &objects[(number + 1) % OBJECT_COUNT], __builtin_return_address(0));
        if (i % 500 == 0)
            stacks_object_unloaded();
    }
    return NULL;
}

static void test_waits_threads__nothing_is_left_and_nothing_is_mixed_up(void **state)
{
    pthread_t threads[THREAD_COUNT];
    long sum = 0;

    (void)state;
    settings.wait_threshold_ns = 2000;
    clock_init();
    stacks_init(64);
    pthread_barrier_init(&all_started, NULL, THREAD_COUNT);
    for (int i = 0; i < OBJECT_COUNT; i++)
        pthread_mutex_init(&objects[i], NULL);
    for (uintptr_t i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
    for (int i = 0; i < THREAD_COUNT; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < OBJECT_COUNT; i++) {
        sum += guarded[i];
        assert_int_equal(waiters_line_of(wait_object(&objects[i]))->count, 0);
        assert_int_equal(waiters_line_of(wait_object(&objects[i]))->release_ns & WAITER_RELEASE_BUSY, 0);
    }
    assert_int_equal(sum, THREAD_COUNT * ROUND_COUNT);
    assert_int_equal(wrong_releases, 0);
    for (int i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(blocks[i].own_slot.operation.operation, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_threads__nothing_is_left_and_nothing_is_mixed_up),
    };

    return cmocka_run_group_tests_name("waits_threads", tests, NULL, NULL);
}
