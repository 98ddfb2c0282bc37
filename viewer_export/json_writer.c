/* JSON's lexical part: escaping and numbers. Called by chrome_json.c and speedscope.c, main thread. */
#include "viewer_export/json_writer.h"

#include <math.h>
#include <stdio.h>

G_STATIC_ASSERT(6 * JSON_MAX_STRING_BYTES + 4096 <= OUTPUT_BUFFER_BYTES);

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

/* Eight decimal digits, the first in the lowest byte: three multiplications instead of eight divisions. */
static inline uint64_t eight_digits(uint32_t number)
{
    uint64_t fours = (uint64_t)(number / 10000) | (uint64_t)(number % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);
    return tens | (pairs - 10 * tens) << 8;
}

/* A time of more than 115 days. */
static uint8_t *put_long_time(uint8_t *text, uint64_t ns)
{
    uint8_t digits[20];
    size_t count = format_unsigned(digits + sizeof(digits), ns / 1000);
    unsigned fraction = (unsigned)(ns % 1000);
    memcpy(text, digits + sizeof(digits) - count, count);
    text += count;
    *text++ = '.';
    *text++ = (uint8_t)('0' + fraction / 100);
    *text++ = (uint8_t)('0' + fraction / 10 % 10);
    *text++ = (uint8_t)('0' + fraction % 10);
    return text;
}

/* As many digits as the number needs, at least one before the point; in registers, so that nothing waits. */
static uint8_t *put_short_time(uint8_t *text, uint64_t ns)
{
    enum { DIGITS = 16, FRACTION_DIGITS = 3, HALF = 8 };
    uint64_t high = eight_digits((uint32_t)(ns / 100000000));
    uint64_t low = eight_digits((uint32_t)(ns % 100000000));
    const uint64_t last_before_point = UINT64_C(1) << 8 * (HALF - FRACTION_DIGITS - 1);
    const uint64_t ascii = UINT64_C(0x3030303030303030);
    size_t zeros;
    if (high) {
        zeros = (size_t)__builtin_ctzll(high) / 8;
        uint64_t first = (high | ascii) >> 8 * zeros;
        uint64_t rest = GUINT64_TO_LE(low | ascii);
        first = GUINT64_TO_LE(first);
        memcpy(text, &first, sizeof(first));
        memcpy(text + HALF - zeros, &rest, sizeof(rest));
    } else {
        zeros = HALF + (size_t)__builtin_ctzll(low | last_before_point) / 8;
        uint64_t first = GUINT64_TO_LE((low | ascii) >> 8 * (zeros - HALF));
        memcpy(text, &first, sizeof(first));
    }
    text += DIGITS - FRACTION_DIGITS - zeros;
    uint32_t fraction = GUINT32_TO_LE((uint32_t)((low | ascii) >> 8 * (HALF - FRACTION_DIGITS)));
    text[0] = '.';
    memcpy(text + 1, &fraction, sizeof(fraction));
    return text + 1 + FRACTION_DIGITS;
}

uint8_t *json_put_time(uint8_t *text, int64_t ns)
{
    uint64_t magnitude = (uint64_t)ns;
    if (ns < 0) {
        *text++ = '-';
        magnitude = 0 - magnitude;
    }
    return magnitude < UINT64_C(10000000000000000) ? put_short_time(text, magnitude)
                                                   : put_long_time(text, magnitude);
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
