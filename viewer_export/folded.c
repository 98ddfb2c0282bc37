/*
 * Folded stacks for flame graph tools: a line per thread, stack and kind of wait, outermost frame first,
 * and the nanoseconds waited. Frames are separated by semicolons, so those in names become colons.
 */
#include <string.h>
#include "viewer_export/exporter.h"
#include "viewer_export/json_writer.h"
#include "viewer_export/wait_sums.h"

struct folded {
    const struct export_context *context;
    struct wait_sums *sums;
};

static void *folded_new(const struct export_context *context)
{
    struct folded *folded = g_new0(struct folded, 1);
    folded->context = context;
    folded->sums = wait_sums_new();
    return folded;
}

static void folded_free(void *self)
{
    struct folded *folded = self;
    wait_sums_free(folded->sums);
    g_free(folded);
}

static void folded_begin(void *self)
{
    (void)self;
}

static void folded_blocking(void *self, const struct export_blocking *blocking)
{
    struct folded *folded = self;
    wait_sums_add(folded->sums, blocking);
}

static char *frame_name(const char *name)
{
    char *copy = g_strdup(name);
    for (char *c = copy; *c; c++) {
        if (*c == ';')
            *c = ':';
        else if ((unsigned char)*c < 0x20)
            *c = ' ';
    }
    return copy;
}

static void add_frame(const struct source_line *line, void *user)
{
    g_ptr_array_add(user, frame_name(line->function));
}

static char *fold(const struct folded *folded, const struct wait_sum *sum)
{
    struct track_table *tracks = folded->context->tracks;
    const struct track *track = track_table_thread(tracks, sum->thread);
    g_autofree char *process = track_process_name(tracks, track);
    g_autofree char *thread = track_name(tracks, track);
    g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(g_free);
    stack_texts_visit(folded->context->stacks, sum->stack, add_frame, frames);

    GString *line = g_string_new(NULL);
    g_autofree char *process_frame = frame_name(process);
    g_autofree char *thread_frame = frame_name(thread);
    g_autofree char *leaf = wait_sum_leaf(sum);
    g_string_append_printf(line, "%s;%s", process_frame, thread_frame);
    for (guint i = frames->len; i-- > 0;)
        g_string_append_printf(line, ";%s", (const char *)frames->pdata[i]);
    g_string_append_printf(line, ";%s", leaf);
    return g_string_free(line, FALSE);
}

static void add_line(GHashTable *lines, char *line, uint64_t total_ns)
{
    uint64_t *known_ns = g_hash_table_lookup(lines, line);
    if (known_ns) {
        *known_ns += total_ns;
        g_free(line);
    } else {
        g_hash_table_insert(lines, line, g_memdup2(&total_ns, sizeof(total_ns)));
    }
}

/* Different stacks may read the same: their lines are one. */
static void folded_end(void *self)
{
    struct folded *folded = self;
    struct output *output = folded->context->output;
    g_autoptr(GPtrArray) sums = wait_sums_sorted(folded->sums);
    g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < sums->len; i++) {
        const struct wait_sum *sum = sums->pdata[i];
        add_line(lines, fold(folded, sum), sum->total_ns);
    }
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(lines), (GCompareFunc)strcmp);
    for (const GList *name = names; name; name = name->next) {
        output_write(output, name->data, strlen(name->data));
        json_text(output, " ");
        json_unsigned(output, *(uint64_t *)g_hash_table_lookup(lines, name->data));
        json_text(output, "\n");
    }
}

const struct exporter folded_exporter = {
    .name = "folded",
    .suffixes = {".folded"},
    .description = "stacks and nanoseconds waited, for flame graphs",
    .new = folded_new,
    .begin = folded_begin,
    .blocking = folded_blocking,
    .end = folded_end,
    .free = folded_free,
};
