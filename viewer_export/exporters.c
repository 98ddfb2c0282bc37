/* The one table of formats. */
#include <string.h>
#include "viewer_export/exporter.h"

const struct exporter *const exporters[] = {
    &chrome_json_exporter, &perfetto_exporter, &folded_exporter, &speedscope_exporter, NULL,
};

const struct exporter *exporter_find(const char *name)
{
    for (const struct exporter *const *exporter = exporters; *exporter; exporter++) {
        if (strcmp((*exporter)->name, name) == 0)
            return *exporter;
    }
    return NULL;
}

/* The longest suffix decides: .speedscope.json is not plain .json. */
const struct exporter *exporter_find_by_file(const char *path)
{
    g_autofree char *name = g_strdup(path);
    if (g_str_has_suffix(name, ".gz"))
        name[strlen(name) - strlen(".gz")] = '\0';
    const struct exporter *found = NULL;
    size_t found_length = 0;
    for (const struct exporter *const *exporter = exporters; *exporter; exporter++) {
        for (size_t i = 0; i < G_N_ELEMENTS((*exporter)->suffixes) && (*exporter)->suffixes[i]; i++) {
            const char *suffix = (*exporter)->suffixes[i];
            if (strlen(suffix) > found_length && g_str_has_suffix(name, suffix)) {
                found = *exporter;
                found_length = strlen(suffix);
            }
        }
    }
    return found;
}
