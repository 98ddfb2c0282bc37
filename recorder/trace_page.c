/*
 * Decodes pages of the kernel's trace ring buffer. Called by tracefs_ring.c on the collector's thread.
 */
#include "recorder/trace_page.h"

#include <string.h>

/* The header's second word: how many bytes are in use, and what happened before. */
#define COMMIT_BYTES 0x07ffffffu
#define COMMIT_HAS_LOST (UINT64_C(1) << 31)
#define COMMIT_HAS_LOST_COUNT (UINT64_C(1) << 30) /* it stands behind the last event */

/* The low bits of an event's first word; smaller values are the event's length in words of 4 bytes. */
#define TYPE_BITS 5
#define TYPE_MASK ((1u << TYPE_BITS) - 1)
#define DELTA_BITS 27
#define TYPE_LONG 0 /* the length is in the next word */
#define TYPE_PADDING 29
#define TYPE_TIME_EXTEND 30
#define TYPE_TIME_STAMP 31
/* An absolute time has the lower 59 bits only. */
#define TIME_STAMP_HIGH_BITS (UINT64_C(0x1f) << 59)

static uint32_t read_word(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static uint64_t read_long(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

void trace_page_begin(struct trace_page *page, const uint8_t *bytes, uint32_t byte_count)
{
    *page = (struct trace_page){.bytes = bytes};
    if (byte_count < TRACE_PAGE_HEADER_BYTES)
        return;

    uint64_t commit = read_long(bytes + 8);
    uint32_t used = (uint32_t)(commit & COMMIT_BYTES);
    uint32_t room = byte_count - TRACE_PAGE_HEADER_BYTES;

    page->time = read_long(bytes);
    page->next = TRACE_PAGE_HEADER_BYTES;
    page->end = TRACE_PAGE_HEADER_BYTES + (used < room ? used : room);
    if (!(commit & COMMIT_HAS_LOST))
        return;

    page->lost_count = 1;
    if (commit & COMMIT_HAS_LOST_COUNT && byte_count - page->end >= sizeof(uint64_t))
        page->lost_count = read_long(bytes + page->end);
}

/* Takes one more word of the page; false when there is none. */
static bool take_word(struct trace_page *page, uint32_t *word)
{
    if (page->end - page->next < sizeof(*word))
        return false;

    *word = read_word(page->bytes + page->next);
    page->next += (uint32_t)sizeof(*word);
    return true;
}

static bool take_event(struct trace_page *page, uint32_t byte_count)
{
    if (page->end - page->next < byte_count)
        return false;

    page->event = page->bytes + page->next;
    page->event_bytes = byte_count;
    page->next += byte_count;
    return true;
}

/* The bytes behind a word that says their number, its own 4 included; events end on a multiple of 4. */
static bool take_rest(struct trace_page *page, uint32_t length)
{
    if (length < sizeof(length) || length > COMMIT_BYTES)
        return false;

    return take_event(page, (length - (uint32_t)sizeof(length) + 3) & ~3u);
}

bool trace_page_next(struct trace_page *page)
{
    uint32_t first, second;

    while (take_word(page, &first)) {
        uint32_t type = first & TYPE_MASK;
        uint64_t delta = first >> TYPE_BITS;

        if (type > TYPE_LONG && type < TYPE_PADDING) {
            page->time += delta;
            return take_event(page, type * 4);
        }

        if (type == TYPE_PADDING && delta == 0) /* the rest of the page is unused */
            return false;

        if (!take_word(page, &second))
            return false;

        switch (type) {
        case TYPE_LONG:
            page->time += delta;
            return take_rest(page, second);
        case TYPE_TIME_EXTEND:
            page->time += delta + ((uint64_t)second << DELTA_BITS);
            break;
        case TYPE_TIME_STAMP:
            page->time = (page->time & TIME_STAMP_HIGH_BITS) | delta | (uint64_t)second << DELTA_BITS;
            break;
        default: /* an event that was discarded */
            if (!take_rest(page, second))
                return false;
            break;
        }
    }

    return false;
}
