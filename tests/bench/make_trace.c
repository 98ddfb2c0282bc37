/*
 * make_trace FOLDER EVENTS STREAMS [IDLE_STREAMS [PACKET_BYTES [apart]]]: writes a CTF trace with the layout
 * that LTTng-UST gives to a recording of exectrace, for benchmarks: the same bytes each time, no tracer, no
 * daemon.
 *
 * EVENTS are shared out evenly to STREAMS (one for each CPU) in the proportions of a contended program: of
 * ten, five waits (four name who released them), two system calls and three off-CPU intervals; of a thousand,
 * one wait and one wake in the long form. IDLE_STREAMS have one packet without events. A thread's operations
 * overlap, which those of real programs do not; with the last argument they are apart: each stream has
 * threads of its own, and nothing begins before the thread's last event. See analyzer_speed for what is
 * measured with it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tracepoints/contract.h"

#define MAX_PACKET_BYTES ((size_t)1 << 20)
#define MIN_PACKET_BYTES ((size_t)8 << 10)
#define HEADER_BYTES (4u + 16 + 4 + 8 + 6 * 8 + 4)
#define THREADS 64
#define STACKS 300
#define START_NS UINT64_C(1000000000000)

enum event_id {
    ID_WAIT,
    ID_WAKE,
    ID_CALL,
    ID_SWITCH,
    ID_STACK,
    ID_START,
    ID_MODULE,
    ID_WAIT_SHORT,
    ID_WAIT_WOKEN
};

static const char metadata[] =
    "/* CTF 1.8 */\n"
    "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
    "typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
    "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
    "typealias integer { size = 32; align = 8; signed = true; } := int32_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
    "typealias integer { size = 64; align = 8; signed = true; } := int64_t;\n"
    "typealias integer { size = 5; align = 1; signed = false; } := uint5_t;\n"
    "trace { major = 1; minor = 8; uuid = \"00112233-4455-6677-8899-aabbccddeeff\"; byte_order = le;\n"
    "  packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id;\n"
    "    uint64_t stream_instance_id; }; };\n"
    "env { domain = \"ust\"; tracer_name = \"lttng-ust\"; tracer_major = 2; tracer_minor = 13;\n"
    "  hostname = \"bench\"; };\n"
    "clock { name = monotonic; freq = 1000000000; offset = 1700000000000000000; };\n"
    "typealias integer { size = 27; align = 1; signed = false; map = clock.monotonic.value; } := "
    "uint27_clock_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := "
    "uint64_clock_t;\n"
    "stream { id = 0;\n"
    "  event.header := struct { enum : uint5_t { compact = 0 ... 30, extended = 31 } id; variant <id> {\n"
    "    struct { uint27_clock_t timestamp; } compact;\n"
    "    struct { uint32_t id; uint64_clock_t timestamp; } extended; } v; } align(8);\n"
    "  packet.context := struct { uint64_clock_t timestamp_begin; uint64_clock_t timestamp_end;\n"
    "    uint64_t content_size; uint64_t packet_size; uint64_t packet_seq_num; uint64_t events_discarded;\n"
    "    uint32_t cpu_id; };\n"
    "  event.context := struct { int32_t _vpid; int32_t _vtid; }; };\n"
    "event { name = \"exectrace_sync:wait\"; id = 0; stream_id = 0; fields := struct { uint8_t _kind;\n"
    "  uint8_t _outcome; uint64_t _object; uint64_t _duration; uint32_t _stack; int32_t _waker;\n"
    "  uint32_t _waker_stack; uint64_t _since_wake; }; };\n"
    "event { name = \"exectrace_sync:wake\"; id = 1; stream_id = 0; fields := struct { uint8_t _kind;\n"
    "  uint64_t _object; uint32_t _stack; }; };\n"
    "event { name = \"exectrace_syscall:call\"; id = 2; stream_id = 0; fields := struct { uint16_t _number;\n"
    "  int32_t _fd; uint8_t _fd_kind; int32_t _result; uint64_t _duration; uint32_t _stack; }; };\n"
    "event { name = \"exectrace_sched:switch\"; id = 3; stream_id = 0; fields := struct { uint64_t _time;\n"
    "  uint64_t _off_ns; int32_t _pid; int32_t _tid; uint16_t _cpu; uint16_t _prev_cpu; uint8_t _reason;\n"
    "  uint64_t _runnable_ns; int32_t _waker_tid; }; };\n"
    "event { name = \"exectrace_stack:define\"; id = 4; stream_id = 0; fields := struct { uint32_t _id;\n"
    "  uint16_t __pcs_length; uint64_t _pcs[ __pcs_length ]; }; };\n"
    "event { name = \"exectrace_process:start\"; id = 5; stream_id = 0; fields := struct { uint32_t "
    "_contract;\n"
    "  uint8_t _reason; int32_t _ppid; uint64_t _cmdline_hash; uint64_t _monotonic_ns; string _exe;\n"
    "  string _name; }; };\n"
    "event { name = \"exectrace_process:module\"; id = 6; stream_id = 0; fields := struct { uint64_t _base;\n"
    "  uint64_t _size; string _path; uint16_t __build_id_length; uint8_t _build_id[ __build_id_length ]; }; "
    "};\n"
    "event { name = \"exectrace_sync:wait_short\"; id = 7; stream_id = 0; fields := struct { uint64_t "
    "_what;\n"
    "  uint32_t _duration; uint32_t _stack; }; };\n"
    "event { name = \"exectrace_sync:wait_woken\"; id = 8; stream_id = 0; fields := struct { uint64_t "
    "_what;\n"
    "  uint32_t _duration; uint32_t _since_wake; uint64_t _who; }; };\n";

static size_t packet_bytes = MAX_PACKET_BYTES;
static uint64_t thread_groups = 1; /* streams, when operations are apart */
static int are_apart;

struct stream {
    FILE *file;
    uint64_t instance, sequence, begin_ns, now_ns;
    size_t used;
    uint64_t random;
    uint8_t packet[MAX_PACKET_BYTES];
};

static uint64_t next_random(struct stream *stream)
{
    stream->random ^= stream->random << 13;
    stream->random ^= stream->random >> 7;
    stream->random ^= stream->random << 17;
    return stream->random;
}

static void put(struct stream *stream, const void *bytes, size_t size)
{
    memcpy(stream->packet + stream->used, bytes, size);
    stream->used += size;
}

#define PUT(stream, type, value) put(stream, &(type){(type)(value)}, sizeof(type))

static void put_text(struct stream *stream, const char *text)
{
    put(stream, text, strlen(text) + 1);
}

/* Writes the packet with its header and begins the next. */
static void flush(struct stream *stream)
{
    static const uint8_t uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    uint64_t content_bits = stream->used * 8;

    stream->used = 0;
    PUT(stream, uint32_t, 0xc1fc1fc1);
    put(stream, uuid, sizeof uuid);
    PUT(stream, uint32_t, 0);
    PUT(stream, uint64_t, stream->instance);
    PUT(stream, uint64_t, stream->begin_ns);
    PUT(stream, uint64_t, stream->now_ns);
    PUT(stream, uint64_t, content_bits);
    PUT(stream, uint64_t, packet_bytes * 8);
    PUT(stream, uint64_t, stream->sequence++);
    PUT(stream, uint64_t, 0);
    PUT(stream, uint32_t, stream->instance);
    if (fwrite(stream->packet, packet_bytes, 1, stream->file) != 1)
        exit(1);
    stream->used = HEADER_BYTES;
    stream->begin_ns = stream->now_ns;
}

/* Who does something, where: each thread has a few places of its own, and each place one lock. */
struct place {
    int tid;
    uint32_t stack;
    uint64_t object;
};

static struct place next_place(struct stream *stream)
{
    uint64_t random = next_random(stream);
    uint32_t thread = (uint32_t)(random % (THREADS / thread_groups) * thread_groups);

    thread += (uint32_t)(stream->instance % thread_groups);
    uint32_t stack = 1 + (thread * 4 + (uint32_t)(random >> 32) % 8) % STACKS;

    return (struct place){1000 + (int)thread, stack, 0x7f0000000000 + stack % 50 * 64};
}

/* Of what ends now. */
static uint64_t next_duration(struct stream *stream, int tid)
{
    static uint64_t last_ns[THREADS]; /* each thread's last event */
    uint64_t duration = 1000 + next_random(stream) % 100000;
    uint64_t *last = &last_ns[tid - 1000];

    if (are_apart && duration >= stream->now_ns - *last)
        duration = stream->now_ns - *last > 1 ? stream->now_ns - *last - 1 : 0;
    *last = stream->now_ns;
    return duration;
}

static void begin_event(struct stream *stream, enum event_id id, int tid)
{
    if (stream->used > packet_bytes - 4096)
        flush(stream);
    stream->now_ns += 200 + next_random(stream) % 2000;
    PUT(stream, uint32_t, id | (uint32_t)(stream->now_ns & 0x7ffffff) << 5);
    PUT(stream, int32_t, 1000);
    PUT(stream, int32_t, tid);
}

/* Every field a number of its own. */
static void put_wait(struct stream *stream, const struct place *place)
{
    begin_event(stream, ID_WAIT, place->tid);
    PUT(stream, uint8_t, EXECTRACE_WAIT_MUTEX);
    PUT(stream, uint8_t, EXECTRACE_OUTCOME_ACQUIRED);
    PUT(stream, uint64_t, place->object);
    PUT(stream, uint64_t, next_duration(stream, place->tid));
    PUT(stream, uint32_t, place->stack);
    PUT(stream, int32_t, 0);
    PUT(stream, uint32_t, 0);
    PUT(stream, uint64_t, 0);
}

static void put_wake(struct stream *stream, const struct place *place)
{
    begin_event(stream, ID_WAKE, place->tid);
    PUT(stream, uint8_t, EXECTRACE_WAIT_MUTEX);
    PUT(stream, uint64_t, place->object);
    PUT(stream, uint32_t, place->stack);
}

/* The forms that most waits have; waker: who released it, NULL: not known. */
static void put_short_wait(struct stream *stream, const struct place *place, const struct place *waker)
{
    begin_event(stream, waker ? ID_WAIT_WOKEN : ID_WAIT_SHORT, place->tid);
    uint64_t duration = next_duration(stream, place->tid);

    PUT(stream, uint64_t, EXECTRACE_WHAT(EXECTRACE_WAIT_MUTEX, EXECTRACE_OUTCOME_ACQUIRED, place->object));
    PUT(stream, uint32_t, duration);
    if (!waker) {
        PUT(stream, uint32_t, place->stack);
        return;
    }
    PUT(stream, uint32_t, duration / 8);
    PUT(stream, uint64_t, EXECTRACE_WHO(waker->tid, waker->stack, place->stack));
}

static void put_call(struct stream *stream, const struct place *place)
{
    begin_event(stream, ID_CALL, place->tid);
    PUT(stream, uint16_t, 0);
    PUT(stream, int32_t, 5);
    PUT(stream, uint8_t, EXECTRACE_FD_SOCKET);
    PUT(stream, int32_t, 100);
    PUT(stream, uint64_t, next_duration(stream, place->tid));
    PUT(stream, uint32_t, place->stack);
}

static void put_switch(struct stream *stream, const struct place *place)
{
    begin_event(stream, ID_SWITCH, 999);
    uint64_t off_ns = next_duration(stream, place->tid);

    PUT(stream, uint64_t, stream->now_ns);
    PUT(stream, uint64_t, off_ns);
    PUT(stream, int32_t, 1000);
    PUT(stream, int32_t, place->tid);
    PUT(stream, uint16_t, stream->instance);
    PUT(stream, uint16_t, stream->instance);
    PUT(stream, uint8_t, EXECTRACE_OFF_BLOCKED);
    PUT(stream, uint64_t, off_ns / 8);
    PUT(stream, int32_t, 0);
}

static void put_event(struct stream *stream, uint64_t index)
{
    struct place place = next_place(stream), waker = next_place(stream);

    if (index % 1000 == 500)
        put_wake(stream, &place);
    else if (index % 1000 == 510)
        put_wait(stream, &place);
    else if (index % 10 < 4)
        put_short_wait(stream, &place, &waker);
    else if (index % 10 == 4)
        put_short_wait(stream, &place, NULL);
    else if (index % 10 < 7)
        put_call(stream, &place);
    else
        put_switch(stream, &place);
}

static void put_definitions(struct stream *stream)
{
    begin_event(stream, ID_START, 1000);
    PUT(stream, uint32_t, 1);
    PUT(stream, uint8_t, 0);
    PUT(stream, int32_t, 1);
    PUT(stream, uint64_t, 0);
    PUT(stream, uint64_t, stream->now_ns);
    put_text(stream, "/usr/bin/bench");
    put_text(stream, "bench");
    begin_event(stream, ID_MODULE, 1000);
    PUT(stream, uint64_t, 0x400000);
    PUT(stream, uint64_t, 0x100000);
    put_text(stream, "/usr/bin/bench");
    PUT(stream, uint16_t, 0);
    for (uint32_t stack = 1; stack <= STACKS; stack++) {
        begin_event(stream, ID_STACK, 1000);
        PUT(stream, uint32_t, stack);
        PUT(stream, uint16_t, 15);
        for (uint32_t i = 0; i < 15; i++)
            PUT(stream, uint64_t, 0x400000 + (stack * 131 + i * 977) % 0x100000);
    }
}

static FILE *open_file(const char *folder, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "make_trace: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

static void write_stream(const char *folder, uint64_t instance, uint64_t events)
{
    static struct stream stream;
    char name[64];

    snprintf(name, sizeof name, "exectrace_%" PRIu64, instance);
    stream = (struct stream){.file = open_file(folder, name),
                             .instance = instance,
                             .begin_ns = START_NS,
                             .now_ns = START_NS,
                             .used = HEADER_BYTES,
                             .random = 88172645463325252 + instance};
    if (events > 0 && instance == 0)
        put_definitions(&stream);
    for (uint64_t i = 0; i < events; i++)
        put_event(&stream, i);
    flush(&stream);
    fclose(stream.file);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: make_trace FOLDER EVENTS STREAMS [IDLE_STREAMS [PACKET_BYTES [apart]]]\n");
        return 2;
    }
    uint64_t events = strtoull(argv[2], NULL, 10), streams = strtoull(argv[3], NULL, 10);
    uint64_t idle = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;

    if (argc > 5)
        packet_bytes = strtoull(argv[5], NULL, 10);
    are_apart = argc > 6 && strcmp(argv[6], "apart") == 0;
    if (are_apart && streams > 0 && streams <= THREADS)
        thread_groups = streams;
    if (packet_bytes < MIN_PACKET_BYTES || packet_bytes > MAX_PACKET_BYTES)
        return 2;
    mkdir(argv[1], 0777);
    FILE *file = open_file(argv[1], "metadata");
    fwrite(metadata, sizeof metadata - 1, 1, file);
    fclose(file);
    for (uint64_t i = 0; i < streams; i++)
        write_stream(argv[1], i, events / streams);
    for (uint64_t i = 0; i < idle; i++)
        write_stream(argv[1], streams + i, 0);
    return 0;
}
