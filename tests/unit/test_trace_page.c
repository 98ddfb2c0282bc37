/* recorder/trace_page.c and tracefs_ring.c: pages of the kernel's trace ring buffer, laid out by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/trace_page.h"
#include "recorder/tracefs_ring.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 256
#define HAS_LOST (UINT64_C(1) << 31)
#define HAS_LOST_COUNT (UINT64_C(1) << 30)

/* A page that is being filled as the kernel does. */
struct sheet {
    uint8_t bytes[PAGE_BYTES];
    uint32_t used;
};

static void begin_sheet(struct sheet *sheet, uint64_t time)
{
    memset(sheet, 0, sizeof(*sheet));
    memcpy(sheet->bytes, &time, sizeof(time));
}

static void put_word(struct sheet *sheet, uint32_t word)
{
    memcpy(sheet->bytes + TRACE_PAGE_HEADER_BYTES + sheet->used, &word, sizeof(word));
    sheet->used += (uint32_t)sizeof(word);
}

static void put_event(struct sheet *sheet, uint32_t type, uint32_t delta)
{
    put_word(sheet, type | delta << 5);
}

static void end_sheet(struct sheet *sheet, uint64_t flags)
{
    uint64_t commit = sheet->used | flags;

    memcpy(sheet->bytes + 8, &commit, sizeof(commit));
}

static void test_trace_page__times_are_sums_of_what_lies_between(void **state)
{
    struct sheet sheet;
    struct trace_page page;

    (void)state;
    begin_sheet(&sheet, 1000);
    put_event(&sheet, 1, 7); /* one word */
    put_word(&sheet, 0x11);
    put_event(&sheet, 30, 5); /* much later */
    put_word(&sheet, 2);
    put_event(&sheet, 2, 3); /* two words */
    put_word(&sheet, 0x22);
    put_word(&sheet, 0x33);
    put_event(&sheet, 31, 9); /* an absolute time */
    put_word(&sheet, 4);
    put_event(&sheet, 0, 1); /* its length in a word of its own, rounded up */
    put_word(&sheet, 4 + 5);
    put_word(&sheet, 0x44);
    put_word(&sheet, 0x55);
    put_event(&sheet, 29, 0); /* the rest is unused */
    put_word(&sheet, 12);
    end_sheet(&sheet, 0);

    trace_page_begin(&page, sheet.bytes, PAGE_BYTES);
    assert_int_equal(page.lost_count, 0);
    assert_true(trace_page_next(&page));
    assert_int_equal(page.time, 1007);
    assert_int_equal(page.event_bytes, 4);
    assert_int_equal(page.event[0], 0x11);
    assert_true(trace_page_next(&page));
    assert_int_equal(page.time, 1007 + 5 + (2 << 27) + 3);
    assert_int_equal(page.event_bytes, 8);
    assert_true(trace_page_next(&page));
    assert_int_equal(page.time, 9 + (UINT64_C(4) << 27) + 1);
    assert_int_equal(page.event_bytes, 8);
    assert_int_equal(page.event[4], 0x55);
    assert_false(trace_page_next(&page));
}

static void test_trace_page__discarded_events_are_passed_over(void **state)
{
    struct sheet sheet;
    struct trace_page page;

    (void)state;
    begin_sheet(&sheet, 1000);
    put_event(&sheet, 29, 1);
    put_word(&sheet, 8);
    put_word(&sheet, 0);
    put_event(&sheet, 1, 7);
    put_word(&sheet, 0x11);
    end_sheet(&sheet, 0);

    trace_page_begin(&page, sheet.bytes, PAGE_BYTES);
    assert_true(trace_page_next(&page));
    assert_int_equal(page.time, 1007);
    assert_false(trace_page_next(&page));
}

static void test_trace_page__lost_events_are_counted_when_the_kernel_did(void **state)
{
    const uint64_t count = 123456789012;
    struct sheet sheet;
    struct trace_page page;

    (void)state;
    begin_sheet(&sheet, 1000);
    put_event(&sheet, 1, 7);
    put_word(&sheet, 0x11);
    end_sheet(&sheet, HAS_LOST);
    trace_page_begin(&page, sheet.bytes, PAGE_BYTES);
    assert_int_equal(page.lost_count, 1);

    end_sheet(&sheet, HAS_LOST | HAS_LOST_COUNT);
    memcpy(sheet.bytes + TRACE_PAGE_HEADER_BYTES + sheet.used, &count, sizeof(count));
    trace_page_begin(&page, sheet.bytes, PAGE_BYTES);
    assert_int_equal(page.lost_count, count);
    assert_true(trace_page_next(&page));
    assert_false(trace_page_next(&page));

    /* No room for the number: it is not read from behind the page. */
    trace_page_begin(&page, sheet.bytes, TRACE_PAGE_HEADER_BYTES + 12);
    assert_int_equal(page.lost_count, 1);
}

static void test_trace_page__nonsense_ends_it(void **state)
{
    static const uint32_t nonsense[][2] = {
        {28, 0},          /* longer than what is left */
        {0, 0},           /* a length that does not count its own word */
        {0, 0xffffffff},  /* a length that overflows */
        {0, 4096},        /* a length beyond the page */
        {29 | 1 << 5, 3}, /* padding of that kind */
    };

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(nonsense); i++) {
        struct sheet sheet;
        struct trace_page page;

        begin_sheet(&sheet, 1000);
        put_word(&sheet, nonsense[i][0]);
        put_word(&sheet, nonsense[i][1]);
        end_sheet(&sheet, 0);
        trace_page_begin(&page, sheet.bytes, PAGE_BYTES);
        assert_false(trace_page_next(&page));

        /* Also when the page says that more is in use than it has. */
        sheet.used = 0x07ffffff;
        end_sheet(&sheet, 0);
        trace_page_begin(&page, sheet.bytes, TRACE_PAGE_HEADER_BYTES + 8);
        assert_false(trace_page_next(&page));
    }

    struct trace_page page;
    trace_page_begin(&page, (const uint8_t *)"", 0);
    assert_false(trace_page_next(&page));
}

static const struct sched_tracepoints tracepoints = {
    .sched_switch = {.id = 300, .prev_pid = {8, 4}, .prev_state = {16, 8}, .next_pid = {24, 4}},
    .waking = {.id = 301, .pid = {8, 4}},
    .wakeup_new = {.id = 302, .pid = {8, 4}},
};

/* A sched_waking of thread tid by thread 11. */
static void put_waking(struct sheet *sheet, uint32_t delta, uint32_t tid)
{
    put_event(sheet, 3, delta);
    put_word(sheet, 301);
    put_word(sheet, 11);
    put_word(sheet, tid);
}

/* A descriptor that gives one page with every read, as the kernel's does. */
static int pages_fd(const struct sheet *sheets, unsigned count)
{
    int fd = (int)syscall(SYS_memfd_create, "pages", 0);

    for (unsigned i = 0; i < count; i++)
        assert_int_equal(write(fd, sheets[i].bytes, PAGE_BYTES), PAGE_BYTES);

    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void test_tracefs_ring__goes_on_from_page_to_page(void **state)
{
    struct sheet sheets[3];
    struct tracefs_ring ring = {0};
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    (void)state;
    begin_sheet(&sheets[0], 1000);
    put_waking(&sheets[0], 1, 20);
    end_sheet(&sheets[0], 0);
    begin_sheet(&sheets[1], 1500); /* empty */
    end_sheet(&sheets[1], 0);
    begin_sheet(&sheets[2], 2000);
    put_waking(&sheets[2], 5, 21);
    end_sheet(&sheets[2], HAS_LOST);

    tracefs_ring_init(&ring, pages_fd(sheets, 3), 7, &tracepoints, PAGE_BYTES);
    const struct record_stream_kind *kind = ring.stream.kind;
    assert_true(kind->refresh(&ring.stream));
    assert_true(kind->refresh(&ring.stream)); /* nothing is passed over by looking */
    assert_int_equal(ring.stream.next_time, 1001);
    assert_int_equal(kind->read(&ring.stream, records), 1);
    assert_int_equal(records[0].type, SCHED_RECORD_WAKEUP);
    assert_int_equal(records[0].time, 1001);
    assert_int_equal(records[0].cpu, 7);
    assert_int_equal(records[0].tid, 20);
    assert_int_equal(records[0].waker_tid, 11);

    assert_true(kind->advance(&ring.stream));
    assert_int_equal(ring.stream.next_time, 2005);
    assert_int_equal(kind->read(&ring.stream, records), 1);
    assert_int_equal(records[0].type, SCHED_RECORD_LOST);
    assert_int_equal(records[0].count, 1);
    assert_true(kind->advance(&ring.stream));
    assert_int_equal(kind->read(&ring.stream, records), 1);
    assert_int_equal(records[0].tid, 21);
    assert_false(kind->advance(&ring.stream));
    assert_false(kind->refresh(&ring.stream));
    tracefs_ring_clear(&ring);
}

static void put_switch(struct sheet *sheet, uint32_t delta, uint32_t prev_tid, uint32_t next_tid)
{
    put_event(sheet, 7, delta);
    put_word(sheet, 300);
    put_word(sheet, prev_tid);
    put_word(sheet, prev_tid);
    put_word(sheet, 0);
    put_word(sheet, 1); /* it sleeps */
    put_word(sheet, 0);
    put_word(sheet, next_tid);
}

static void test_tracefs_ring__untold_switch_is_seen_by_who_leaves_the_cpu(void **state)
{
    static const struct {
        int32_t prev_tid;
        uint64_t put_on_after;
    } expected[] = {{20, 0}, {0, 0}, {21, 1002}, {20, 1003}};
    struct sheet sheet;
    struct tracefs_ring ring = {0};
    struct sched_record records[RECORD_STREAM_MAX_MEANINGS];

    (void)state;
    begin_sheet(&sheet, 1000);
    put_switch(&sheet, 1, 20, 0);
    put_switch(&sheet, 1, 0, 20);
    put_switch(&sheet, 1, 21, 0); /* not 20 */
    put_switch(&sheet, 1, 20, 0); /* not 0 */
    end_sheet(&sheet, 0);

    tracefs_ring_init(&ring, pages_fd(&sheet, 1), 0, &tracepoints, PAGE_BYTES);
    assert_true(ring.stream.kind->refresh(&ring.stream));
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        assert_int_equal(ring.stream.kind->read(&ring.stream, records), 2);
        assert_int_equal(records[0].tid, expected[i].prev_tid);
        assert_int_equal(records[0].put_on_after, expected[i].put_on_after);
        assert_int_equal(ring.stream.kind->advance(&ring.stream), i + 1 < G_N_ELEMENTS(expected));
    }

    assert_int_equal(ring.switch_count, 4);
    assert_int_equal(ring.idle_count, 3);
    tracefs_ring_clear(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_page__times_are_sums_of_what_lies_between),
        cmocka_unit_test(test_trace_page__discarded_events_are_passed_over),
        cmocka_unit_test(test_trace_page__lost_events_are_counted_when_the_kernel_did),
        cmocka_unit_test(test_trace_page__nonsense_ends_it),
        cmocka_unit_test(test_tracefs_ring__goes_on_from_page_to_page),
        cmocka_unit_test(test_tracefs_ring__untold_switch_is_seen_by_who_leaves_the_cpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
