/* JSON's lexical part: escaping and numbers. Called by chrome_json.c and speedscope.c, main thread. */
#include "viewer_export/json_writer.h"

#include <math.h>
#include <stdio.h>

G_STATIC_ASSERT(6 * JSON_MAX_STRING_BYTES + 4096 <= OUTPUT_BUFFER_BYTES);

static const char hex_digits[] = "0123456789abcdef";

/* "00" "01" ... "99": two digits at a time halve the divisions, which is most of the work. */
static uint8_t digit_pairs[200];
/* The same for three: with leading zeros; without, where the fourth byte says how many digits that are. */
static uint8_t digit_triples[1000][4], leading_triples[1000][4];

static void __attribute__((constructor)) fill_digits(void)
{
    for (unsigned i = 0; i < 100; i++) {
        digit_pairs[2 * i] = (uint8_t)('0' + i / 10);
        digit_pairs[2 * i + 1] = (uint8_t)('0' + i % 10);
    }
    for (unsigned i = 0; i < 1000; i++) {
        const uint8_t digits[] = {(uint8_t)('0' + i / 100), (uint8_t)('0' + i / 10 % 10),
                                  (uint8_t)('0' + i % 10)};
        unsigned zeros = i >= 100 ? 0 : i >= 10 ? 1 : 2;
        memcpy(digit_triples[i], digits, sizeof(digits));
        memcpy(leading_triples[i], digits + zeros, sizeof(digits) - zeros);
        leading_triples[i][3] = (uint8_t)(sizeof(digits) - zeros);
    }
}

/* Writes backwards from end; says how many digits. */
static size_t format_unsigned(uint8_t *end, uint64_t number)
{
    uint8_t *next = end;
    while (number >= 10) {
        next -= 2;
        memcpy(next, &digit_pairs[number % 100 * 2], 2);
        number /= 100;
    }
    if (number > 0 || next == end)
        *--next = (uint8_t)('0' + number);
    else if (*next == '0')
        next++;
    return (size_t)(end - next);
}

uint8_t *json_put_unsigned(uint8_t *text, uint64_t number)
{
    uint8_t digits[20];
    size_t count = format_unsigned(digits + sizeof(digits), number);
    return json_put_bytes(text, digits + sizeof(digits) - count, count);
}

uint8_t *json_put_signed(uint8_t *text, int64_t number)
{
    if (number >= 0)
        return json_put_unsigned(text, (uint64_t)number);
    *text = '-';
    return json_put_unsigned(text + 1, 0 - (uint64_t)number);
}

uint8_t *json_put_hex(uint8_t *text, uint64_t number)
{
    unsigned digits = number ? (67 - (unsigned)__builtin_clzll(number)) / 4 : 1;
    text[0] = '0';
    text[1] = 'x';
    for (unsigned i = digits; i > 0; i--) {
        text[1 + i] = (uint8_t)hex_digits[number & 15];
        number >>= 4;
    }
    return text + 2 + digits;
}

void json_unsigned(struct output *output, uint64_t number)
{
    uint8_t *text = output_reserve(output, JSON_NUMBER_BYTES);
    output_advance(output, (size_t)(json_put_unsigned(text, number) - text));
}

void json_signed(struct output *output, int64_t number)
{
    uint8_t *text = output_reserve(output, JSON_NUMBER_BYTES);
    output_advance(output, (size_t)(json_put_signed(text, number) - text));
}

void json_hex(struct output *output, uint64_t number)
{
    uint8_t *text = output_reserve(output, JSON_NUMBER_BYTES);
    output_advance(output, (size_t)(json_put_hex(text, number) - text));
}

void json_double(struct output *output, double number)
{
    if (!isfinite(number)) {
        json_text(output, "0");
        return;
    }
    if (number == floor(number) && fabs(number) < 1e15) {
        json_signed(output, (int64_t)number);
        return;
    }
    char text[64];
    int count = snprintf(text, sizeof(text), fabs(number) < 1e15 ? "%.6f" : "%.17g", number);
    output_write(output, text, (size_t)count);
}

/* Both write four bytes, of which the last is not meant. */
static inline uint8_t *put_leading(uint8_t *text, uint64_t below_1000)
{
    memcpy(text, leading_triples[below_1000], 4);
    return text + leading_triples[below_1000][3];
}

static inline uint8_t *put_triple(uint8_t *text, uint64_t below_1000)
{
    memcpy(text, digit_triples[below_1000], 4);
    return text + 3;
}

uint8_t *json_put_time(uint8_t *text, int64_t ns)
{
    uint64_t magnitude = (uint64_t)ns;
    if (ns < 0) {
        *text++ = '-';
        magnitude = 0 - magnitude;
    }
    uint64_t us = magnitude / 1000, ms = us / 1000, s = ms / 1000;
    if (ms == 0) {
        text = put_leading(text, us);
    } else {
        if (s == 0)
            text = put_leading(text, ms);
        else if (s < 1000)
            text = put_triple(put_leading(text, s), ms % 1000);
        else
            text = put_triple(json_put_unsigned(text, s), ms % 1000);
        text = put_triple(text, us % 1000);
    }
    *text++ = '.';
    return put_triple(text, magnitude % 1000);
}

uint8_t *json_put_duration(uint8_t *text, int64_t ns)
{
    text = json_put_time(text, ns);
    if ((int64_t)((double)ns / 1000.0 * 1000.0) != ns)
        *text++ = '1';
    return text;
}

static void write_escape(struct output *output, unsigned char byte)
{
    uint8_t escape[6] = {'\\', 'u', '0', '0', (uint8_t)hex_digits[byte >> 4], (uint8_t)hex_digits[byte & 15]};
    switch (byte) {
    case '"':
    case '\\':
        escape[1] = byte;
        output_write(output, escape, 2);
        break;
    case '\n':
        output_write(output, "\\n", 2);
        break;
    case '\t':
        output_write(output, "\\t", 2);
        break;
    default:
        output_write(output, escape, 6);
    }
}

static void write_valid(struct output *output, const char *text, size_t count)
{
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f)
            continue;
        output_write(output, text + start, i - start);
        write_escape(output, byte);
        start = i + 1;
    }
    output_write(output, text + start, count - start);
}

/* Nothing to escape or to check: nearly every string. Says how many bytes at the beginning are. */
static size_t count_plain(const char *text)
{
    size_t count = 0;
    while ((unsigned char)text[count] >= 0x20 && (unsigned char)text[count] < 0x7f && text[count] != '"' &&
           text[count] != '\\')
        count++;
    return count;
}

void json_string_part(struct output *output, const char *text)
{
    size_t plain = count_plain(text);
    if (text[plain] == '\0' && plain <= JSON_MAX_STRING_BYTES) {
        output_write(output, text, plain);
        return;
    }

    size_t count = strnlen(text, JSON_MAX_STRING_BYTES + 1);
    bool is_cut = count > JSON_MAX_STRING_BYTES;
    if (is_cut) {
        count = JSON_MAX_STRING_BYTES;
        while (count > 0 && ((unsigned char)text[count] & 0xc0) == 0x80)
            count--;
    }
    while (count > 0) {
        const char *end;
        bool is_valid = g_utf8_validate(text, (gssize)count, &end);
        write_valid(output, text, (size_t)(end - text));
        if (is_valid)
            break;
        json_text(output, "\xef\xbf\xbd");
        count -= (size_t)(end - text) + 1;
        text = end + 1;
    }
    if (is_cut)
        json_text(output, "...");
}

void json_plain_string(struct output *output, const char *text)
{
    json_text(output, "\"");
    output_write(output, text, strlen(text));
    json_text(output, "\"");
}

void json_string(struct output *output, const char *text)
{
    json_text(output, "\"");
    json_string_part(output, text);
    json_text(output, "\"");
}
