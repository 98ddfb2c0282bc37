/*
 * From frames to functions, files and lines: what is asked of which file, what stands in for what is not
 * known, and the caches. The files themselves are for symbols_object.c, symbols_functions.c, symbols_dwarf.c
 * and symbols_scopes.c; together they are the only users of elfutils. Main thread only.
 */
#include "analyzer/symbols.h"

#include <inttypes.h>
#include <string.h>
#include "analyzer/demangle.h"
#include "analyzer/symbols_dwarf.h"
#include "analyzer/symbols_object.h"

/* From here on addresses are the kernel's (x86-64 and arm64 alike). */
#define KERNEL_ADDRESSES UINT64_C(0xffff000000000000)

#define DEFAULT_MEMORY_LIMIT (UINT64_C(32) << 20)

/* An object file may be loaded as several modules, by several processes. */
struct opened {
    const struct module *module; /* the first of them; borrowed */
    struct object_file *object;  /* NULL: not to be had, or closed for a while */
    struct dwarf_index *dwarf;   /* NULL: none, or not needed yet */
    Dwarf_Addr dwarf_bias;
    uint64_t dwarf_bytes;
    uint64_t last_use;
    bool is_dwarf_tried;
    bool is_closed; /* for a while */
};

struct frame_entry {
    const struct module *module;
    uint64_t address;
    struct symbolized_frame found;
};

struct symbol_table {
    enum symbolize_mode mode;
    struct object_search *search;
    GHashTable *objects;    /* path and build id -> struct opened */
    GHashTable *modules;    /* struct module -> struct opened, borrowed */
    GHashTable *identified; /* path -> struct module whose build id is known; both borrowed */
    GHashTable *frames;     /* set of struct frame_entry */
    GHashTable *readable;   /* mangled name -> readable name, both in texts */
    GStringChunk *texts;
    GPtrArray *warnings;
    uint64_t open_dwarf_bytes, max_dwarf_bytes;
    uint64_t use_count;
    bool has_all_objects; /* an address in none of them is anonymous memory */
};

static void opened_free(gpointer pointer)
{
    struct opened *opened = pointer;

    dwarf_index_free(opened->dwarf);
    object_file_free(opened->object);
    g_free(opened);
}

static guint entry_hash(gconstpointer pointer)
{
    const struct frame_entry *entry = pointer;
    uint64_t hash = entry->address * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)(uintptr_t)entry->module;

    return (guint)(hash ^ (hash >> 32));
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
    const struct frame_entry *first = a, *second = b;

    return first->address == second->address && first->module == second->module;
}

static void entry_free(gpointer pointer)
{
    struct frame_entry *entry = pointer;

    g_free((void *)entry->found.lines);
    g_free(entry);
}

struct symbol_table *symbol_table_new(enum symbolize_mode mode, const char *sysroot)
{
    struct symbol_table *table = g_new0(struct symbol_table, 1);

    table->mode = mode;
    table->max_dwarf_bytes = DEFAULT_MEMORY_LIMIT;
    table->search = object_search_new(sysroot);
    table->objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, opened_free);
    table->modules = g_hash_table_new(g_direct_hash, g_direct_equal);
    table->identified = g_hash_table_new(g_str_hash, g_str_equal);
    table->frames = g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
    table->readable = g_hash_table_new(g_direct_hash, g_direct_equal);
    table->texts = g_string_chunk_new(4096);
    table->warnings = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void symbol_table_free(struct symbol_table *table)
{
    if (!table)
        return;

    g_hash_table_destroy(table->modules);
    g_hash_table_destroy(table->identified);
    g_hash_table_destroy(table->objects);
    g_hash_table_destroy(table->frames);
    g_hash_table_destroy(table->readable);
    object_search_free(table->search);
    g_string_chunk_free(table->texts);
    g_ptr_array_free(table->warnings, TRUE);
    g_free(table);
}

void symbol_table_limit_memory(struct symbol_table *table, uint64_t bytes)
{
    table->max_dwarf_bytes = bytes;
}

const GPtrArray *symbol_table_warnings(const struct symbol_table *table)
{
    return table->warnings;
}

/* The kernel tells of objects without their build ids; the traced program itself may have told it. */
static const struct module *identify(struct symbol_table *table, const struct module *module)
{
    const struct module *identified =
        module->build_id_size > 0 ? NULL : g_hash_table_lookup(table->identified, module->path);

    return identified ? identified : module;
}

static struct opened *open_object(struct symbol_table *table, const struct module *known)
{
    const struct module *module = identify(table, known);
    GString *key = g_string_new(module->path);
    struct opened *opened;
    char *reason = NULL;

    for (uint32_t i = 0; i < module->build_id_size; i++)
        g_string_append_printf(key, i == 0 ? "\n%02x" : "%02x", module->build_id[i]);
    opened = g_hash_table_lookup(table->objects, key->str);
    if (opened) {
        g_string_free(key, TRUE);
        return opened;
    }

    opened = g_new0(struct opened, 1);
    opened->module = module;
    if (!module_is_anonymous(module))
        opened->object = object_file_open(table->search, module, &reason);
    if (reason && table->mode != SYMBOLIZE_NONE)
        g_ptr_array_add(table->warnings, reason);
    else
        g_free(reason);
    g_hash_table_insert(table->objects, g_string_free(key, FALSE), opened);
    return opened;
}

static struct opened *find_object(struct symbol_table *table, const struct module *module)
{
    struct opened *opened = g_hash_table_lookup(table->modules, module);

    if (!opened) {
        opened = open_object(table, module);
        g_hash_table_insert(table->modules, (gpointer)module, opened);
    }
    if (opened->is_closed) {
        char *reason;

        opened->is_closed = false;
        opened->object = object_file_open(table->search, opened->module, &reason);
        g_free(reason);
    }
    opened->last_use = ++table->use_count;
    return opened;
}

bool module_is_anonymous(const struct module *module)
{
    /* As the kernel names them; "/memfd:NAME (deleted)" is where some runtimes keep what they compile. */
    static const char *const prefixes[] = {"//anon",  "[anon",     "/anon_hugepage",
                                           "/memfd:", "/dev/zero", "/SYSV"};

    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(module->path, prefixes[i]))
            return true;
    }
    return false;
}

struct code_segment symbol_table_code(struct symbol_table *table, const struct module *module)
{
    struct code_segment code = {module->base, module->base + module->size, module->offset};
    struct opened *opened = module->is_segment ? NULL : find_object(table, module);

    if (opened && opened->object)
        object_file_code(opened->object, module, &code.start, &code.end, &code.offset);
    return code;
}

bool symbol_table_is_code(struct symbol_table *table, const struct frame *frame)
{
    struct opened *opened = frame->module ? find_object(table, frame->module) : NULL;

    return !opened || !opened->object || object_file_is_code(opened->object, frame->module, frame->address);
}

static void close_for_a_while(struct symbol_table *table, struct opened *opened)
{
    table->open_dwarf_bytes -= opened->dwarf_bytes;
    g_clear_pointer(&opened->dwarf, dwarf_index_free);
    g_clear_pointer(&opened->object, object_file_free);
    opened->dwarf_bytes = 0;
    opened->is_dwarf_tried = false;
    opened->is_closed = true;
}

static struct opened *longest_unused(struct symbol_table *table, const struct opened *except)
{
    struct opened *found = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, table->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct opened *opened = value;

        if (opened != except && opened->dwarf_bytes > 0 && (!found || opened->last_use < found->last_use))
            found = opened;
    }
    return found;
}

struct learning {
    struct symbol_table *table;
    GByteArray *is_seen; /* by a module's index */
    bool has_modules;
};

static void learn_module(struct learning *learning, const struct module *module)
{
    learning->has_modules = true;
    if (module->index >= learning->is_seen->len) {
        guint known = learning->is_seen->len;

        g_byte_array_set_size(learning->is_seen, module->index + 1);
        memset(learning->is_seen->data + known, 0, module->index + 1 - known);
    }
    if (learning->is_seen->data[module->index])
        return;

    learning->is_seen->data[module->index] = 1;
    if (module->build_id_size > 0 && !g_hash_table_contains(learning->table->identified, module->path))
        g_hash_table_insert(learning->table->identified, (gpointer)module->path, (gpointer)module);
}

void symbol_table_learn_objects(struct symbol_table *table, const struct trace_model *model)
{
    struct learning learning = {.table = table, .is_seen = g_byte_array_new()};

    for (uint32_t i = 1; i < trace_model_stack_count(model); i++) {
        const struct stack *stack = trace_model_stack(model, i);

        for (uint32_t j = 0; j < stack->frame_count && !stack->is_lost; j++) {
            if (stack->frames[j].module)
                learn_module(&learning, stack->frames[j].module);
        }
    }
    table->has_all_objects = learning.has_modules && !trace_model_has_loss(model);
    g_byte_array_free(learning.is_seen, TRUE);
}

static void load_dwarf(struct symbol_table *table, struct opened *opened)
{
    struct opened *unused;
    Dwarf *dwarf;

    if (opened->is_dwarf_tried)
        return;

    opened->is_dwarf_tried = true;
    dwarf = object_file_dwarf(opened->object, &opened->dwarf_bias);
    if (!dwarf)
        return;
    opened->dwarf_bytes = object_file_dwarf_bytes(opened->object);
    table->open_dwarf_bytes += opened->dwarf_bytes;
    while (table->open_dwarf_bytes > table->max_dwarf_bytes &&
           (unused = longest_unused(table, opened)) != NULL)
        close_for_a_while(table, unused);
    opened->dwarf = dwarf_index_new(dwarf);
}

static const char *keep(struct symbol_table *table, const char *text)
{
    return g_string_chunk_insert_const(table->texts, text);
}

/* Both names of a function from the name in its file. */
static void set_names(struct symbol_table *table, struct source_line *line, const char *name)
{
    g_autofree char *unversioned = g_strndup(name, strcspn(name, "@"));
    const char *known;

    line->system_name = keep(table, *unversioned ? unversioned : name);
    known = g_hash_table_lookup(table->readable, line->system_name);
    if (!known) {
        g_autofree char *readable = demangle(line->system_name);

        known = keep(table, readable);
        g_hash_table_insert(table->readable, (gpointer)line->system_name, (gpointer)known);
    }
    line->function = known;
}

static void set_place(struct symbol_table *table, struct source_line *line, const struct dwarf_call *call)
{
    g_autofree char *path = NULL;

    if (call->file && call->file[0] == '/')
        path = g_canonicalize_filename(call->file, "/");
    line->file = keep(table, path ? path : call->file ? call->file : "");
    line->line = call->line;
    line->start_line = call->start_line;
}

static size_t leading_underscores(const char *name)
{
    return strspn(name, "_");
}

/*
 * The name of the function itself (the calls inlined into it have only DWARF's). The symbol's is better where
 * it is mangled and DWARF has no linkage name, where DWARF has none of its own, and where the same C function
 * has an exported name besides its internal one (glibc: "read", "__GI___libc_read").
 */
static const char *choose_name(const struct dwarf_call *call, const char *symbol)
{
    const char *name = call->linkage_name ? call->linkage_name : call->name;

    if (!symbol || (call->linkage_name && is_mangled_name(call->linkage_name)))
        return name;
    if (!name || is_mangled_name(symbol) || leading_underscores(symbol) < leading_underscores(name))
        return symbol;
    return name;
}

/* Fills found when DWARF knows at least a function's name there. */
static bool find_in_dwarf(struct symbol_table *table, struct opened *opened, uint64_t address,
                          const char *symbol, struct symbolized_frame *found)
{
    struct dwarf_call calls[DWARF_MAX_INLINED];
    struct source_line *lines;
    uint32_t count;

    load_dwarf(table, opened);
    if (!opened->dwarf)
        return false;
    count = dwarf_index_find(opened->dwarf, address - opened->dwarf_bias, calls);
    if (count == 0 || !choose_name(&calls[count - 1], symbol))
        return false;

    lines = g_new0(struct source_line, count);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = choose_name(&calls[i], i == count - 1 ? symbol : NULL);

        set_names(table, &lines[i], name ? name : "[inlined]");
        /* pprof takes names that are the same in both fields for mangled ones, and cuts them. */
        if (name && name == calls[i].name && calls[i].qualified_name)
            lines[i].function = keep(table, calls[i].qualified_name);
        set_place(table, &lines[i], &calls[i]);
    }
    found->count = count;
    found->lines = lines;
    found->is_known = true;
    return true;
}

static void set_single(struct symbol_table *table, struct symbolized_frame *found, const char *name,
                       bool is_known)
{
    struct source_line *line = g_new0(struct source_line, 1);

    if (is_known)
        set_names(table, line, name);
    else
        line->function = line->system_name = keep(table, name);
    line->file = "";
    found->count = 1;
    found->lines = line;
    found->is_known = is_known;
}

/* As addr2line and objdump count, when the file is there; else from its beginning. */
static uint64_t address_in_file(struct symbol_table *table, const struct frame *frame)
{
    const struct module *module = frame->module;
    struct opened *opened = find_object(table, module);
    uint64_t address;

    if (opened->object && object_file_address(opened->object, module, frame->address, &address))
        return address;
    return frame->address - module->base + module->offset;
}

/* Every address has a name of its own, so that no two unknown places are taken for one. */
static char *unknown_name(struct symbol_table *table, const struct frame *frame)
{
    const struct module *module = frame->module;
    g_autofree char *file = NULL;
    uint64_t offset;

    if (!module)
        return g_strdup_printf("%s 0x%" PRIx64,
                               frame->address >= KERNEL_ADDRESSES ? "[kernel]"
                               : table->has_all_objects           ? "[anonymous code]"
                                                                  : "[unknown]",
                               frame->address);
    if (module_is_anonymous(module))
        return g_strdup_printf("[anonymous code] 0x%" PRIx64, frame->address);

    offset = address_in_file(table, frame);
    if (module->path[0] == '[')
        return g_strdup_printf("%s+0x%" PRIx64, module->path, offset);
    file = g_path_get_basename(module->path);
    return g_strdup_printf("[unknown] %s+0x%" PRIx64, file, offset);
}

static bool find_in_files(struct symbol_table *table, const struct frame *frame,
                          struct symbolized_frame *found)
{
    struct opened *opened = find_object(table, frame->module);
    const char *symbol;
    uint64_t address, start;

    if (!opened->object || !object_file_address(opened->object, frame->module, frame->address, &address))
        return false;

    symbol = object_file_function(opened->object, address, &start);
    if (table->mode == SYMBOLIZE_LINES && find_in_dwarf(table, opened, address, symbol, found))
        return true;
    if (!symbol)
        return false;
    set_single(table, found, symbol, true);
    return true;
}

const struct symbolized_frame *symbol_table_find(struct symbol_table *table, const struct frame *frame)
{
    struct frame_entry wanted = {.module = frame->module, .address = frame->address};
    struct frame_entry *entry = g_hash_table_lookup(table->frames, &wanted);

    if (entry)
        return &entry->found;

    entry = g_memdup2(&wanted, sizeof wanted);
    if (table->mode == SYMBOLIZE_NONE || !frame->module || !find_in_files(table, frame, &entry->found)) {
        g_autofree char *name = unknown_name(table, frame);

        set_single(table, &entry->found, name, false);
    }
    g_hash_table_add(table->frames, entry);
    return &entry->found;
}

bool symbol_table_stack_matches(struct symbol_table *table, const struct stack *stack, const GRegex *regex)
{
    for (uint32_t i = 0; i < stack->frame_count && !stack->is_lost; i++) {
        const struct symbolized_frame *frame = symbol_table_find(table, &stack->frames[i]);
        const struct module *module = stack->frames[i].module;
        if (module && g_regex_match(regex, module->path, 0, NULL))
            return true;
        for (uint32_t j = 0; j < frame->count; j++) {
            if (g_regex_match(regex, frame->lines[j].function, 0, NULL) ||
                g_regex_match(regex, frame->lines[j].file, 0, NULL))
                return true;
        }
    }
    return false;
}
