/* Stacks in one line, for reports. */
#ifndef ANALYZER_STACK_TEXT_H
#define ANALYZER_STACK_TEXT_H

#include "analyzer/symbols.h"

/*
 * The first functions of a stack, leaf first: "worker_step < worker < main". Frames of the C and thread
 * libraries at the leaf (std::mutex::lock and the like) are skipped as long as something else follows.
 * "[stack lost]", "[no stack]". The caller frees it.
 */
char *stack_text_short(const struct trace_model *model, struct symbol_table *symbols, uint32_t stack,
                       unsigned max_frames);
/* All functions, outermost first, with semicolons between: as flame graph tools take it. */
char *stack_text_folded(const struct trace_model *model, struct symbol_table *symbols, uint32_t stack);

#endif
