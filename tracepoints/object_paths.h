/*
 * Files of loaded objects, for exectrace_process:module and :start. Called inside the guard; lock-free and
 * async-signal-safe, no allocation.
 */
#ifndef EXECTRACE_OBJECT_PATHS_H
#define EXECTRACE_OBJECT_PATHS_H

#include <dlfcn.h>

/* Constructor: finds the main program's path. */
void object_paths_init(void);

/* Path of the running program; empty when it could not be read. */
const char *object_paths_program(void);

/*
 * Path of the object's file, "[vdso]" for the kernel's. An object that was loaded by a relative name has the
 * path that the kernel knows of; its name as it is where that cannot be asked for.
 */
const char *object_path(const struct dl_find_object *object);

#endif
