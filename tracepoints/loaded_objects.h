/*
 * Which loaded object an address belongs to. Any thread, also in signal handlers: no lock, no allocation.
 *
 * _dl_find_object() with one thing mended: for an object whose segments have unmapped gaps between them
 * (ld.lld and gold leave such), it gives the bounds of the one segment that the address is in; here they are
 * always those of the whole object, from its ELF header on.
 */
#ifndef EXECTRACE_LOADED_OBJECTS_H
#define EXECTRACE_LOADED_OBJECTS_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

/* False: no object is loaded there. */
bool loaded_object_find(uint64_t address, struct dl_find_object *object);

#endif
