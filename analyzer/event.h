/*
 * One trace event in the analyzer's own terms, whatever tracer it came from: what ctf_reader (and event_text)
 * produce, and the only thing thread_state and blocking consume.
 *
 * An event is a small tagged value. Strings and sequences it points to are borrowed: they are valid until
 * the callback that got the event returns. Times are nanoseconds since the Unix epoch (LTTng's clock offset
 * applied), durations nanoseconds. The meaning of the exectrace events is in tracepoints/contract.h; for
 * those of the recorder (sched, metric) time_ns is already the payload's `time`, and pid/tid are the
 * payload's.
 */
#ifndef ANALYZER_EVENT_H
#define ANALYZER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_type {
    EVENT_NONE = 0,

    /* exectrace (and, where the comment says so, stock wrappers) */
    EVENT_PROCESS_START,   /* .process_start */
    EVENT_MODULE,          /* .module; also lttng_ust_statedump:bin_info, sched:module */
    EVENT_MODULE_BUILD_ID, /* .module; lttng_ust_statedump:build_id completes an earlier EVENT_MODULE at the
                              same base */
    EVENT_MODULE_UNLOAD,   /* .module.base; lttng_ust_lib:unload */
    EVENT_OPEN,            /* .open */
    EVENT_THREAD_START,    /* .thread_start */
    EVENT_THREAD_NAME,     /* .name; of event.tid */
    EVENT_THREAD_EXIT,
    EVENT_WAIT,            /* .wait */
    EVENT_WAKE,            /* .wake */
    EVENT_WAIT_SUMMARY,    /* .wait_summary */
    EVENT_CALL,            /* .call: a complete system call */
    EVENT_CALL_SUMMARY,    /* .call_summary */
    EVENT_PEER,            /* .peer */
    EVENT_ALLOC,           /* .alloc; also lttng_ust_libc:malloc ... */
    EVENT_FREE,            /* .alloc.address */
    EVENT_STACK,           /* .stack: definition */
    EVENT_USER_TASK_BEGIN, /* .user ... */
    EVENT_USER_TASK_END,
    EVENT_USER_REGION_BEGIN,
    EVENT_USER_REGION_END,
    EVENT_USER_LOG,
    EVENT_USER_COUNTER,
    EVENT_OFF_CPU,       /* .off_cpu: exectrace_sched:switch, one complete off-CPU interval */
    EVENT_SCHED_WAKEUP,  /* .wakeup; exectrace_sched:wakeup, kernel sched_waking/sched_wakeup/sched_wakeup_new
                          */
    EVENT_SCHED_EXIT,    /* kernel's view of a thread's end */
    EVENT_SCHED_START,   /* .sched_start; kernel's view of a thread's start (sched_process_fork) */
    EVENT_SCHED_NAME,    /* .name: comm of event.tid */
    EVENT_SCHED_SAMPLE,  /* .stack (id 0): where event.tid was running */
    EVENT_SCHED_LOST,    /* .lost */
    EVENT_SCHED_SOURCE,  /* .sched_source */
    EVENT_METRIC_DEFINE, /* .metric */
    EVENT_METRIC,        /* .metric */

    /* kernel tracers (LTTng kernel, perf data convert) */
    EVENT_KERNEL_SWITCH,        /* .kernel_switch: event.cpu goes from prev to next */
    EVENT_KERNEL_SYSCALL_ENTRY, /* .kernel_syscall */
    EVENT_KERNEL_SYSCALL_EXIT,  /* .kernel_syscall */
    EVENT_KERNEL_THREAD,        /* .kernel_thread: lttng_statedump_process_state */
    EVENT_KERNEL_IRQ_ENTRY,     /* .kernel_irq */
    EVENT_KERNEL_IRQ_EXIT,
    EVENT_KERNEL_BLOCK_ISSUE, /* .kernel_block */
    EVENT_KERNEL_BLOCK_COMPLETE,
    EVENT_KERNEL_NET_RECEIVE, /* .name: of the interface that a packet came from */
    EVENT_KERNEL_FD,          /* .kernel_fd: lttng_statedump_file_descriptor */

    /* stock wrappers */
    EVENT_STOCK_LOCK_REQ, /* .stock_lock: lttng_ust_pthread:pthread_mutex_lock_req */
    EVENT_STOCK_LOCK_ACQ,
    EVENT_STOCK_LOCK_TRYLOCK,
    EVENT_STOCK_UNLOCK,
    EVENT_STOCK_REALLOC, /* .stock_realloc */

    /* the reader's own */
    EVENT_LOST,    /* .lost: events or packets that the tracer discarded on this stream between two times */
    EVENT_SKIPPED, /* .skipped: events up to now that nobody needs; see event_needs.h */

    EVENT_OTHER, /* anything else; counted, nothing more */
    EVENT_TYPE_END
};

/* Kernels have the upper half of the address space. */
#define EVENT_FIRST_KERNEL_PC (UINT64_C(1) << 63)

/* What a CPU does beside its thread. */
enum event_interrupt {
    INTERRUPT_HARD,    /* irq_handler_* */
    INTERRUPT_SOFT,    /* softirq_* */
    INTERRUPT_TIMER,   /* timer_expire_*: a kernel timer's function, mostly in the softirq TIMER */
    INTERRUPT_HRTIMER, /* hrtimer_expire_* */
};

/* A call stack that came with the event itself (kernel _callstack_kernel, then _callstack_user). */
struct event_pcs {
    const uint64_t *pcs;
    uint32_t count;
    bool leaf_is_exact; /* pcs[0] is the PC itself, not a return address */
};

struct event {
    int64_t time_ns;
    uint32_t type;        /* enum event_type */
    int32_t pid;          /* -1: not known */
    int32_t tid;          /* -1: not known */
    int32_t cpu;          /* -1: not known */
    uint32_t host;        /* index of the host, for sessions of several hosts; usually 0 */
    uint32_t stack;       /* wire stack number in the scope of pid; 0: none, or see callstack */
    const char *procname; /* what a context calls the thread tid; NULL: nothing */

    union {
        struct {
            uint32_t contract;
            uint32_t reason; /* enum exectrace_start_reason */
            int32_t ppid;
            uint64_t cmdline_hash;
            const char *exe;
            const char *name;
        } process_start;
        struct {
            uint64_t base, size;
            uint64_t offset; /* file offset of base; 0 for whole objects */
            const char *path;
            const uint8_t *build_id;
            uint32_t build_id_size;
            bool is_segment; /* base is an executable segment, not the start of the object */
        } module;
        struct {
            uint64_t object, duration_ns;
            uint64_t leaf_pc; /* return address in the caller, the stack when there is no other; 0: unknown */
            uint32_t operation, kind; /* enum exectrace_operation, exectrace_wait_kind */
            uint32_t number, fd_kind;
            int32_t fd;
            int32_t holder_tid; /* of what a wait is for; 0: not known */
        } open;                 /* event.pid/tid are the payload's */
        struct {
            uint64_t start_routine;
            int32_t creator_tid;
        } thread_start;
        const char *name;
        struct {
            uint64_t object, duration_ns;
            uint64_t since_wake_ns; /* from the release to the end, when there is a waker */
            uint32_t kind, outcome;
            union {
                struct {
                    uint32_t waker_stack; /* wire stack number, as event.stack */
                    int32_t waker_tid;    /* 0: not known, or an EVENT_WAKE has told */
                };
                uint64_t who; /* the decoder's */
            };
        } wait;
        struct {
            uint64_t object;
            uint32_t kind;
            bool is_shared; /* threads of other processes may have waited */
        } wake;
        struct {
            uint64_t object, total_ns, longest_ns;
            uint64_t age_ns; /* since the last of the waits ended */
            uint32_t kind, count;
        } wait_summary; /* event.tid is the payload's */
        struct {
            int64_t result;
            uint64_t duration_ns;
            int32_t fd;
            uint32_t number, fd_kind;
        } call;
        struct {
            uint64_t total_ns, shortest_ns, longest_ns;
            uint64_t age_ns; /* since the last of the calls ended, at least */
            uint32_t number, fd_kind, count, errors;
        } call_summary; /* event.tid is the payload's */
        struct {
            const uint8_t *address;
            uint32_t address_size;
            int32_t fd;
            uint16_t family, port;
        } peer;
        struct {
            uint64_t address, size, weight_bytes;
        } alloc;
        struct {
            uint64_t old_address, new_address, size;
        } stock_realloc;
        struct event_pcs stack_definition; /* EVENT_STACK (event.stack is the number), EVENT_SCHED_SAMPLE */
        struct {
            uint64_t task, parent;
            double value;
            const char *name; /* or category */
            const char *message;
        } user;
        struct {
            uint64_t off_ns;
            int32_t prev_cpu;     /* event.cpu is the CPU it came back on */
            uint32_t reason;      /* enum exectrace_off_reason */
            uint64_t runnable_ns; /* how long before its end it was woken, when waker_tid says that that is
                                     known */
            int32_t waker_tid;    /* -1: not known; 0: no thread */
        } off_cpu;
        struct {
            int32_t waker_tid;
            int32_t target_cpu;
            bool is_new;    /* sched_wakeup_new */
            bool is_waking; /* sched_waking: the earliest of the three */
        } wakeup;           /* event.tid is the thread that was woken */
        struct {
            int32_t parent_pid, parent_tid;
            const char *name; /* NULL: not known */
        } sched_start;
        struct {
            uint32_t source;
            const char *description;
        } sched_source;
        struct {
            uint32_t id;
            double value;
            const char *name, *unit, *help;
        } metric;
        struct {
            int32_t prev_tid, next_tid;
            int64_t prev_state; /* 0: preempted, could have run on */
            int32_t prev_prio, next_prio;
            const char *prev_comm, *next_comm;
        } kernel_switch;
        struct {
            const char *name; /* "read", without sys_/syscall_entry_; NULL on old exit events */
            int64_t result;
            int32_t fd;      /* -1: none */
            uint32_t number; /* x86-64's, where it is what the name was made of */
        } kernel_syscall;
        struct {
            uint64_t files; /* which table of descriptors; 0: not known */
            int32_t ppid;
            const char *name;
            int32_t status; /* as LTTng has it: 1 waits after fork, 2 waits for a CPU, 3 exits, 4 zombie,
                               5 blocked, 6 runs, 7 dead */
        } kernel_thread;
        struct {
            uint32_t context; /* enum event_interrupt */
            uint32_t irq;     /* number, or vector of a softirq */
            const char *name; /* of an interrupt; NULL: not known */
        } kernel_irq;
        struct {
            uint32_t device;
            uint64_t sector;
            uint64_t bytes;
        } kernel_block;
        struct {
            uint64_t files; /* as in kernel_thread; 0: event.pid says whose */
            int32_t fd;
            const char *file; /* "/etc/passwd", "socket:[27]", ... */
        } kernel_fd;
        struct {
            uint64_t mutex;
            int32_t status;
        } stock_lock;
        struct {
            uint64_t count;             /* 0: some, number unknown */
            int64_t since_ns, until_ns; /* lost between these; event.time_ns is since_ns, or close to it */
            bool is_packets;
        } lost;
        struct {
            uint64_t count;
            uint64_t types; /* which ones are among them: bits by enum event_type */
        } skipped;
    };
    struct event_pcs callstack; /* count 0: none */
};

/* Gets events one by one, on the caller's thread. Returns false to stop early (not an error). */
typedef bool (*event_sink)(void *self, const struct event *event);

#endif
