/*
 * Call stacks as people read them, one text per distinct stack, made once.
 */
#ifndef VIEWER_EXPORT_STACK_TEXT_H
#define VIEWER_EXPORT_STACK_TEXT_H

#include "analyzer/symbols.h"

struct stack_texts;

/* Borrows both. frame_limit: how many frames a text has at most, from the leaf. */
struct stack_texts *stack_texts_new(const struct trace_model *model, struct symbol_table *symbols,
                                    uint32_t frame_limit);
void stack_texts_free(struct stack_texts *texts);

/* "inner (file.c:12) <- outer (file.c:40)", or "[stack lost]"; NULL for stack 0. Valid for the table's life.
 */
const char *stack_text(struct stack_texts *texts, uint32_t stack);

/* The same twice with JSON's escapes: in full, and what stands for it where it was written before. */
struct stack_json {
    const char *full;  /* "#7 inner (file.c:12) <- ...": a number by which the other finds it */
    const char *brief; /* "#7 inner <- outer <- main ...": the innermost functions */
    size_t full_bytes, brief_bytes;
};
/* NULL for stack 0. Where it would not be shorter, brief is full, without a number. Valid until the next
 * call. */
const struct stack_json *stack_texts_json(struct stack_texts *texts, uint32_t stack);

typedef void (*stack_frame_visitor)(const struct source_line *line, void *user);
/* Every function of the stack, inlined ones included, leaf first, without a limit. */
void stack_texts_visit(struct stack_texts *texts, uint32_t stack, stack_frame_visitor visitor, void *user);

#endif
