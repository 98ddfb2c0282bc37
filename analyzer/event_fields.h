/*
 * Which members of struct event each type of event has, with their names as text: what event_text reads and
 * writes by. Static tables; pure.
 */
#ifndef ANALYZER_EVENT_FIELDS_H
#define ANALYZER_EVENT_FIELDS_H

#include "analyzer/event.h"

enum event_field_kind {
    FIELD_END = 0,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_HEX64,
    FIELD_I32,         /* left out: 0 */
    FIELD_I32_UNKNOWN, /* left out: -1 */
    FIELD_I64,
    FIELD_BOOL,
    FIELD_DOUBLE,
    FIELD_STRING,
    FIELD_PCS,   /* struct event_pcs */
    FIELD_BYTES, /* const uint8_t * with a uint32_t size at size_offset */
};

struct event_field {
    const char *key;
    enum event_field_kind kind;
    size_t offset;
    size_t size_offset;
    const char *const *names; /* of an enum (FIELD_U32), NULL-terminated, "" where a number has no name */
};

/* The fields of a type, ended by one of kind FIELD_END. */
const struct event_field *event_fields_of(uint32_t type);
/* Those that every type has. */
const struct event_field *event_fields_common(void);
/* "wait", "kernel_switch"...: the enum's name in lower case. type must be one. */
const char *event_fields_type_name(uint32_t type);

#endif
