/*
 * The event contract: the one place where the meaning of every exectrace event is written down.
 * The fields stand in the provider headers beside this file (provider_*.h), the numbers that travel in them
 * stand here. The traced program, the recorder and the analyzer share this file and nothing else.
 *
 * Conventions
 *  - Times and durations are nanoseconds. Event timestamps are CLOCK_MONOTONIC, as LTTng-UST takes them.
 *  - An operation that waited is ONE complete event, emitted when it has ended: start = timestamp - duration.
 *  - Every event of the traced program carries the contexts vpid and vtid. Events of the recorder
 *    (exectrace_sched:*, exectrace_metric:*) carry pid and tid as fields and their own `time`
 *    (CLOCK_MONOTONIC, the real moment); the recorder drains kernel rings in batches, so LTTng's own
 * timestamp of these events is later. Within one stream their `time` never steps back.
 *  - `stack` is a 32-bit number that exectrace_stack:define of the same process explains; 0 means no stack.
 *    A number is never used for another stack during a process image's life (exec starts a new one).
 *    A definition is repeated now and then, and whenever a session starts, so that a reader that sees only a
 *    part of a recording (snapshot, rotated chunk, session started late) finds it. A number without a
 * definition is shown as `[stack lost]`, never an error.
 *    Likewise process:start (reason SESSION) and thread:name of a thread that defines stacks: once a second.
 *  - All PCs of a stack are return addresses, leaf first; the leaf is the caller of the wrapped function.
 *    The frames of libexectrace.so are never part of it.
 *  - `object` is the address of the lock, condition, semaphore... in the traced process; for a join the
 *    tid of the joined thread.
 *  - Strings are UTF-8 as the kernel gave them, at most 4095 bytes. None is empty but that of a program whose
 *    path could not be read: babeltrace2 (2.0.4) gives an empty string the contents of an earlier event's.
 *
 * Which event may be missing, and what a reader does then
 *  - Any event may be lost (LTTng counts discarded events). A reader never guesses: what hangs on a lost
 * event is unknown.
 *  - A wait names who released it (`waker`, `who`) when a thread of its process did; not a thread of another
 *    process, nor a kernel timer. The stack of that thread is 0 where nobody had waited for at least the
 *    threshold when it released.
 *  - sync:wake is there only for releases that could not be handed to the waiter (objects shared by
 * processes, see EXECTRACE_WAKE_SHARED; two releases at the same moment), and in recordings made before wait
 * events named their waker.
 *  - sched:* is missing in a session made by plain LTTng without `recorder`. Recorders before this one
 * emitted wake-ups as events of their own, exectrace_sched:wakeup (time, pid, tid, waker_tid, cpu), and their
 *    sched:switch has neither runnable_ns nor waker_tid.
 *  - process:open exists only for operations that had not ended when the recording did.
 */
#ifndef EXECTRACE_CONTRACT_H
#define EXECTRACE_CONTRACT_H

#include <stdint.h>

#define EXECTRACE_CONTRACT_VERSION 1

/* exectrace_process:start, field `reason`. */
enum exectrace_start_reason {
    EXECTRACE_START_LIBRARY = 0, /* the library was loaded: program start or exec */
    EXECTRACE_START_FORK = 1,    /* the child of a fork */
    EXECTRACE_START_SESSION = 2, /* a tracing session started later than the process */
};

/*
 * exectrace_sync:*, field `kind`. The comment names the calls. The kind of a wake on a rwlock is how the
 * releasing thread held it: waiters of both kinds are meant.
 */
enum exectrace_wait_kind {
    EXECTRACE_WAIT_MUTEX = 1,        /* pthread_mutex_lock, mtx_lock and their timed forms */
    EXECTRACE_WAIT_RWLOCK_READ = 2,  /* pthread_rwlock_rdlock ... */
    EXECTRACE_WAIT_RWLOCK_WRITE = 3, /* pthread_rwlock_wrlock ... */
    EXECTRACE_WAIT_SPIN = 4,         /* pthread_spin_lock */
    EXECTRACE_WAIT_COND = 5,         /* pthread_cond_wait, cnd_wait ...; from the call to its return */
    EXECTRACE_WAIT_SEMAPHORE = 6,    /* sem_wait ... */
    EXECTRACE_WAIT_BARRIER = 7,      /* pthread_barrier_wait */
    EXECTRACE_WAIT_JOIN = 8,         /* pthread_join, thrd_join ... */
    EXECTRACE_WAIT_ONCE = 9,         /* pthread_once, call_once while another thread runs the routine */
    EXECTRACE_WAIT_FUTEX = 10,       /* syscall(SYS_futex, ...) */
    EXECTRACE_WAIT_KIND_END
};

/*
 * Added to the kind of an exectrace_sync:wake: the object lies in memory that is shared with other processes,
 * whose threads may be the ones that wait. It has the same address there when they inherited the memory.
 */
#define EXECTRACE_WAKE_SHARED 0x80u

/* exectrace_sync:wait*, `outcome`. */
enum exectrace_wait_outcome {
    EXECTRACE_OUTCOME_ACQUIRED = 0, /* got it, or was woken */
    EXECTRACE_OUTCOME_TIMED_OUT = 1,
    EXECTRACE_OUTCOME_CANCELLED = 2, /* the thread was cancelled, or an exception or longjmp left the call */
    EXECTRACE_OUTCOME_INTERRUPTED = 3,
    EXECTRACE_OUTCOME_ERROR = 4,
    EXECTRACE_OUTCOME_END
};

/*
 * The short forms of exectrace_sync:wait put several numbers into one field, most significant first, so that
 * they can be read in hexadecimal:
 *     what  outcome (4 bits), kind (4), object (56)
 *     who   thread that released (24), its stack (20), the waiter's stack (20)
 * A wait whose numbers do not fit is told by exectrace_sync:wait.
 */
#define EXECTRACE_WHAT(kind, outcome, object)                                                                \
    ((uint64_t)(outcome) << 60 | (uint64_t)(kind) << 56 | (uint64_t)(object))
#define EXECTRACE_WHAT_OUTCOME(what) ((uint32_t)((what) >> 60))
#define EXECTRACE_WHAT_KIND(what) ((uint32_t)((what) >> 56) & 0xfu)
#define EXECTRACE_WHAT_OBJECT(what) ((what)&EXECTRACE_WHAT_OBJECT_LIMIT)
#define EXECTRACE_WHAT_OBJECT_LIMIT ((UINT64_C(1) << 56) - 1)

#define EXECTRACE_WHO(waker, waker_stack, stack)                                                             \
    ((uint64_t)(waker) << 40 | (uint64_t)(waker_stack) << 20 | (uint64_t)(stack))
#define EXECTRACE_WHO_WAKER(who) ((int32_t)((who) >> 40))
#define EXECTRACE_WHO_WAKER_STACK(who) ((uint32_t)((who) >> 20) & EXECTRACE_WHO_STACK_LIMIT)
#define EXECTRACE_WHO_STACK(who) ((uint32_t)(who)&EXECTRACE_WHO_STACK_LIMIT)
#define EXECTRACE_WHO_STACK_LIMIT ((1u << 20) - 1)

/* What a file descriptor is; field `fd_kind` of exectrace_syscall:*. */
enum exectrace_fd_kind {
    EXECTRACE_FD_NONE = 0, /* the call has no descriptor */
    EXECTRACE_FD_FILE = 1, /* regular file, directory or block device */
    EXECTRACE_FD_SOCKET = 2,
    EXECTRACE_FD_PIPE = 3,
    EXECTRACE_FD_TERMINAL = 4,
    EXECTRACE_FD_EVENTFD = 5,
    EXECTRACE_FD_TIMERFD = 6,
    EXECTRACE_FD_EPOLL = 7,
    EXECTRACE_FD_OTHER = 8,
    EXECTRACE_FD_UNKNOWN = 9,
    EXECTRACE_FD_KIND_END
};
/*
 * For poll, ppoll, select and pselect `fd` is the first descriptor asked for (-1: none) and `fd_kind` is
 * EXECTRACE_FD_SOCKET when one of the first 64 is a socket, else the kind of the first. For epoll_wait it is
 * EXECTRACE_FD_EPOLL. Network blocking is: fd_kind socket or epoll.
 */

/*
 * exectrace_syscall:*, field `number`: the x86-64 system call number of the libc wrapper. Library calls
 * that are more than one system call have numbers of their own from here on.
 */
enum exectrace_call_number {
    EXECTRACE_CALL_FIRST = 10000,
    EXECTRACE_CALL_GETADDRINFO = 10000,
    EXECTRACE_CALL_GETNAMEINFO = 10001,
    EXECTRACE_CALL_FREAD = 10002, /* also fgets, getc, getline...: stdio that had to read */
    EXECTRACE_CALL_FWRITE = 10003,
    EXECTRACE_CALL_FFLUSH = 10004,
    EXECTRACE_CALL_FCLOSE = 10005,
    EXECTRACE_CALL_FOPEN = 10006,
    EXECTRACE_CALL_FSEEK = 10007,   /* also rewind, fsetpos, ftell: stdio that had to write or to ask */
    EXECTRACE_CALL_READDIR = 10008, /* also scandir, glob, fts_read: entries of directories */
    EXECTRACE_CALL_REALPATH = 10009,
    EXECTRACE_CALL_NSS_LOOKUP =
        10010,                        /* users, groups, services ...: getpwnam, getgrgid, getservbyname ... */
    EXECTRACE_CALL_RES_QUERY = 10011, /* the resolver itself: res_query, res_search, res_send ... */
    EXECTRACE_CALL_SYSLOG = 10012,
    EXECTRACE_CALL_END
};

/* exectrace_sched:switch, field `reason`: why the thread was off its CPU until `time`. */
enum exectrace_off_reason {
    EXECTRACE_OFF_BLOCKED = 0,   /* it slept; prev_cpu is where it ran before */
    EXECTRACE_OFF_PREEMPTED = 1, /* it could have run on: the whole of off_ns is run-queue latency */
    EXECTRACE_OFF_START = 2, /* its first time on a CPU; off_ns counts from its creation when known, else 0 */
    EXECTRACE_OFF_OPEN = 3,  /* was blocked when the recording ended, never came back: `time` is the end */
    EXECTRACE_OFF_OPEN_PREEMPTED = 4, /* the same, runnable */
};

/* exectrace_sched:source, field `source`. */
enum exectrace_sched_source {
    EXECTRACE_SCHED_NONE = 0,
    EXECTRACE_SCHED_PERF_SWITCH = 1,   /* unprivileged context-switch records: no wake-ups */
    EXECTRACE_SCHED_PERF_WAKING = 2,   /* with the sched:sched_waking tracepoint: every wake-up is exact */
    EXECTRACE_SCHED_KERNEL_TRACER = 3, /* LTTng's; the whole machine, with the program and its children */
    EXECTRACE_SCHED_TRACEFS = 4,       /* a trace instance of the kernel's own; every wake-up is exact */
    EXECTRACE_SCHED_KERNEL_TRACER_ALONE = 5, /* as KERNEL_TRACER, but children do not belong to it */
};

/*
 * The recorder's channel of LTTng's kernel tracer, with KERNEL_TRACER and KERNEL_TRACER_ALONE. The names of
 * its files begin so: by them a reader knows early that a trace is of the whole machine.
 */
#define EXECTRACE_KERNEL_CHANNEL "kernel-sched"

/* What exectrace_process:open is about: a wait when its field `kind` is set, else a system call. */
enum exectrace_operation {
    EXECTRACE_OPERATION_SYNC = 1,    /* kind and object are set, fd is the thread that holds the object */
    EXECTRACE_OPERATION_SYSCALL = 2, /* number, fd and fd_kind are set; kind is 0 */
};

/*
 * Environment variables that libexectrace.so reads (and ignores in secure execution).
 * Only `recorder` sets EXECTRACE_STATE and EXECTRACE_ADMISSION; the others are for people.
 */
#define EXECTRACE_ENV_WAIT_THRESHOLD "EXECTRACE_WAIT_THRESHOLD_NS" /* waits shorter than this are summed */
#define EXECTRACE_ENV_SYSCALL_THRESHOLD                                                                      \
    "EXECTRACE_SYSCALL_THRESHOLD_NS"            /* calls shorter than this are summed */
#define EXECTRACE_ENV_ALLOC "EXECTRACE_ALLOC"   /* off | all | sampled mean in bytes, e.g. 524288 */
#define EXECTRACE_ENV_STACKS "EXECTRACE_STACKS" /* maximum frames, 0 to 128 */
#define EXECTRACE_ENV_FOLLOW "EXECTRACE_FOLLOW" /* all | none: whether children are recorded too */
#define EXECTRACE_ENV_STATE "EXECTRACE_STATE"   /* directory for operations in flight, see state.h */
#define EXECTRACE_ENV_ADMISSION                                                                              \
    "EXECTRACE_ADMISSION" /* 1: new processes wait to be admitted, see state.h                               \
                           */

#endif
