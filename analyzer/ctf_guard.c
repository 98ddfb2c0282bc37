/*
 * Signal handlers, a watch on CPU time and a limit on memory: see ctf_guard.h. begin and end are called on
 * the reader's thread, enter and leave on each thread that uses babeltrace2, progress on any.
 *
 * The watch counts CPU time, not time: a slow disk is no fault. All the handlers do is async-signal-safe.
 */
#include "analyzer/ctf_guard.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* A sanitizer has its own handlers, and reserves more memory than any limit of ours. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#include <sanitizer/common_interface_defs.h>
#include <stdint.h>
#else
#define IS_SANITIZED 0
#endif

#define STEP_SECONDS 3
#define STEPS_A_WATCH 16 /* setting the watch is a system call */
#define OPEN_BYTES_PER_SECOND ((guint64)200 << 20)
/* A sequence's length field can ask for any amount; no trace needs this much. */
#define MEMORY_LIMIT_BYTES ((rlim_t)3 << 30)
#define ALTERNATE_STACK_BYTES ((size_t)64 << 10)

static const int crash_signals[] = {
    SIGABRT, SIGTRAP,
#if !IS_SANITIZED
    SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
#endif
};

static char crash_sentence[2048], hang_sentence[2048];
static void (*end_with)(void); /* NULL: nothing */
static struct sigaction old_actions[G_N_ELEMENTS(crash_signals)], old_watch;
static struct rlimit old_limit;
static bool is_limited;
static unsigned progress_count; /* atomic */
static int real_stderr = -1;    /* while muted */

static __thread bool is_inside;
static __thread void *alternate_stack;

static void say_and_exit(const char *sentence)
{
    ssize_t written = write(real_stderr >= 0 ? real_stderr : STDERR_FILENO, sentence, strlen(sentence));

    (void)written;
    if (end_with)
        end_with();
    _exit(CTF_GUARD_EXIT_STATUS);
}

static void on_crash(int number)
{
    if (is_inside)
        say_and_exit(crash_sentence);
    signal(number, SIG_DFL);
    raise(number);
}

static void on_watch(int number)
{
    (void)number;
    say_and_exit(hang_sentence);
}

static void set_watch(guint64 seconds)
{
    struct itimerval interval = {.it_value.tv_sec = (time_t)seconds};

    setitimer(ITIMER_PROF, &interval, NULL);
}

static void limit_memory(void)
{
#if !IS_SANITIZED
    is_limited = getrlimit(RLIMIT_DATA, &old_limit) == 0;
    struct rlimit limit = {MIN(old_limit.rlim_cur, MEMORY_LIMIT_BYTES), old_limit.rlim_max};
    is_limited = is_limited && setrlimit(RLIMIT_DATA, &limit) == 0;
#endif
}

/* The leak checker names a leak's module only while it is loaded. */
static void pin_plugin(void)
{
#if defined(__SANITIZE_ADDRESS__)
    dlopen(EXECTRACE_CTF_PLUGIN, RTLD_LAZY | RTLD_NODELETE);
#endif
}

void ctf_guard_begin(const char *path, guint64 bytes, unsigned threads, void (*last_act)(void))
{
    const char *program = g_get_prgname() ? g_get_prgname() : "analyzer";
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};

    snprintf(
        crash_sentence, sizeof crash_sentence,
        "%s: %.1024s: babeltrace2 broke down on this trace, which is damaged or of a kind that it cannot "
        "read; `babeltrace2 %.512s` shows where\n",
        program, path, path);
    snprintf(hang_sentence, sizeof hang_sentence,
             "%s: %.1024s: babeltrace2 does not get any further in this trace, which is damaged or of a kind "
             "that it cannot read\n",
             program, path);
    end_with = last_act;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < G_N_ELEMENTS(crash_signals); i++)
        sigaction(crash_signals[i], &action, &old_actions[i]);
    action.sa_handler = on_watch;
    sigaction(SIGPROF, &action, &old_watch);
    progress_count = 0;
    set_watch((STEP_SECONDS + bytes / OPEN_BYTES_PER_SECOND) * threads);
    limit_memory();
    pin_plugin();
}

void ctf_guard_progress(void)
{
    if (__atomic_fetch_add(&progress_count, 1, __ATOMIC_RELAXED) % STEPS_A_WATCH == 0)
        set_watch(STEP_SECONDS);
}

void ctf_guard_end(void)
{
    ctf_guard_forget_thread();
    set_watch(0);
    sigaction(SIGPROF, &old_watch, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(crash_signals); i++)
        sigaction(crash_signals[i], &old_actions[i], NULL);
    if (is_limited)
        setrlimit(RLIMIT_DATA, &old_limit);
    is_limited = false;
}

void ctf_guard_enter(void)
{
#if !IS_SANITIZED
    /* metadata nested deeply enough overflows the stack */
    if (!alternate_stack) {
        alternate_stack = g_malloc(ALTERNATE_STACK_BYTES);
        sigaltstack(&(stack_t){.ss_sp = alternate_stack, .ss_size = ALTERNATE_STACK_BYTES}, NULL);
    }
#endif
    is_inside = true;
}

void ctf_guard_leave(void)
{
    is_inside = false;
}

void ctf_guard_forget_thread(void)
{
    is_inside = false;
    if (alternate_stack) {
        sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
        g_clear_pointer(&alternate_stack, g_free);
    }
}

void ctf_guard_mute(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (nowhere < 0)
        return;
    real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (real_stderr >= 0)
        dup2(nowhere, STDERR_FILENO);
    close(nowhere);
#if IS_SANITIZED
    __sanitizer_set_report_fd((void *)(intptr_t)real_stderr);
#endif
}

void ctf_guard_unmute(void)
{
    if (real_stderr < 0)
        return;

    dup2(real_stderr, STDERR_FILENO);
#if IS_SANITIZED
    __sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
#endif
    close(real_stderr);
    real_stderr = -1;
}

#if defined(__SANITIZE_ADDRESS__)
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

/* babeltrace2 2.0.4 forgets some memory when it refuses metadata. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libbabeltrace2\nleak:babeltrace-plugin-ctf\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif
