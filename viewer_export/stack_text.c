/*
 * Owns the texts of stacks. Called by the exporters on the main thread, once per slice, so it is a table
 * look-up for all but the first use of a stack.
 */
#include "viewer_export/stack_text.h"

#include <string.h>
#include "viewer_export/json_writer.h"

#define ARROW " \xe2\x86\x90 " /* U+2190: called from */
#define STACK_LOST "[stack lost]"
/* Of a brief text: enough to know a place by that was seen before. */
#define BRIEF_FUNCTIONS 3u
#define BRIEF_FUNCTION_BYTES 48u

struct text {
    char *plain;
    char *json[2]; /* full, brief */
    struct stack_json pieces;
};

struct stack_texts {
    const struct trace_model *model;
    struct symbol_table *symbols;
    uint32_t frame_limit;
    GArray *texts;          /* struct text by stack */
    struct output *scratch; /* for escaping */
};

struct stack_texts *stack_texts_new(const struct trace_model *model, struct symbol_table *symbols,
                                    uint32_t frame_limit)
{
    struct stack_texts *texts = g_new0(struct stack_texts, 1);
    texts->model = model;
    texts->symbols = symbols;
    texts->frame_limit = frame_limit;
    texts->texts = g_array_new(FALSE, TRUE, sizeof(struct text));
    texts->scratch = output_open_nowhere();
    return texts;
}

void stack_texts_free(struct stack_texts *texts)
{
    if (!texts)
        return;
    for (guint i = 0; i < texts->texts->len; i++) {
        struct text *text = &g_array_index(texts->texts, struct text, i);
        g_free(text->plain);
        g_free(text->json[0]);
        g_free(text->json[1]);
    }
    g_array_unref(texts->texts);
    output_discard(texts->scratch);
    g_free(texts);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void append_line(GString *text, const struct source_line *line)
{
    g_string_append(text, line->function);
    if (line->file && line->file[0] != '\0')
        g_string_append_printf(text, " (%s:%d)", base_name(line->file), line->line);
}

static void append_unknown(GString *text, const struct frame *frame)
{
    if (!frame->module) {
        g_string_append_printf(text, "0x%" G_GINT64_MODIFIER "x", frame->address);
        return;
    }
    g_string_append_printf(text, "%s+0x%" G_GINT64_MODIFIER "x", base_name(frame->module->path),
                           frame->address - frame->module->base + frame->module->offset);
}

static char *make_plain(struct stack_texts *texts, const struct stack *stack)
{
    if (stack->is_lost)
        return g_strdup(STACK_LOST);
    GString *text = g_string_new(NULL);
    uint32_t count = MIN(stack->frame_count, texts->frame_limit);
    for (uint32_t i = 0; i < count; i++) {
        const struct symbolized_frame *frame = symbol_table_find(texts->symbols, &stack->frames[i]);
        if (!frame->is_known) {
            if (text->len)
                g_string_append(text, ARROW);
            append_unknown(text, &stack->frames[i]);
            continue;
        }
        for (uint32_t j = 0; j < frame->count; j++) {
            if (text->len)
                g_string_append(text, ARROW);
            append_line(text, &frame->lines[j]);
        }
    }
    if (stack->frame_count > count)
        g_string_append_printf(text, "%s%u more", count ? ARROW : "", stack->frame_count - count);
    return g_string_free(text, FALSE);
}

static struct text *find_text(struct stack_texts *texts, uint32_t stack)
{
    if (texts->texts->len <= stack)
        g_array_set_size(texts->texts, MAX(stack + 1, texts->texts->len * 2));
    struct text *text = &g_array_index(texts->texts, struct text, stack);
    if (!text->plain)
        text->plain = make_plain(texts, trace_model_stack(texts->model, stack));
    return text;
}

const char *stack_text(struct stack_texts *texts, uint32_t stack)
{
    return stack ? find_text(texts, stack)->plain : NULL;
}

struct brief {
    GString *text;
    uint32_t function_count, function_limit;
};

/* Long names, of templates mostly, are cut at a character's border. */
static void add_brief_function(const struct source_line *line, void *user)
{
    struct brief *brief = user;
    if (brief->function_count++ >= brief->function_limit)
        return;
    size_t length = strlen(line->function), kept = length;
    if (length > BRIEF_FUNCTION_BYTES)
        for (kept = BRIEF_FUNCTION_BYTES; kept > 0 && ((uint8_t)line->function[kept] & 0xc0) == 0x80;)
            kept--;
    g_string_append(brief->text, brief->function_count > 1 ? ARROW : "");
    g_string_append_len(brief->text, line->function, (gssize)kept);
    g_string_append(brief->text, kept < length ? "..." : "");
}

static char *escape(struct stack_texts *texts, const char *text, size_t *bytes)
{
    texts->scratch->used_bytes = 0;
    json_string_part(texts->scratch, text);
    *bytes = texts->scratch->used_bytes;
    char *escaped = g_malloc(*bytes + JSON_PADDING);
    memcpy(escaped, texts->scratch->buffer, *bytes);
    return escaped;
}

static void make_json(struct stack_texts *texts, struct text *text, uint32_t stack)
{
    g_autoptr(GString) brief_text = g_string_new(NULL);
    struct brief brief = {.text = brief_text, .function_limit = MIN(BRIEF_FUNCTIONS, texts->frame_limit)};
    g_string_printf(brief_text, "#%u ", stack);
    size_t number_bytes = brief_text->len;
    stack_texts_visit(texts, stack, add_brief_function, &brief);
    if (brief.function_count > brief.function_limit)
        g_string_append(brief_text, " ...");
    if (brief_text->len < strlen(text->plain)) {
        g_autofree char *full = g_strdup_printf("%.*s%s", (int)number_bytes, brief_text->str, text->plain);
        text->json[0] = escape(texts, full, &text->pieces.full_bytes);
        text->json[1] = escape(texts, brief_text->str, &text->pieces.brief_bytes);
    } else {
        text->json[0] = escape(texts, text->plain, &text->pieces.full_bytes);
        text->pieces.brief_bytes = text->pieces.full_bytes;
    }
    text->pieces.full = text->json[0];
    text->pieces.brief = text->json[1] ? text->json[1] : text->json[0];
}

const struct stack_json *stack_texts_json(struct stack_texts *texts, uint32_t stack)
{
    if (stack == 0)
        return NULL;
    struct text *text = find_text(texts, stack);
    if (!text->json[0])
        make_json(texts, text, stack);
    return &text->pieces;
}

void stack_texts_visit(struct stack_texts *texts, uint32_t stack_index, stack_frame_visitor visitor,
                       void *user)
{
    const struct stack *stack = trace_model_stack(texts->model, stack_index);
    if (stack_index == 0 || stack->is_lost) {
        const char *name = stack_index ? STACK_LOST : "[no stack]";
        const struct source_line line = {.function = name, .system_name = name, .file = ""};
        visitor(&line, user);
        return;
    }
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        const struct symbolized_frame *frame = symbol_table_find(texts->symbols, &stack->frames[i]);
        if (frame->is_known) {
            for (uint32_t j = 0; j < frame->count; j++)
                visitor(&frame->lines[j], user);
            continue;
        }
        g_autoptr(GString) name = g_string_new(NULL);
        append_unknown(name, &stack->frames[i]);
        const struct source_line line = {.function = name->str, .system_name = name->str, .file = ""};
        visitor(&line, user);
    }
}
