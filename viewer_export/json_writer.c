/* JSON's lexical part: escaping and numbers. Called by chrome_json.c and speedscope.c, main thread. */
#include "viewer_export/json_writer.h"

#include <math.h>
#include <stdio.h>

static const char hex_digits[] = "0123456789abcdef";

static size_t format_unsigned(uint8_t *end, uint64_t number)
{
    uint8_t *next = end;
    do {
        *--next = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return (size_t)(end - next);
}

void json_unsigned(struct output *output, uint64_t number)
{
    uint8_t digits[20];
    size_t count = format_unsigned(digits + sizeof(digits), number);
    output_write(output, digits + sizeof(digits) - count, count);
}

void json_signed(struct output *output, int64_t number)
{
    if (number < 0) {
        json_text(output, "-");
        json_unsigned(output, 0 - (uint64_t)number);
    } else {
        json_unsigned(output, (uint64_t)number);
    }
}

void json_hex(struct output *output, uint64_t number)
{
    uint8_t digits[18];
    uint8_t *next = digits + sizeof(digits);
    do {
        *--next = (uint8_t)hex_digits[number & 15];
        number >>= 4;
    } while (number > 0);
    *--next = 'x';
    *--next = '0';
    output_write(output, next, (size_t)(digits + sizeof(digits) - next));
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

void json_microseconds(struct output *output, int64_t ns)
{
    uint8_t *text = output_reserve(output, 32);
    uint8_t digits[20];
    uint64_t magnitude = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    unsigned fraction = (unsigned)(magnitude % 1000);
    size_t used = 0;
    if (ns < 0)
        text[used++] = '-';
    size_t count = format_unsigned(digits + sizeof(digits), magnitude / 1000);
    memcpy(text + used, digits + sizeof(digits) - count, count);
    used += count;
    text[used++] = '.';
    text[used++] = (uint8_t)('0' + fraction / 100);
    text[used++] = (uint8_t)('0' + fraction / 10 % 10);
    text[used++] = (uint8_t)('0' + fraction % 10);
    if ((uint64_t)((double)magnitude / 1000.0 * 1000.0) != magnitude)
        text[used++] = '1';
    output_advance(output, used);
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

void json_string_part(struct output *output, const char *text)
{
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

void json_string(struct output *output, const char *text)
{
    json_text(output, "\"");
    json_string_part(output, text);
    json_text(output, "\"");
}
