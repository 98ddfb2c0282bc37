/*
 * Operations in flight: what each thread of the traced program is waiting for right now, in a shared file
 * mapping, so that `recorder` can say what was open when the program was killed.
 *
 * When EXECTRACE_STATE names a directory, the library creates `<directory>/<pid>` (mode 0600, exactly
 * STATE_FILE_BYTES long, sparse), maps it and closes it at once. A forked child creates its own file. An
 * exec'ed image with the same pid replaces the file by a new one. The file is never removed by the library.
 * Without EXECTRACE_STATE the same layout lives in anonymous memory and only serves the library's own report
 * at exit.
 *
 * Readers (recorder, library destructor): a slot with tid 0 is free; one with operation 0 is idle. `sequence`
 * is odd while the owner writes: read it before and after the copy and take the copy only when both are
 * equal and even. (A thread killed while it writes leaves it odd: nothing is known of that thread.)
 *
 * Holders: a mutex of the usual kinds has its owner's id in it, which a waiter copies into its operation
 * before each sleep; who comes later, or is woken before others, knows better than these. Who had to wait for
 * a lock, or has one that does not tell (readers) or changes hands while its waiters are inside libc
 * (writers, robust and priority-inheriting mutexes), lists it in `holds`. See state_holders.h.
 *
 * Admission: several recordings may share one session daemon, and then LTTng is told which processes belong
 * to which. With EXECTRACE_ADMISSION=1 a new process (after fork and after exec) waits, at most a moment,
 * until the recorder, which watches the directory, has seen its file, has told LTTng, and has set `admitted`
 * to 1. So the first events of a child are not lost. The recorder holds an exclusive flock on the directory
 * while it lives: when nobody does, nobody will admit.
 */
#ifndef EXECTRACE_STATE_H
#define EXECTRACE_STATE_H

#include <stdint.h>

#define STATE_MAGIC 0x6574617473657865ull /* "exestate" in memory */
#define STATE_VERSION 2u
#define STATE_SLOT_COUNT 4096u
#define STATE_HOLD_COUNT 8u

/* One thread's operation; written by that thread only. */
struct state_operation {
    uint8_t operation; /* enum exectrace_operation; 0: nothing in flight */
    uint8_t kind;      /* enum exectrace_wait_kind of a sync operation */
    uint8_t fd_kind;   /* enum exectrace_fd_kind of a system call */
    uint8_t reserved;
    uint16_t number; /* system call number, see contract.h */
    uint16_t reserved2;
    int32_t fd;         /* of a sync operation: the thread that holds the object; -1: not known */
    uint32_t stack;     /* number of the stack, 0: not taken */
    uint64_t object;    /* object of a sync operation */
    uint64_t start_ns;  /* CLOCK_MONOTONIC */
    uint64_t leaf_pc;   /* return address in the caller, 0: unknown */
    uint64_t frame;     /* the wrapper's frame: tells a call that longjmp left from one that is interrupted */
    uint64_t holder_ns; /* when a sync operation's fd was found out, CLOCK_MONOTONIC */
};

struct state_slot {
    uint32_t sequence;
    int32_t tid; /* 0: the slot is free */
    struct state_operation operation;
};

/* Objects that the thread of the slot with the same index holds; 0: a free place. More are not known. */
struct state_holds {
    uint64_t objects[STATE_HOLD_COUNT];
};

struct state_file {
    uint64_t magic; /* STATE_MAGIC, written last */
    uint32_t version;
    int32_t pid;
    uint32_t slot_count;
    uint32_t finished; /* 1: the library's destructor ran and reported what was open itself */
    uint64_t start_ns; /* CLOCK_MONOTONIC when the file was made */
    uint32_t admitted; /* written by recorder, see below */
    uint8_t padding[28];
    struct state_slot slots[STATE_SLOT_COUNT];
    struct state_holds holds[STATE_SLOT_COUNT];
};

#define STATE_FILE_BYTES sizeof(struct state_file)

_Static_assert(sizeof(struct state_slot) == 64, "a slot is one cache line");

#endif
