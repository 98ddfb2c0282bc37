/*
 * speedscope's file format: per thread the stacks it waited in, with the nanoseconds. Source of the format:
 * the JSON schema that the file names.
 */
#include <string.h>
#include "viewer_export/exporter.h"
#include "viewer_export/json_writer.h"
#include "viewer_export/wait_sums.h"

struct speedscope {
    const struct export_context *context;
    struct wait_sums *sums;
    GHashTable *frames;    /* name, file and line as lines of one string -> number + 1 */
    GPtrArray *frame_list; /* struct frame_text *, owned */
};

struct frame_text {
    char *name, *file;
    int line;
};

static void frame_text_free(gpointer pointer)
{
    struct frame_text *frame = pointer;
    g_free(frame->name);
    g_free(frame->file);
    g_free(frame);
}

static void *speedscope_new(const struct export_context *context)
{
    struct speedscope *speedscope = g_new0(struct speedscope, 1);
    speedscope->context = context;
    speedscope->sums = wait_sums_new();
    speedscope->frames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    speedscope->frame_list = g_ptr_array_new_with_free_func(frame_text_free);
    return speedscope;
}

static void speedscope_free(void *self)
{
    struct speedscope *speedscope = self;
    wait_sums_free(speedscope->sums);
    g_hash_table_unref(speedscope->frames);
    g_ptr_array_unref(speedscope->frame_list);
    g_free(speedscope);
}

static void speedscope_begin(void *self)
{
    (void)self;
}

static void speedscope_blocking(void *self, const struct export_blocking *blocking)
{
    struct speedscope *speedscope = self;
    wait_sums_add(speedscope->sums, blocking);
}

static guint frame_number(struct speedscope *speedscope, const char *name, const char *file, int line)
{
    g_autofree char *key = g_strdup_printf("%s\n%s\n%d", name, file, line);
    guint known = GPOINTER_TO_UINT(g_hash_table_lookup(speedscope->frames, key));
    if (known)
        return known - 1;
    struct frame_text *frame = g_new0(struct frame_text, 1);
    *frame = (struct frame_text){.name = g_strdup(name), .file = g_strdup(file), .line = line};
    g_ptr_array_add(speedscope->frame_list, frame);
    g_hash_table_insert(speedscope->frames, g_steal_pointer(&key),
                        GUINT_TO_POINTER(speedscope->frame_list->len));
    return speedscope->frame_list->len - 1;
}

struct sample {
    struct speedscope *speedscope;
    GArray *frames; /* guint, innermost first */
};

static void add_frame(const struct source_line *line, void *user)
{
    struct sample *sample = user;
    guint number = frame_number(sample->speedscope, line->function, line->file, line->line);
    g_array_append_val(sample->frames, number);
}

static void write_sample(struct speedscope *speedscope, const struct wait_sum *sum)
{
    struct output *output = speedscope->context->output;
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(guint));
    struct sample sample = {.speedscope = speedscope, .frames = frames};
    stack_texts_visit(speedscope->context->stacks, sum->stack, add_frame, &sample);
    g_autofree char *leaf = wait_sum_leaf(sum);
    json_text(output, "[");
    for (guint i = frames->len; i-- > 0;) {
        json_unsigned(output, g_array_index(frames, guint, i));
        json_text(output, ",");
    }
    json_unsigned(output, frame_number(speedscope, leaf, "", 0));
    json_text(output, "]");
}

/* Sums from first to before end are of one thread. */
static void write_thread(struct speedscope *speedscope, const GPtrArray *sums, guint first, guint end)
{
    struct output *output = speedscope->context->output;
    struct track_table *tracks = speedscope->context->tracks;
    const struct track *track =
        track_table_thread(tracks, ((const struct wait_sum *)sums->pdata[first])->thread);
    g_autofree char *process = track_process_name(tracks, track);
    g_autofree char *thread = track_name(tracks, track);
    g_autofree char *name = g_strdup_printf("%s / %s %u", process, thread, track->tid);
    json_text(output, "{\"type\":\"sampled\",\"unit\":\"nanoseconds\",\"name\":");
    json_string(output, name);
    json_text(output, ",\"samples\":[");
    uint64_t total_ns = 0;
    for (guint i = first; i < end; i++) {
        if (i > first)
            json_text(output, ",");
        write_sample(speedscope, sums->pdata[i]);
    }
    json_text(output, "],\"weights\":[");
    for (guint i = first; i < end; i++) {
        const struct wait_sum *sum = sums->pdata[i];
        if (i > first)
            json_text(output, ",");
        json_unsigned(output, sum->total_ns);
        total_ns += sum->total_ns;
    }
    json_text(output, "],\"startValue\":0,\"endValue\":");
    json_unsigned(output, total_ns);
    json_text(output, "}");
}

static void write_frames(struct speedscope *speedscope)
{
    struct output *output = speedscope->context->output;
    for (guint i = 0; i < speedscope->frame_list->len; i++) {
        const struct frame_text *frame = speedscope->frame_list->pdata[i];
        if (i > 0)
            json_text(output, ",");
        json_text(output, "\n{\"name\":");
        json_string(output, frame->name);
        if (frame->file[0] != '\0') {
            json_text(output, ",\"file\":");
            json_string(output, frame->file);
            json_text(output, ",\"line\":");
            json_signed(output, frame->line);
        }
        json_text(output, "}");
    }
}

static void speedscope_end(void *self)
{
    struct speedscope *speedscope = self;
    struct output *output = speedscope->context->output;
    g_autoptr(GPtrArray) sums = wait_sums_sorted(speedscope->sums);
    json_text(output, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"profiles\":[");
    for (guint first = 0; first < sums->len;) {
        guint end = first;
        uint32_t thread = ((const struct wait_sum *)sums->pdata[first])->thread;
        while (end < sums->len && ((const struct wait_sum *)sums->pdata[end])->thread == thread)
            end++;
        if (first > 0)
            json_text(output, ",");
        json_text(output, "\n");
        write_thread(speedscope, sums, first, end);
        first = end;
    }
    json_text(output, "\n],\"shared\":{\"frames\":[");
    write_frames(speedscope);
    json_text(output, "\n]},\"exporter\":\"exectrace viewer_export " EXECTRACE_VERSION "\"}\n");
}

const struct exporter speedscope_exporter = {
    .name = "speedscope",
    .suffixes = {".speedscope.json", ".speedscope"},
    .description = "stacks and nanoseconds waited, for speedscope",
    .new = speedscope_new,
    .begin = speedscope_begin,
    .blocking = speedscope_blocking,
    .end = speedscope_end,
    .free = speedscope_free,
};
