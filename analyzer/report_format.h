/*
 * How reports look: numbers for people, and tables that are written as text, CSV or JSON alike.
 *
 * Machine formats: column names carry their units (total_ns), times are nanoseconds since 1970. CSV: the
 * first line names the columns. JSON: {"report": NAME, "version": REPORT_VERSION, ..., NAME: [{...}...]}.
 */
#ifndef ANALYZER_REPORT_FORMAT_H
#define ANALYZER_REPORT_FORMAT_H

#include <glib.h>
#include "analyzer/report.h"

#define FORMAT_SIZE 32

/* All return buffer, which has FORMAT_SIZE bytes. */
const char *format_ns(char *buffer, int64_t ns);                     /* "1.23 ms" */
const char *format_count(char *buffer, uint64_t count);              /* "12,345" */
const char *format_bytes(char *buffer, uint64_t bytes);              /* "1.5 MiB" */
const char *format_percent(char *buffer, double part, double whole); /* "12.3 %" */

void write_csv_text(FILE *out, const char *text);
void write_json_text(FILE *out, const char *text);

enum cell_type {
    CELL_TEXT,
    CELL_COUNT,
    CELL_ID,   /* a number without separators */
    CELL_NS,   /* a duration */
    CELL_TIME, /* ns since 1970; in text since the trace's start */
    CELL_BYTES,
    CELL_OBJECT, /* an address: hexadecimal; text in machine formats */
};

struct report_column {
    const char *key;   /* in machine formats; NULL: only in text */
    const char *title; /* in text; NULL: only in machine formats */
    enum cell_type type;
};

struct report_table;

/* name: of the report; columns are borrowed. */
struct report_table *report_table_new(const char *name, const struct report_column *columns, size_t count);
void report_table_free(struct report_table *table);
/* Cells are added one after the other, row by row. */
void report_table_add_text(struct report_table *table, const char *text); /* copied */
void report_table_add(struct report_table *table, int64_t number);
size_t report_table_row_count(const struct report_table *table);
/* max_rows: of text; 0: all. start_ns: of the trace. */
void report_table_write_text(const struct report_table *table, size_t max_rows, int64_t start_ns, FILE *out);
void report_table_write_csv(const struct report_table *table, FILE *out);
/* The array alone; the caller opens and closes the report. */
void report_table_write_json(const struct report_table *table, FILE *out);
/* A report that is one table. */
void report_table_write(const struct report_table *table, enum report_format format, int64_t start_ns,
                        FILE *out);
/* {"report": name, "version": ... */
void report_json_begin(const char *name, FILE *out);
void report_json_end(FILE *out);

#endif
