/*
 * Names of threads: the wrappers that set them, and the announcement of all threads' names when a session
 * starts. The wrappers run on any thread of the program, the announcement on LTTng's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "tracepoints/raw_syscall.h"
#include "tracepoints/real.h"
#include "tracepoints/threads.h"
#include "tracepoints/waits.h"

#include "tracepoints/provider_thread.h"

#define NAME_BYTES 17u /* the kernel's 15 characters, a newline or zero, and one to spare */

/* What getdents64 returns; the kernel's struct linux_dirent64. */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

int wrapped_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
                  unsigned long d) __asm__("prctl") WRAPPER;

static void thread_was_named(int32_t tid, const char *name)
{
    struct thread_block *thread;
    int saved_errno = errno;

    if (!TRACING(exectrace_thread, name) || !(thread = guard_enter()))
        return;
    /* No empty strings: see annotations.c. */
    lttng_ust_do_tracepoint(exectrace_thread, name, tid != 0 ? tid : thread->tid,
                            name[0] != '\0' ? name : " ");
    guard_leave();
    errno = saved_errno;
}

WRAPPER int pthread_setname_np(pthread_t handle, const char *name)
{
    int result = real.pthread_setname_np(handle, name);

    if (result == 0 && TRACING(exectrace_thread, name))
        thread_was_named(threads_tid_of(handle), name);
    return result;
}

/* The C declaration has variable arguments; the system call takes five. */
int wrapped_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    int result = real.prctl(option, a, b, c, d);

    if (option == PR_SET_NAME && result == 0 && TRACING(exectrace_thread, name)) {
        char name[NAME_BYTES] = "";

        if (raw_question3(SYS_prctl, PR_GET_NAME, (long)(uintptr_t)name, 0) == 0)
            thread_was_named(0, name);
    }
    if (option == PR_SET_SECCOMP && result == 0)
        sandbox_note_call(SYS_prctl, option);
    return result;
}

/* Reads /proc/self/task/<tid>/<file> (tid in decimal digits); empty when the thread is gone. */
static void read_file(long directory, const char *tid, const char *file, char *text, size_t room)
{
    char path[32];
    long fd, count;

    text[0] = '\0';
    if (strlen(tid) + strlen(file) >= sizeof(path))
        return;
    strcpy(path, tid);
    strcat(path, file);
    fd = raw_syscall6(SYS_openat, directory, (long)(uintptr_t)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return;
    count = raw_syscall3(SYS_read, fd, (long)(uintptr_t)text, (long)room - 1);
    text[count > 0 ? count - (text[count - 1] == '\n') : 0] = '\0';
    raw_syscall3(SYS_close, fd, 0, 0);
}

static int32_t parse_tid(const char *digits)
{
    int32_t tid = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        tid = tid * 10 + (*digits - '0');
    return tid;
}

static bool is_tracer_name(const char *name)
{
    size_t length = strlen(name);

    return length >= 4 && strcmp(name + length - 4, "-ust") == 0;
}

/* Calls `visit` for every thread, with its id in digits. False: the threads cannot be listed. */
static bool visit_threads(void (*visit)(long directory, const char *tid, void *argument), void *argument)
{
    char buffer[2048] __attribute__((aligned(8)));
    long directory =
        raw_question3(SYS_open, (long)(uintptr_t) "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    long count;

    if (directory < 0)
        return false;
    while ((count = raw_syscall3(SYS_getdents64, directory, (long)(uintptr_t)buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < count;) {
            const struct directory_entry *entry = (const struct directory_entry *)(const void *)(buffer + at);

            if (entry->name[0] != '.')
                visit(directory, entry->name, argument);
            at += entry->bytes;
        }
    }
    raw_syscall3(SYS_close, directory, 0, 0);
    return true;
}

static void announce_name(long directory, const char *tid, void *unused)
{
    char name[NAME_BYTES];

    (void)unused;
    read_file(directory, tid, "/comm", name, sizeof(name));
    if (name[0] != '\0' && !is_tracer_name(name))
        lttng_ust_do_tracepoint(exectrace_thread, name, parse_tid(tid), name);
}

void thread_names_announce(void)
{
    if (TRACING(exectrace_thread, name))
        visit_threads(announce_name, NULL);
}

void thread_names_announce_own(void)
{
    char name[NAME_BYTES] = "";

    if (!TRACING(exectrace_thread, name))
        return;
    raw_question3(SYS_prctl, PR_GET_NAME, (long)(uintptr_t)name, 0);
    lttng_ust_do_tracepoint(exectrace_thread, name, threads_own_tid(), name[0] != '\0' ? name : " ");
}

/* A process's first thread stays listed as a zombie after its end. */
static void count_other(long directory, const char *tid, void *argument)
{
    uint32_t *count = argument;
    char text[64];
    const char *state;

    if (parse_tid(tid) == threads_own_tid())
        return;
    read_file(directory, tid, "/stat", text, sizeof(text));
    state = strrchr(text, ')');
    if (state != NULL && state[1] != '\0' && state[2] != 'Z' && state[2] != 'X')
        ++*count;
}

uint32_t thread_names_count_others(void)
{
    uint32_t count = 0;

    return visit_threads(count_other, &count) ? count : UINT32_MAX;
}
