/* The one table of formats. */
#include <string.h>
#include "viewer_export/exporter.h"

const struct exporter *const exporters[] = {
    &chrome_json_exporter,
    &perfetto_exporter,
    NULL,
};

const struct exporter *exporter_find(const char *name)
{
    for (const struct exporter *const *exporter = exporters; *exporter; exporter++) {
        if (strcmp((*exporter)->name, name) == 0)
            return *exporter;
    }
    return NULL;
}

const struct exporter *exporter_find_by_file(const char *path)
{
    size_t length = strlen(path);
    if (g_str_has_suffix(path, ".gz"))
        length -= strlen(".gz");
    g_autofree char *name = g_strndup(path, length);
    for (const struct exporter *const *exporter = exporters; *exporter; exporter++) {
        for (size_t i = 0; i < G_N_ELEMENTS((*exporter)->suffixes) && (*exporter)->suffixes[i]; i++) {
            if (g_str_has_suffix(name, (*exporter)->suffixes[i]))
                return *exporter;
        }
    }
    return NULL;
}
