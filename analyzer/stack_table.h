/*
 * Loaded objects and call stacks of all processes: from a process's stack numbers and raw addresses to
 * interned stacks of (module, address).
 *
 * A stack number is valid in one process image: a new image (exec) forgets the numbers and the modules.
 * Stacks are kept for the table's life, each distinct one once; there are at most STACK_TABLE_MAX_STACKS of
 * them with STACK_TABLE_MAX_FRAMES frames in all, what comes later is shown as lost.
 */
#ifndef ANALYZER_STACK_TABLE_H
#define ANALYZER_STACK_TABLE_H

#include "analyzer/intern.h"
#include "analyzer/trace_model.h"

#define STACK_TABLE_MAX_STACKS (1u << 19)
#define STACK_TABLE_MAX_FRAMES (1u << 22)
#define STACK_TABLE_MAX_DEPTH 1000 /* of one stack: the outermost frames beyond are cut */
#define STACK_TABLE_MAX_MODULES (1u << 16)
#define STACK_TABLE_MAX_NUMBERS (1u << 20) /* numbers known at a time, over all processes */

#define STACK_NONE 0u
#define STACK_LOST 1u /* stands for stacks that the table had no room for */

struct stack_table;

/* strings is borrowed. */
struct stack_table *stack_table_new(struct intern_table *strings);
void stack_table_free(struct stack_table *table);

/* process: the model's process index. The event is one of EVENT_MODULE, .._BUILD_ID, .._UNLOAD. */
void stack_table_module_event(struct stack_table *table, uint32_t process, const struct event *event);
/* A new image: numbers and modules of the old one are forgotten. */
void stack_table_forget(struct stack_table *table, uint32_t process);
/* The child of a fork has its parent's modules. */
void stack_table_copy_modules(struct stack_table *table, uint32_t parent, uint32_t child);

void stack_table_define(struct stack_table *table, uint32_t process, uint32_t number,
                        const struct event_pcs *pcs);
/*
 * Index of the stack with this number: STACK_NONE for number 0. A stack without a definition is_lost, until
 * its definition comes: in overwritten buffers that may be after its first use.
 */
uint32_t stack_table_find(struct stack_table *table, uint32_t process, uint32_t number);
/* Index of the stack of these addresses. */
uint32_t stack_table_intern(struct stack_table *table, uint32_t process, const struct event_pcs *pcs);
/*
 * The same for a stack that was walked by frame pointers (EVENT_SCHED_SAMPLE): it ends before the first
 * address that lies in no known object, which is where a caller without frame pointers led astray, and the
 * tracer's own frames at the leaf are left out when somebody called them.
 */
uint32_t stack_table_intern_sample(struct stack_table *table, uint32_t process, const struct event_pcs *pcs);

uint32_t stack_table_count(const struct stack_table *table);
/* Valid for the table's life. Modules that were announced after the stack are filled in here. */
const struct stack *stack_table_get(struct stack_table *table, uint32_t index);

#endif
