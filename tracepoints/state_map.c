/* The shared state file: see state_map.h and state.h. No descriptor stays open. */
#include "tracepoints/state_map.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tracepoints/clock.h"
#include "tracepoints/settings.h"
#include "tracepoints/state_holders.h"

/* How long a new process waits for the recorder, at most: it may be stopped. */
#define ADMISSION_LIMIT_NS UINT64_C(2000000000)
#define ADMISSION_POLL_NS 100000

static struct state_file *state;
static bool is_shared; /* the state lies in a file, not in anonymous memory */

/* `<directory>/<pid>`, without stdio. `path` holds sizeof(settings.state_directory) + 16 bytes. */
static void make_path(char *path, int32_t pid)
{
    char digits[12];
    size_t count = 0;
    size_t length = strlen(settings.state_directory);

    memcpy(path, settings.state_directory, length);
    path[length++] = '/';
    do {
        digits[count++] = (char)('0' + pid % 10);
        pid /= 10;
    } while (pid > 0);
    while (count > 0)
        path[length++] = digits[--count];
    path[length] = '\0';
}

/* Direct system calls: the libc functions of these names are wrapped. */
static void *map_file(int32_t pid)
{
    char path[sizeof(settings.state_directory) + 16];
    void *address = MAP_FAILED;
    long fd;

    if (settings.state_directory[0] == '\0')
        return MAP_FAILED;
    make_path(path, pid);
    syscall(SYS_unlink, path);
    fd = syscall(SYS_open, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return MAP_FAILED;
    if (syscall(SYS_ftruncate, fd, (long)STATE_FILE_BYTES) == 0)
        address = (void *)syscall(SYS_mmap, 0L, (long)STATE_FILE_BYTES, (long)(PROT_READ | PROT_WRITE),
                                  (long)MAP_SHARED, fd, 0L);
    syscall(SYS_close, fd);
    return address;
}

void state_map_init(void)
{
    int32_t pid = (int32_t)syscall(SYS_getpid);
    struct state_file *file = map_file(pid);

    is_shared = file != MAP_FAILED;
    if (!is_shared)
        file =
            (struct state_file *)syscall(SYS_mmap, 0L, (long)STATE_FILE_BYTES, (long)(PROT_READ | PROT_WRITE),
                                         (long)(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), -1L, 0L);
    if (file == MAP_FAILED) {
        state = NULL;
        return;
    }
    file->version = STATE_VERSION;
    file->pid = pid;
    file->slot_count = STATE_SLOT_COUNT;
    file->start_ns = clock_now_ns();
    __atomic_store_n(&file->magic, STATE_MAGIC, __ATOMIC_RELEASE);
    state = file;
}

void state_map_leave(void)
{
    state = NULL;
}

/* The recorder holds a lock on its directory as long as it lives. */
static bool is_recorder_gone(void)
{
    long fd = syscall(SYS_open, settings.state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_gone = fd >= 0 && syscall(SYS_flock, fd, (long)(LOCK_SH | LOCK_NB)) == 0;

    if (fd >= 0)
        syscall(SYS_close, fd);
    return is_gone;
}

bool state_map_await_admission(void)
{
    const struct timespec pause = {.tv_nsec = ADMISSION_POLL_NS};
    uint64_t limit_ns = clock_now_ns() + ADMISSION_LIMIT_NS;

    if (state == NULL || !is_shared || !settings.needs_admission || is_recorder_gone())
        return false;
    while (__atomic_load_n(&state->admitted, __ATOMIC_ACQUIRE) == 0) {
        if (clock_now_ns() > limit_ns)
            return false;
        syscall(SYS_nanosleep, &pause, NULL);
    }
    return true;
}

struct state_slot *state_map_slot(uint32_t index)
{
    return state != NULL && index < STATE_SLOT_COUNT ? &state->slots[index] : NULL;
}

struct state_holds *state_map_holds(uint32_t index)
{
    return state != NULL && index < STATE_SLOT_COUNT ? &state->holds[index] : NULL;
}

int32_t state_map_find_holder(uint64_t object, int32_t waiter)
{
    return state != NULL ? state_find_holder(state, object, waiter) : -1;
}

void state_map_finish(void)
{
    if (state != NULL)
        __atomic_store_n(&state->finished, 1, __ATOMIC_RELEASE);
}
