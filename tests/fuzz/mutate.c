/*
 * Mutations of the fuzz driver: see mutate.h.
 */
#include "tests/fuzz/mutate.h"

#include <ctype.h>
#include <string.h>

#define MAX_BYTES (256 * 1024)

typedef void (*mutation)(GByteArray *bytes, GRand *rand);

static guint place(const GByteArray *bytes, GRand *rand)
{
    /* headers stand at the beginning: half of all changes go there */
    guint end = g_rand_boolean(rand) ? MIN(bytes->len, 256) : bytes->len;

    return g_rand_int_range(rand, 0, (gint)end);
}

static guint length_at(const GByteArray *bytes, GRand *rand, guint at)
{
    guint limit = g_rand_int_range(rand, 0, 20) == 0 ? 4096 : 32;
    guint most = MIN(bytes->len - at, limit);

    return most ? (guint)g_rand_int_range(rand, 0, (gint)most) + 1 : 0;
}

static void insert(GByteArray *bytes, guint at, const guint8 *piece, guint length)
{
    if (bytes->len + length > MAX_BYTES || length == 0)
        return;

    g_autofree guint8 *copy = g_memdup2(piece, length);
    guint old = bytes->len;
    g_byte_array_set_size(bytes, old + length);
    memmove(bytes->data + at + length, bytes->data + at, old - at);
    memcpy(bytes->data + at, copy, length);
}

static void flip_bit(GByteArray *bytes, GRand *rand)
{
    bytes->data[place(bytes, rand)] ^= (guint8)(1 << g_rand_int_range(rand, 0, 8));
}

static void set_byte(GByteArray *bytes, GRand *rand)
{
    bytes->data[place(bytes, rand)] = (guint8)g_rand_int(rand);
}

/* Overwrites 1, 2, 4 or 8 bytes with a number that lengths and counters do not like. */
static void set_number(GByteArray *bytes, GRand *rand)
{
    static const guint64 numbers[] = {0,         1,          7,          0x7f,        0x80,
                                      0xff,      0x7fff,     0xffff,     0x7fffffff,  0x80000000,
                                      0xfffffff, 0xffffffff, G_MAXINT64, G_MAXUINT64, (guint64)1 << 40};
    guint64 number = numbers[g_rand_int_range(rand, 0, G_N_ELEMENTS(numbers))];
    guint at = place(bytes, rand);
    guint size = 1u << g_rand_int_range(rand, 0, 4);
    guint length = MIN(size, bytes->len - at);

    number += (guint64)(gint64)g_rand_int_range(rand, -2, 3);
    if (g_rand_boolean(rand))
        number = GUINT64_SWAP_LE_BE(number);
    memcpy(bytes->data + at, &number, length);
}

static void delete_piece(GByteArray *bytes, GRand *rand)
{
    guint at = place(bytes, rand);

    g_byte_array_remove_range(bytes, at, length_at(bytes, rand, at));
}

static void repeat_piece(GByteArray *bytes, GRand *rand)
{
    guint from = place(bytes, rand), to = place(bytes, rand);

    insert(bytes, to, bytes->data + from, length_at(bytes, rand, from));
}

static void overwrite_piece(GByteArray *bytes, GRand *rand)
{
    guint from = place(bytes, rand), to = place(bytes, rand);
    guint most = length_at(bytes, rand, from);
    guint length = MIN(most, bytes->len - to);

    memmove(bytes->data + to, bytes->data + from, length);
}

static void cut_end(GByteArray *bytes, GRand *rand)
{
    g_byte_array_set_size(bytes, place(bytes, rand));
}

static void append_noise(GByteArray *bytes, GRand *rand)
{
    for (gint i = g_rand_int_range(rand, 1, 200); i > 0 && bytes->len < MAX_BYTES; i--)
        g_byte_array_append(bytes, &(guint8){(guint8)g_rand_int(rand)}, 1);
}

/* Text: goes to the first place at or after a random one where a word of the given kind begins. */
static guint find_word(const GByteArray *bytes, GRand *rand, int (*is_kind)(int), guint *length)
{
    guint at = (guint)g_rand_int_range(rand, 0, (gint)bytes->len), end;

    while (at < bytes->len && !(is_kind(bytes->data[at]) && (at == 0 || !isalnum(bytes->data[at - 1]))))
        at++;
    for (end = at; end < bytes->len && (isalnum(bytes->data[end]) || bytes->data[end] == '_');)
        end++;
    *length = end - at;
    return at;
}

static void replace_number(GByteArray *bytes, GRand *rand)
{
    static const char *const numbers[] = {"0",
                                          "1",
                                          "3",
                                          "7",
                                          "8",
                                          "64",
                                          "65",
                                          "128",
                                          "4294967295",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "-1",
                                          "0x7fffffffffffffff",
                                          "1000000000000"};
    const char *number = numbers[g_rand_int_range(rand, 0, G_N_ELEMENTS(numbers))];
    guint length, at = find_word(bytes, rand, isdigit, &length);

    g_byte_array_remove_range(bytes, at, length);
    insert(bytes, at, (const guint8 *)number, (guint)strlen(number));
}

static void replace_word(GByteArray *bytes, GRand *rand)
{
    guint from_length, to_length;
    guint from = find_word(bytes, rand, isalpha, &from_length);
    g_autofree guint8 *word = g_memdup2(bytes->data + from, from_length);
    guint to = find_word(bytes, rand, isalpha, &to_length);

    g_byte_array_remove_range(bytes, to, to_length);
    insert(bytes, to, word, from_length);
}

static void move_line(GByteArray *bytes, GRand *rand)
{
    guint from = (guint)g_rand_int_range(rand, 0, (gint)bytes->len), end;
    guint to = (guint)g_rand_int_range(rand, 0, (gint)bytes->len);

    while (from > 0 && bytes->data[from - 1] != '\n')
        from--;
    for (end = from; end < bytes->len && bytes->data[end] != '\n';)
        end++;
    while (to > 0 && bytes->data[to - 1] != '\n')
        to--;
    insert(bytes, to, bytes->data + from, MIN(end + 1, bytes->len) - from);
}

static void nest(GByteArray *bytes, GRand *rand)
{
    guint at = (guint)g_rand_int_range(rand, 0, (gint)bytes->len);
    const char *piece = g_rand_boolean(rand) ? "struct { " : "(";

    for (gint depth = g_rand_int_range(rand, 1, 3000); depth > 0; depth--)
        insert(bytes, at, (const guint8 *)piece, (guint)strlen(piece));
}

static const mutation mutations[] = {
    flip_bit,       set_byte,       set_number,      set_number, set_number,
    delete_piece,   repeat_piece,   overwrite_piece, cut_end,    append_noise,
    replace_number, replace_number, replace_word,    move_line,  nest};
#define BINARY_MUTATIONS 10

void mutate(GByteArray *bytes, GRand *rand, gboolean is_text)
{
    for (gint i = is_text ? 1 : g_rand_int_range(rand, 1, 5); i > 0; i--) {
        gint first = is_text && g_rand_int_range(rand, 0, 4) > 0 ? BINARY_MUTATIONS : 0;
        gint end = is_text ? (gint)G_N_ELEMENTS(mutations) : BINARY_MUTATIONS;
        if (bytes->len == 0)
            append_noise(bytes, rand);
        mutations[g_rand_int_range(rand, first, end)](bytes, rand);
    }
}
