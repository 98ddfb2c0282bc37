/* Paths of loaded objects: see object_paths.h. */
#include "tracepoints/object_paths.h"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracepoints/raw_syscall.h"

#define RELATIVE_MAX 8u
#define CHUNK_BYTES 512u

enum { FREE = 0, BUSY = 1, READY = 2 };

/* An object that was loaded by a relative name. Once ready it never changes. */
struct relative_object {
    int state;
    const void *base;
    char path[PATH_MAX];
};

/* A line of /proc/self/maps: "start-end rights offset device inode   path". */
struct maps_line {
    uint64_t start;
    bool is_after_start;
    bool is_wanted; /* its path is being read */
    size_t length;
};

static char program_path[PATH_MAX];
static struct relative_object relative_objects[RELATIVE_MAX];

void object_paths_init(void)
{
    long length = syscall(SYS_readlink, "/proc/self/exe", program_path, sizeof(program_path) - 1);

    program_path[length < 0 ? 0 : length] = '\0';
}

const char *object_paths_program(void)
{
    return program_path;
}

static int hex_digit(char character)
{
    return character >= '0' && character <= '9'   ? character - '0'
           : character >= 'a' && character <= 'f' ? character - 'a' + 10
                                                  : -1;
}

/* Takes one character. True: it ended the line of the object, whose path is complete. */
static bool take(struct maps_line *line, char character, struct relative_object *object)
{
    if (character == '\n') {
        if (line->is_wanted)
            return true;
        *line = (struct maps_line){0};
    } else if (line->is_wanted) {
        if (line->length < sizeof(object->path) - 1)
            object->path[line->length++] = character;
    } else if (!line->is_after_start && hex_digit(character) >= 0) {
        line->start = line->start << 4 | (uint64_t)hex_digit(character);
    } else {
        line->is_after_start = true;
        line->is_wanted = character == '/' && line->start == (uint64_t)(uintptr_t)object->base;
        if (line->is_wanted)
            object->path[line->length++] = character;
    }
    return false;
}

/* Fills object->path; false when it was not found. */
static bool ask_kernel(struct relative_object *object)
{
    char chunk[CHUNK_BYTES];
    struct maps_line line = {0};
    bool is_found = false;
    long count;
    int fd = (int)raw_question3(SYS_open, (long)(uintptr_t) "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0)
        return false;
    while (!is_found && (count = raw_syscall3(SYS_read, fd, (long)(uintptr_t)chunk, sizeof(chunk))) > 0) {
        for (long i = 0; i < count && !is_found; i++)
            is_found = take(&line, chunk[i], object);
    }
    raw_syscall3(SYS_close, fd, 0, 0);
    object->path[line.length] = '\0';
    return is_found;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* A place with the object's path; NULL when there is no room, or another thread asks for it just now. */
static const struct relative_object *find_relative(const void *base, const char *name)
{
    for (uint32_t i = 0; i < RELATIVE_MAX; i++) {
        struct relative_object *object = &relative_objects[i];
        int state = FREE;

        if (__atomic_compare_exchange_n(&object->state, &state, BUSY, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_ACQUIRE)) {
            object->base = base;
            state = ask_kernel(object) ? READY : FREE;
            __atomic_store_n(&object->state, state, __ATOMIC_RELEASE);
            return state == READY ? object : NULL;
        }
        if (state == READY && object->base == base && strcmp(file_name(object->path), file_name(name)) == 0)
            return object;
    }
    return NULL;
}

const char *object_path(const struct dl_find_object *object)
{
    const struct link_map *map = object->dlfo_link_map;
    const struct relative_object *relative;

    if (map == NULL || map->l_name == NULL)
        return "";
    if (map->l_name[0] == '\0')
        return program_path;
    if (strncmp(map->l_name, "linux-vdso", 10) == 0)
        return "[vdso]";
    if (map->l_name[0] == '/')
        return map->l_name;
    relative = find_relative(object->dlfo_map_start, map->l_name);
    return relative != NULL ? relative->path : map->l_name;
}
