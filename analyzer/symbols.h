/*
 * From a frame of a stack to functions, files and lines. With symbols_*.c the only user of elfutils.
 * Results are cached per (module, address) for the table's life.
 */
#ifndef ANALYZER_SYMBOLS_H
#define ANALYZER_SYMBOLS_H

#include "analyzer/trace_model.h"

enum symbolize_mode {
    SYMBOLIZE_NONE,      /* addresses only */
    SYMBOLIZE_FUNCTIONS, /* function names from symbol tables */
    SYMBOLIZE_LINES,     /* with files, lines and inlined calls (default) */
};

struct source_line {
    const char *function;    /* demangled; never NULL; "[unknown]" when not known */
    const char *system_name; /* as in the object file; equal to function when not mangled */
    const char *file;        /* "" when not known */
    int line;                /* 0 when not known */
    int start_line;          /* of the function; 0 when not known */
};

/* What one frame is, innermost inlined call first. count >= 1. Owned by the table, valid for its life. */
struct symbolized_frame {
    uint32_t count;
    bool is_known; /* a function name was found */
    const struct source_line *lines;
};

struct symbol_table;

/* sysroot: directory prefix under which the traced machine's files are; NULL: "/". */
struct symbol_table *symbol_table_new(enum symbolize_mode mode, const char *sysroot);
void symbol_table_free(struct symbol_table *table);
/*
 * The debug information of open files may take this much memory (default 32 MiB); beyond it the file that was
 * not used for longest is closed, and opened again when needed. One file alone may be larger.
 */
void symbol_table_limit_memory(struct symbol_table *table, uint64_t bytes);
/*
 * Looks through the model's objects, when the whole trace has been read: the build id of one goes for others
 * with the same path that have none, and code outside of all objects is called made at run time (not unknown)
 * when the trace announces its objects and lost nothing. The model must outlive the table.
 */
void symbol_table_learn_objects(struct symbol_table *table, const struct trace_model *model);
const struct symbolized_frame *symbol_table_find(struct symbol_table *table, const struct frame *frame);
/*
 * Where in the process the module's machine code lies, and at which offset of the file it begins: the part
 * that /proc/PID/maps shows as executable. The whole module when its file cannot be read.
 */
struct code_segment {
    uint64_t start, end, offset;
};
struct code_segment symbol_table_code(struct symbol_table *table, const struct module *module);
/*
 * False: the module's file says that there are data and no machine code at the frame's address. Stacks that
 * the kernel collected by frame pointers run into such addresses where code was built without frame pointers;
 * what comes further out is meaningless then.
 */
bool symbol_table_is_code(struct symbol_table *table, const struct frame *frame);
/* Memory without a file: code made at run time. */
bool module_is_anonymous(const struct module *module);
/* Whether the function, source file or object of some frame matches; never for a lost stack. */
bool symbol_table_stack_matches(struct symbol_table *table, const struct stack *stack, const GRegex *regex);
/* Warnings met so far (a binary that changed since the recording, a missing file...), one sentence each. */
const GPtrArray *symbol_table_warnings(const struct symbol_table *table);

#endif
