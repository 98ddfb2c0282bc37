/*
 * Names with the scopes around them, and small helpers for walking DWARF. Internal to symbols*.c.
 */
#ifndef ANALYZER_SYMBOLS_SCOPES_H
#define ANALYZER_SYMBOLS_SCOPES_H

#include <elfutils/libdw.h>
#include <glib.h>
#include <stdbool.h>

/* Nested namespaces, classes and blocks are followed to this depth. */
#define SCOPES_MAX_DEPTH 64u

struct scope_names;

struct scope_names *scope_names_new(void);
void scope_names_free(struct scope_names *names);
/*
 * "space::Class::name" for a function of a unit; the name alone for languages without scopes. NULL when name
 * is. Valid as long as names.
 */
const char *scope_names_find(struct scope_names *names, Dwarf_Die *unit, Dwarf_Die *die, const char *name);

/* Whether functions are looked for inside of what has this tag; deep: inside of functions too. */
bool tag_is_scope(int tag, bool is_deep);
/* The next sibling; false at the end, and where a damaged file leads back. */
bool die_next_sibling(Dwarf_Die *die, Dwarf_Die *next);
/* A string attribute, of the DIE or of what it is an instance of; NULL: none. */
const char *die_text(Dwarf_Die *die, unsigned name);

#endif
