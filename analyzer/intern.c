/* Interned strings; used by the model, on the reader's calling thread. */
#include "analyzer/intern.h"
#include <glib.h>
#include <string.h>

struct intern_table {
    GHashTable *strings; /* string -> the same string */
    GStringChunk *bytes; /* owns them */
};

struct intern_table *intern_table_new(void)
{
    struct intern_table *table = g_new0(struct intern_table, 1);

    table->strings = g_hash_table_new(g_str_hash, g_str_equal);
    table->bytes = g_string_chunk_new(4096);
    return table;
}

void intern_table_free(struct intern_table *table)
{
    if (!table)
        return;

    g_hash_table_destroy(table->strings);
    g_string_chunk_free(table->bytes);
    g_free(table);
}

static const char *intern_checked(struct intern_table *table, const char *string)
{
    if (g_hash_table_size(table->strings) >= INTERN_MAX_STRINGS)
        return INTERN_OVERFLOW;

    const char *copy = g_string_chunk_insert(table->bytes, string);
    g_hash_table_add(table->strings, (gpointer)copy);
    return copy;
}

const char *intern(struct intern_table *table, const char *string)
{
    if (!string || !*string)
        return "";

    const char *found = g_hash_table_lookup(table->strings, string);
    if (found)
        return found;
    size_t length = strnlen(string, INTERN_MAX_LENGTH + 1);
    if (length <= INTERN_MAX_LENGTH && g_utf8_validate(string, (gssize)length, NULL))
        return intern_checked(table, string);

    g_autofree char *cut = g_utf8_make_valid(string, (gssize)MIN(length, INTERN_MAX_LENGTH));
    found = g_hash_table_lookup(table->strings, cut);
    return found ? found : intern_checked(table, cut);
}
