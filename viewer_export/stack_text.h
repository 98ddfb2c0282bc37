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

/*
 * "inner (file.c:12) <- outer (file.c:40)", or "[stack lost]"; NULL for stack 0. JSON's escapes are applied
 * in the second. Valid for the table's life.
 */
const char *stack_text(struct stack_texts *texts, uint32_t stack);
const char *stack_text_json(struct stack_texts *texts, uint32_t stack, size_t *length);

typedef void (*stack_frame_visitor)(const struct source_line *line, void *user);
/* Every function of the stack, inlined ones included, leaf first, without a limit. */
void stack_texts_visit(struct stack_texts *texts, uint32_t stack, stack_frame_visitor visitor, void *user);

#endif
