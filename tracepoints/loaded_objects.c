/* Loaded objects: see loaded_objects.h. */
#include "tracepoints/loaded_objects.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#define PAGE_BYTES UINT64_C(4096)

struct program_headers {
    const Elf64_Phdr *first;
    size_t count;
};

/* The program's own, from the kernel; those of a library from the ELF header at its load address. */
static struct program_headers headers_of(const struct link_map *map)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(uintptr_t)map->l_addr;
    struct dl_find_object start;

    if (map->l_name == NULL || map->l_name[0] == '\0')
        return (struct program_headers){(const Elf64_Phdr *)(uintptr_t)getauxval(AT_PHDR),
                                        getauxval(AT_PHNUM)};
    if (_dl_find_object((void *)(uintptr_t)map->l_addr, &start) != 0 || start.dlfo_link_map != map ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(Elf64_Phdr) ||
        header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > PAGE_BYTES)
        return (struct program_headers){NULL, 0};
    return (struct program_headers){
        (const Elf64_Phdr *)(uintptr_t)(map->l_addr + header->e_phoff),
        header->e_phnum,
    };
}

static void widen(struct dl_find_object *object)
{
    struct program_headers headers = headers_of(object->dlfo_link_map);
    uint64_t low = UINT64_MAX, high = 0;

    for (size_t i = 0; headers.first != NULL && i < headers.count; i++) {
        const Elf64_Phdr *segment = &headers.first[i];

        if (segment->p_type != PT_LOAD)
            continue;
        if (segment->p_vaddr < low)
            low = segment->p_vaddr;
        if (segment->p_vaddr + segment->p_memsz > high)
            high = segment->p_vaddr + segment->p_memsz;
    }
    if (low >= high)
        return;
    object->dlfo_map_start = (void *)(uintptr_t)(object->dlfo_link_map->l_addr + (low & ~(PAGE_BYTES - 1)));
    object->dlfo_map_end = (void *)(uintptr_t)(object->dlfo_link_map->l_addr + high);
}

/* Code and .eh_frame_hdr are in different segments of an object with gaps. */
static bool has_gaps(const struct dl_find_object *object)
{
    return object->dlfo_link_map != NULL && object->dlfo_eh_frame != NULL &&
           (object->dlfo_eh_frame < object->dlfo_map_start || object->dlfo_eh_frame >= object->dlfo_map_end);
}

bool loaded_object_find(uint64_t address, struct dl_find_object *object)
{
    if (_dl_find_object((void *)(uintptr_t)address, object) != 0)
        return false;
    if (__builtin_expect(has_gaps(object), 0))
        widen(object);
    return true;
}
