/*
 * Protobuf's wire format, written from the end to the beginning: so a nested message's length is known when
 * it has to be written, in its shortest form, without a second pass.
 *
 *     proto_begin(&writer);
 *     uint8_t *end = writer.next;              // fields of a nested message, the last first
 *     proto_varint(&writer, FIELD, 7);
 *     proto_close(&writer, MESSAGE_FIELD, end);
 *     output_write(output, writer.next, proto_length(&writer));
 */
#ifndef VIEWER_EXPORT_PROTO_WRITER_H
#define VIEWER_EXPORT_PROTO_WRITER_H

#include <glib.h>
#include <stdint.h>
#include <string.h>

/* A message must fit; strings are cut to PROTO_MAX_STRING_BYTES, so a handful of them always does. */
#define PROTO_BUFFER_BYTES ((size_t)(512 * 1024))
#define PROTO_MAX_STRING_BYTES ((size_t)(16 * 1024))

struct proto_writer {
    uint8_t *next; /* first byte written so far */
    uint8_t *end;
    uint8_t *buffer;
};

static inline void proto_init(struct proto_writer *writer)
{
    writer->buffer = g_malloc(PROTO_BUFFER_BYTES);
    writer->end = writer->buffer + PROTO_BUFFER_BYTES;
    writer->next = writer->end;
}

static inline void proto_clear(struct proto_writer *writer)
{
    g_free(writer->buffer);
}

static inline void proto_begin(struct proto_writer *writer)
{
    writer->next = writer->end;
}

static inline size_t proto_length(const struct proto_writer *writer)
{
    return (size_t)(writer->end - writer->next);
}

/* Forwards; returns the end. */
static inline uint8_t *proto_put_varint(uint8_t *bytes, uint64_t number)
{
    while (G_UNLIKELY(number >= 0x80)) {
        *bytes++ = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    *bytes++ = (uint8_t)number;
    return bytes;
}

/*
 * For messages that are written often, forwards into room that the caller has: each returns the end. A
 * field's number is known when this is compiled, so its tag is a store.
 */
static inline uint8_t *proto_put_tag(uint8_t *bytes, uint32_t field, uint32_t wire_type)
{
    const uint32_t tag = field << 3 | wire_type;
    if (tag >= 0x80)
        *bytes++ = (uint8_t)(tag | 0x80);
    *bytes++ = (uint8_t)(tag >= 0x80 ? tag >> 7 : tag);
    return bytes;
}

static inline uint8_t *proto_put_field(uint8_t *bytes, uint32_t field, uint64_t number)
{
    return proto_put_varint(proto_put_tag(bytes, field, 0), number);
}

static inline uint8_t *proto_put_fixed64(uint8_t *bytes, uint32_t field, uint64_t number)
{
    uint64_t little_endian = GUINT64_TO_LE(number);
    bytes = proto_put_tag(bytes, field, 1);
    return (uint8_t *)memcpy(bytes, &little_endian, sizeof(little_endian)) + sizeof(little_endian);
}

/*
 * A nested message of at most PROTO_MAX_PUT_BYTES: its length takes two bytes whatever it is, as in traces of
 * Perfetto's own writers, so that it can be filled in afterwards.
 */
#define PROTO_MAX_PUT_BYTES ((size_t)0x3fff)
static inline uint8_t *proto_put_message(uint8_t *bytes, uint32_t field)
{
    return proto_put_tag(bytes, field, 2) + 2;
}

/* message: what proto_put_message() returned. */
static inline void proto_end_message(uint8_t *message, const uint8_t *end)
{
    size_t length = (size_t)(end - message);
    message[-2] = (uint8_t)(length | 0x80);
    message[-1] = (uint8_t)(length >> 7);
}

static inline void proto_raw_varint(struct proto_writer *writer, uint64_t number)
{
    if (number < 0x80) {
        *--writer->next = (uint8_t)number;
        return;
    }
    writer->next -= (unsigned)(63 - __builtin_clzll(number)) / 7 + 1;
    proto_put_varint(writer->next, number);
}

static inline void proto_varint(struct proto_writer *writer, uint32_t field, uint64_t number)
{
    proto_raw_varint(writer, number);
    proto_raw_varint(writer, (uint64_t)field << 3);
}

static inline void proto_fixed64(struct proto_writer *writer, uint32_t field, uint64_t number)
{
    uint64_t little_endian = GUINT64_TO_LE(number);
    writer->next -= sizeof(little_endian);
    memcpy(writer->next, &little_endian, sizeof(little_endian));
    proto_raw_varint(writer, (uint64_t)field << 3 | 1);
}

static inline void proto_double(struct proto_writer *writer, uint32_t field, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    proto_fixed64(writer, field, bits);
}

/* What was written since `end` was writer->next becomes the message `field`. */
static inline void proto_close(struct proto_writer *writer, uint32_t field, const uint8_t *end)
{
    proto_raw_varint(writer, (uint64_t)(end - writer->next));
    proto_raw_varint(writer, (uint64_t)field << 3 | 2);
}

static inline void proto_bytes(struct proto_writer *writer, uint32_t field, const void *bytes, size_t count)
{
    const uint8_t *end = writer->next;
    writer->next -= count;
    memcpy(writer->next, bytes, count);
    proto_close(writer, field, end);
}

/* How many bytes of the text are written: at most limit, to a character's border. */
static inline size_t proto_text_bytes(const char *text, size_t limit)
{
    size_t count = strlen(text);
    if (count > limit) {
        count = limit;
        while (count > 0 && ((uint8_t)text[count] & 0xc0) == 0x80)
            count--;
    }
    return count;
}

/* Cut to PROTO_MAX_STRING_BYTES. */
static inline void proto_string(struct proto_writer *writer, uint32_t field, const char *text)
{
    proto_bytes(writer, field, text, proto_text_bytes(text, PROTO_MAX_STRING_BYTES));
}

#endif
