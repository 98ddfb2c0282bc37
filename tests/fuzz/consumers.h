/*
 * What a fuzz driver hangs behind the model: one of the analyzer's reports or profiles, behind one of many
 * filters. Which, comes from a number. What it writes goes nowhere.
 */
#ifndef FUZZ_CONSUMERS_H
#define FUZZ_CONSUMERS_H

#include "analyzer/trace_model.h"

struct consumer;

/* Borrows the model. */
struct consumer *consumer_new(struct trace_model *model, guint64 number);
/* Writes the result when the model has been finished, and frees the consumer. Before the model. */
void consumer_finish(struct consumer *consumer);

#endif
