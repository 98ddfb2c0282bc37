/*
 * The functions of an object file by address, from whatever symbol tables libdwfl finds for it: its own, that
 * of the separate debug file, the small one of .gnu_debugdata. libdwfl's own search walks the whole table for
 * every address; this one is sorted.
 */
#include "analyzer/symbols_functions.h"

#include <string.h>

/* How far back a symbol that encloses others is looked for. */
#define MAX_NESTED_SYMBOLS 16u

struct symbol {
    uint64_t start, end; /* end == start until the end of a symbol without size is known */
    uint64_t section_end;
    const char *name; /* owned by the Dwfl */
    uint16_t rank;    /* of several at one place the smallest wins */
};

struct function_table {
    GArray *symbols; /* struct symbol, sorted by start */
};

/* Where the section of a symbol ends; 0: not a section with code. */
static uint64_t code_section_end(Elf *elf, GElf_Word index, Dwarf_Addr bias)
{
    Elf_Scn *section = elf_getscn(elf, index);
    GElf_Shdr header;

    if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
        return 0;
    return header.sh_addr + header.sh_size + bias;
}

static uint16_t rank_symbol(const GElf_Sym *symbol, const char *name)
{
    uint16_t underscores = (uint16_t)MIN(strspn(name, "_"), 15);
    bool is_function = GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE;

    return (uint16_t)((symbol->st_size == 0) << 6 | (!is_function) << 5 |
                      (GELF_ST_BIND(symbol->st_info) == STB_LOCAL) << 4 | underscores);
}

static bool is_code_type(const GElf_Sym *symbol)
{
    int type = GELF_ST_TYPE(symbol->st_info);

    return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static void add_symbol(GArray *symbols, Dwfl_Module *dwfl_module, int index)
{
    GElf_Sym symbol;
    GElf_Addr address;
    GElf_Word section;
    Elf *elf;
    Dwarf_Addr bias;
    const char *name = dwfl_module_getsym_info(dwfl_module, index, &symbol, &address, &section, &elf, &bias);
    struct symbol added = {.start = address, .end = address + symbol.st_size, .name = name};

    if (!name || *name == '\0' || *name == '$' || section == SHN_UNDEF || section == SHN_ABS ||
        !is_code_type(&symbol))
        return;

    added.section_end = elf ? code_section_end(elf, section, bias) : 0;
    if (added.section_end == 0 || added.end < added.start)
        return;
    added.rank = rank_symbol(&symbol, name);
    g_array_append_val(symbols, added);
}

static gint compare_symbols(gconstpointer a, gconstpointer b)
{
    const struct symbol *first = a, *second = b;

    if (first->start != second->start)
        return first->start < second->start ? -1 : 1;
    if (first->rank != second->rank)
        return first->rank < second->rank ? -1 : 1;
    return strcmp(first->name, second->name);
}

/* Keeps the best of several symbols at one place; ends symbols without a size at the next one. */
static void settle_symbols(GArray *symbols)
{
    guint kept = 0;

    g_array_sort(symbols, compare_symbols);
    for (guint i = 0; i < symbols->len; i++) {
        struct symbol *symbol = &g_array_index(symbols, struct symbol, i);
        struct symbol *last = kept > 0 ? &g_array_index(symbols, struct symbol, kept - 1) : NULL;

        if (last && last->start == symbol->start)
            continue;
        if (last && last->end == last->start)
            last->end = MIN(symbol->start, last->section_end);
        g_array_index(symbols, struct symbol, kept++) = *symbol;
    }
    g_array_set_size(symbols, kept);
    if (kept > 0) {
        struct symbol *last = &g_array_index(symbols, struct symbol, kept - 1);

        if (last->end == last->start)
            last->end = last->section_end;
    }
}

struct function_table *function_table_new(Dwfl_Module *dwfl_module)
{
    struct function_table *table = g_new0(struct function_table, 1);
    int count = dwfl_module_getsymtab(dwfl_module);

    table->symbols = g_array_new(FALSE, FALSE, sizeof(struct symbol));
    for (int i = 1; i < count; i++)
        add_symbol(table->symbols, dwfl_module, i);
    settle_symbols(table->symbols);
    return table;
}

void function_table_free(struct function_table *table)
{
    if (!table)
        return;

    g_array_free(table->symbols, TRUE);
    g_free(table);
}

/* Number of symbols that start at or before the address. */
static guint count_symbols_before(const GArray *symbols, uint64_t address)
{
    guint low = 0, high = symbols->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(symbols, struct symbol, middle).start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *function_table_find(const struct function_table *table, uint64_t address, uint64_t *start)
{
    guint before = count_symbols_before(table->symbols, address);

    for (guint i = 0; i < MIN(before, MAX_NESTED_SYMBOLS); i++) {
        const struct symbol *symbol = &g_array_index(table->symbols, struct symbol, before - 1 - i);

        if (address < symbol->end) {
            *start = symbol->start;
            return symbol->name;
        }
    }
    return NULL;
}
