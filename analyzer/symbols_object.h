/*
 * One object file (program, shared object, vdso) as symbols.c needs it: is it the file that was traced, where
 * in it is an address, which function of its symbol tables is there. Internal to symbols*.c.
 */
#ifndef ANALYZER_SYMBOLS_OBJECT_H
#define ANALYZER_SYMBOLS_OBJECT_H

#include <elfutils/libdw.h>
#include "analyzer/trace_model.h"

/* Where files are looked for; shared by all objects. */
struct object_search;

/* sysroot: NULL or "" for the running system. */
struct object_search *object_search_new(const char *sysroot);
void object_search_free(struct object_search *search);

struct object_file;

/*
 * Finds and opens the file of a module. NULL: there is none, or not the one that was traced; *reason is then
 * one sentence (caller frees it) or NULL when there is nothing to say (the vdso).
 */
struct object_file *object_file_open(struct object_search *search, const struct module *module,
                                     char **reason);
void object_file_free(struct object_file *object);

/*
 * The address that the file itself uses for an address of a process where the module is loaded. False: it
 * lies in no part of the file.
 */
bool object_file_address(const struct object_file *object, const struct module *module, uint64_t address,
                         uint64_t *file_address);

/* Whether the address lies in an executable segment. */
bool object_file_is_code(const struct object_file *object, const struct module *module, uint64_t address);

/* The first executable segment of a whole module, rounded to pages as the kernel maps it. Untouched: none. */
void object_file_code(const struct object_file *object, const struct module *module, uint64_t *start,
                      uint64_t *end, uint64_t *offset);

/*
 * Name of the function at file_address in the symbol tables (also of the separate debug file and of
 * .gnu_debugdata), as it stands there; NULL: none. *start: where it begins. Valid until the object is freed.
 */
const char *object_file_function(struct object_file *object, uint64_t file_address, uint64_t *start);

/* Its DWARF, from itself or a separate file; NULL: none. bias: add to DWARF's addresses to get the file's. */
Dwarf *object_file_dwarf(struct object_file *object, Dwarf_Addr *bias);
/* How much memory that DWARF can take: its sections, not compressed. 0: none was loaded. */
uint64_t object_file_dwarf_bytes(struct object_file *object);

#endif
