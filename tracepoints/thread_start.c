/*
 * Wrappers of thread creation, POSIX and C11: a new thread begins in a routine of ours, which announces it
 * and then calls the program's as its last act, so that attributes, return value, pthread_exit and
 * cancellation are the program's own affair. Called on any thread of the program, and by LTTng for its
 * threads.
 */
#include <pthread.h>
#include <threads.h>

#include "tracepoints/clock.h"
#include "tracepoints/real.h"
#include "tracepoints/stacks.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

#include "tracepoints/provider_thread.h"

#define START_RECORD_COUNT 4096u /* a power of two */
/* Of the lowest part of a thread's stack we do not claim to know that it belongs to it: the C library keeps
 * thread-local storage and guard pages in the same allocation. */
#define STACK_MARGIN_BYTES (64u * 1024u)

/* What a new thread needs to know; taken by the creator, given back by the new thread. */
struct start_record {
    uint32_t is_taken;
    uint32_t stack;
    int32_t creator_tid;
    bool is_tracer;
    bool is_counted; /* as a thread of the program whose end will be noticed */
    size_t stack_bytes;
    union {
        void *(*posix)(void *);
        thrd_start_t c11;
    } routine;
    void *argument;
};

static struct start_record start_records[START_RECORD_COUNT];

/* NULL when as many threads are being started: the next one starts unannounced. */
static struct start_record *take_start_record(void)
{
    static uint32_t next;
    uint32_t first = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);

    for (uint32_t i = 0; i < START_RECORD_COUNT; i++) {
        struct start_record *record = &start_records[(first + i) & (START_RECORD_COUNT - 1)];

        if (__atomic_load_n(&record->is_taken, __ATOMIC_RELAXED) == 0 &&
            __atomic_exchange_n(&record->is_taken, 1, __ATOMIC_ACQ_REL) == 0)
            return record;
    }
    return NULL;
}

static void give_back(struct start_record *record)
{
    __atomic_store_n(&record->is_taken, 0, __ATOMIC_RELEASE);
}

/* The thread could not be started. */
static void take_back(struct start_record *record)
{
    if (record->is_counted)
        threads_count(-1);
    if (record->is_tracer)
        threads_count_tracers(-1);
    give_back(record);
}

/* Where libc puts the thread's own block is above its first frames, and the end of what can be read for sure.
 */
static uintptr_t stack_end(uintptr_t frame)
{
    uintptr_t block = (uintptr_t)pthread_self();

    return block > frame && block - frame < STACK_MARGIN_BYTES ? block & ~(uintptr_t)7 : frame;
}

/* The first thing that runs on a new thread. `frame`: an address at the top of its stack. */
static void thread_has_started(const struct start_record *record, uintptr_t frame)
{
    struct thread_block *thread;

    if (record->is_tracer) {
        guard_words.role = GUARD_SILENT;
        return;
    }
    if (record->is_counted)
        threads_await_end();
    thread = guard_enter();
    if (thread == NULL)
        return;
    thread->start_routine = (uint64_t)(uintptr_t)record->routine.posix;
    if (record->stack_bytes > 2 * STACK_MARGIN_BYTES) {
        thread->stack_high = stack_end(frame);
        thread->stack_low = frame - record->stack_bytes + STACK_MARGIN_BYTES;
    }
    if (TRACING(exectrace_thread, start))
        lttng_ust_do_tracepoint(exectrace_thread, start, thread->start_routine, record->creator_tid,
                                record->stack);
    guard_leave();
}

/* Calls the program's routine last, so that this frame is gone from the thread's stack. */
static void *start_thread(void *argument)
{
    struct start_record *taken = argument;
    struct start_record record = *taken;

    give_back(taken);
    thread_has_started(&record, (uintptr_t)__builtin_frame_address(0));
    return record.routine.posix(record.argument);
}

static int start_c11_thread(void *argument)
{
    struct start_record *taken = argument;
    struct start_record record = *taken;

    give_back(taken);
    thread_has_started(&record, (uintptr_t)__builtin_frame_address(0));
    return record.routine.c11(record.argument);
}

/* 0: unknown. The default is asked for every time: the program may change it. */
static size_t stack_bytes_of(const pthread_attr_t *attributes)
{
    pthread_attr_t defaults;
    size_t bytes = 0;

    if (attributes != NULL) {
        pthread_attr_getstacksize(attributes, &bytes);
    } else if (pthread_getattr_default_np(&defaults) == 0) {
        pthread_attr_getstacksize(&defaults, &bytes);
        pthread_attr_destroy(&defaults);
    }
    return bytes;
}

/* Fills in what the new thread will need; the caller is the creator. */
static void fill_start_record(struct start_record *record, const void *caller)
{
    struct thread_block *thread;

    record->is_tracer = guard_words.role == GUARD_SILENT || threads_is_tracer_code(caller);
    record->stack = 0;
    record->creator_tid = 0;
    record->is_counted = !record->is_tracer && guard_is_open;
    if (record->is_counted)
        threads_count(1);
    if (record->is_tracer)
        threads_count_tracers(1);
    if (record->is_tracer || !TRACING(exectrace_thread, start))
        return;
    thread = guard_enter();
    if (thread == NULL)
        return;
    record->creator_tid = thread->tid;
    record->stack = stacks_take(thread, clock_now_ns());
    guard_leave();
}

WRAPPER int pthread_create(pthread_t *restrict handle, const pthread_attr_t *restrict attributes,
                           void *(*routine)(void *), void *restrict argument)
{
    struct start_record *record = take_start_record();
    int result;

    if (record == NULL)
        return real.pthread_create(handle, attributes, routine, argument);
    fill_start_record(record, __builtin_return_address(0));
    record->routine.posix = routine;
    record->argument = argument;
    record->stack_bytes = stack_bytes_of(attributes);
    result = real.pthread_create(handle, attributes, start_thread, record);
    if (result != 0)
        take_back(record);
    return result;
}

WRAPPER int thrd_create(thrd_t *handle, thrd_start_t routine, void *argument)
{
    struct start_record *record = take_start_record();
    int result;

    if (record == NULL)
        return real.thrd_create(handle, routine, argument);
    fill_start_record(record, __builtin_return_address(0));
    record->routine.c11 = routine;
    record->argument = argument;
    record->stack_bytes = stack_bytes_of(NULL);
    result = real.thrd_create(handle, start_c11_thread, record);
    if (result != thrd_success)
        take_back(record);
    return result;
}

void thread_starts_reset_after_fork(void)
{
    /* Pages that nobody has written to stay the parent's. */
    for (uint32_t i = 0; i < START_RECORD_COUNT; i++) {
        if (start_records[i].is_taken != 0)
            give_back(&start_records[i]);
    }
}
