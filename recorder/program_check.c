/*
 * Preflight of the program: PATH lookup, scripts, and the ELF header of what will really run.
 * Called by main.c on the main thread, before anything is created. Reads files, changes nothing.
 */
#include "recorder/program_check.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A script's interpreter may be a script again; the kernel gives up after this many, too. */
#define MAX_INTERPRETERS 5
/* With two zeros at its end: notes are padded to four bytes. */
#define GO_NOTE_NAME "Go\0"
/* Longest first line of a script that the kernel reads (BINPRM_BUF_SIZE). */
#define MAX_SHEBANG_BYTES 256

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#error "no known ELF machine number for this architecture"
#endif

static bool is_runnable_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static char *find_in_path(const char *name, GError **error)
{
    const char *path = g_getenv("PATH");
    g_auto(GStrv) folders = g_strsplit(path ? path : "/bin:/usr/bin", ":", -1);
    bool is_there = false;

    for (char **folder = folders; *folder; folder++) {
        g_autofree char *candidate = g_build_filename(**folder ? *folder : ".", name, NULL);

        if (is_runnable_file(candidate))
            return g_steal_pointer(&candidate);

        is_there = is_there || access(candidate, F_OK) == 0;
    }

    if (is_there)
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_EXECUTABLE,
                    "%s is in PATH, but no file you may execute", name);
    else
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_FOUND, "program %s not found in PATH", name);

    return NULL;
}

char *program_find(const char *name, GError **error)
{
    struct stat status;

    if (name[0] == '\0') {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_FOUND, "the program's name is empty");
        return NULL;
    }

    if (!strchr(name, '/'))
        return find_in_path(name, error);

    if (stat(name, &status) != 0) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;

        g_set_error(error, PROGRAM_CHECK_ERROR, is_missing ? RECORDER_NOT_FOUND : RECORDER_NOT_EXECUTABLE,
                    "cannot run %s: %s", name, g_strerror(errno));
        return NULL;
    }

    if (!S_ISREG(status.st_mode)) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_EXECUTABLE, "cannot run %s: it is %s", name,
                    S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
        return NULL;
    }

    if (access(name, X_OK) != 0) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_EXECUTABLE, "cannot run %s: %s (chmod +x?)",
                    name, g_strerror(errno));
        return NULL;
    }

    return g_strdup(name);
}

/* The dynamic linker drops LD_PRELOAD when the kernel says that the program runs with more rights. */
static bool check_privileges(const char *path, GError **error)
{
    struct stat status;
    char capabilities[64];

    if (stat(path, &status) != 0)
        return true;

    bool is_setuid = (status.st_mode & S_ISUID) && status.st_uid != getuid();
    bool is_setgid = (status.st_mode & S_ISGID) && (status.st_mode & S_IXGRP) && status.st_gid != getgid();
    if (is_setuid || is_setgid) {
        g_set_error(
            error, PROGRAM_CHECK_ERROR, RECORDER_FAILED,
            "%s is %s and cannot be recorded: run a copy without that bit, or run recorder as that %s", path,
            is_setuid ? "setuid" : "setgid", is_setuid ? "user" : "group");
        return false;
    }

    if (getuid() != 0 && getxattr(path, "security.capability", capabilities, sizeof(capabilities)) > 0) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_FAILED,
                    "%s has file capabilities and cannot be recorded: run a copy without them, or as root",
                    path);
        return false;
    }

    return true;
}

/* A range of the mapped file, NULL when it is not wholly inside. */
static const void *file_range(GMappedFile *file, uint64_t offset, uint64_t size)
{
    uint64_t length = g_mapped_file_get_length(file);

    if (offset > length || size > length - offset)
        return NULL;

    return g_mapped_file_get_contents(file) + offset;
}

/* The segments of a 64-bit ELF file; borrowed from the mapping. */
struct elf_view {
    GMappedFile *file;
    const Elf64_Phdr *segments;
    unsigned segment_count;
};

static const Elf64_Phdr *find_segment(const struct elf_view *elf, uint32_t type)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        if (elf->segments[i].p_type == type)
            return &elf->segments[i];
    }

    return NULL;
}

/* File contents at a virtual address, to the end of its segment. */
static const char *at_address(const struct elf_view *elf, uint64_t address, uint64_t *size)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];

        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz) {
            *size = segment->p_filesz - (address - segment->p_vaddr);
            return file_range(elf->file, segment->p_offset + (address - segment->p_vaddr), *size);
        }
    }

    return NULL;
}

/* Name of the first needed library that begins with one of the prefixes; NULL when none does. */
static const char *find_needed(const struct elf_view *elf, const char *const *prefixes)
{
    const Elf64_Phdr *segment = find_segment(elf, PT_DYNAMIC);
    const Elf64_Dyn *entries = segment ? file_range(elf->file, segment->p_offset, segment->p_filesz) : NULL;
    size_t count = entries ? segment->p_filesz / sizeof(*entries) : 0;
    const char *names = NULL;
    uint64_t names_size = 0;

    for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag == DT_STRTAB)
            names = at_address(elf, entries[i].d_un.d_ptr, &names_size);
    }

    for (size_t i = 0; names && i < count && entries[i].d_tag != DT_NULL; i++) {
        uint64_t offset = entries[i].d_un.d_val;

        if (entries[i].d_tag != DT_NEEDED || offset >= names_size ||
            !memchr(names + offset, '\0', names_size - offset))
            continue;

        for (const char *const *prefix = prefixes; *prefix; prefix++) {
            if (g_str_has_prefix(names + offset, *prefix))
                return names + offset;
        }
    }

    return NULL;
}

static uint64_t padded(uint64_t size)
{
    return (size + 3) / 4 * 4;
}

/* Whether a segment of notes has one of Go's linker, which writes a build id of its own. */
static bool has_go_note(const struct elf_view *elf, const Elf64_Phdr *segment)
{
    for (uint64_t at = 0; at < segment->p_filesz;) {
        const Elf64_Nhdr *note =
            file_range(elf->file, segment->p_offset + at, sizeof(*note) + sizeof(GO_NOTE_NAME));

        if (!note)
            return false;

        if (note->n_namesz == sizeof(GO_NOTE_NAME) &&
            memcmp(note + 1, GO_NOTE_NAME, sizeof(GO_NOTE_NAME)) == 0)
            return true;

        at += sizeof(*note) + padded(note->n_namesz) + padded(note->n_descsz);
    }

    return false;
}

static bool is_go(const struct elf_view *elf)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];

        if (segment->p_type == PT_NOTE && segment->p_offset % 4 == 0 && has_go_note(elf, segment))
            return true;
    }

    return false;
}

static bool check_linking(const struct elf_view *elf, const char *path, GError **error)
{
    static const char *const sanitizers[] = {"libasan.", "libtsan.", "libhwasan.", "libclang_rt.", NULL};
    const Elf64_Phdr *interpreter = find_segment(elf, PT_INTERP);

    if (!interpreter && is_go(elf)) {
        g_set_error(
            error, PROGRAM_CHECK_ERROR, RECORDER_FAILED,
            "%s is a statically linked Go program and cannot be recorded; Go has a tracer of its own: "
            "runtime/trace and go tool trace",
            path);
        return false;
    }

    if (!interpreter) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_FAILED,
                    "%s is statically linked and cannot be recorded: no library can be loaded into it", path);
        return false;
    }

    const char *loader = file_range(elf->file, interpreter->p_offset, interpreter->p_filesz);
    if (loader && g_strstr_len(loader, (gssize)interpreter->p_filesz, "ld-musl")) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_FAILED,
                    "%s is linked with musl and cannot be recorded: build it for glibc", path);
        return false;
    }

    const char *sanitizer = find_needed(elf, sanitizers);
    if (sanitizer) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_FAILED,
                    "%s needs %s and cannot be recorded: build it without a sanitizer", path, sanitizer);
        return false;
    }

    return true;
}

static void find_segments(struct elf_view *elf, const Elf64_Ehdr *header)
{
    elf->segment_count = header->e_phnum;
    if (header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phoff % sizeof(uint64_t) == 0)
        elf->segments =
            file_range(elf->file, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr));
}

static bool check_elf(GMappedFile *file, const char *path, GError **error)
{
    const Elf64_Ehdr *header = file_range(file, 0, sizeof(*header));

    if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != NATIVE_MACHINE) {
        bool is_32_bit = g_mapped_file_get_contents(file)[EI_CLASS] == ELFCLASS32;

        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_FAILED, "%s is %s and cannot be recorded", path,
                    is_32_bit ? "a 32-bit program" : "a program of another machine");
        return false;
    }

    struct elf_view elf = {.file = file};
    find_segments(&elf, header);
    if (!elf.segments) {
        g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_EXECUTABLE, "%s is a damaged ELF file", path);
        return false;
    }

    return check_linking(&elf, path, error);
}

/* The interpreter that a #! line names; NULL when the file is no such script. */
static char *script_interpreter(const char *contents, size_t size)
{
    if (size < 3 || contents[0] != '#' || contents[1] != '!')
        return NULL;

    g_autofree char *line = g_strndup(contents + 2, MIN(size, MAX_SHEBANG_BYTES) - 2);
    line[strcspn(line, "\n")] = '\0';
    g_strchug(line);
    line[strcspn(line, " \t")] = '\0';
    return *line ? g_strdup(line) : NULL;
}

/* One file; for a script *next is its interpreter (caller frees), otherwise NULL. */
static bool check_file(const char *path, char **next, GError **error)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);

    *next = NULL;
    if (!file) /* may be executed but not read: the program itself will tell */
        return true;

    const char *contents = g_mapped_file_get_contents(file);
    size_t size = g_mapped_file_get_length(file);
    if (size >= EI_NIDENT && memcmp(contents, ELFMAG, SELFMAG) == 0)
        return check_privileges(path, error) && check_elf(file, path, error);

    *next = script_interpreter(contents, size);
    if (!*next || access(*next, X_OK) == 0)
        return true;

    g_set_error(error, PROGRAM_CHECK_ERROR, errno == ENOENT ? RECORDER_NOT_FOUND : RECORDER_NOT_EXECUTABLE,
                "%s is a script for %s, which cannot be run: %s", path, *next, g_strerror(errno));
    g_clear_pointer(next, g_free);
    return false;
}

bool program_check(const char *path, GError **error)
{
    g_autofree char *current = g_strdup(path);

    for (unsigned i = 0; i < MAX_INTERPRETERS; i++) {
        char *next;

        if (!check_file(current, &next, error))
            return false;

        if (!next)
            return true;

        g_free(current);
        current = next;
    }

    g_set_error(error, PROGRAM_CHECK_ERROR, RECORDER_NOT_EXECUTABLE, "%s: too many interpreters of scripts",
                path);
    return false;
}

char *program_limits(const char *path)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    const Elf64_Ehdr *header = file ? file_range(file, 0, sizeof(*header)) : NULL;

    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
        return NULL;

    struct elf_view elf = {.file = file};
    find_segments(&elf, header);
    if (!elf.segments || !is_go(&elf))
        return NULL;

    return g_strdup_printf("%s is a Go program: only its scheduling and its C code are seen, not what its "
                           "goroutines wait for (runtime/trace and go tool trace tell that)",
                           path);
}
