/* JSON's lexical part: escaping and numbers. Called by chrome_json.c and speedscope.c, main thread. */
#include "viewer_export/json_writer.h"

#include <math.h>
#include <stdio.h>

static const char hex_digits[] = "0123456789abcdef";

/* "00" "01" ... "99": two digits at a time halve the divisions, which is most of the work. */
static uint8_t digit_pairs[200];

static void __attribute__((constructor)) fill_digit_pairs(void)
{
    for (unsigned i = 0; i < 100; i++) {
        digit_pairs[2 * i] = (uint8_t)('0' + i / 10);
        digit_pairs[2 * i + 1] = (uint8_t)('0' + i % 10);
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
