/*
 * Reads the state files. Called by main.c on the main thread, when the program has ended and the session
 * still runs. The files are the traced program's: nothing in them is trusted.
 */
#include "recorder/open_operations.h"

#include "tracepoints/contract.h"
#include "tracepoints/state.h"
#include "tracepoints/state_holders.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

/* A thread that is still running may be just writing; it needs some nanoseconds. */
#define READ_ATTEMPTS 100

/* Copies a slot's operation. False: its owner was killed while it wrote, or writes all the time. */
static bool copy_operation(const struct state_slot *slot, struct state_operation *operation)
{
    for (unsigned i = 0; i < READ_ATTEMPTS; i++) {
        uint32_t before = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);

        if (before % 2 != 0)
            continue;

        memcpy(operation, &slot->operation, sizeof(*operation));
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) == before)
            return true;
    }

    return false;
}

static bool emit_slot(const struct state_slot *slot, const struct state_file *file, uint64_t end_ns,
                      const struct recorder_events *events)
{
    struct state_operation operation;
    int32_t tid = __atomic_load_n(&slot->tid, __ATOMIC_RELAXED);

    if (tid <= 0 || !copy_operation(slot, &operation))
        return false;

    if (operation.operation != EXECTRACE_OPERATION_SYNC && operation.operation != EXECTRACE_OPERATION_SYSCALL)
        return false;

    const struct recorder_open_operation open = {
        .pid = file->pid,
        .tid = tid,
        .kind = operation.kind,
        .object = operation.object,
        .number = operation.number,
        .fd = operation.operation == EXECTRACE_OPERATION_SYNC ? state_find_holder(file, operation.object, tid)
                                                              : operation.fd,
        .fd_kind = operation.fd_kind,
        .duration_ns = end_ns - MIN(end_ns, operation.start_ns),
        .stack = operation.stack,
        .leaf_pc = operation.leaf_pc,
    };

    events->process_open(&open);
    return true;
}

/* end_ns: when the process ended, or now. */
static unsigned emit_state(const struct state_file *file, uint64_t end_ns,
                           const struct recorder_events *events)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MIN(file->slot_count, STATE_SLOT_COUNT); i++)
        count += emit_slot(&file->slots[i], file, end_ns, events);

    return count;
}

static bool is_open_state(const struct state_file *file)
{
    return file->magic == STATE_MAGIC && file->version == STATE_VERSION && file->pid > 0 && !file->finished;
}

static unsigned emit_file(const char *path, uint64_t now_ns, open_operations_end end, void *data,
                          const struct recorder_events *events)
{
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, NULL);

    if (!mapped || g_mapped_file_get_length(mapped) < STATE_FILE_BYTES)
        return 0;

    const struct state_file *file = (const void *)g_mapped_file_get_contents(mapped);
    if (!is_open_state(file))
        return 0;

    uint64_t end_ns = end(file->pid, data);
    if (end_ns == OPEN_OPERATIONS_NONE)
        return 0;

    return emit_state(file, end_ns ? end_ns : now_ns, events);
}

static bool read_memory(int32_t pid, uint64_t address, void *buffer, size_t size)
{
    struct iovec local = {.iov_base = buffer, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

    return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* Whether a line of /proc/PID/maps is a private or shared mapping that could hold the state; its address. */
static bool parse_candidate(const char *line, uint64_t *address)
{
    char protection[8];
    uint64_t end;

    return sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", address, &end, protection) == 3 &&
           g_str_has_prefix(protection, "rw") && end - *address >= STATE_FILE_BYTES;
}

unsigned open_operations_emit_running(int32_t pid, uint64_t now_ns, const struct recorder_events *events)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", pid);
    g_autofree struct state_file *file = g_malloc0(STATE_FILE_BYTES);
    g_autofree char *maps = NULL;

    if (!g_file_get_contents(path, &maps, NULL, NULL))
        return 0;

    g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
    for (char **line = lines; *line; line++) {
        uint64_t address;

        if (parse_candidate(*line, &address) &&
            read_memory(pid, address, file, offsetof(struct state_file, slots)) && is_open_state(file) &&
            read_memory(pid, address, file, STATE_FILE_BYTES))
            return emit_state(file, now_ns, events);
    }

    return 0;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

unsigned open_operations_emit(const char *state_folder, uint64_t now_ns, open_operations_end end, void *data,
                              const struct recorder_events *events)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(state_folder, 0, NULL);
    const char *name;
    unsigned count = 0;

    while (folder && (name = g_dir_read_name(folder)))
        g_ptr_array_add(paths, g_build_filename(state_folder, name, NULL));

    g_ptr_array_sort(paths, compare_names);
    for (unsigned i = 0; i < paths->len; i++)
        count += emit_file(g_ptr_array_index(paths, i), now_ns, end, data, events);

    return count;
}
