/* recorder/open_operations.c: what threads of a killed program were waiting for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/folders.h"
#include "recorder/open_operations.h"

#include "tracepoints/contract.h"
#include "tracepoints/state.h"

#include <unistd.h>

/* The events that came out, one line each. Callbacks carry no context, so this is the only one. */
static GString *output;

struct fixture {
    char *folder;
    struct state_file *file; /* contents to be written by put_file */
};

static void print_open(const struct recorder_open_operation *open)
{
    g_string_append_printf(output, "%d/%d kind %d object %" G_GINT64_MODIFIER "x number %d fd %d/%d ",
                           open->pid, open->tid, open->kind, open->object, open->number, open->fd,
                           open->fd_kind);
    g_string_append_printf(output, "for %" G_GUINT64_FORMAT " stack %u leaf %" G_GINT64_MODIFIER "x\n",
                           open->duration_ns, open->stack, open->leaf_pc);
}

static const struct recorder_events printing_events = {.process_open = print_open};

/* Process 20 ended at 900; of the others nothing is known. */
static uint64_t process_end(int32_t pid, void *data)
{
    (void)data;
    return pid == 20 ? 900 : 0;
}

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);

    fixture->folder = g_dir_make_tmp("exectrace-test-XXXXXX", NULL);
    fixture->file = g_malloc0(STATE_FILE_BYTES);
    output = g_string_new(NULL);
    *state = fixture;
    return fixture->folder ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    folders_remove(fixture->folder);
    g_string_free(output, TRUE);
    g_free(fixture->file);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

/* A process with a mutex wait in slot 0 and a read in slot 2. */
static void describe_process(struct fixture *fixture, int32_t pid)
{
    struct state_file *file = fixture->file;

    file->magic = STATE_MAGIC;
    file->version = STATE_VERSION;
    file->pid = pid;
    file->slot_count = STATE_SLOT_COUNT;
    file->slots[0].tid = pid;
    file->slots[0].operation = (struct state_operation){.operation = EXECTRACE_OPERATION_SYNC,
                                                        .kind = EXECTRACE_WAIT_MUTEX,
                                                        .object = 0xabc,
                                                        .start_ns = 400,
                                                        .stack = 7};
    file->slots[1].tid = pid + 1; /* idle */
    file->slots[2].tid = pid + 2;
    file->slots[2].operation = (struct state_operation){.operation = EXECTRACE_OPERATION_SYSCALL,
                                                        .number = 0,
                                                        .fd = 3,
                                                        .fd_kind = EXECTRACE_FD_PIPE,
                                                        .start_ns = 500,
                                                        .leaf_pc = 0x1234};
}

static void put_file(struct fixture *fixture, const char *name, gssize size)
{
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);

    assert_true(g_file_set_contents(path, (const char *)fixture->file, size, NULL));
}

static unsigned emit(const struct fixture *fixture)
{
    return open_operations_emit(fixture->folder, 1000, process_end, NULL, &printing_events);
}

static void test_open_operations__run_to_the_end_of_their_process(void **state)
{
    struct fixture *fixture = *state;

    describe_process(fixture, 20);
    put_file(fixture, "20", STATE_FILE_BYTES);
    describe_process(fixture, 30);
    fixture->file->slots[2].tid = 0;
    put_file(fixture, "30", STATE_FILE_BYTES);

    assert_int_equal(emit(fixture), 3);
    assert_string_equal(output->str, "20/20 kind 1 object abc number 0 fd -1/0 for 500 stack 7 leaf 0\n"
                                     "20/22 kind 0 object 0 number 0 fd 3/3 for 400 stack 0 leaf 1234\n"
                                     "30/30 kind 1 object abc number 0 fd -1/0 for 600 stack 7 leaf 0\n");
}

static void test_open_operations__library_that_reported_is_left_out(void **state)
{
    struct fixture *fixture = *state;

    describe_process(fixture, 20);
    fixture->file->finished = 1;
    put_file(fixture, "20", STATE_FILE_BYTES);
    assert_int_equal(emit(fixture), 0);
}

static void test_open_operations__slot_half_written_is_left_out(void **state)
{
    struct fixture *fixture = *state;

    describe_process(fixture, 20);
    fixture->file->slots[0].sequence = 5;
    put_file(fixture, "20", STATE_FILE_BYTES);
    assert_int_equal(emit(fixture), 1);
}

static void test_open_operations__start_after_the_end_has_no_duration(void **state)
{
    struct fixture *fixture = *state;

    describe_process(fixture, 20);
    fixture->file->slots[0].operation.start_ns = 5000;
    fixture->file->slots[2].tid = 0;
    put_file(fixture, "20", STATE_FILE_BYTES);
    emit(fixture);
    assert_string_equal(output->str, "20/20 kind 1 object abc number 0 fd -1/0 for 0 stack 7 leaf 0\n");
}

static void test_open_operations__strange_files_are_ignored(void **state)
{
    struct fixture *fixture = *state;

    describe_process(fixture, 20);
    put_file(fixture, "cut", STATE_FILE_BYTES - 1);
    put_file(fixture, "empty", 0);
    fixture->file->slot_count = UINT32_MAX;
    fixture->file->slots[0].operation.operation = 99;
    fixture->file->slots[2].tid = -1;
    put_file(fixture, "odd", STATE_FILE_BYTES);
    fixture->file->magic++;
    put_file(fixture, "other", STATE_FILE_BYTES);
    assert_int_equal(emit(fixture), 0);
    assert_int_equal(open_operations_emit("/no/such/folder", 1000, process_end, NULL, &printing_events), 0);
}

static void test_open_operations__last_slot_is_read(void **state)
{
    struct fixture *fixture = *state;

    describe_process(fixture, 20);
    fixture->file->slots[STATE_SLOT_COUNT - 1] = fixture->file->slots[0];
    put_file(fixture, "20", STATE_FILE_BYTES);
    assert_int_equal(emit(fixture), 3);
}

/* Three threads wait for one object; the one that looked last saw thread 21. */
static void describe_waiters(struct fixture *fixture, uint8_t kind)
{
    static const int32_t seen[] = {20, 21, -1};

    describe_process(fixture, 20);
    for (unsigned i = 0; i < 3; i++) {
        fixture->file->slots[i].tid = 20 + (int)i;
        fixture->file->slots[i].operation = (struct state_operation){.operation = EXECTRACE_OPERATION_SYNC,
                                                                     .kind = kind,
                                                                     .object = 0xabc,
                                                                     .start_ns = 800 - 100 * i,
                                                                     .fd = seen[i],
                                                                     .holder_ns = 800 + i};
    }
}

static void test_open_operations__latest_seen_holder_counts_for_all(void **state)
{
    struct fixture *fixture = *state;

    describe_waiters(fixture, EXECTRACE_WAIT_MUTEX);
    put_file(fixture, "20", STATE_FILE_BYTES);
    assert_int_equal(emit(fixture), 3);
    assert_string_equal(output->str, "20/20 kind 1 object abc number 0 fd 21/0 for 100 stack 0 leaf 0\n"
                                     "20/21 kind 1 object abc number 0 fd 21/0 for 200 stack 0 leaf 0\n"
                                     "20/22 kind 1 object abc number 0 fd 21/0 for 300 stack 0 leaf 0\n");
}

static void test_open_operations__who_lists_a_lock_holds_it(void **state)
{
    struct fixture *fixture = *state;

    describe_waiters(fixture, EXECTRACE_WAIT_MUTEX);
    fixture->file->slots[7].tid = 27;
    fixture->file->holds[7].objects[STATE_HOLD_COUNT - 1] = 0xabc;
    fixture->file->holds[8].objects[0] = 0xabc; /* its thread has ended */
    put_file(fixture, "20", STATE_FILE_BYTES);
    emit(fixture);
    assert_string_equal(output->str, "20/20 kind 1 object abc number 0 fd 27/0 for 100 stack 0 leaf 0\n"
                                     "20/21 kind 1 object abc number 0 fd 27/0 for 200 stack 0 leaf 0\n"
                                     "20/22 kind 1 object abc number 0 fd 27/0 for 300 stack 0 leaf 0\n");
}

/* Thread 22 reads and wants to write; 27 and 28 read, and 28 waits since long. */
static void test_open_operations__of_readers_one_that_is_stuck_is_named(void **state)
{
    struct fixture *fixture = *state;

    describe_waiters(fixture, EXECTRACE_WAIT_RWLOCK_WRITE);
    fixture->file->holds[2].objects[1] = 0xabc;
    fixture->file->slots[7].tid = 27;
    fixture->file->holds[7].objects[0] = 0xabc;
    fixture->file->slots[8].tid = 28;
    fixture->file->holds[8].objects[0] = 0xabc;
    fixture->file->slots[8].operation = (struct state_operation){
        .operation = EXECTRACE_OPERATION_SYNC, .kind = EXECTRACE_WAIT_COND, .object = 0xdef, .start_ns = 1};
    put_file(fixture, "20", STATE_FILE_BYTES);
    emit(fixture);
    assert_string_equal(output->str, "20/20 kind 3 object abc number 0 fd 28/0 for 100 stack 0 leaf 0\n"
                                     "20/21 kind 3 object abc number 0 fd 28/0 for 200 stack 0 leaf 0\n"
                                     "20/22 kind 3 object abc number 0 fd 22/0 for 300 stack 0 leaf 0\n"
                                     "20/28 kind 5 object def number 0 fd -1/0 for 899 stack 0 leaf 0\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_open_operations__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(run_to_the_end_of_their_process),
        TEST(library_that_reported_is_left_out),
        TEST(slot_half_written_is_left_out),
        TEST(start_after_the_end_has_no_duration),
        TEST(strange_files_are_ignored),
        TEST(last_slot_is_read),
        TEST(latest_seen_holder_counts_for_all),
        TEST(who_lists_a_lock_holds_it),
        TEST(of_readers_one_that_is_stuck_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
