/*
 * What the parts of the model share: trace_model.c (processes, threads, dispatch), blocking.c (operations),
 * kernel_model.c (kernel tracers), heap_model.c (allocations). Nobody else includes this.
 */
#ifndef ANALYZER_MODEL_INTERNAL_H
#define ANALYZER_MODEL_INTERNAL_H

#include "analyzer/id_map.h"
#include "analyzer/idle.h"
#include "analyzer/intern.h"
#include "analyzer/stack_table.h"
#include "analyzer/thread_state.h"
#include "analyzer/trace_model.h"
#include "analyzer/wake_table.h"

enum {
    MAX_INTERRUPT_DEPTH = 8,
    MODEL_MAX_INTERRUPTS = 4096,
    MODEL_MAX_CALL_NUMBER = 512,
    MODEL_CALL_CACHE = 512,
    MODEL_PLAIN_TIDS = 1 << 22
};

/*
 * Nine years: a damaged trace may say anything, and sums must not overflow. Longer durations (clocks that
 * stepped back) count as 0.
 */
#define MODEL_MAX_DURATION_NS (1ULL << 58)

/* What a thread can only do when no operation of it goes on. */
#define MODEL_TYPES_OF_THREADS                                                                               \
    (UINT64_C(1) << EVENT_THREAD_START | UINT64_C(1) << EVENT_THREAD_EXIT | UINT64_C(1) << EVENT_WAIT |      \
     UINT64_C(1) << EVENT_WAKE | UINT64_C(1) << EVENT_CALL | UINT64_C(1) << EVENT_ALLOC |                    \
     UINT64_C(1) << EVENT_FREE | UINT64_C(1) << EVENT_USER_TASK_BEGIN | UINT64_C(1) << EVENT_USER_TASK_END | \
     UINT64_C(1) << EVENT_USER_REGION_BEGIN | UINT64_C(1) << EVENT_USER_REGION_END |                         \
     UINT64_C(1) << EVENT_USER_LOG | UINT64_C(1) << EVENT_USER_COUNTER)

struct process_record {
    struct process process;
    bool has_image;   /* a process:start with reason library was seen */
    bool has_library; /* exectrace tells of its operations */
    bool is_recorded; /* user space or a recorder tells of it, or of a process that forked it */
};

/* One name of a system call. */
struct call_kind {
    const char *name; /* interned or static */
    struct call_traits traits;
};

/* A kernel system call, or a stock wrapper's lock request, that has not ended yet. */
struct pending_call {
    const struct call_kind *kind; /* NULL: none */
    int64_t start_ns;
    uint64_t object;
    int32_t fd;
    uint32_t stack;
};

/* An operation that went on when the recorder looked; it may have ended since. */
struct open_operation {
    struct blocking operation;
    const struct call_kind *call; /* NULL: a wait */
    bool is_lock_like;
};

/* What every operation of a thread looks at comes first: it fills few cache lines then. */
struct thread_record {
    uint32_t loss_epoch;
    bool is_exiting; /* kernel: runs its last stretch */
    bool is_ended;
    bool is_lock_holder;    /* released what others waited for as for a lock */
    bool is_born_by_kernel; /* its sched_start was seen */
    bool is_name_weak;      /* its name is its creator's, or from a context: what names it may replace it */
    struct open_operation *open; /* NULL: none. Owned */
    struct idle_habit habit;
    struct thread thread;
    struct thread_timeline timeline;
    struct pending_call call; /* kernel */
    struct wake kernel_wake;  /* that ended its latest sleep; time 0: none */
    struct pending_call lock; /* stock wrapper */
    int64_t exit_ns;          /* 0: not seen */
    int64_t last_summary_ns;
    uint32_t sample_stack;
    uint32_t open_stack; /* of the open operation, also when it was handed out; 0: none */
};

struct cpu_record {
    uint32_t thread; /* on it now; 0: none or not known */
    bool is_known;   /* a switch was seen */
    uint32_t interrupt_depth;
    uint32_t interrupts[MAX_INTERRUPT_DEPTH]; /* threads that stand for them, see model_interrupt() */
    struct pending_call call;                 /* of the thread on it, while that is not known */
};

struct trace_model {
    struct intern_table *strings;
    struct stack_table *stacks;
    struct wake_table *wakes;
    bool has_shared_wakes; /* of objects that processes share */
    GPtrArray *processes;  /* struct process_record *, by index */
    GPtrArray *threads;    /* struct thread_record *, by index */
    GPtrArray *cpus;       /* struct cpu_record * or NULL, by CPU; host 0 only, others by host * 4096 */
    uint32_t *threads_by_plain_tid; /* index by tid, for host 0 and tids below MODEL_PLAIN_TIDS; 0: none */
    struct id_map threads_by_tid;   /* the others */
    struct id_map namesakes; /* hash of host, pid and tid -> index: threads whose id another one has, too */
    struct id_map processes_by_pid;
    struct id_map peers;       /* process << 32 | fd -> interned string */
    struct id_map fd_kinds;    /* kernel traces: process << 32 | fd -> enum exectrace_fd_kind */
    struct id_map file_tables; /* address of a table of descriptors, and the host -> process */
    struct heap_table *heap;
    GHashTable *call_kinds; /* name -> struct call_kind *; owns them */
    /* The library's calls by number, those beyond the table by name; filled when they are met. */
    const struct call_kind *calls_by_number[MODEL_MAX_CALL_NUMBER];
    /* Kernel calls by the reader's pointer to their name, which mostly stays the same for a name. */
    struct {
        const char *pointer;
        const struct call_kind *kind;
    } calls_by_pointer[MODEL_CALL_CACHE];
    GHashTable *interrupts;            /* name, interned -> index of the thread that stands for it */
    struct id_map metrics;             /* id -> number in metric_names */
    GArray *metric_names;              /* struct metric_name */
    GArray *observers;                 /* struct trace_observer */
    struct thread_record *sink_thread; /* whose timeline is fed now */

    /* the thread of the latest event */
    uint64_t last_key;
    struct thread_record *last_thread;

    int64_t start_ns, end_ns;
    const struct event *event; /* that is being handled */
    uint64_t event_count;
    uint64_t lost_count;
    int64_t skipped_until_ns; /* the latest EVENT_SKIPPED with MODEL_TYPES_OF_THREADS */
    bool needs_all_events;    /* what was skipped may have ended an operation that is told as open */
    uint32_t loss_epoch;
    int64_t sched_lost_ns;
    const char *sched_source;
    bool has_off_cpu_source;
    bool has_strangers;       /* see trace_model_has_strangers() */
    bool leaves_children_out; /* they are strangers, unless user space tells of them */
    bool has_loss;
    bool has_switches, has_wakeups, has_kernel_calls;
    uint32_t gaps;
    bool is_finished;
};

struct metric_name {
    const char *name, *unit;
};

/* model_registry.c */
/* A new process without threads. */
struct process_record *model_add_process(struct trace_model *model, uint32_t host, int32_t pid);
/* The process with this id, made when there was none; number 0 when pid is negative. */
struct process_record *model_process(struct trace_model *model, uint32_t host, int32_t pid);
struct thread_record *model_thread_at(const struct trace_model *model, uint32_t index);
struct process_record *model_process_at(const struct trace_model *model, uint32_t index);
/* The thread with this id, made when there was none. NULL when tid is not positive. */
struct thread_record *model_thread(struct trace_model *model, uint32_t host, int32_t pid, int32_t tid);
/* The latest thread with this id, ended or not. NULL: none. */
struct thread_record *model_find_thread(const struct trace_model *model, uint32_t host, int32_t tid);
/* A new thread, whatever was known under its id. */
struct thread_record *model_begin_thread(struct trace_model *model, uint32_t host, int32_t pid, int32_t tid,
                                         int64_t time_ns, bool is_birth);
/* Index of the thread that stands for an interrupt with this name, so that it can be a waker. It has no
 * facts. */
uint32_t model_interrupt(struct trace_model *model, const char *name);
void model_end_thread(struct trace_model *model, struct thread_record *record, int64_t time_ns, bool is_open);
void model_name_thread(struct trace_model *model, struct thread_record *record, const char *name);
/* The same, unless something better than this has named it. */
void model_name_thread_weakly(struct trace_model *model, struct thread_record *record, const char *name);
/* The stack of an event of this process: by number, or the one that came with it. */
uint32_t model_event_stack(struct trace_model *model, uint32_t process, const struct event *event);

/* The kind of calls with this name. */
const struct call_kind *model_call_kind(struct trace_model *model, const char *name);
const struct call_kind *model_call_number(struct trace_model *model, uint32_t number);

/* trace_model.c */
/* Where thread's state intervals go; also applies losses of scheduling data that came since. */
struct state_sink model_state_sink(struct trace_model *model, struct thread_record *record);
void model_emit_blocking(struct trace_model *model, const struct blocking *operation);
void model_emit_heap(struct trace_model *model, const struct heap_sample *sample);

/* blocking.c */
void blocking_wait(struct trace_model *model, struct thread_record *record, const struct event *event);
void blocking_wake(struct trace_model *model, struct thread_record *record, const struct event *event);
void blocking_wait_summary(struct trace_model *model, struct thread_record *record,
                           const struct event *event);
void blocking_call(struct trace_model *model, struct thread_record *record, const struct event *event);
void blocking_call_summary(struct trace_model *model, struct thread_record *record,
                           const struct event *event);
/*
 * An operation that is going on: handed out when the thread ends, unless the thread does something else
 * before, as after a snapshot.
 */
void blocking_open(struct trace_model *model, struct thread_record *record, const struct event *event);
/* The thread does something else: what was open has ended, and was told, or was too short. */
void blocking_open_has_ended(struct thread_record *record);
/* The trace has ended: hands out what is still open in a thread that ended before this was told. */
void blocking_tell_open(struct trace_model *model, struct thread_record *record);
void blocking_peer(struct trace_model *model, struct thread_record *record, const struct event *event);
/* LTTng's pthread wrapper: requests and acquisitions of mutexes. */
void blocking_stock_lock(struct trace_model *model, struct thread_record *record, const struct event *event);
/* A kernel system call from call->start_ns to time_ns. */
void blocking_kernel_call(struct trace_model *model, struct thread_record *record,
                          const struct pending_call *call, int64_t time_ns, int64_t result, bool is_open);
/* The thread ended: hands out what was held back. */
void blocking_end_thread(struct trace_model *model, struct thread_record *record, int64_t time_ns,
                         bool is_open);

/* kernel_model.c */
void kernel_switch(struct trace_model *model, const struct event *event);
void kernel_wakeup(struct trace_model *model, const struct event *event);
void kernel_syscall_entry(struct trace_model *model, const struct event *event);
void kernel_syscall_exit(struct trace_model *model, const struct event *event);
/* A process runs another program; only with strangers. */
void kernel_exec(struct trace_model *model, const struct event *event);
void kernel_thread_found(struct trace_model *model, const struct event *event);
void kernel_fd_found(struct trace_model *model, const struct event *event);
void kernel_irq(struct trace_model *model, const struct event *event);
/* What the interrupt that goes on is about: a disk's request, a packet. It has another name from now on. */
void kernel_interrupt_reason(struct trace_model *model, const struct event *event);
/* The thread that runs on the event's CPU; NULL: not known, or none. */
struct thread_record *kernel_current(struct trace_model *model, const struct event *event);

/* heap_model.c */
struct heap_table *heap_table_new(void);
void heap_table_free(struct heap_table *table);
void heap_alloc(struct trace_model *model, struct thread_record *record, const struct event *event);
void heap_free(struct trace_model *model, struct thread_record *record, const struct event *event);
void heap_stock_realloc(struct trace_model *model, struct thread_record *record, const struct event *event);

#endif
