/*
 * Names with the namespaces, classes and functions around them, for functions that have no linkage name.
 * libdw would walk a whole unit for each; here one walk notes where each scope of a unit begins and ends.
 */
#include "analyzer/symbols_scopes.h"

#include <dwarf.h>
#include <string.h>
#include "analyzer/demangle.h"

/*
 * A namespace, class or function. What is declared in it stands between its own and its end's offset. The
 * classes inside of functions are looked for when one is needed: functions are most of a unit.
 */
struct scope {
    Dwarf_Off start, end;
    guint parent; /* index into the unit's scopes plus 1; 0: none */
    bool is_function;
};

struct scope_names {
    GHashTable *scopes;    /* unit (libdw's) -> GArray of struct scope */
    GHashTable *qualified; /* DIE (where it stands in memory) -> name with its scopes */
};

struct scope_names *scope_names_new(void)
{
    struct scope_names *names = g_new0(struct scope_names, 1);

    names->scopes = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)g_array_unref);
    names->qualified = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    return names;
}

void scope_names_free(struct scope_names *names)
{
    if (!names)
        return;

    g_hash_table_destroy(names->scopes);
    g_hash_table_destroy(names->qualified);
    g_free(names);
}

bool tag_is_scope(int tag, bool is_deep)
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

bool die_next_sibling(Dwarf_Die *die, Dwarf_Die *next)
{
    Dwarf_Off offset = dwarf_dieoffset(die);

    return dwarf_siblingof(die, next) == 0 && dwarf_dieoffset(next) > offset;
}

const char *die_text(Dwarf_Die *die, unsigned name)
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
    bool has_next = depth <= SCOPES_MAX_DEPTH && dwarf_child(parent, &next) == 0;

    while (has_next) {
        guint number = scopes->len + 1;
        bool is_function;

        die = next;
        has_next = die_next_sibling(&die, &next);
        is_function = dwarf_tag(&die) == DW_TAG_subprogram && dwarf_haschildren(&die) > 0;
        if (is_function || tag_is_scope(dwarf_tag(&die), false)) {
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

static const GArray *scopes_around(struct scope_names *names, Dwarf_Die *die)
{
    GArray *scopes = g_hash_table_lookup(names->scopes, die->cu);
    Dwarf_Die unit;

    if (scopes || !dwarf_diecu(die, &unit, NULL, NULL))
        return scopes;

    scopes = g_array_new(FALSE, FALSE, sizeof(struct scope));
    collect_scopes(scopes, &unit, G_MAXUINT64, 0, 0);
    g_hash_table_insert(names->scopes, die->cu, scopes);
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

    for (unsigned depth = 0; depth <= SCOPES_MAX_DEPTH && dwarf_child(&die, &child) == 0; depth++) {
        while (die_next_sibling(&child, &next) && dwarf_dieoffset(&next) <= offset)
            child = next;
        if (dwarf_dieoffset(&child) >= offset)
            return;
        if (tag_is_scope(dwarf_tag(&child), false))
            append_scope(text, &child);
        die = child;
    }
}

/* The name of a function that is a scope. */
static void append_function(GString *text, Dwarf_Die *die)
{
    const char *linkage_name = die_text(die, DW_AT_linkage_name);
    const char *name = die_text(die, DW_AT_name);
    g_autofree char *readable = linkage_name ? demangle(linkage_name) : NULL;

    g_string_append_printf(text, "%s::", readable ? readable : name ? name : "{unnamed}");
}

/* Appends the scope with this number and those around it, outermost first. */
static void append_scopes(GString *text, Dwarf *dwarf, const GArray *scopes, guint number, Dwarf_Off offset)
{
    guint chain[SCOPES_MAX_DEPTH + 1];
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
        if (text->len > 0 && die_text(&die, DW_AT_linkage_name))
            g_string_truncate(text, 0);
        append_function(text, &die);
        append_local_scopes(text, &die, offset);
    }
}

static char *join_scopes(struct scope_names *names, Dwarf_Die *declaration, const char *name)
{
    const GArray *scopes = scopes_around(names, declaration);
    Dwarf_Off offset = dwarf_dieoffset(declaration);
    GString *text = g_string_new(NULL);

    /* Not the unit's DWARF: declarations may stand in a file that several share. */
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

const char *scope_names_find(struct scope_names *names, Dwarf_Die *unit, Dwarf_Die *die, const char *name)
{
    Dwarf_Die declaration = declaration_of(*die);
    char *known = g_hash_table_lookup(names->qualified, declaration.addr);

    if (known || !name || !has_namespaces(unit))
        return known ? known : name;

    known = join_scopes(names, &declaration, name);
    g_hash_table_insert(names->qualified, declaration.addr, known);
    return known;
}
