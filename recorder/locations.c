/*
 * Finds libexectrace.so and the recorder's module. Called by main.c on the main thread.
 * EXECTRACE_LIBRARY_FOLDERS comes from CMake: where they are relative to the folder of the executable.
 */
#include "recorder/locations.h"

#include <unistd.h>

#define LOCATIONS_ERROR (g_quark_from_static_string("recorder-locations"))

static char *own_folder(void)
{
    g_autofree char *executable = g_file_read_link("/proc/self/exe", NULL);

    return executable ? g_path_get_dirname(executable) : g_strdup(".");
}

/* The first of the folders (relative to ours unless absolute) that has the file. */
static char *find(const char *name, const char *const *folders, GError **error)
{
    g_autofree char *own = own_folder();

    for (; *folders; folders++) {
        g_autofree char *path =
            g_build_filename(g_path_is_absolute(*folders) ? "" : own, *folders, name, NULL);
        char *canonical = g_canonicalize_filename(path, "/");

        if (access(canonical, R_OK) == 0)
            return canonical;

        g_free(canonical);
    }

    g_set_error(error, LOCATIONS_ERROR, 0,
                "%s not found beside recorder; build or install exectrace completely", name);
    return NULL;
}

char *locations_find_library(GError **error)
{
    static const char *const folders[] = {"../tracepoints", EXECTRACE_INSTALLED_FOLDER,
                                          EXECTRACE_INSTALL_PATH, NULL};
    const char *chosen = g_getenv("EXECTRACE_LIBRARY");

    if (!chosen || !chosen[0])
        return find("libexectrace.so", folders, error);

    if (access(chosen, R_OK) == 0)
        return g_canonicalize_filename(chosen, NULL);

    g_set_error(error, LOCATIONS_ERROR, 0, "EXECTRACE_LIBRARY is %s, which cannot be read", chosen);
    return NULL;
}

char *locations_find_events_module(GError **error)
{
    static const char *const folders[] = {".", EXECTRACE_INSTALLED_FOLDER, EXECTRACE_INSTALL_PATH, NULL};

    return find("exectrace_recorder_probes.so", folders, error);
}
