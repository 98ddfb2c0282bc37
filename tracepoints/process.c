/*
 * Life of a process image: the constructor and destructor of libexectrace.so, and what a fork needs. Runs on
 * the main thread, on the thread that calls exit, and on the one that forks.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <dlfcn.h>
#include <lttng/ust-fork.h>

#include "tracepoints/clock.h"
#include "tracepoints/modules.h"
#include "tracepoints/real.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/state_map.h"
#include "tracepoints/threads.h"
#include "tracepoints/unwind.h"

#include "tracepoints/provider_process.h"

/* Where the linker puts this library's beginning and end. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* How often, at most, a new image looks whether its session has come; 100 us apart. */
#define SESSION_POLL_COUNT 5000

static uint64_t cmdline_hash;
static __thread sigset_t fork_signals; /* saved from before the fork until after it */
static bool has_lttng_fork;            /* liblttng-ust-fork.so is loaded too and does its part itself */

/* FNV-1a over /proc/self/cmdline; the arguments themselves are not kept. */
static uint64_t hash_cmdline(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    uint8_t bytes[1024];
    long fd = syscall(SYS_open, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    long count;

    if (fd < 0)
        return 0;
    while ((count = syscall(SYS_read, fd, bytes, sizeof(bytes))) > 0) {
        for (long i = 0; i < count; i++)
            hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    syscall(SYS_close, fd);
    return hash;
}

static void announce_process(uint8_t reason)
{
    char name[16 + 1] = "";

    if (!TRACING(exectrace_process, start))
        return;
    syscall(SYS_prctl, PR_GET_NAME, name, 0L, 0L, 0L);
    lttng_ust_do_tracepoint(exectrace_process, start, EXECTRACE_CONTRACT_VERSION, reason,
                            (int32_t)syscall(SYS_getppid), cmdline_hash, clock_now_ns(),
                            modules_program_path(), name);
}

/* A program's new image has registered with LTTng before the recorder knew of it: its session follows at
 * once. */
static void await_session(void)
{
    const struct timespec pause = {.tv_nsec = 100000};

    if (!settings.follow || !state_map_await_admission())
        return;
    for (int i = 0; i < SESSION_POLL_COUNT && !TRACING(exectrace_process, start); i++)
        syscall(SYS_nanosleep, &pause, NULL);
}

static void before_fork(void)
{
    uint32_t level = guard_mute();

    if (!has_lttng_fork)
        lttng_ust_before_fork(&fork_signals);
    guard_unmute(level);
}

static void after_fork_in_parent(void)
{
    uint32_t level = guard_mute();

    if (!has_lttng_fork)
        lttng_ust_after_fork_parent(&fork_signals);
    guard_unmute(level);
}

static void after_fork_in_child(void)
{
    uint32_t level = guard_mute();
    int saved_errno = errno;

    stacks_new_epoch();
    state_map_init();
    if (settings.follow)
        state_map_await_admission();
    threads_reset_after_fork();
    guard_is_open = settings.follow;
    if (!has_lttng_fork)
        lttng_ust_after_fork_child(&fork_signals);
    if (settings.follow)
        announce_process(EXECTRACE_START_FORK);
    errno = saved_errno;
    guard_unmute(level);
}

static void watch_forks(void)
{
    void *lttng_fork = dlopen("liblttng-ust-fork.so.1", RTLD_NOLOAD | RTLD_LAZY);

    has_lttng_fork = lttng_fork != NULL;
    if (lttng_fork != NULL)
        dlclose(lttng_fork);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* Reports one thread's operation that will not end before the process does. */
static void report_open(const struct thread_block *block, uint64_t now_ns)
{
    struct state_operation operation = block->slot->operation;
    uint64_t duration_ns = now_ns > operation.start_ns ? now_ns - operation.start_ns : 0;

    if (operation.operation == 0)
        return;
    lttng_ust_do_tracepoint(exectrace_process, open, (int32_t)syscall(SYS_getpid), block->tid,
                            operation.operation, operation.kind, operation.object, operation.number,
                            operation.fd, operation.fd_kind, duration_ns, operation.stack);
}

__attribute__((constructor)) static void library_was_loaded(void)
{
    uint32_t level = guard_mute();
    int saved_errno = errno;

    real_resolve_all();
    settings_read();
    modules_init();
    unwind_skip_code(__ehdr_start, _end);
    stacks_init(settings.stack_depth);
    state_map_init();
    threads_init();
    watch_forks();
    cmdline_hash = hash_cmdline();
    await_session();
    guard_is_open = true;
    announce_process(EXECTRACE_START_LIBRARY);
    errno = saved_errno;
    guard_unmute(level);
}

__attribute__((destructor)) static void program_is_ending(void)
{
    uint32_t level = guard_mute();
    uint64_t now_ns = clock_now_ns();

    __atomic_store_n(&guard_is_open, false, __ATOMIC_SEQ_CST);
    for (struct thread_block *block = threads_first(); block != NULL; block = block->next) {
        if (__atomic_load_n(&block->tid, __ATOMIC_ACQUIRE) == 0)
            continue;
        sync_sums_flush(block);
        call_sums_flush(block);
        if (block != guard_words.block && TRACING(exectrace_process, open))
            report_open(block, now_ns);
    }
    state_map_finish();
    guard_unmute(level);
}
