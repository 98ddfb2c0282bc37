/* Modules and interned stacks; owned by the model, on the reader's calling thread. */
#include "analyzer/stack_table.h"
#include "analyzer/id_map.h"
#include <string.h>

enum { RECENT_NUMBERS = 1 << 12 };

/* The loaded objects of one process image. Sorted by base, never overlapping within one array. */
struct address_space {
    GPtrArray *objects;  /* struct module *, borrowed: whole objects */
    GPtrArray *segments; /* the same for executable segments */
    uint32_t generation; /* goes up with every change */
};

struct stack_entry {
    struct stack stack;
    uint64_t hash;
    uint32_t process;
    uint32_t generation; /* of the address space when frames were last looked up */
    uint32_t next;       /* of the same hash; 0: none */
    bool is_incomplete;  /* a frame has no module */
    struct frame *late;  /* frames of a stack that was used before it was defined; owned */
    struct frame frames[];
};

struct stack_table {
    struct intern_table *strings; /* borrowed */
    GPtrArray *spaces;            /* struct address_space * or NULL, by process index */
    GPtrArray *modules;           /* struct module *, all that ever were; owns them */
    struct module *kernel;        /* of all processes; NULL until needed */
    GPtrArray *stacks;            /* struct stack_entry *, by index; owns them */
    struct id_map by_hash;        /* hash -> newest index with it */
    struct id_map numbers;        /* process << 32 | number -> index */
    struct {
        uint64_t key; /* of numbers */
        uint32_t index;
    } recent[RECENT_NUMBERS]; /* by the number's last bits; numbers follow one another. Index 0: none */
    uint64_t frame_count;
};

static void free_space(void *pointer)
{
    struct address_space *space = pointer;

    if (!space)
        return;
    g_ptr_array_unref(space->objects);
    g_ptr_array_unref(space->segments);
    g_free(space);
}

static void free_entry(void *pointer)
{
    g_free(((struct stack_entry *)pointer)->late);
    g_free(pointer);
}

static struct stack_entry *add_entry(struct stack_table *table, const struct frame *frames, uint32_t count)
{
    struct stack_entry *entry = g_malloc0(sizeof *entry + count * sizeof *frames);

    if (count > 0)
        memcpy(entry->frames, frames, count * sizeof *frames);
    entry->stack = (struct stack){.frame_count = count, .frames = entry->frames};
    table->frame_count += count;
    g_ptr_array_add(table->stacks, entry);
    return entry;
}

struct stack_table *stack_table_new(struct intern_table *strings)
{
    struct stack_table *table = g_new0(struct stack_table, 1);

    table->strings = strings;
    table->spaces = g_ptr_array_new_with_free_func(free_space);
    table->modules = g_ptr_array_new_with_free_func(g_free);
    table->stacks = g_ptr_array_new_with_free_func(free_entry);
    add_entry(table, NULL, 0);
    add_entry(table, &(struct frame){0}, 1)->stack.is_lost = true;
    return table;
}

void stack_table_free(struct stack_table *table)
{
    if (!table)
        return;

    id_map_clear(&table->by_hash);
    id_map_clear(&table->numbers);
    g_ptr_array_unref(table->spaces);
    g_ptr_array_unref(table->stacks);
    g_ptr_array_unref(table->modules);
    g_free(table);
}

static struct address_space *space_of(struct stack_table *table, uint32_t process)
{
    if (process >= table->spaces->len)
        g_ptr_array_set_size(table->spaces, (int)process + 1);
    if (!table->spaces->pdata[process]) {
        struct address_space *space = g_new0(struct address_space, 1);
        space->objects = g_ptr_array_new();
        space->segments = g_ptr_array_new();
        table->spaces->pdata[process] = space;
    }
    return table->spaces->pdata[process];
}

/* Index of the first module whose base is above the address. */
static guint upper_bound(const GPtrArray *modules, uint64_t address)
{
    guint low = 0, high = modules->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        const struct module *module = modules->pdata[middle];
        if (module->base <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct module *module_at(const GPtrArray *modules, uint64_t address)
{
    guint above = upper_bound(modules, address);
    if (above == 0)
        return NULL;

    struct module *module = modules->pdata[above - 1];
    return address - module->base < module->size ? module : NULL;
}

/* No trace tells the kernel's functions: they are shown by their addresses. */
static const struct module *kernel_module(struct stack_table *table)
{
    if (!table->kernel) {
        table->kernel = g_new0(struct module, 1);
        *table->kernel = (struct module){.base = EVENT_FIRST_KERNEL_PC,
                                         .size = EVENT_FIRST_KERNEL_PC - 1,
                                         .offset = EVENT_FIRST_KERNEL_PC,
                                         .path = "[kernel]",
                                         .index = table->modules->len};
        g_ptr_array_add(table->modules, table->kernel);
    }
    return table->kernel;
}

/* Whole objects know more (build id) than segments of them, so they are asked first. */
static const struct module *find_module(struct stack_table *table, const struct address_space *space,
                                        uint64_t address)
{
    if (address >= EVENT_FIRST_KERNEL_PC)
        return kernel_module(table);
    const struct module *module = module_at(space->objects, address);

    return module ? module : module_at(space->segments, address);
}

static bool is_same_module(const struct module *old, const struct module *new)
{
    bool is_id_same = old->build_id_size == 0 || new->build_id_size == 0 ||
                      (old->build_id_size ==
                       new->build_id_size &&memcmp(old->build_id, new->build_id, new->build_id_size) == 0);

    return old->base == new->base && old->size == new->size && old->offset == new->offset &&
           old->path == new->path &&is_id_same;
}

static void take_build_id(struct module *module, const uint8_t *id, uint32_t size)
{
    module->build_id_size = MIN(size, sizeof module->build_id);
    memcpy(module->build_id, id, module->build_id_size);
}

static void add_module(struct stack_table *table, struct address_space *space, const struct module *wanted)
{
    GPtrArray *modules = wanted->is_segment ? space->segments : space->objects;
    guint above = upper_bound(modules, wanted->base);
    struct module *before = above > 0 ? modules->pdata[above - 1] : NULL;

    if (before && is_same_module(before, wanted)) {
        if (before->build_id_size == 0 && wanted->build_id_size > 0)
            take_build_id(before, wanted->build_id, wanted->build_id_size);
        return;
    }
    if (table->modules->len >= STACK_TABLE_MAX_MODULES)
        return;
    /* What lay there before is gone. */
    if (before && wanted->base - before->base < before->size)
        g_ptr_array_remove_index(modules, --above);
    while (above < modules->len &&
           ((struct module *)modules->pdata[above])->base - wanted->base < wanted->size)
        g_ptr_array_remove_index(modules, above);

    struct module *module = g_memdup2(wanted, sizeof *wanted);
    module->index = table->modules->len;
    g_ptr_array_add(table->modules, module);
    g_ptr_array_insert(modules, (int)above, module);
    space->generation++;
}

void stack_table_module_event(struct stack_table *table, uint32_t process, const struct event *event)
{
    struct address_space *space = space_of(table, process);
    struct module *at;

    switch (event->type) {
    case EVENT_MODULE: {
        struct module wanted = {
            .base = event->module.base,
            .size = event->module.size,
            .offset = event->module.offset,
            .is_segment = event->module.is_segment,
            .path = intern(table->strings, event->module.path),
        };
        if (event->module.build_id_size > 0)
            take_build_id(&wanted, event->module.build_id, event->module.build_id_size);
        if (wanted.size > 0)
            add_module(table, space, &wanted);
        break;
    }
    case EVENT_MODULE_BUILD_ID:
        at = module_at(space->objects, event->module.base);
        if (at && at->base == event->module.base && event->module.build_id_size > 0)
            take_build_id(at, event->module.build_id, event->module.build_id_size);
        break;
    default:
        at = module_at(space->objects, event->module.base);
        if (at && g_ptr_array_remove(space->objects, at))
            space->generation++;
        break;
    }
}

struct number_list {
    GArray *keys;
    uint32_t process;
};

static void collect_number(uint64_t key, uint64_t value, void *user)
{
    struct number_list *list = user;

    (void)value;
    if (key >> 32 == list->process)
        g_array_append_val(list->keys, key);
}

void stack_table_forget(struct stack_table *table, uint32_t process)
{
    struct address_space *space = space_of(table, process);
    struct number_list list = {g_array_new(FALSE, FALSE, sizeof(uint64_t)), process};

    g_ptr_array_set_size(space->objects, 0);
    g_ptr_array_set_size(space->segments, 0);
    space->generation++;
    id_map_visit(&table->numbers, collect_number, &list);
    for (guint i = 0; i < list.keys->len; i++)
        id_map_remove(&table->numbers, g_array_index(list.keys, uint64_t, i));
    g_array_free(list.keys, TRUE);
    memset(table->recent, 0, sizeof table->recent);
}

void stack_table_copy_modules(struct stack_table *table, uint32_t parent, uint32_t child)
{
    struct address_space *to = space_of(table, child);
    const struct address_space *from = space_of(table, parent);

    if (to == from || to->objects->len > 0 || to->segments->len > 0)
        return;
    g_ptr_array_extend(to->objects, from->objects, NULL, NULL);
    g_ptr_array_extend(to->segments, from->segments, NULL, NULL);
    to->generation++;
}

static uint64_t hash_frames(uint32_t process, const struct frame *frames, uint32_t count)
{
    uint64_t hash = process;

    for (uint32_t i = 0; i < count; i++) {
        hash = id_map_hash(hash ^ frames[i].address);
        if (frames[i].module)
            hash += frames[i].module->index;
    }
    return hash;
}

static uint32_t find_frames(const struct stack_table *table, uint64_t hash, uint32_t process,
                            const struct frame *frames, uint32_t count)
{
    const uint64_t *first = id_map_find(&table->by_hash, hash);

    for (uint32_t index = first ? (uint32_t)*first : 0; index != 0;) {
        const struct stack_entry *entry = table->stacks->pdata[index];
        if (entry->process == process && entry->stack.frame_count == count &&
            memcmp(entry->frames, frames, count * sizeof *frames) == 0)
            return index;
        index = entry->next;
    }
    return 0;
}

/* The addresses with the modules they lie in; returns how many, and whether a module is missing. */
static uint32_t resolve(struct stack_table *table, const struct address_space *space,
                        const struct event_pcs *pcs, struct frame *frames, bool *is_incomplete)
{
    uint32_t count = MIN(pcs->count, STACK_TABLE_MAX_DEPTH);

    *is_incomplete = false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_exact = (i == 0 && pcs->leaf_is_exact) || pcs->pcs[i] == 0;
        uint64_t address = pcs->pcs[i] - (is_exact ? 0 : 1);
        frames[i] = (struct frame){.module = find_module(table, space, address), .address = address};
        *is_incomplete = *is_incomplete || !frames[i].module;
    }
    return count;
}

uint32_t stack_table_intern(struct stack_table *table, uint32_t process, const struct event_pcs *pcs)
{
    struct frame frames[STACK_TABLE_MAX_DEPTH];
    const struct address_space *space = space_of(table, process);
    bool is_incomplete;
    uint32_t count = resolve(table, space, pcs, frames, &is_incomplete);

    if (count == 0)
        return STACK_NONE;
    uint64_t hash = hash_frames(process, frames, count);
    uint32_t index = find_frames(table, hash, process, frames, count);
    if (index != 0)
        return index;
    if (table->stacks->len >= STACK_TABLE_MAX_STACKS || table->frame_count + count > STACK_TABLE_MAX_FRAMES)
        return STACK_LOST;
    index = table->stacks->len;
    struct stack_entry *entry = add_entry(table, frames, count);
    bool is_new;
    uint64_t *first = id_map_add(&table->by_hash, hash, &is_new);
    entry->hash = hash;
    entry->process = process;
    entry->generation = space->generation;
    entry->is_incomplete = is_incomplete;
    entry->next = (uint32_t)*first;
    *first = index;
    return index;
}

static bool is_tracer_module(const struct module *module)
{
    const char *slash = strrchr(module->path, '/');
    const char *name = slash ? slash + 1 : module->path;

    return g_str_has_prefix(name, "libexectrace") || g_str_has_prefix(name, "liblttng-ust");
}

uint32_t stack_table_intern_sample(struct stack_table *table, uint32_t process, const struct event_pcs *pcs)
{
    const struct address_space *space = space_of(table, process);
    uint32_t first = 0, end = 1;

    if (pcs->count == 0)
        return STACK_NONE;
    while (end < pcs->count && pcs->pcs[end] != 0 && pcs->pcs[end] < EVENT_FIRST_KERNEL_PC &&
           find_module(table, space, pcs->pcs[end] - 1))
        end++;
    for (; first + 1 < end; first++) {
        const struct module *module = find_module(table, space, pcs->pcs[first] - (first > 0));
        if (!module || !is_tracer_module(module))
            break;
    }
    struct event_pcs cut = {.pcs = pcs->pcs + first, .count = end - first, .leaf_is_exact = first == 0};
    return stack_table_intern(table, process, &cut);
}

/* The stack was used before: where it was, it gets its frames. */
static void define_late(struct stack_table *table, struct stack_entry *entry, const struct event_pcs *pcs)
{
    struct frame frames[STACK_TABLE_MAX_DEPTH];
    const struct address_space *space = space_of(table, entry->process);
    uint32_t count = resolve(table, space, pcs, frames, &entry->is_incomplete);

    if (count == 0 || table->frame_count + count > STACK_TABLE_MAX_FRAMES)
        return;
    entry->late = g_memdup2(frames, count * sizeof *frames);
    entry->stack = (struct stack){.frame_count = count, .frames = entry->late};
    entry->generation = space->generation;
    table->frame_count += count;
}

void stack_table_define(struct stack_table *table, uint32_t process, uint32_t number,
                        const struct event_pcs *pcs)
{
    uint64_t key = (uint64_t)process << 32 | number;
    const uint64_t *known = id_map_find(&table->numbers, key);
    bool is_new;

    if (number == 0)
        return;
    if (known && *known != STACK_LOST) {
        struct stack_entry *entry = table->stacks->pdata[*known];
        if (entry->stack.is_lost)
            define_late(table, entry, pcs);
        return;
    }
    if (!known && table->numbers.count >= STACK_TABLE_MAX_NUMBERS)
        return;
    uint32_t index = stack_table_intern(table, process, pcs);
    *id_map_add(&table->numbers, key, &is_new) = index;
    table->recent[number % RECENT_NUMBERS].index = 0;
}

static uint32_t find_number(struct stack_table *table, uint32_t process, uint64_t key)
{
    bool is_new;

    const uint64_t *known = id_map_find(&table->numbers, key);
    if (known)
        return (uint32_t)*known;
    if (table->stacks->len >= STACK_TABLE_MAX_STACKS || table->numbers.count >= STACK_TABLE_MAX_NUMBERS)
        return STACK_LOST;
    /* Its definition may still come. */
    uint32_t index = table->stacks->len;
    struct stack_entry *entry = add_entry(table, &(struct frame){0}, 1);
    entry->stack.is_lost = true;
    entry->process = process;
    *id_map_add(&table->numbers, key, &is_new) = index;
    return index;
}

uint32_t stack_table_find(struct stack_table *table, uint32_t process, uint32_t number)
{
    uint64_t key = (uint64_t)process << 32 | number;
    uint32_t at = number % RECENT_NUMBERS;

    if (number == 0)
        return STACK_NONE;
    if (table->recent[at].key != key || table->recent[at].index == 0) {
        table->recent[at].index = find_number(table, process, key);
        table->recent[at].key = key;
    }
    return table->recent[at].index;
}

uint32_t stack_table_count(const struct stack_table *table)
{
    return table->stacks->len;
}

const struct stack *stack_table_get(struct stack_table *table, uint32_t index)
{
    g_assert(index < table->stacks->len);
    struct stack_entry *entry = table->stacks->pdata[index];

    if (!entry->is_incomplete)
        return &entry->stack;
    const struct address_space *space = space_of(table, entry->process);
    if (entry->generation == space->generation)
        return &entry->stack;
    entry->generation = space->generation;
    entry->is_incomplete = false;
    struct frame *frames = entry->late ? entry->late : entry->frames;
    for (uint32_t i = 0; i < entry->stack.frame_count; i++) {
        if (!frames[i].module)
            frames[i].module = find_module(table, space, frames[i].address);
        entry->is_incomplete = entry->is_incomplete || !frames[i].module;
    }
    return &entry->stack;
}
