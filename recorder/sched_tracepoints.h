/*
 * The kernel's scheduling tracepoints: numbers and layouts, read from tracefs. Only who may read tracefs and
 * watch whole CPUs (root, CAP_PERFMON) can use them.
 */
#ifndef EXECTRACE_RECORDER_SCHED_TRACEPOINTS_H
#define EXECTRACE_RECORDER_SCHED_TRACEPOINTS_H

#include "recorder/sched_pairing.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a field is in a tracepoint's raw record. */
struct tracepoint_field {
    uint16_t offset;
    uint16_t size;
};

/* A task that became runnable: sched_waking, sched_wakeup_new. */
struct wake_layout {
    uint16_t id;
    struct tracepoint_field pid;
};

struct switch_layout {
    uint16_t id;
    struct tracepoint_field prev_pid;
    struct tracepoint_field prev_state;
    struct tracepoint_field next_pid;
};

struct sched_tracepoints {
    struct switch_layout sched_switch;
    struct wake_layout waking;
    struct wake_layout wakeup_new;
};

/* False: tracefs is not there, may not be read, or our process numbers are not the kernel's (a container). */
bool sched_tracepoints_find(struct sched_tracepoints *tracepoints);

/* The number of any tracepoint, "group/name"; 0: there is none, or tracefs may not be read. */
uint16_t sched_tracepoints_find_id(const char *tracepoint);

/*
 * Decodes the raw record of a tracepoint, of any task of the machine. The caller has set time and cpu of
 * records[0]; pid stays 0: not known from such a record. How many of records[2] were filled in: a switch is
 * one thread off and one on; 0: it is none of our tracepoints.
 */
unsigned sched_tracepoints_decode(const struct sched_tracepoints *tracepoints, const uint8_t *raw,
                                  uint32_t raw_bytes, struct sched_record *records);

/* Finds a field in the text of a tracepoint's `format` file. False: there is none of that name. */
bool sched_tracepoints_parse_field(const char *format, const char *name, struct tracepoint_field *field);

/* The value of a field of 1, 2, 4 or 8 bytes; 0 when it is not wholly in the record. */
int64_t sched_tracepoints_read(const struct tracepoint_field *field, const uint8_t *raw, uint32_t raw_bytes);

#endif
