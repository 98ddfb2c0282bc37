/* recorder/perf_ring.c: records of the kernel, laid out by hand in a ring of ordinary memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/perf_ring.h"

#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct fixture {
    struct perf_ring ring;
    struct perf_event_mmap_page *control;
    uint8_t *data;
    uint64_t page_bytes;
};

/* A ring is mapped from a descriptor; memory behind one serves as well as the kernel's. */
static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    int fd = (int)syscall(SYS_memfd_create, "ring", 0);

    fixture->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    *state = fixture;
    if (ftruncate(fd, (off_t)(2 * fixture->page_bytes)) != 0 ||
        !perf_ring_init(&fixture->ring, fd, NULL, fixture->page_bytes))
        return -1;

    fixture->control = fixture->ring.mapping;
    fixture->data = (uint8_t *)fixture->ring.mapping + fixture->page_bytes;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    perf_ring_clear(&fixture->ring);
    g_free(fixture);
    return 0;
}

static bool refresh(struct perf_ring *ring)
{
    return ring->stream.kind->refresh(&ring->stream);
}

static unsigned read_records(struct perf_ring *ring, struct sched_record *records)
{
    return ring->stream.kind->read(&ring->stream, records);
}

static bool advance(struct perf_ring *ring)
{
    return ring->stream.kind->advance(&ring->stream);
}

/* Appends a record as the kernel does: header, body, and what sample_id_all adds. */
static void put(struct fixture *fixture, uint32_t type, uint16_t misc, const void *body, uint16_t body_bytes,
                uint64_t time)
{
    struct perf_event_header header = {.type = type, .misc = misc};
    struct {
        uint32_t pid, tid;
        uint64_t time;
        uint32_t cpu, reserved;
    } id = {.pid = 10, .tid = 11, .time = time, .cpu = 3};
    uint8_t record[4096];

    header.size = (uint16_t)(sizeof(header) + body_bytes + sizeof(id));
    memcpy(record, &header, sizeof(header));
    memcpy(record + sizeof(header), body, body_bytes);
    memcpy(record + sizeof(header) + body_bytes, &id, sizeof(id));
    for (uint16_t i = 0; i < header.size; i++)
        fixture->data[(fixture->control->data_head + i) % fixture->page_bytes] = record[i];

    fixture->control->data_head += header.size;
}

static void test_perf_ring__empty_one_has_no_record(void **state)
{
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    assert_false(refresh(&fixture->ring));
    assert_int_equal(read_records(&fixture->ring, records), 0);
    assert_false(advance(&fixture->ring));
}

static void test_perf_ring__switches_are_told_apart(void **state)
{
    static const struct {
        uint16_t misc;
        enum sched_record_type type;
    } cases[] = {
        {0, SCHED_RECORD_IN},
        {PERF_RECORD_MISC_SWITCH_OUT, SCHED_RECORD_OUT},
        {PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT, SCHED_RECORD_OUT_PREEMPTED}};
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
        put(fixture, PERF_RECORD_SWITCH, cases[i].misc, "", 0, 100 + i);

    assert_true(refresh(&fixture->ring));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

        assert_int_equal(fixture->ring.stream.next_time, 100 + i);
        assert_int_equal(read_records(&fixture->ring, records), 1);
        assert_int_equal(records[0].type, cases[i].type);
        assert_int_equal(records[0].pid, 10);
        assert_int_equal(records[0].tid, 11);
        assert_int_equal(records[0].cpu, 3);
        assert_int_equal(advance(&fixture->ring), i + 1 < G_N_ELEMENTS(cases));
    }

    assert_int_equal(fixture->control->data_tail, fixture->control->data_head);
}

static void test_perf_ring__record_over_the_end_is_made_whole(void **state)
{
    struct {
        uint32_t pid, tid;
        char name[16];
    } body = {.pid = 20, .tid = 21, .name = "a name of 15 ch"};
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    /* As if the ring had been used up to 16 bytes before its end. */
    fixture->control->data_head = fixture->ring.tail = fixture->page_bytes - 16;
    put(fixture, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, &body, sizeof(body), 500);
    assert_true(refresh(&fixture->ring));
    assert_int_equal(read_records(&fixture->ring, records), 1);
    assert_int_equal(records[0].type, SCHED_RECORD_NAME);
    assert_int_equal(records[0].time, 500);
    assert_int_equal(records[0].tid, 21);
    assert_true(records[0].is_exec);
    assert_string_equal(records[0].text, "a name of 15 ch");
    assert_false(advance(&fixture->ring));
}

static void test_perf_ring__half_written_record_is_not_read(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, PERF_RECORD_SWITCH, 0, "", 0, 100);
    fixture->control->data_head -= 8;
    assert_false(refresh(&fixture->ring));
}

static void test_perf_ring__loss_and_fork_are_decoded(void **state)
{
    const uint64_t lost[2] = {77, 1234};
    const struct {
        uint32_t pid, parent_pid, tid, parent_tid;
        uint64_t time;
    } fork = {.pid = 30, .parent_pid = 10, .tid = 31, .parent_tid = 11, .time = 90};
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    put(fixture, PERF_RECORD_LOST, 0, lost, sizeof(lost), 80);
    put(fixture, PERF_RECORD_FORK, 0, &fork, sizeof(fork), 90);
    put(fixture, PERF_RECORD_THROTTLE, 0, lost, sizeof(lost), 95);
    assert_true(refresh(&fixture->ring));
    read_records(&fixture->ring, records);
    assert_int_equal(records[0].type, SCHED_RECORD_LOST);
    assert_int_equal(records[0].count, 1234);
    advance(&fixture->ring);
    read_records(&fixture->ring, records);
    assert_int_equal(records[0].type, SCHED_RECORD_FORK);
    assert_int_equal(records[0].tid, 31);
    assert_int_equal(records[0].parent_tid, 11);
    advance(&fixture->ring);
    assert_int_equal(read_records(&fixture->ring, records), 0);
}

static void test_perf_ring__callchain_longer_than_its_record_is_cut(void **state)
{
    /* A sample has its identity in front. */
    struct {
        struct perf_event_header header;
        uint32_t pid, tid;
        uint64_t time;
        uint32_t cpu, reserved;
        uint64_t count;
        uint64_t pcs[3];
    } sample = {.header = {.type = PERF_RECORD_SAMPLE, .size = sizeof(sample)},
                .tid = 11,
                .time = 100,
                .count = 1000,
                .pcs = {(uint64_t)PERF_CONTEXT_USER, 0x1000, 0x2000}};
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    memcpy(fixture->data, &sample, sizeof(sample));
    fixture->control->data_head = sizeof(sample);
    assert_true(refresh(&fixture->ring));
    assert_int_equal(read_records(&fixture->ring, records), 1);
    assert_int_equal(records[0].pcs_count, 2);
    assert_int_equal(records[0].pcs[1], 0x2000);
}

static const struct sched_tracepoints tracepoints = {
    .sched_switch = {.id = 300, .prev_pid = {8, 4}, .prev_state = {16, 8}, .next_pid = {24, 4}},
    .waking = {.id = 301, .pid = {8, 4}},
    .wakeup_new = {.id = 302, .pid = {8, 4}},
};

/* A tracepoint's record: its raw bytes begin with the tracepoint's number. */
static void put_tracepoint(struct fixture *fixture, const void *raw, uint32_t raw_bytes)
{
    struct {
        struct perf_event_header header;
        uint32_t pid, tid;
        uint64_t time;
        uint32_t cpu, reserved;
        uint32_t raw_bytes;
        uint8_t raw[36];
    } record = {.header = {.type = PERF_RECORD_SAMPLE, .size = sizeof(record)},
                .tid = 11,
                .time = 100,
                .cpu = 1,
                .raw_bytes = raw_bytes};

    memcpy(record.raw, raw, MIN(raw_bytes, sizeof(record.raw)));
    memcpy(fixture->data, &record, sizeof(record));
    fixture->control->data_head = sizeof(record);
    fixture->ring.tracepoints = &tracepoints;
    assert_true(refresh(&fixture->ring));
}

static void test_perf_ring__switch_tracepoint_is_one_out_and_one_in(void **state)
{
    const struct {
        uint16_t id;
        uint8_t flags, preempt_count;
        int32_t common_pid;
        int32_t prev_pid, prev_priority;
        int64_t prev_state;
        int32_t next_pid, next_priority;
    } raw = {.id = 300, .prev_pid = 20, .prev_state = 1, .next_pid = 21};
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    put_tracepoint(fixture, &raw, sizeof(raw));
    assert_int_equal(read_records(&fixture->ring, records), 2);
    assert_int_equal(records[0].type, SCHED_RECORD_OUT);
    assert_int_equal(records[0].tid, 20);
    assert_int_equal(records[1].type, SCHED_RECORD_IN);
    assert_int_equal(records[1].tid, 21);
    assert_int_equal(records[1].time, 100);
}

static void test_perf_ring__waker_in_an_interrupt_is_nobody(void **state)
{
    struct {
        uint16_t id;
        uint8_t flags, preempt_count;
        int32_t common_pid;
        int32_t pid, target_cpu;
    } raw = {.id = 301, .common_pid = 11, .pid = 20, .target_cpu = 1};
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    put_tracepoint(fixture, &raw, sizeof(raw));
    assert_int_equal(read_records(&fixture->ring, records), 1);
    assert_int_equal(records[0].type, SCHED_RECORD_WAKEUP);
    assert_int_equal(records[0].tid, 20);
    assert_int_equal(records[0].waker_tid, 11);

    raw.flags = 0x08;
    put_tracepoint(fixture, &raw, sizeof(raw));
    read_records(&fixture->ring, records);
    assert_int_equal(records[0].waker_tid, 0);
}

static void test_perf_ring__tracepoint_with_an_absurd_size_is_dropped(void **state)
{
    const uint16_t raw[18] = {301};
    struct fixture *fixture = *state;
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    put_tracepoint(fixture, raw, 37);
    assert_int_equal(read_records(&fixture->ring, records), 0);
    put_tracepoint(fixture, raw, 1);
    assert_int_equal(read_records(&fixture->ring, records), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_perf_ring__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_one_has_no_record),
        TEST(switches_are_told_apart),
        TEST(record_over_the_end_is_made_whole),
        TEST(half_written_record_is_not_read),
        TEST(loss_and_fork_are_decoded),
        TEST(callchain_longer_than_its_record_is_cut),
        TEST(switch_tracepoint_is_one_out_and_one_in),
        TEST(waker_in_an_interrupt_is_nobody),
        TEST(tracepoint_with_an_absurd_size_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
