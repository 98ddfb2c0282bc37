/*
 * Lines and inlined calls from DWARF, lazily: a table of the compilation units' address ranges first, then
 * the functions of a unit when an address in it is asked for, then only the one function's inlined calls.
 * libdw's own searches walk a whole unit for every address, which takes minutes for large programs.
 */
#include "analyzer/symbols_dwarf.h"

#include <dwarf.h>
#include <string.h>
#include "analyzer/demangle.h"

/* Nested namespaces, classes and blocks are followed to this depth. */
#define MAX_SCOPE_DEPTH 64u
/* How far back a range that encloses others is looked for. */
#define MAX_NESTED_RANGES 16u

struct range {
    uint64_t low, high;
    Dwarf_Off die;
    struct unit *unit;
};

/*
 * A namespace, class or function. What is declared in it stands between its own and its end's offset. The
 * classes inside of functions are looked for when one is needed: functions are most of a unit.
 */
struct scope {
    Dwarf_Off start, end;
    guint parent; /* index into the unit's scopes plus 1; 0: none */
    bool is_function;
};

struct unit {
    Dwarf_Die die;
    GArray *functions; /* struct range, sorted; NULL until needed */
    bool is_deep;      /* functions inside of functions were looked for as well */
};

struct dwarf_index {
    GPtrArray *units;      /* struct unit */
    GArray *ranges;        /* struct range of the units, sorted */
    GHashTable *scopes;    /* unit (libdw's) -> GArray of struct scope */
    GHashTable *qualified; /* DIE (where it stands in memory) -> name with its scopes */
};

static void unit_free(gpointer pointer)
{
    struct unit *unit = pointer;

    if (unit->functions)
        g_array_free(unit->functions, TRUE);
    g_free(unit);
}

static void add_ranges(GArray *ranges, Dwarf_Die *die, struct unit *unit)
{
    Dwarf_Addr base, start, end;
    ptrdiff_t offset = 0;

    while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0) {
        struct range range = {.low = start, .high = end, .die = dwarf_dieoffset(die), .unit = unit};

        /* Functions that the linker threw away are left at 0 (or 1 inside of range lists). */
        if (start > 1 && end > start)
            g_array_append_val(ranges, range);
    }
}

static gint compare_ranges(gconstpointer a, gconstpointer b)
{
    const struct range *first = a, *second = b;

    if (first->low != second->low)
        return first->low < second->low ? -1 : 1;
    /* The smaller one later: it is met first when searching backwards. */
    if (first->high != second->high)
        return first->high > second->high ? -1 : 1;
    return (first->die > second->die) - (first->die < second->die);
}

struct dwarf_index *dwarf_index_new(Dwarf *dwarf)
{
    struct dwarf_index *index = g_new0(struct dwarf_index, 1);
    Dwarf_CU *cu = NULL;
    Dwarf_Die die, split;

    index->units = g_ptr_array_new_with_free_func(unit_free);
    index->ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
    index->scopes = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)g_array_unref);
    index->qualified = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, &split) == 0) {
        int tag = dwarf_tag(&die);
        struct unit *unit;

        if (tag != DW_TAG_compile_unit && tag != DW_TAG_skeleton_unit)
            continue;
        unit = g_new0(struct unit, 1);
        /* Of a unit whose DWARF is in a .dwo file the skeleton has the ranges, the other the rest. */
        unit->die = split.addr ? split : die;
        g_ptr_array_add(index->units, unit);
        add_ranges(index->ranges, &die, unit);
    }
    g_array_sort(index->ranges, compare_ranges);
    return index;
}

void dwarf_index_free(struct dwarf_index *index)
{
    if (!index)
        return;

    g_ptr_array_free(index->units, TRUE);
    g_array_free(index->ranges, TRUE);
    g_hash_table_destroy(index->scopes);
    g_hash_table_destroy(index->qualified);
    g_free(index);
}

/* Calls back, from the innermost outwards, for ranges with this address until the answer is not NULL. */
static const struct range *find_range(const GArray *ranges, uint64_t address, guint *from)
{
    guint low = 0, high = MIN(ranges->len, *from);

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(ranges, struct range, middle).low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (guint i = 0; i < MIN(low, MAX_NESTED_RANGES); i++) {
        const struct range *range = &g_array_index(ranges, struct range, low - 1 - i);

        if (address < range->high) {
            *from = low - 1 - i;
            return range;
        }
    }
    return NULL;
}

/* Whether functions are looked for inside of what has this tag. */
static bool is_scope(int tag, bool is_deep)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        return true;
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
        return is_deep;
    default:
        return false;
    }
}

/* The next sibling; false at the end, and where a damaged file leads back. */
static bool next_sibling(Dwarf_Die *die, Dwarf_Die *next)
{
    Dwarf_Off offset = dwarf_dieoffset(die);

    return dwarf_siblingof(die, next) == 0 && dwarf_dieoffset(next) > offset;
}

static void collect_functions(struct unit *unit, Dwarf_Die *parent, unsigned depth)
{
    Dwarf_Die die;

    if (depth > MAX_SCOPE_DEPTH || dwarf_child(parent, &die) != 0)
        return;

    do {
        int tag = dwarf_tag(&die);

        if (tag == DW_TAG_subprogram)
            add_ranges(unit->functions, &die, unit);
        if (is_scope(tag, unit->is_deep))
            collect_functions(unit, &die, depth + 1);
    } while (next_sibling(&die, &die));
}

static void load_functions(struct unit *unit)
{
    if (unit->functions)
        g_array_set_size(unit->functions, 0);
    else
        unit->functions = g_array_new(FALSE, FALSE, sizeof(struct range));
    collect_functions(unit, &unit->die, 0);
    g_array_sort(unit->functions, compare_ranges);
}

static const struct range *find_function(struct unit *unit, uint64_t address)
{
    const struct range *found;
    guint from = G_MAXUINT;

    if (!unit->functions)
        load_functions(unit);
    found = find_range(unit->functions, address, &from);
    if (!found && !unit->is_deep) {
        unit->is_deep = true;
        load_functions(unit);
        from = G_MAXUINT;
        found = find_range(unit->functions, address, &from);
    }
    return found;
}

static bool has_code(Dwarf_Die *die)
{
    return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

/* Writes the inlined calls around address below parent, outermost first. */
static uint32_t collect_inlined(Dwarf_Die *parent, uint64_t address, Dwarf_Die *found, uint32_t count,
                                unsigned depth)
{
    Dwarf_Die die;

    if (depth > MAX_SCOPE_DEPTH || count == DWARF_MAX_INLINED - 1 || dwarf_child(parent, &die) != 0)
        return count;

    do {
        int tag = dwarf_tag(&die);
        bool is_call = tag == DW_TAG_inlined_subroutine;
        uint32_t before = count;

        if (!is_call && tag != DW_TAG_lexical_block && tag != DW_TAG_try_block && tag != DW_TAG_catch_block)
            continue;
        if (has_code(&die) ? dwarf_haspc(&die, address) <= 0 : is_call)
            continue;
        if (is_call)
            found[count++] = die;
        count = collect_inlined(&die, address, found, count, depth + 1);
        if (count > before || (has_code(&die) && !is_call))
            return count;
    } while (next_sibling(&die, &die));
    return count;
}

static const char *text_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;

    return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* The DIE that stands in the scopes where the function was declared. */
static Dwarf_Die declaration_of(Dwarf_Die die)
{
    static const unsigned links[] = {DW_AT_abstract_origin, DW_AT_specification};

    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        Dwarf_Attribute attribute;
        Dwarf_Die linked;

        if (dwarf_attr(&die, links[i], &attribute) && dwarf_formref_die(&attribute, &linked))
            die = linked;
    }
    return die;
}

/* Appends the scopes below parent, which ends at `end`, in the order of their offsets. */
static void collect_scopes(GArray *scopes, Dwarf_Die *parent, Dwarf_Off end, guint parent_number,
                           unsigned depth)
{
    Dwarf_Die die, next;
    bool has_next = depth <= MAX_SCOPE_DEPTH && dwarf_child(parent, &next) == 0;

    while (has_next) {
        guint number = scopes->len + 1;
        bool is_function;

        die = next;
        has_next = next_sibling(&die, &next);
        is_function = dwarf_tag(&die) == DW_TAG_subprogram && dwarf_haschildren(&die) > 0;
        if (is_function || is_scope(dwarf_tag(&die), false)) {
            struct scope scope = {.start = dwarf_dieoffset(&die),
                                  .end = has_next ? dwarf_dieoffset(&next) : end,
                                  .parent = parent_number,
                                  .is_function = is_function};

            g_array_append_val(scopes, scope);
            if (!is_function)
                collect_scopes(scopes, &die, scope.end, number, depth + 1);
        }
    }
}

static const GArray *scopes_around(struct dwarf_index *index, Dwarf_Die *die)
{
    GArray *scopes = g_hash_table_lookup(index->scopes, die->cu);
    Dwarf_Die unit;

    if (scopes || !dwarf_diecu(die, &unit, NULL, NULL))
        return scopes;

    scopes = g_array_new(FALSE, FALSE, sizeof(struct scope));
    collect_scopes(scopes, &unit, G_MAXUINT64, 0, 0);
    g_hash_table_insert(index->scopes, die->cu, scopes);
    return scopes;
}

/* The innermost scope around offset: its index plus 1, or 0. */
static guint find_scope(const GArray *scopes, Dwarf_Off offset)
{
    guint low = 0, high = scopes->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(scopes, struct scope, middle).start < offset)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 0 && g_array_index(scopes, struct scope, low - 1).end <= offset)
        low = g_array_index(scopes, struct scope, low - 1).parent;
    return low;
}

/* A closure is a class without a name, or called "<lambda(int)>"; demangled names have braces for it. */
static void append_scope(GString *text, Dwarf_Die *die)
{
    const char *name = dwarf_diename(die);

    if (!name)
        name = dwarf_tag(die) == DW_TAG_namespace ? "(anonymous namespace)" : "{lambda}";
    else if (g_str_has_prefix(name, "<lambda"))
        name = "{lambda}";
    g_string_append_printf(text, "%s::", name);
}

/* Appends the classes inside of a function on the way to offset. */
static void append_local_scopes(GString *text, Dwarf_Die *function, Dwarf_Off offset)
{
    Dwarf_Die die = *function, child, next;

    for (unsigned depth = 0; depth <= MAX_SCOPE_DEPTH && dwarf_child(&die, &child) == 0; depth++) {
        while (next_sibling(&child, &next) && dwarf_dieoffset(&next) <= offset)
            child = next;
        if (dwarf_dieoffset(&child) >= offset)
            return;
        if (is_scope(dwarf_tag(&child), false))
            append_scope(text, &child);
        die = child;
    }
}

/* The name of a function that is a scope. */
static void append_function(GString *text, Dwarf_Die *die)
{
    const char *linkage_name = text_attribute(die, DW_AT_linkage_name);
    const char *name = text_attribute(die, DW_AT_name);
    g_autofree char *readable = linkage_name ? demangle(linkage_name) : NULL;

    g_string_append_printf(text, "%s::", readable ? readable : name ? name : "{unnamed}");
}

/* Appends the scope with this number and those around it, outermost first. */
static void append_scopes(GString *text, Dwarf *dwarf, const GArray *scopes, guint number, Dwarf_Off offset)
{
    guint chain[MAX_SCOPE_DEPTH + 1];
    size_t count = 0;

    for (; number > 0 && count < G_N_ELEMENTS(chain);
         number = g_array_index(scopes, struct scope, number - 1).parent)
        chain[count++] = number;
    while (count > 0) {
        const struct scope *scope = &g_array_index(scopes, struct scope, chain[--count] - 1);
        Dwarf_Die die;

        if (!dwarf_offdie(dwarf, scope->start, &die))
            return;
        if (!scope->is_function) {
            append_scope(text, &die);
            continue;
        }
        if (text->len > 0 && text_attribute(&die, DW_AT_linkage_name))
            g_string_truncate(text, 0);
        append_function(text, &die);
        append_local_scopes(text, &die, offset);
    }
}

static char *join_scopes(struct dwarf_index *index, Dwarf_Die *declaration, const char *name)
{
    const GArray *scopes = scopes_around(index, declaration);
    Dwarf_Off offset = dwarf_dieoffset(declaration);
    GString *text = g_string_new(NULL);

    /* Not the index's DWARF: declarations may stand in a file that several share. */
    if (scopes)
        append_scopes(text, dwarf_cu_getdwarf(declaration->cu), scopes, find_scope(scopes, offset), offset);
    g_string_append(text, name);
    return g_string_free(text, FALSE);
}

static bool has_namespaces(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Mips_Assembler:
        return false;
    default:
        return true;
    }
}

/* "space::Class::name"; only for functions without a linkage name. */
static const char *qualified_name(struct dwarf_index *index, struct unit *unit, Dwarf_Die *die,
                                  const char *name)
{
    Dwarf_Die declaration = declaration_of(*die);
    char *known = g_hash_table_lookup(index->qualified, declaration.addr);

    if (known || !name || !has_namespaces(&unit->die))
        return known ? known : name;

    known = join_scopes(index, &declaration, name);
    g_hash_table_insert(index->qualified, declaration.addr, known);
    return known;
}

static void name_call(struct dwarf_index *index, struct unit *unit, Dwarf_Die *die, struct dwarf_call *call)
{
    Dwarf_Attribute attribute;
    Dwarf_Word line;

    call->linkage_name = text_attribute(die, DW_AT_linkage_name);
    if (!call->linkage_name)
        call->linkage_name = text_attribute(die, DW_AT_MIPS_linkage_name);
    call->name = text_attribute(die, DW_AT_name);
    call->qualified_name = call->linkage_name ? NULL : qualified_name(index, unit, die, call->name);
    if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_line, &attribute), &line) == 0)
        call->start_line = (int)line;
}

/* Where an inlined call was made: that is the line of the function around it. */
static void place_caller(struct unit *unit, Dwarf_Die *inlined, struct dwarf_call *caller)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number;
    Dwarf_Files *files;
    size_t count;

    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) == 0)
        caller->line = (int)number;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &number) == 0 &&
        dwarf_getsrcfiles(&unit->die, &files, &count) == 0 && number < count)
        caller->file = dwarf_filesrc(files, number, NULL, NULL);
}

static void place_leaf(struct unit *unit, uint64_t address, struct dwarf_call *leaf)
{
    Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);

    if (!line)
        return;
    leaf->file = dwarf_linesrc(line, NULL, NULL);
    dwarf_lineno(line, &leaf->line);
}

static struct unit *find_unit(struct dwarf_index *index, uint64_t address, const struct range **function)
{
    guint from = G_MAXUINT;
    const struct range *range = find_range(index->ranges, address, &from);
    struct unit *unit = range ? range->unit : NULL;

    *function = NULL;
    /* Ranges of units may overlap (assembler, identical code folding): the one that knows a function wins. */
    while (range && !*function) {
        *function = find_function(range->unit, address);
        if (*function)
            unit = range->unit;
        else
            range = from > 0 ? find_range(index->ranges, address, &from) : NULL;
    }
    return unit;
}

uint32_t dwarf_index_find(struct dwarf_index *index, uint64_t address,
                          struct dwarf_call calls[DWARF_MAX_INLINED])
{
    const struct range *function;
    struct unit *unit = find_unit(index, address, &function);
    Dwarf_Die inlined[DWARF_MAX_INLINED], die;
    uint32_t count = 0;

    if (!unit)
        return 0;

    if (function && dwarf_offdie(dwarf_cu_getdwarf(unit->die.cu), function->die, &die))
        count = collect_inlined(&die, address, inlined, 0, 0);
    memset(calls, 0, (count + 1) * sizeof *calls);
    for (uint32_t i = 0; i < count; i++) {
        name_call(index, unit, &inlined[count - 1 - i], &calls[i]);
        place_caller(unit, &inlined[count - 1 - i], &calls[i + 1]);
    }
    if (function) {
        name_call(index, unit, &die, &calls[count]);
        calls[count].start = function->low;
    }
    place_leaf(unit, address, &calls[0]);
    return count + 1;
}
