/*
 * Object files, through libdwfl (which knows where separate debug files, the
 * compressed small symbol table of .gnu_debugdata and, when DEBUGINFOD_URLS is set, debuginfod have the
 * rest).
 */
#include "analyzer/symbols_object.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "analyzer/symbols_functions.h"

/* What the kernel appends to the path of a file that is gone. */
#define DELETED " (deleted)"

struct object_search {
    char *sysroot;      /* "" for the running system */
    char *debug_folder; /* SYSROOT/usr/lib/debug */
    char *debuginfo_path;
    Dwfl_Callbacks callbacks;
};

struct object_file {
    Dwfl *dwfl;
    Dwfl_Module *dwfl_module;
    Elf *elf;                         /* owned by dwfl */
    struct function_table *functions; /* NULL until needed */
};

struct object_search *object_search_new(const char *sysroot)
{
    struct object_search *search = g_new0(struct object_search, 1);
    size_t length;

    elf_version(EV_CURRENT);
    search->sysroot = g_strdup(sysroot ? sysroot : "");
    length = strlen(search->sysroot);
    while (length > 0 && search->sysroot[length - 1] == '/')
        search->sysroot[--length] = '\0';
    search->debug_folder = g_strconcat(search->sysroot, "/usr/lib/debug", NULL);
    search->debuginfo_path = g_strconcat(":.debug:", search->debug_folder, NULL);
    search->callbacks = (Dwfl_Callbacks){
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
        .debuginfo_path = &search->debuginfo_path,
    };
    return search;
}

void object_search_free(struct object_search *search)
{
    if (!search)
        return;

    g_free(search->sysroot);
    g_free(search->debug_folder);
    g_free(search->debuginfo_path);
    g_free(search);
}

void object_file_free(struct object_file *object)
{
    if (!object)
        return;

    function_table_free(object->functions);
    dwfl_end(object->dwfl);
    g_free(object);
}

/* A regular file or -1. */
static int open_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        errno = EINVAL;
        fd = -1;
    }
    return fd;
}

/* This process's vdso as a file; right for a trace of the same kernel, which its build id proves. */
static int open_vdso(void)
{
    g_autofree char *maps = NULL;
    const char *line;
    unsigned long start, end;
    int fd;

    if (!g_file_get_contents("/proc/self/maps", &maps, NULL, NULL))
        return -1;
    line = strstr(maps, "[vdso]");
    while (line && line > maps && line[-1] != '\n')
        line--;
    if (!line || sscanf(line, "%lx-%lx", &start, &end) != 2)
        return -1;

    fd = memfd_create("vdso", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, (const void *)start, end - start) != (ssize_t)(end - start)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* takes fd. NULL: not an object file. */
static struct object_file *load(struct object_search *search, const char *path, int fd)
{
    struct object_file *object = g_new0(struct object_file, 1);
    Dwarf_Addr bias;

    object->dwfl = dwfl_begin(&search->callbacks);
    if (object->dwfl) {
        dwfl_report_begin(object->dwfl);
        /* At the addresses that the file itself uses. On success dwfl owns fd. */
        object->dwfl_module = dwfl_report_elf(object->dwfl, path, path, fd, 0, true);
        dwfl_report_end(object->dwfl, NULL, NULL);
    }
    if (!object->dwfl_module) {
        close(fd);
        object_file_free(object);
        return NULL;
    }

    object->elf = dwfl_module_getelf(object->dwfl_module, &bias);
    if (!object->elf) {
        object_file_free(object);
        return NULL;
    }
    return object;
}

static bool has_build_id(const struct object_file *object, const struct module *module)
{
    const void *bits;
    ssize_t size = dwelf_elf_gnu_build_id(object->elf, &bits);

    return size == (ssize_t)module->build_id_size && memcmp(bits, module->build_id, (size_t)size) == 0;
}

static char *build_id_text(const struct module *module)
{
    GString *text = g_string_new(NULL);

    for (uint32_t i = 0; i < module->build_id_size; i++)
        g_string_append_printf(text, "%02x", module->build_id[i]);
    return g_string_free(text, FALSE);
}

/*
 * The file itself by its build id: in the .build-id folder, or, when DEBUGINFOD_URLS is set, from one of
 * those servers. -1: not found; else *path is to be freed.
 */
static int find_by_build_id(struct object_search *search, const struct module *module, char **path)
{
    Dwfl *dwfl = dwfl_begin(&search->callbacks);
    Dwfl_Module *dwfl_module;
    Elf *elf = NULL;
    int fd = -1;

    *path = NULL;
    if (!dwfl)
        return -1;
    dwfl_report_begin(dwfl);
    dwfl_module = dwfl_report_module(dwfl, module->path, 0, MAX(module->size, 1));
    if (dwfl_module &&
        dwfl_module_report_build_id(dwfl_module, module->build_id, module->build_id_size, 0) == 0)
        fd = dwfl_build_id_find_elf(dwfl_module, NULL, module->path, 0, path, &elf);
    dwfl_report_end(dwfl, NULL, NULL);
    elf_end(elf);
    dwfl_end(dwfl);
    return fd;
}

/* takes fd, which may be -1. NULL: not this module's file. */
static struct object_file *load_if_same(struct object_search *search, const struct module *module,
                                        const char *path, int fd)
{
    struct object_file *object = fd < 0 ? NULL : load(search, path, fd);

    if (object && !has_build_id(object, module)) {
        object_file_free(object);
        object = NULL;
    }
    return object;
}

/* When the file is gone or another one: the separate debug file alone has the symbols too. */
static struct object_file *open_by_build_id(struct object_search *search, const struct module *module)
{
    g_autofree char *id = build_id_text(module), *debug_path = NULL;
    struct object_file *object;
    char *path;
    int fd;

    if (module->build_id_size < 2)
        return NULL;

    debug_path = g_strdup_printf("%s/.build-id/%.2s/%s.debug", search->debug_folder, id, id + 2);
    object = load_if_same(search, module, debug_path, open_file(debug_path));
    if (!object) {
        fd = find_by_build_id(search, module, &path);
        object = load_if_same(search, module, path ? path : module->path, fd);
        free(path);
    }
    return object;
}

static struct object_file *open_vdso_object(struct object_search *search, const struct module *module)
{
    return module->build_id_size == 0 ? NULL : load_if_same(search, module, "[vdso]", open_vdso());
}

struct object_file *object_file_open(struct object_search *search, const struct module *module, char **reason)
{
    g_autofree char *path = g_strconcat(search->sysroot, module->path, NULL);
    struct object_file *object, *by_id;
    int fd, open_errno;
    bool is_deleted;

    *reason = NULL;
    if (strcmp(module->path, "[vdso]") == 0)
        return open_vdso_object(search, module);
    if (module->path[0] != '/')
        return NULL;

    /* What stands at the place of a deleted file is it only when the build id says so. */
    is_deleted = g_str_has_suffix(path, DELETED);
    if (is_deleted)
        path[strlen(path) - strlen(DELETED)] = '\0';
    fd = open_file(path);
    open_errno = errno;
    object = fd < 0 ? NULL : load(search, path, fd);
    if (object && (module->build_id_size == 0 ? !is_deleted : has_build_id(object, module)))
        return object;

    by_id = open_by_build_id(search, module);
    if (!by_id && object)
        *reason = g_strdup_printf(
            "%s has changed since the recording (other build id): its functions stay unknown", path);
    else if (!by_id && fd < 0)
        *reason = g_strdup_printf("%s: %s: its functions stay unknown", path, g_strerror(open_errno));
    else if (!by_id)
        *reason = g_strdup_printf("%s is not an object file: its functions stay unknown", path);
    object_file_free(object);
    return by_id;
}

/* Calls back for each loadable segment until the answer is true. */
static bool find_segment(Elf *elf, bool (*is_it)(const GElf_Phdr *, uint64_t), uint64_t wanted,
                         GElf_Phdr *found)
{
    size_t count;

    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, found) && found->p_type == PT_LOAD && is_it(found, wanted))
            return true;
    }
    return false;
}

static bool is_any(const GElf_Phdr *segment, uint64_t wanted)
{
    (void)segment;
    (void)wanted;
    return true;
}

static bool is_code(const GElf_Phdr *segment, uint64_t wanted)
{
    (void)wanted;
    return segment->p_flags & PF_X;
}

static bool has_address(const GElf_Phdr *segment, uint64_t address)
{
    return address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_memsz;
}

static bool has_offset(const GElf_Phdr *segment, uint64_t offset)
{
    return offset >= segment->p_offset && offset - segment->p_offset < segment->p_filesz;
}

/* The start of a segment's memory. */
static uint64_t page_start(const GElf_Phdr *segment)
{
    return segment->p_vaddr & ~(MAX(segment->p_align, 1) - 1);
}

bool object_file_address(const struct object_file *object, const struct module *module, uint64_t address,
                         uint64_t *file_address)
{
    uint64_t offset = address - module->base;
    uint64_t found;
    GElf_Phdr segment;

    if (module->is_segment) {
        offset += module->offset;
        if (!find_segment(object->elf, has_offset, offset, &segment))
            return false;
        *file_address = offset - segment.p_offset + segment.p_vaddr;
        return true;
    }

    if (!find_segment(object->elf, is_any, 0, &segment))
        return false;
    found = offset + page_start(&segment);
    if (!find_segment(object->elf, has_address, found, &segment))
        return false;
    *file_address = found;
    return true;
}

static bool is_code_at(const GElf_Phdr *segment, uint64_t address)
{
    return (segment->p_flags & PF_X) && has_address(segment, address);
}

bool object_file_is_code(const struct object_file *object, const struct module *module, uint64_t address)
{
    uint64_t file_address;
    GElf_Phdr segment;

    return object_file_address(object, module, address, &file_address) &&
           find_segment(object->elf, is_code_at, file_address, &segment);
}

void object_file_code(const struct object_file *object, const struct module *module, uint64_t *start,
                      uint64_t *end, uint64_t *offset)
{
    GElf_Phdr first, code;
    uint64_t in_page;

    if (!find_segment(object->elf, is_any, 0, &first) || !find_segment(object->elf, is_code, 0, &code))
        return;

    in_page = code.p_vaddr - page_start(&code);
    *start = module->base + page_start(&code) - page_start(&first);
    *end = *start + ((in_page + code.p_memsz + 4095) & ~UINT64_C(4095));
    *offset = code.p_offset - MIN(in_page, code.p_offset);
}

const char *object_file_function(struct object_file *object, uint64_t file_address, uint64_t *start)
{
    if (!object->functions)
        object->functions = function_table_new(object->dwfl_module);
    return function_table_find(object->functions, file_address, start);
}

Dwarf *object_file_dwarf(struct object_file *object, Dwarf_Addr *bias)
{
    return dwfl_module_getdwarf(object->dwfl_module, bias);
}

/* Of one section that may be compressed. */
static uint64_t plain_size(Elf_Scn *section, const GElf_Shdr *header)
{
    GElf_Chdr compressed;

    if ((header->sh_flags & SHF_COMPRESSED) && gelf_getchdr(section, &compressed))
        return compressed.ch_size;
    return header->sh_type == SHT_NOBITS ? 0 : header->sh_size;
}

uint64_t object_file_dwarf_bytes(struct object_file *object)
{
    Dwarf_Addr bias;
    Dwarf *dwarf = dwfl_module_getdwarf(object->dwfl_module, &bias);
    Elf *elf = dwarf ? dwarf_getelf(dwarf) : NULL;
    Elf_Scn *section = NULL;
    uint64_t bytes = 0;
    size_t names;

    if (!elf || elf_getshdrstrndx(elf, &names) != 0)
        return 0;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;

        if (name && g_str_has_prefix(name, ".debug_"))
            bytes += plain_size(section, &header);
    }
    return bytes;
}
