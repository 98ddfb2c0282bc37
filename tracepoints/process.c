/*
 * Life of a process image: the constructor and destructor of libexectrace.so, and what a fork needs. Runs on
 * the main thread, on the thread that calls exit, and on the one that forks.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <dlfcn.h>
#include <link.h>
#include <lttng/ust-fork.h>

#include "tracepoints/clock.h"
#include "tracepoints/object_paths.h"
#include "tracepoints/process.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/state_map.h"
#include "tracepoints/threads.h"
#include "tracepoints/tracer_environment.h"
#include "tracepoints/unwind.h"

#include "tracepoints/provider_process.h"

/* Where the linker puts this library's beginning and end. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* How often, at most, a new image looks whether its session has come; 100 us apart. */
#define SESSION_POLL_COUNT 5000
#define CHILD_STACK_BYTES (256 * 1024)

/* How often, at most, a fork waits for a thread that is loading or unloading an object; 100 us apart. */
#define LOADER_POLL_COUNT 100

/* How often process and threads are introduced again while they define stacks. */
#define INTRODUCTION_NS UINT64_C(1000000000)

static uint64_t cmdline_hash;
static uint64_t announced_ns;          /* when the process was last announced */
static __thread sigset_t fork_signals; /* saved from before the fork until after it */
static const struct r_debug *loader;   /* what the loader tells debuggers; NULL: nothing */
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
    long parent = raw_question3(SYS_getppid, 0, 0, 0);

    if (!TRACING(exectrace_process, start))
        return;
    if (raw_question3(SYS_prctl, PR_GET_NAME, (long)(uintptr_t)name, 0) != 0)
        name[0] = '?';
    __atomic_store_n(&announced_ns, clock_now_ns(), __ATOMIC_RELAXED);
    lttng_ust_do_tracepoint(exectrace_process, start, EXECTRACE_CONTRACT_VERSION, reason,
                            parent < 0 ? 0 : (int32_t)parent, cmdline_hash, clock_now_ns(),
                            object_paths_program(), name);
}

static bool is_due(uint64_t last_ns, uint64_t now_ns)
{
    return now_ns > last_ns && now_ns - last_ns > INTRODUCTION_NS;
}

void process_introduce_again(void)
{
    struct thread_block *thread = guard_words.block;
    uint64_t last_ns = __atomic_load_n(&announced_ns, __ATOMIC_RELAXED);
    uint64_t now_ns = clock_now_ns();

    if (is_due(last_ns, now_ns) && __atomic_compare_exchange_n(&announced_ns, &last_ns, now_ns, false,
                                                               __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        announce_process(EXECTRACE_START_SESSION);
    if (thread->named_ns == 0) { /* it has just begun, or the session has: both tell names themselves */
        thread->named_ns = now_ns;
    } else if (is_due(thread->named_ns, now_ns)) {
        thread->named_ns = now_ns;
        thread_names_announce_own();
    }
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

/* Is a thread adding objects to the loader's lists, or taking them out? */
static bool loader_is_busy(void)
{
    return loader != NULL &&
           __atomic_load_n((const int *)&loader->r_state, __ATOMIC_ACQUIRE) != RT_CONSISTENT;
}

static void await_loader(void)
{
    const struct timespec pause = {.tv_nsec = 100000};

    for (int i = 0; i < LOADER_POLL_COUNT && loader_is_busy(); i++)
        raw_question3(SYS_nanosleep, (long)(uintptr_t)&pause, 0, 0);
}

static void before_fork(void)
{
    uint32_t level = guard_mute();
    int saved_errno = errno;

    if (settings.follow)
        await_loader();
    errno = saved_errno;
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

static void register_child(void)
{
    if (!has_lttng_fork)
        lttng_ust_after_fork_child(&fork_signals);
    announce_process(EXECTRACE_START_FORK);
}

/* Calls the routine with the stack pointer at `top`. */
void call_on_stack(void *top, void (*routine)(void)) __attribute__((visibility("hidden")));
__asm__("    .text\n"
        "    .hidden call_on_stack\n"
        "    .globl call_on_stack\n"
        "    .type call_on_stack, @function\n"
        "call_on_stack:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    movq %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    movq %rdi, %rsp\n"
        "    callq *%rsi\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size call_on_stack, . - call_on_stack\n");

/* Threads with the smallest stack may fork, and what LTTng does then does not fit on one. */
static void with_room(void (*routine)(void))
{
    long stack = syscall(SYS_mmap, 0L, (long)CHILD_STACK_BYTES, (long)(PROT_READ | PROT_WRITE),
                         (long)(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), -1L, 0L);

    if (stack == -1) {
        routine();
        return;
    }
    call_on_stack((char *)stack + CHILD_STACK_BYTES, routine);
    syscall(SYS_munmap, stack, (long)CHILD_STACK_BYTES);
}

/*
 * The child is not recorded: LTTng is not told of it, which makes forks many times cheaper. So it is with
 * children of a program that filters its system calls, too: LTTng would make many. And with those in whose
 * memory the loader is forever in the middle of something: LTTng opens its library once more, at which the
 * loader would end the process.
 */
static void leave_child_alone(void)
{
    guard_is_open = false;
    state_map_leave();
    threads_reset_after_fork();
    if (!has_lttng_fork)
        lttng_ust_after_fork_parent(&fork_signals);
}

static void after_fork_in_child(void)
{
    uint32_t level = guard_mute();
    int saved_errno = errno;

    process_remember_pid();
    if (!raw_questions_are_allowed || !settings.follow || loader_is_busy()) {
        leave_child_alone();
        guard_unmute(level);
        return;
    }
    stacks_new_epoch();
    state_map_init();
    state_map_await_admission();
    threads_reset_after_fork();
    guard_is_open = true;
    tracer_environment_enter();
    with_room(register_child);
    tracer_environment_leave();
    errno = saved_errno;
    guard_unmute(level);
}

/* Its own address of what it tells: a program may have a copy of _r_debug that is never renewed. */
static const struct r_debug *find_loader(void)
{
    const struct link_map *program = dlopen(NULL, RTLD_LAZY);

    if (program == NULL)
        return NULL;
    for (const ElfW(Dyn) *entry = program->l_ld; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_DEBUG)
            return (const struct r_debug *)entry->d_un.d_ptr;
    }
    return NULL;
}

static void watch_forks(void)
{
    void *lttng_fork = dlopen("liblttng-ust-fork.so.1", RTLD_NOLOAD | RTLD_LAZY);

    has_lttng_fork = lttng_fork != NULL;
    if (lttng_fork != NULL)
        dlclose(lttng_fork);
    loader = find_loader();
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* LTTng begins its state dump for a session that has started, on its own thread. */
static void session_has_started(void *unused, void *session)
{
    uint32_t level = guard_mute();

    (void)unused;
    (void)session;
    if (guard_is_open) {
        stacks_new_epoch();
        announce_process(EXECTRACE_START_SESSION);
        thread_names_announce();
    }
    guard_unmute(level);
}

/*
 * LTTng tells nobody that a session has started, but it has a tracepoint of its own there: we hang on to that
 * one. A version with another signature would refuse, and then definitions come with the next epoch.
 */
static void watch_sessions(void)
{
    lttng_ust_tracepoint_provider_register("lttng_ust_statedump", "start",
                                           (void (*)(void))session_has_started, NULL,
                                           "struct lttng_ust_session *, session");
}

__attribute__((constructor)) static void library_was_loaded(void)
{
    uint32_t level = guard_mute();

    real_resolve_all();
    tracer_environment_remember();
    process_remember_pid();
    settings_read();
    clock_init();
    object_paths_init();
    unwind_skip_code(__ehdr_start, _end);
    stacks_init(settings.stack_depth);
    state_map_init();
    threads_init();
    watch_forks();
    cmdline_hash = hash_cmdline();
    await_session();
    guard_is_open = true;
    announce_process(EXECTRACE_START_LIBRARY);
    watch_sessions();
    at_quick_exit(process_report_end);
    errno = 0; /* as C promises to main(); the constructors of LTTng's libraries leave EINVAL in it */
    guard_unmute(level);
}

__attribute__((destructor)) static void program_is_ending(void)
{
    process_report_end();
}
