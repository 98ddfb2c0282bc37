/*
 * JSON values into an output, without allocating. The caller writes brackets, commas and colons with
 * json_text().
 */
#ifndef VIEWER_EXPORT_JSON_WRITER_H
#define VIEWER_EXPORT_JSON_WRITER_H

#include "viewer_export/output.h"

/* Bytes of text that json_string() writes at most; more is cut off at a character's border, with "...". */
#define JSON_MAX_STRING_BYTES ((size_t)(64 * 1024))

/* Punctuation and keys, as they are. text: a string literal. */
#define json_text(output, text) output_write((output), "" text, sizeof(text) - 1)

/* Quoted and escaped. Bytes that are not UTF-8 become U+FFFD; control characters are escaped. */
void json_string(struct output *output, const char *text);
/* The same for a text that is known to need no escape. */
void json_plain_string(struct output *output, const char *text);
/* The same without the quotes, for strings put together from parts. */
void json_string_part(struct output *output, const char *text);
void json_unsigned(struct output *output, uint64_t number);
void json_signed(struct output *output, int64_t number);
/* "0x1f", quotes not included. */
void json_hex(struct output *output, uint64_t number);
/* A double that JSON can hold (not finite: 0), without exponent where |number| < 1e15. */
void json_double(struct output *output, double number);
/*
 * Nanoseconds as microseconds with three decimals, so that a reader that multiplies by 1000 and truncates
 * (as Perfetto's does for `dur`) gets the same nanoseconds again: where binary floating point would fall
 * short, a fourth decimal that means nothing is added.
 */
void json_microseconds(struct output *output, int64_t ns);

#endif
