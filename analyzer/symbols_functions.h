/*
 * Which function of the symbol tables is at an address. Internal to symbols*.c.
 */
#ifndef ANALYZER_SYMBOLS_FUNCTIONS_H
#define ANALYZER_SYMBOLS_FUNCTIONS_H

#include <elfutils/libdwfl.h>
#include <glib.h>
#include <stdint.h>

struct function_table;

/* The names belong to the module, which must outlive the table. */
struct function_table *function_table_new(Dwfl_Module *dwfl_module);
void function_table_free(struct function_table *table);
/*
 * The name as it stands in the table, and where the function begins; NULL: none. An address behind a
 * function's size is in no function; one without a size reaches to the next, at most to the end of its
 * section.
 */
const char *function_table_find(const struct function_table *table, uint64_t address, uint64_t *start);

#endif
