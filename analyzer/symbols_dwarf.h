/*
 * Lines and inlined calls from DWARF. Internal to symbols*.c.
 */
#ifndef ANALYZER_SYMBOLS_DWARF_H
#define ANALYZER_SYMBOLS_DWARF_H

#include <elfutils/libdw.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Deeper chains of inlined calls are cut at the inner end. */
#define DWARF_MAX_INLINED 64u

struct dwarf_call {
    const char *linkage_name; /* mangled; NULL: none */
    const char *name;         /* NULL: none */
    /* The name with the scopes around it; NULL when there is a linkage name. */
    const char *qualified_name;
    const char *file; /* NULL: not known */
    int line;         /* 0: not known */
    int start_line;   /* 0: not known */
    uint64_t start;   /* where the function's code begins; 0 for inlined calls */
};

struct dwarf_index;

/* Borrows dwarf. Cheap: reads each compilation unit's head, nothing more. */
struct dwarf_index *dwarf_index_new(Dwarf *dwarf);
void dwarf_index_free(struct dwarf_index *index);
/*
 * What is at address (DWARF's own): the innermost inlined call first, the function itself last. Returns how
 * many calls were written; 0: nothing known. Texts are valid as long as the index.
 */
uint32_t dwarf_index_find(struct dwarf_index *index, uint64_t address,
                          struct dwarf_call calls[DWARF_MAX_INLINED]);

#endif
