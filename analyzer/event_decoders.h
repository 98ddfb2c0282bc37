/*
 * Which events of which tracer become which struct event: tables of names. Pure, knows no trace library;
 * ctf_decode resolves the names against a trace's metadata once per event class.
 */
#ifndef ANALYZER_EVENT_DECODERS_H
#define ANALYZER_EVENT_DECODERS_H

#include "analyzer/event.h"

/* What a member of struct event is; a field of any integer type of the trace fits any integer kind. */
enum decoder_kind {
    DECODER_END = 0,
    DECODER_U16,
    DECODER_U32,
    DECODER_U64,
    DECODER_I32,
    DECODER_I64,
    DECODER_BOOL,
    DECODER_DOUBLE,
    DECODER_TEXT,
    DECODER_PCS,   /* struct event_pcs */
    DECODER_BYTES, /* pointer at offset, uint32_t size at size_offset */
    DECODER_TIME,  /* CLOCK_MONOTONIC nanoseconds: becomes event.time_ns */
};

struct decoder_field {
    const char *name; /* of the payload field, without leading underscores */
    enum decoder_kind kind;
    uint16_t offset; /* in struct event */
    uint16_t size_offset;
};

/* What an event is worth when the trace does not say its thread. */
enum decoder_thread {
    THREAD_ANY,      /* as much */
    THREAD_WANTED,   /* nothing: it becomes EVENT_OTHER */
    THREAD_REQUIRED, /* the same, and the user is told how to record it */
};

struct decoder {
    const char *event_name;               /* in the trace */
    uint32_t type;                        /* enum event_type */
    const struct decoder_field *fields;   /* of the payload; those that a trace does not have stay 0 or -1 */
    void (*prepare)(struct event *event); /* before the fields; NULL: nothing */
    void (*finish)(struct event *event);  /* after the fields; NULL: nothing */
    enum decoder_thread thread;
};

/* For events that say nothing to the analyzer. */
extern const struct decoder event_decoder_other;
/*
 * Likewise: perf's own records (`perf data convert --all`). Those of what went on before it began have the
 * time 0, so they must not count as the beginning of the trace.
 */
extern const struct decoder event_decoder_perf_record;

/*
 * Returns the decoder of an event class; event_decoder_other for a name that nobody knows. For system calls
 * of the kernel *call_name becomes the call's name ("read", interned), else NULL.
 */
const struct decoder *event_decoder_find(const char *event_name, const char **call_name);

#endif
