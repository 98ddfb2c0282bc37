/*
 * Kinds of file descriptors, cached in a fixed table of one 32-bit word per descriptor.
 * Called by the I/O wrappers, on any thread and in signal handlers.
 *
 * A word: bits 0-3 the kind (0: not known), bit 4 the tracer's own, bit 5 the peer was announced in the
 * session of bits 8-15, bits 16-31 the generation (see fd_kinds.h). Untouched pages of the table cost
 * nothing.
 */
#include "tracepoints/fd_kinds.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tracepoints/raw_syscall.h"

#define TRACERS (1U << 4)
#define PEER_ANNOUNCED (1U << 5)
#define SESSION_SHIFT 8
#define SESSION_MASK (0xffU << SESSION_SHIFT)
#define GENERATION (1U << 16)
#define GENERATION_MASK 0xffff0000U

uint32_t fd_kinds_words[FD_KINDS_CACHED];
static _Atomic uint32_t highest_tracers; /* no descriptor above was ever the tracer's */

static bool is_cached(int fd)
{
    return fd >= 0 && fd < FD_KINDS_CACHED;
}

static _Atomic uint32_t *word_of(unsigned fd)
{
    return (_Atomic uint32_t *)&fd_kinds_words[fd];
}

/* "/proc/self/fd/N" into `path`, which has room for 32 bytes. */
static void write_proc_path(char *path, int fd)
{
    static const char prefix[] = "/proc/self/fd/";
    char digits[12];
    size_t count = 0;
    unsigned rest = (unsigned)fd;

    memcpy(path, prefix, sizeof prefix - 1);
    path += sizeof prefix - 1;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    while (count > 0)
        *path++ = digits[--count];
    *path = '\0';
}

/* An inode without a type: its name in /proc says what it is. */
static enum exectrace_fd_kind ask_anonymous(int fd)
{
    static const struct {
        const char *name;
        enum exectrace_fd_kind kind;
    } known[] = {
        {"anon_inode:[eventfd]", EXECTRACE_FD_EVENTFD},
        {"anon_inode:[timerfd]", EXECTRACE_FD_TIMERFD},
        {"anon_inode:[eventpoll]", EXECTRACE_FD_EPOLL},
    };
    char path[32];
    char name[32];

    write_proc_path(path, fd);
    long length = raw_question3(SYS_readlink, (long)path, (long)name, sizeof name);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t expected = strlen(known[i].name);
        if (length == (long)expected && memcmp(name, known[i].name, expected) == 0)
            return known[i].kind;
    }
    return EXECTRACE_FD_OTHER;
}

/* Terminals: tty and console (4, 5), serial lines (204), Unix98 ptys (128 to 143). */
static bool is_terminal(dev_t device)
{
    unsigned number = major(device);

    return number == 4 || number == 5 || number == 204 || (number >= 128 && number <= 143);
}

static enum exectrace_fd_kind ask_kernel(int fd)
{
    struct stat status;

    if (raw_question3(SYS_fstat, fd, (long)&status, 0) != 0)
        return EXECTRACE_FD_UNKNOWN;

    switch (status.st_mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFBLK:
        return EXECTRACE_FD_FILE;
    case S_IFSOCK:
        return EXECTRACE_FD_SOCKET;
    case S_IFIFO:
        return EXECTRACE_FD_PIPE;
    case S_IFCHR:
        return is_terminal(status.st_rdev) ? EXECTRACE_FD_TERMINAL : EXECTRACE_FD_OTHER;
    default:
        return ask_anonymous(fd);
    }
}

enum exectrace_fd_kind fd_kinds_ask(int fd)
{
    if (fd < 0)
        return EXECTRACE_FD_NONE;
    if (!is_cached(fd))
        return ask_kernel(fd);

    uint32_t word = atomic_load_explicit(word_of((unsigned)fd), memory_order_relaxed);
    if ((word & FD_KINDS_MASK) != 0)
        return (enum exectrace_fd_kind)(word & FD_KINDS_MASK);

    enum exectrace_fd_kind kind = ask_kernel(fd);
    if (kind != EXECTRACE_FD_UNKNOWN)
        atomic_compare_exchange_strong(word_of((unsigned)fd), &word, word | (uint32_t)kind);
    return kind;
}

/* Starts a new generation of the entry with the given low bits. */
static void renew(int fd, uint32_t low_bits)
{
    uint32_t word = atomic_load_explicit(word_of((unsigned)fd), memory_order_relaxed);

    while (!atomic_compare_exchange_weak(word_of((unsigned)fd), &word,
                                         ((word + GENERATION) & GENERATION_MASK) | low_bits)) {
    }
}

void fd_kinds_set(int fd, enum exectrace_fd_kind kind)
{
    if (is_cached(fd))
        renew(fd, (uint32_t)kind);
}

void fd_kinds_forget(int fd)
{
    if (is_cached(fd))
        renew(fd, 0);
}

void fd_kinds_forget_others(unsigned first, unsigned last)
{
    if (last >= FD_KINDS_CACHED)
        last = FD_KINDS_CACHED - 1;
    for (unsigned fd = first; fd <= last; fd++) {
        /* An entry nobody touched needs no new generation, and its page stays untouched. */
        uint32_t word = atomic_load_explicit(word_of((unsigned)fd), memory_order_relaxed);
        if (word != 0 && (word & TRACERS) == 0)
            renew((int)fd, 0);
    }
}

void fd_kinds_set_tracers(int fd)
{
    uint32_t highest = atomic_load(&highest_tracers);

    if (!is_cached(fd))
        return;
    renew(fd, TRACERS);
    while ((uint32_t)fd > highest &&
           !atomic_compare_exchange_weak(&highest_tracers, &highest, (uint32_t)fd)) {
    }
}

bool fd_kinds_is_tracers(int fd)
{
    return is_cached(fd) &&
           (atomic_load_explicit(word_of((unsigned)fd), memory_order_relaxed) & TRACERS) != 0;
}

int fd_kinds_next_tracers(unsigned first, unsigned last)
{
    uint32_t highest = atomic_load(&highest_tracers);

    if (last > highest)
        last = highest;
    for (unsigned fd = first; fd <= last; fd++) {
        if (fd_kinds_is_tracers((int)fd))
            return (int)fd;
    }
    return -1;
}

bool fd_kinds_take_peer(int fd, uint32_t session)
{
    if (!is_cached(fd))
        return false;

    uint32_t mark = ((session << SESSION_SHIFT) & SESSION_MASK) | PEER_ANNOUNCED;
    uint32_t word = atomic_load_explicit(word_of((unsigned)fd), memory_order_relaxed);
    if ((word & (SESSION_MASK | PEER_ANNOUNCED)) == mark)
        return false;
    return atomic_compare_exchange_strong(word_of((unsigned)fd), &word,
                                          (word & ~(SESSION_MASK | PEER_ANNOUNCED)) | mark);
}
