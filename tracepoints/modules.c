/* Loaded objects: see modules.h. */
#include "tracepoints/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "tracepoints/loaded_objects.h"
#include "tracepoints/object_paths.h"
#include "tracepoints/provider_process.h"

#define MODULE_SLOT_COUNT 2048u /* a power of two */
#define MODULE_PROBE_COUNT 16u
#define BUILD_ID_MAX 64u

/* `key` tells base, size and path together; it is never removed,
 * since the same object may come back. */
struct module_slot {
    uint64_t key;
    void *base;     /* NULL: not loaded any more */
    uint32_t epoch; /* of the last announcement */
};

static struct module_slot slots[MODULE_SLOT_COUNT];

static uint64_t key_of(const struct dl_find_object *object, const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *path != '\0'; path++)
        hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
    hash ^= (uint64_t)(uintptr_t)object->dlfo_map_start * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= (uint64_t)(uintptr_t)object->dlfo_map_end * UINT64_C(0xc2b2ae3d27d4eb4f);
    return hash | 1;
}

/* The slot of `key`, taken if new; NULL when the table has no room near its place. */
static struct module_slot *find_slot(uint64_t key)
{
    for (uint32_t i = 0; i < MODULE_PROBE_COUNT; i++) {
        struct module_slot *slot = &slots[((uint32_t)(key >> 20) + i) & (MODULE_SLOT_COUNT - 1)];
        uint64_t seen = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

        if (seen == 0 &&
            __atomic_compare_exchange_n(&slot->key, &seen, key, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return slot;
        if (seen == key)
            return slot;
    }
    return NULL;
}

/* Looks for NT_GNU_BUILD_ID in one note segment. */
static const uint8_t *find_build_id(const uint8_t *note, size_t size, uint32_t *count)
{
    while (size >= sizeof(Elf64_Nhdr)) {
        const Elf64_Nhdr *header = (const Elf64_Nhdr *)note;
        size_t name_size = (header->n_namesz + 3u) & ~(size_t)3;
        size_t total = sizeof(*header) + name_size + ((header->n_descsz + 3u) & ~(size_t)3);

        if (total > size)
            break;
        if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && header->n_descsz <= BUILD_ID_MAX &&
            memcmp(note + sizeof(*header), "GNU", 4) == 0) {
            *count = header->n_descsz;
            return note + sizeof(*header) + name_size;
        }
        note += total;
        size -= total;
    }
    return NULL;
}

/* The build id in the object's mapped notes; NULL and 0 when it has none. */
static const uint8_t *build_id_of(const struct dl_find_object *object, uint32_t *count)
{
    const uint8_t *start = object->dlfo_map_start;
    const Elf64_Ehdr *header = object->dlfo_map_start;
    size_t size = (size_t)((const uint8_t *)object->dlfo_map_end - start);
    uint64_t bias = object->dlfo_link_map != NULL ? object->dlfo_link_map->l_addr : 0;
    const Elf64_Phdr *segments;

    *count = 0;
    if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phentsize != sizeof(Elf64_Phdr) ||
        header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > 4096)
        return NULL;
    segments = (const Elf64_Phdr *)(start + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const uint8_t *note = (const uint8_t *)(uintptr_t)(bias + segments[i].p_vaddr);
        const uint8_t *id;

        if (segments[i].p_type != PT_NOTE || note < start || segments[i].p_memsz > size ||
            (size_t)(note - start) > size - segments[i].p_memsz)
            continue;
        id = find_build_id(note, segments[i].p_memsz, count);
        if (id != NULL)
            return id;
    }
    return NULL;
}

void modules_announce(uint64_t pc, uint32_t epoch, bool always)
{
    struct dl_find_object object;
    struct module_slot *slot;
    const uint8_t *build_id;
    uint32_t build_id_count;
    const char *path;

    if (!loaded_object_find(pc, &object))
        return;
    path = object_path(&object);
    slot = find_slot(key_of(&object, path));
    if (!always && slot != NULL && __atomic_load_n(&slot->epoch, __ATOMIC_ACQUIRE) == epoch)
        return;
    build_id = build_id_of(&object, &build_id_count);
    lttng_ust_tracepoint(exectrace_process, module, (uint64_t)(uintptr_t)object.dlfo_map_start,
                         (uint64_t)((const char *)object.dlfo_map_end - (const char *)object.dlfo_map_start),
                         path, build_id, build_id_count);
    if (slot != NULL) {
        __atomic_store_n(&slot->base, object.dlfo_map_start, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->epoch, epoch, __ATOMIC_RELEASE);
    }
}

bool modules_forget_unloaded(void)
{
    bool is_any = false;

    for (uint32_t i = 0; i < MODULE_SLOT_COUNT; i++) {
        struct dl_find_object object;
        void *base = __atomic_load_n(&slots[i].base, __ATOMIC_RELAXED);

        if (base == NULL || _dl_find_object(base, &object) == 0)
            continue;
        __atomic_store_n(&slots[i].base, NULL, __ATOMIC_RELAXED);
        __atomic_store_n(&slots[i].epoch, 0, __ATOMIC_RELEASE);
        is_any = true;
    }
    return is_any;
}
