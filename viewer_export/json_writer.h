/*
 * JSON values into an output, without allocating. The caller writes brackets, commas and colons with
 * json_text().
 */
#ifndef VIEWER_EXPORT_JSON_WRITER_H
#define VIEWER_EXPORT_JSON_WRITER_H

#include "viewer_export/output.h"

/*
 * Bytes of text that json_string() writes at most; more is cut off at a character's border, with "...". With
 * each byte escaped that takes six times as many, which still fits into an output's buffer.
 */
#define JSON_MAX_STRING_BYTES ((size_t)(16 * 1024))

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
 * For those who reserve room for several pieces at once: each writes to text and returns the end of what it
 * wrote. A literal takes its length, a number at most JSON_NUMBER_BYTES.
 */
#define json_put_text(text, literal)                                                                         \
    ((uint8_t *)memcpy((text), "" literal, sizeof(literal) - 1) + sizeof(literal) - 1)
static inline uint8_t *json_put_bytes(uint8_t *text, const void *bytes, size_t count)
{
    return (uint8_t *)memcpy(text, bytes, count) + count;
}
/* Without a call: for short texts behind whose end there are JSON_PADDING bytes more, in both places. */
#define JSON_PADDING ((size_t)32)
static inline uint8_t *json_put_padded(uint8_t *text, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i += JSON_PADDING)
        memcpy(text + i, bytes + i, JSON_PADDING);
    return text + count;
}
uint8_t *json_put_unsigned(uint8_t *text, uint64_t number);
uint8_t *json_put_signed(uint8_t *text, int64_t number);
uint8_t *json_put_hex(uint8_t *text, uint64_t number);
#define JSON_NUMBER_BYTES ((size_t)40)
/*
 * Nanoseconds as microseconds with three decimals, which viewers read exactly in `ts`. What they read in
 * `dur` goes through floating point, is multiplied by 1000 and truncated: where that would be a nanosecond
 * less, a fourth decimal that means nothing is added to a duration.
 */
uint8_t *json_put_time(uint8_t *text, int64_t ns);
uint8_t *json_put_duration(uint8_t *text, int64_t ns);

#endif
