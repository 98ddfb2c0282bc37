/*
 * Where results go: standard output, or a file that gets its final name only when it is complete.
 */
#ifndef ANALYZER_OUTPUT_H
#define ANALYZER_OUTPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

struct output;

/* path: NULL or "-" for standard output. */
struct output *output_open(const char *path, GError **error);
FILE *output_file(struct output *output);
/* True if a person would see it. */
bool output_is_terminal(const struct output *output);
/* Writes everything out and frees the output. False: it could not all be written; nothing is left then. */
bool output_close(struct output *output, GError **error);
/* Throws it away. NULL is fine. */
void output_abandon(struct output *output);

#endif
