/*
 * exectrace.h - say in the trace what the program is doing: tasks, regions, logs and counters.
 *
 * For C and C++ programs. Nothing is linked: a program that is not recorded finds no libexectrace.so when it
 * first comes here, and from then on each call costs a load and a branch. Recorded (with `recorder`, or with
 * LD_PRELOAD=libexectrace.so and a tracing session), each call is an event with the time, the thread and, for
 * regions and logs, the call stack.
 *
 * Any thread may call any function; all keep errno and are safe in signal handlers after the first call.
 * Strings are copied, and cut after 4095 bytes; an empty one is recorded as a space. Define EXECTRACE_DISABLE
 * before including this file to compile all of it away.
 *
 *     uint64_t task = exectrace_task_begin("request", 0);
 *     exectrace_region_begin(task, "parse");
 *     ...
 *     exectrace_region_end(task, "parse");
 *     exectrace_log(task, "cache", "miss");
 *     exectrace_counter("queue length", 12);
 *     exectrace_task_end(task);
 *
 * In C++ the objects exectrace::task and exectrace::region end with their scope.
 */
#ifndef EXECTRACE_H
#define EXECTRACE_H

#include <stdint.h>

#ifndef EXECTRACE_DISABLE
#include <dlfcn.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What libexectrace.so offers under the name exectrace_functions_1. Fields are only ever added at the end. */
struct exectrace_functions {
    uint32_t size; /* of this struct in the library, in bytes */
    int (*is_recording)(void);
    uint64_t (*task_begin)(const char *name, uint64_t parent);
    void (*task_end)(uint64_t task);
    void (*region_begin)(uint64_t task, const char *name);
    void (*region_end)(uint64_t task, const char *name);
    void (*log)(uint64_t task, const char *category, const char *message);
    void (*counter)(const char *name, double value);
};

/* NULL when the library is not loaded. */
static inline const struct exectrace_functions *exectrace_find_functions(void)
{
#ifdef EXECTRACE_DISABLE
    return (const struct exectrace_functions *)0;
#else
    static const struct exectrace_functions *functions;
    static int is_searched;

    if (__builtin_expect(!__atomic_load_n(&is_searched, __ATOMIC_ACQUIRE), 0)) {
        functions = (const struct exectrace_functions *)dlsym((void *)0, "exectrace_functions_1");
        __atomic_store_n(&is_searched, 1, __ATOMIC_RELEASE);
    }
    return functions;
#endif
}

/* Is a session recording annotations right now? To save the work of making a message that nobody reads. */
static inline int exectrace_is_recording(void)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    return functions ? functions->is_recording() : 0;
}

/*
 * A task is a unit of work of the program: a request, a job. It may go from thread to thread. `parent` is the
 * task it is part of, or 0. Returns its id, unique in the process; 0 when nothing is recorded.
 */
static inline uint64_t exectrace_task_begin(const char *name, uint64_t parent)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    return functions ? functions->task_begin(name, parent) : 0;
}

/* Ends the task; of id 0: does nothing. */
static inline void exectrace_task_end(uint64_t task)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    if (functions)
        functions->task_end(task);
}

/*
 * A region is a stretch of time on one thread. Regions of a thread nest. `task` is what it belongs to, or 0.
 * The name at the end is the one at the beginning.
 */
static inline void exectrace_region_begin(uint64_t task, const char *name)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    if (functions)
        functions->region_begin(task, name);
}

static inline void exectrace_region_end(uint64_t task, const char *name)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    if (functions)
        functions->region_end(task, name);
}

/* A moment with something to say. `category` groups messages and may be "". */
static inline void exectrace_log(uint64_t task, const char *category, const char *message)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    if (functions)
        functions->log(task, category, message);
}

/* The value of something from now on, for the whole process. */
static inline void exectrace_counter(const char *name, double value)
{
    const struct exectrace_functions *functions = exectrace_find_functions();

    if (functions)
        functions->counter(name, value);
}

#ifdef __cplusplus
} /* extern "C" */

namespace exectrace
{

/* A task from the object's beginning to its end. */
class task
{
  public:
    explicit task(const char *name, uint64_t parent = 0) : id_(exectrace_task_begin(name, parent))
    {
    }
    ~task()
    {
        exectrace_task_end(id_);
    }
    task(const task &) = delete;
    task &operator=(const task &) = delete;
    uint64_t id() const
    {
        return id_;
    }

  private:
    uint64_t id_;
};

/* A region from the object's beginning to its end. `name` must live as long. */
class region
{
  public:
    explicit region(const char *name, uint64_t task = 0) : name_(name), task_(task)
    {
        exectrace_region_begin(task_, name_);
    }
    ~region()
    {
        exectrace_region_end(task_, name_);
    }
    region(const region &) = delete;
    region &operator=(const region &) = delete;

  private:
    const char *name_;
    uint64_t task_;
};

} // namespace exectrace
#endif

#endif
