/*
 * One copy of every distinct string, for the life of the table: names of threads, processes, calls, objects.
 */
#ifndef ANALYZER_INTERN_H
#define ANALYZER_INTERN_H

/* Longer strings are cut: nothing that the contract describes is longer. */
#define INTERN_MAX_LENGTH 4095
/* A trace that has more distinct strings than this gets INTERN_OVERFLOW for the further ones. */
#define INTERN_MAX_STRINGS (1u << 20)
#define INTERN_OVERFLOW "[too many names]"

struct intern_table;

struct intern_table *intern_table_new(void);
void intern_table_free(struct intern_table *table);
/* Equal strings give equal pointers. NULL gives "". Bytes that are not valid UTF-8 are replaced. */
const char *intern(struct intern_table *table, const char *string);

#endif
