/*
 * The only writer of tracefs. Called by sched_sources.c on the main thread.
 *
 * An instance outlives who made it. So its name says whose it is, and the next recorder removes those of the
 * dead; and a descriptor of `free_buffer` is held that the kernel closes when we die, however that happens:
 * then the kernel stops the instance and gives its memory back, and the machine does not go on tracing.
 */
#include "recorder/tracefs_instance.h"

#include "recorder/sched_tracepoints.h"
#include "recorder/trace_page.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_PREFIX "exectrace-"
#define DEFAULT_PAGE_BYTES 4096
#define MAX_PAGE_BYTES (1u << 20)
#define MIN_RING_BYTES (UINT64_C(64) << 10)

static const char *const tracefs_folders[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

struct tracefs_instance {
    char *path;     /* owned */
    int freeing_fd; /* owned: closing it frees the rings; -1: the kernel has no such file */
    uint32_t page_bytes;
    uint64_t ring_bytes;
};

/* As the kernel wants it: one write, and no file is made when there is none of that name. */
static bool write_text(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t length = strlen(text);

    if (fd < 0)
        return false;

    bool is_written = write(fd, text, length) == (ssize_t)length;
    close(fd);
    return is_written;
}

/* Where instances are made; NULL: nowhere. Caller frees. */
static char *find_instances(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tracefs_folders); i++) {
        char *path = g_build_filename(tracefs_folders[i], "instances", NULL);

        if (access(path, W_OK | X_OK) == 0)
            return path;

        g_free(path);
    }

    return NULL;
}

/* Instances of others, and of recorders that run, are left alone. */
static void remove_abandoned(const char *instances)
{
    g_autoptr(GDir) folder = g_dir_open(instances, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        pid_t pid = g_str_has_prefix(name, NAME_PREFIX) ? atoi(name + strlen(NAME_PREFIX)) : 0;
        g_autofree char *path = g_build_filename(instances, name, NULL);

        if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
            rmdir(path);
    }
}

static uint32_t read_page_bytes(const char *path)
{
    g_autofree char *name = g_build_filename(path, "events/header_page", NULL);
    g_autofree char *text = NULL;
    struct tracepoint_field events = {0};

    if (!g_file_get_contents(name, &text, NULL, NULL) ||
        !sched_tracepoints_parse_field(text, "data", &events) || events.offset != TRACE_PAGE_HEADER_BYTES)
        return 0;

    /* The size's 16 bits are enough for pages of the usual 4 KiB; larger ones are asked for by nobody. */
    return TRACE_PAGE_HEADER_BYTES + (uint32_t)events.size;
}

static bool set_ring_bytes(struct tracefs_instance *instance, uint64_t ring_bytes)
{
    for (uint64_t bytes = ring_bytes; bytes >= MIN_RING_BYTES; bytes /= 2) {
        g_autofree char *kilobytes = g_strdup_printf("%" G_GUINT64_FORMAT, bytes >> 10);

        instance->ring_bytes = bytes;
        if (write_text(instance->path, "buffer_size_kb", kilobytes))
            return true;
    }

    return false;
}

static bool configure(struct tracefs_instance *instance, uint64_t ring_bytes)
{
    instance->page_bytes = read_page_bytes(instance->path);
    if (instance->page_bytes == 0 || !write_text(instance->path, "trace_clock", "mono") ||
        !set_ring_bytes(instance, ring_bytes))
        return false;

    /* Names of threads come from elsewhere; remembering them costs every switch. */
    write_text(instance->path, "trace_options", "norecord-cmd");

    g_autofree char *freeing = g_build_filename(instance->path, "free_buffer", NULL);
    write_text(instance->path, "options/disable_on_free", "1");
    instance->freeing_fd = open(freeing, O_WRONLY | O_CLOEXEC);
    return true;
}

struct tracefs_instance *tracefs_instance_new(uint64_t ring_bytes)
{
    g_autofree char *instances = find_instances();

    if (!instances)
        return NULL;

    remove_abandoned(instances);
    g_autofree char *name = g_strdup_printf(NAME_PREFIX "%d", (int)getpid());
    struct tracefs_instance *instance = g_new0(struct tracefs_instance, 1);

    instance->path = g_build_filename(instances, name, NULL);
    instance->freeing_fd = -1;
    if (mkdir(instance->path, 0700) != 0) {
        g_free(instance->path);
        g_free(instance);
        return NULL;
    }

    if (!configure(instance, ring_bytes)) {
        tracefs_instance_free(instance);
        return NULL;
    }

    return instance;
}

bool tracefs_instance_enable(struct tracefs_instance *instance, const char *tracepoint)
{
    g_autofree char *name = g_build_filename("events/sched", tracepoint, "enable", NULL);

    return write_text(instance->path, name, "1");
}

int tracefs_instance_open_ring(const struct tracefs_instance *instance, int cpu)
{
    g_autofree char *path = g_strdup_printf("%s/per_cpu/cpu%d/trace_pipe_raw", instance->path, cpu);

    return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

uint32_t tracefs_instance_page_bytes(const struct tracefs_instance *instance)
{
    return instance->page_bytes;
}

uint64_t tracefs_instance_ring_bytes(const struct tracefs_instance *instance)
{
    return instance->ring_bytes;
}

void tracefs_instance_stop(struct tracefs_instance *instance)
{
    write_text(instance->path, "tracing_on", "0");
}

void tracefs_instance_free(struct tracefs_instance *instance)
{
    if (!instance)
        return;

    if (instance->freeing_fd >= 0)
        close(instance->freeing_fd);

    rmdir(instance->path);
    g_free(instance->path);
    g_free(instance);
}
