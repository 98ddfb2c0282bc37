/*
 * What a trace says, in the words every report, profile and timeline uses: threads, their states over time,
 * blocking operations with who waited and who released, stacks.
 *
 * The model is pure: events in (any order of threads, time order overall), facts out through one set of
 * callbacks. It keeps what is small (processes, threads, modules, distinct stacks) and hands out what is
 * large (intervals, operations) as soon as it is known, so memory does not grow with the length of a trace.
 *
 * Facts are handed out when they have ended and are known. That may be later than their end: an off-CPU
 * interval waits for the event that tells who woke the thread, a wait that may be idle for the next one of
 * its thread. The state intervals of one thread come in time order; facts still open when the trace ends come
 * last, with is_open set. A consumer that needs one order over all threads sorts.
 *
 * Processes, threads and stacks are named by small dense indices, valid for the model's life. Index 0 means
 * "none" in each of the three.
 */
#ifndef ANALYZER_TRACE_MODEL_H
#define ANALYZER_TRACE_MODEL_H

#include <glib.h>
#include "analyzer/event.h"
#include "analyzer/event_needs.h"

struct module {
    uint64_t base, size;
    uint64_t offset;  /* file offset of base (0 for whole objects) */
    bool is_segment;  /* see struct event */
    const char *path; /* interned; "[vdso]"; never NULL */
    uint8_t build_id[64];
    uint32_t build_id_size; /* 0: not known */
    uint32_t index;         /* dense, for symbol caches */
};

struct frame {
    const struct module *module; /* NULL: address in no known object */
    uint64_t address; /* as in the process; already minus 1 for return addresses ("lookup address") */
};

struct stack {
    uint32_t frame_count; /* leaf first; 0 only for index 0 (none) */
    bool is_lost;         /* the trace has no definition: show `[stack lost]` */
    const struct frame *frames;
};

struct process {
    uint32_t index;
    uint32_t host;
    int32_t pid;
    const char *name; /* file name of exe, or comm, or "" */
    const char *exe;  /* "" when not known */
    int64_t start_ns, end_ns;
};

struct thread {
    uint32_t index;
    uint32_t process;
    int32_t pid, tid;
    const char *name; /* current name, "" when not known */
    bool is_main;
    bool is_tracer;    /* a thread of the tracer itself (*-ust): reports leave it out */
    bool is_interrupt; /* no thread: stands for an interrupt that wakes threads ("irq/eth0", "softirq/NET_RX")
                        */
    int64_t start_ns;  /* birth; else the first that was said of it, in kernel traces the trace's start */
    int64_t end_ns;    /* death, or the trace's end */
    bool is_end_seen;
    bool has_states; /* scheduling data exist for it */
    /* totals over the thread's life inside the trace; running + runnable + blocked + unknown = end - start */
    int64_t running_ns, runnable_ns, blocked_ns, unknown_ns;
};

enum thread_state {
    THREAD_UNKNOWN = 0, /* nothing known: no scheduling data, or they were lost */
    THREAD_RUNNING,
    THREAD_RUNNABLE, /* could run, waits for a CPU: preempted, or woken and not yet on a CPU */
    THREAD_BLOCKED,
};

/*
 * A thread was in one state for a while. Intervals of one thread touch and never overlap. RUNNABLE ones may
 * have no length: the clock did not go on between a wake-up and the thread's run.
 */
struct state_interval {
    int64_t start_ns, end_ns;
    uint32_t thread;
    enum thread_state state;
    int32_t cpu;       /* RUNNING: on which CPU; else -1 */
    bool is_preempted; /* RUNNABLE: it was taken off, not woken */
    bool is_derived; /* the border to the next or previous state was derived from a wake, not measured by the
                        kernel */
    bool is_open;
    bool is_part;          /* cut by a filter: its end is not in the range, count it elsewhere */
    uint32_t waker_thread; /* RUNNABLE after a wake-up: who; 0 not known */
    uint32_t stack;        /* RUNNABLE: where the thread will go on; 0 not known */
};

enum blocking_class {
    BLOCKING_SYNC = 1,
    BLOCKING_NET,
    BLOCKING_SYSCALL,
};

/* Who told of an operation. */
enum fact_source {
    FACT_LIBRARY = 0, /* exectrace's events */
    FACT_KERNEL,      /* the kernel's system call events */
    FACT_STOCK,       /* LTTng's own pthread wrapper: pairs of request and acquisition */
};

/* Which words `kind` of an operation uses: blocking_kind_name(). */
struct blocking {
    int64_t start_ns, end_ns;
    uint64_t count;    /* 1; more for a sum of short operations */
    uint64_t total_ns; /* end - start; for a sum the sum of its durations */
    uint64_t longest_ns;
    uint64_t shortest_ns;
    uint64_t error_count; /* how many of count failed */
    enum fact_source source;
    bool is_covered; /* a kernel's call of a process whose library tells of its waits too: profiles leave it
                        out, or the time would count twice */
    uint32_t thread;
    enum blocking_class blocking_class;
    uint32_t wait_kind;    /* enum exectrace_wait_kind; 0: a system call */
    uint32_t outcome;      /* enum exectrace_wait_outcome, for waits */
    uint64_t object;       /* for waits */
    int32_t call_number;   /* x86-64 number or enum exectrace_call_number; -1: see call_name */
    const char *call_name; /* "read"; NULL for waits; interned */
    int32_t fd;            /* -1: none */
    uint32_t fd_kind;      /* enum exectrace_fd_kind */
    int64_t result;
    const char *peer;      /* "127.0.0.1:6379" of a socket; NULL: not known */
    uint32_t stack;        /* the waiter's */
    uint32_t waker_thread; /* who released it, of an open wait who holds it; 0: not known */
    uint32_t waker_stack;  /* the releaser's stack just before the release; the holder's open operation's */
    int64_t wake_ns;       /* when; 0: not known */
    bool is_lock_like;     /* a condition, semaphore or futex that who waits for it also wakes */
    bool is_idle;          /* waits for work, not for somebody in the way */
    bool is_open;          /* had not ended when the trace did */
    bool is_summary;       /* a sum: start and end only bound it */
    bool is_part;          /* cut by a filter: its end is not in the range; count is 0 */
};

struct heap_sample {
    int64_t time_ns;
    uint32_t thread;
    uint32_t owner_thread; /* that allocated; for allocations equal to thread */
    uint32_t stack;        /* of the allocation */
    double objects;        /* estimated number of objects this sample stands for; a whole number */
    double bytes;
    bool is_free; /* the allocation that this frees, with the allocation's stack and weights */
    uint64_t address;
};

struct user_mark {
    enum event_type type; /* EVENT_USER_* */
    int64_t time_ns;
    uint32_t thread;
    uint64_t task, parent;
    const char *name, *message;
    double value;
};

struct loss {
    int64_t start_ns, end_ns;
    uint64_t count; /* 0: some, number not known */
    bool is_packets;
    const char *what; /* "events", "scheduling records", ... */
};

enum trace_gap {
    GAP_USER_THREADS = 1 << 0,     /* events of user space without a thread id */
    GAP_USER_PROCESSES = 1 << 1,   /* ... without a process id, which stacks and objects need */
    GAP_SWITCHES = 1 << 2,         /* wake-ups or system calls of the kernel tracer, but no switches */
    GAP_WAKEUPS = 1 << 3,          /* switches of the kernel tracer, but no wake-ups */
    GAP_KERNEL_PROCESSES = 1 << 4, /* switches of the kernel tracer, but no process ids */
};

#define TRACE_CLASS_BIT(blocking_class) (1u << (blocking_class))

/* All callbacks may be NULL. Pointers they get are valid until they return, unless this file says otherwise.
 */
struct trace_observer {
    void (*state)(void *self, const struct state_interval *interval);
    void (*blocking)(void *self, const struct blocking *operation);
    void (*heap)(void *self, const struct heap_sample *sample);
    void (*mark)(void *self, const struct user_mark *mark);
    void (*metric)(void *self, int64_t time_ns, uint32_t process, const char *name, const char *unit,
                   double value);
    void (*loss)(void *self, const struct loss *loss);
    void *self;
    /* TRACE_CLASS_BIT()s of the operations that matter to blocking(), which gets the others too; 0: all. */
    uint32_t blocking_classes;
    bool wants_wakers; /* who ended the kernel's calls matters to blocking() */
};

struct trace_model;

struct trace_model *trace_model_new(void);
void trace_model_free(struct trace_model *model);
/* The observer is copied. Several may be added; they are called in the order added. */
void trace_model_add_observer(struct trace_model *model, const struct trace_observer *observer);
/*
 * The events that what the observers get hangs on. All observers must have been added. Who asks the model for
 * more than they get (all threads, say) needs all events.
 */
struct event_needs trace_model_needs(const struct trace_model *model);
/*
 * When finished: skipping events may have changed the result after all, so a new model is to be given all.
 * That is so when an operation was told to be going on in the middle of a recording (a snapshot), and whether
 * it went on to the end would show in events that were skipped.
 */
bool trace_model_needs_all_events(const struct trace_model *model);
/* Events must come in time order. */
void trace_model_event(struct trace_model *model, const struct event *event);
/* Closes what is open. No event may follow. */
void trace_model_finish(struct trace_model *model);

/* Time of the first and the last event; equal when there are none. */
int64_t trace_model_start_ns(const struct trace_model *model);
int64_t trace_model_end_ns(const struct trace_model *model);
uint64_t trace_model_event_count(const struct trace_model *model);
uint64_t trace_model_lost_count(const struct trace_model *model);
/* Something was lost, even if not how much is known. */
bool trace_model_has_loss(const struct trace_model *model);
/*
 * What the trace should have had recorded with it: kinds of events that could not be used because something
 * was missing. Bits of enum trace_gap.
 */
uint32_t trace_model_gaps(const struct trace_model *model);

/* "perf context switches", ...: NULL when the trace has no scheduling data. */
const char *trace_model_sched_source(const struct trace_model *model);

/* Counts include the index 0, which is never a real one. */
uint32_t trace_model_process_count(const struct trace_model *model);
const struct process *trace_model_process(const struct trace_model *model, uint32_t index);
/*
 * A recorder that has LTTng's kernel tracer tell of one program gets the whole machine: the threads of other
 * processes are strangers, which are known as wakers but belong into no report. Both are certain only when
 * the model has been finished.
 */
bool trace_model_has_strangers(const struct trace_model *model);
bool trace_model_is_stranger(const struct trace_model *model, uint32_t thread);
uint32_t trace_model_thread_count(const struct trace_model *model);
const struct thread *trace_model_thread(const struct trace_model *model, uint32_t index);
uint32_t trace_model_stack_count(const struct trace_model *model);
const struct stack *trace_model_stack(const struct trace_model *model, uint32_t index);

/* "mutex", "cond", "rwlock read", "read", "epoll_wait"...: one word for what the operation is. */
const char *blocking_kind_name(const struct blocking *operation);
const char *blocking_class_name(enum blocking_class blocking_class); /* "sync" | "net" | "syscall" */
const char *fd_kind_name(uint32_t fd_kind);
const char *wait_outcome_name(uint32_t outcome);

#endif
