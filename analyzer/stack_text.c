/* Stacks as text; used by the reports. */
#include "analyzer/stack_text.h"
#include <inttypes.h>
#include <string.h>

/* Functions that only hand a call on: the place that a person would point at lies above them. */
static const char *const forwarder_prefixes[] = {
    "std::mutex::",
    "std::recursive_mutex::",
    "std::timed_mutex::",
    "std::shared_mutex::",
    "std::unique_lock<",
    "std::lock_guard<",
    "std::scoped_lock<",
    "std::shared_lock<",
    "std::condition_variable",
    "std::this_thread::",
    "std::__",
    "std::_",
    "std::lock",
    "std::thread::join",
    "std::future<",
    "std::promise<",
    "__gthread_",
    "__gthrw_",
    "std::sys::",
    "std::sync::",
    "std::thread::",
    "core::",
    "parking_lot",
    "PyThread_",
    "g_mutex_",
    "g_cond_",
};

static bool is_forwarder(const char *function)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forwarder_prefixes); i++) {
        if (g_str_has_prefix(function, forwarder_prefixes[i]))
            return true;
    }
    return false;
}

/* Name of a frame's n-th inlined call: the function, or module+offset. */
static char *frame_name(const struct frame *frame, const struct symbolized_frame *symbolized,
                        uint32_t inlined)
{
    if (symbolized->is_known)
        return g_strdup(symbolized->lines[inlined].function);
    if (!frame->module)
        return g_strdup_printf("0x%" PRIx64, frame->address);
    g_autofree char *name = g_path_get_basename(frame->module->path);
    return g_strdup_printf("%s+0x%" PRIx64, name,
                           frame->address - frame->module->base + frame->module->offset);
}

static GPtrArray *frame_names(const struct trace_model *model, struct symbol_table *symbols, uint32_t index)
{
    const struct stack *stack = trace_model_stack(model, index);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (uint32_t i = 0; i < stack->frame_count; i++) {
        /* Frame pointers led astray into data. */
        if (i > 0 && !symbol_table_is_code(symbols, &stack->frames[i]))
            break;
        const struct symbolized_frame *frame = symbol_table_find(symbols, &stack->frames[i]);
        for (uint32_t j = 0; j < frame->count; j++)
            g_ptr_array_add(names, frame_name(&stack->frames[i], frame, j));
    }
    return names;
}

/* Template arguments say little in one line: their inside goes. */
static void append_shortened(GString *text, const char *name)
{
    int depth = 0;

    for (; *name; name++) {
        if (*name == '<' && depth++ == 0)
            g_string_append(text, strstr(name, ">") ? "<>" : "<");
        else if (*name == '>' && depth > 0)
            depth--;
        else if (*name == '(' && depth == 0 && name[1] != 'a')
            return;
        else if (depth == 0)
            g_string_append_c(text, *name);
    }
}

char *stack_text_short(const struct trace_model *model, struct symbol_table *symbols, uint32_t stack,
                       unsigned max_frames)
{
    GString *text = g_string_new(NULL);
    guint first = 0;

    if (stack == 0)
        return g_string_free(g_string_assign(text, "[no stack]"), FALSE);
    if (trace_model_stack(model, stack)->is_lost)
        return g_string_free(g_string_assign(text, "[stack lost]"), FALSE);
    g_autoptr(GPtrArray) names = frame_names(model, symbols, stack);
    while (first + 1 < names->len && is_forwarder(names->pdata[first]))
        first++;
    for (guint i = first; i < names->len && i - first < max_frames; i++) {
        if (i > first)
            g_string_append(text, " < ");
        append_shortened(text, names->pdata[i]);
    }
    return g_string_free(text, FALSE);
}

char *stack_text_folded(const struct trace_model *model, struct symbol_table *symbols, uint32_t stack)
{
    GString *text = g_string_new(NULL);

    if (stack != 0 && trace_model_stack(model, stack)->is_lost)
        g_string_assign(text, "[stack lost]");
    else if (stack != 0) {
        g_autoptr(GPtrArray) names = frame_names(model, symbols, stack);
        for (guint i = names->len; i > 0; i--)
            g_string_append_printf(text, "%s%s", i < names->len ? ";" : "",
                                   (const char *)names->pdata[i - 1]);
    }
    return g_string_free(text, FALSE);
}
