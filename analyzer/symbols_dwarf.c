/*
 * Lines and inlined calls from DWARF, lazily: a table of the compilation units' address ranges first, then
 * the functions of a unit when an address in it is asked for, then only the one function's inlined calls.
 * libdw's own searches walk a whole unit for every address, which takes minutes for large programs.
 */
#include "analyzer/symbols_dwarf.h"

#include <dwarf.h>
#include <string.h>
#include "analyzer/symbols_scopes.h"

/* How far back a range that encloses others is looked for. */
#define MAX_NESTED_RANGES 16u

struct range {
    uint64_t low, high;
    Dwarf_Off die;
    struct unit *unit;
};

struct unit {
    Dwarf_Die die;
    GArray *functions; /* struct range, sorted; NULL until needed */
    bool is_deep;      /* functions inside of functions were looked for as well */
};

struct dwarf_index {
    GPtrArray *units; /* struct unit */
    GArray *ranges;   /* struct range of the units, sorted */
    struct scope_names *names;
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
    index->names = scope_names_new();
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
    scope_names_free(index->names);
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

static void collect_functions(struct unit *unit, Dwarf_Die *parent, unsigned depth)
{
    Dwarf_Die die;

    if (depth > SCOPES_MAX_DEPTH || dwarf_child(parent, &die) != 0)
        return;

    do {
        int tag = dwarf_tag(&die);

        if (tag == DW_TAG_subprogram)
            add_ranges(unit->functions, &die, unit);
        if (tag_is_scope(tag, unit->is_deep))
            collect_functions(unit, &die, depth + 1);
    } while (die_next_sibling(&die, &die));
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

/* Some blocks have a list of ranges that is empty (GCC, DWARF 4), although what is in them has code. */
static bool has_code(Dwarf_Die *die)
{
    Dwarf_Addr base, start, end;

    return dwarf_ranges(die, 0, &base, &start, &end) > 0;
}

/* Writes the inlined calls around address below parent, outermost first. */
static uint32_t collect_inlined(Dwarf_Die *parent, uint64_t address, Dwarf_Die *found, uint32_t count,
                                unsigned depth)
{
    Dwarf_Die die;

    if (depth > SCOPES_MAX_DEPTH || count == DWARF_MAX_INLINED - 1 || dwarf_child(parent, &die) != 0)
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
    } while (die_next_sibling(&die, &die));
    return count;
}

static void name_call(struct dwarf_index *index, struct unit *unit, Dwarf_Die *die, struct dwarf_call *call)
{
    Dwarf_Attribute attribute;
    Dwarf_Word line;

    call->linkage_name = die_text(die, DW_AT_linkage_name);
    if (!call->linkage_name)
        call->linkage_name = die_text(die, DW_AT_MIPS_linkage_name);
    call->name = die_text(die, DW_AT_name);
    call->qualified_name =
        call->linkage_name ? NULL : scope_names_find(index->names, &unit->die, die, call->name);
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
