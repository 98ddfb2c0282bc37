/*
 * From a babeltrace2 event message to a struct event. For each event class of a trace a plan is made once,
 * with the positions of the fields that matter, so that no event needs a name to be looked up.
 *
 * Belongs to one worker; includes babeltrace2, so only ctf_*.c may include this.
 */
#ifndef ANALYZER_CTF_DECODE_H
#define ANALYZER_CTF_DECODE_H

#include <babeltrace2/babeltrace.h>
#include "analyzer/event_batch.h"
#include "analyzer/event_decoders.h"

/* Longest text and sequence taken from a trace; the rest is cut off. */
#define CTF_MAX_TEXT_BYTES 4095
#define CTF_MAX_PCS 1024
#define CTF_MAX_BYTES 4096

struct ctf_step; /* one field: where it is in the trace, where it goes to in struct event */

struct ctf_plan {
    const bt_event_class *event_class;
    const struct decoder *decoder;
    const char *call_name;  /* of the kernel's system call events; interned */
    struct ctf_step *steps; /* owned; common context, specific context, payload */
    unsigned payload_count, common_count, specific_count;
    int time_member;        /* payload member with the event's own time; -1: none */
    int number_member;      /* payload member with the number of an EVENT_CALL; -1: none */
    bool has_context;       /* the events come with a call stack or a process id */
    bool is_thread_missing; /* the events need a thread, and have none */
};

struct ctf_plan *ctf_plan_new(const bt_event_class *event_class);
void ctf_plan_free(struct ctf_plan *plan);
/*
 * The event's own time (CLOCK_MONOTONIC ns); only for plans with time_member >= 0.
 */
uint64_t ctf_plan_time(const struct ctf_plan *plan, const bt_event *event);
/* The system call's number; only for plans with number_member >= 0. */
uint64_t ctf_plan_call_number(const struct ctf_plan *plan, const bt_event *event);
/* Fills event (zeroed, ids -1, time_ns, cpu and host set). Text and sequences go into the batch's arena. */
void ctf_plan_decode(const struct ctf_plan *plan, const bt_event *from, struct event *event,
                     struct event_batch *batch);

#endif
