/*
 * Readable names of functions from the names in object files: C++ (Itanium ABI) and Rust (both manglings).
 */
#ifndef ANALYZER_DEMANGLE_H
#define ANALYZER_DEMANGLE_H

#include <glib.h>
#include <stdbool.h>

/* Longer names are left as they are. */
#define DEMANGLE_MAX_NAME_BYTES 6000u
/* So are names whose readable form would be longer (it can be exponentially longer than the name). */
#define DEMANGLE_MAX_RESULT_BYTES 16000u

/*
 * The name without parameters, without Rust's hash and without the suffixes that compilers append to parts
 * and clones of a function (".cold", ".part.0", ".constprop.1", ".llvm.123"...). Never NULL; a name that is
 * not mangled comes back as it is, except for those suffixes. The caller frees it.
 */
char *demangle(const char *name);
/* Whether the name looks mangled. */
bool is_mangled_name(const char *name);

#endif
