#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <glib/gstdio.h>
#include "analyzer/ctf_folders.h"

#define UUID "00112233-4455-6677-8899-aabbccddeeff"

static int set_up(void **state)
{
    *state = g_dir_make_tmp("exectrace-test-XXXXXX", NULL);
    return *state == NULL;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_unlink(child) != 0)
            remove_tree(child);
    }
    g_rmdir(path);
}

static int tear_down(void **state)
{
    remove_tree(*state);
    g_free(*state);
    return 0;
}

static void put_file(const char *top, const char *name, const void *bytes, size_t size)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    assert_int_equal(g_mkdir_with_parents(folder, 0777), 0);
    assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
}

static void put_text(const char *top, const char *name, const char *text)
{
    put_file(top, name, text, strlen(text));
}

static const struct ctf_trace *trace_at(const struct ctf_trace_list *list, guint index)
{
    return g_ptr_array_index(list->traces, index);
}

static void test_ctf_folders__chunks_of_one_trace_are_one(void **state)
{
    static const guint8 packet[40] = {0x57, 0x1d, 0xd1, 0x75, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
                                      0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    struct ctf_trace_list list = {0};

    put_text(*state, "s/archives/2/ust/metadata", "/* CTF 1.8 */ trace { major = 1; uuid = \"" UUID "\"; };");
    put_file(*state, "s/archives/1/ust/metadata", packet, sizeof packet);
    put_text(*state, "s/kernel/metadata", "/* CTF 1.8 */ trace { major = 1; };");
    put_text(*state, "s/kernel/index/metadata", "not a trace");
    put_text(*state, "s/.hidden/metadata", "not a trace");
    assert_true(ctf_folders_find(*state, &list, NULL));
    assert_int_equal(list.traces->len, 2);
    assert_string_equal(trace_at(&list, 0)->uuid, UUID);
    assert_int_equal(trace_at(&list, 0)->folders->len, 2);
    assert_true(g_str_has_suffix(g_ptr_array_index(trace_at(&list, 0)->folders, 0), "archives/1/ust"));
    assert_null(trace_at(&list, 1)->uuid);
    ctf_trace_list_clear(&list);
}

static void test_ctf_folders__streams_have_their_bytes(void **state)
{
    /* magic, UUID, class 1, instance 3; little and big end first */
    guint8 little[64] = {0xc1, 0x1f, 0xfc, 0xc1, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                         0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 1,    0,    0,    0,    3,    0,    0,    0};
    guint8 big[50] = {0xc1, 0xfc, 0x1f, 0xc1, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
                      0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0,    0,
                      0,    1,    0,    0,    0,    0,    0,    0,    0,    3};
    guint8 index[16 + 3 * 72] = {0xc1, 0xf1, 0xdc, 0xc1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 72};
    struct ctf_trace_list list = {0};

    put_text(*state, "metadata", "trace { };");
    put_file(*state, "a_0", little, sizeof little);
    put_file(*state, "a_1", big, sizeof big);
    put_file(*state, "index/a_0.idx", index, sizeof index);
    put_file(*state, "short", little, 10);
    assert_true(ctf_folders_find(*state, &list, NULL));
    assert_int_equal(ctf_trace_list_stream_bytes(&list, UUID " | 1 | 3"), 64 + 50);
    assert_int_equal(ctf_trace_list_stream_bytes(&list, UUID " | 1 | 4"), 0);
    g_autofree char *port = g_strdup_printf("%s | 1 | %s/short", UUID, (const char *)*state);
    assert_int_equal(ctf_trace_list_stream_bytes(&list, port), 10);
    assert_int_equal(list.total_bytes, 64 + 50 + 10);
    assert_int_equal(list.stream_file_count, 3);
    assert_int_equal(list.total_packets, 3);
    ctf_trace_list_clear(&list);
}

static void test_ctf_folders__channels_are_known_by_their_files(void **state)
{
    g_autofree char *none = g_build_filename(*state, "no", NULL);

    put_text(*state, "archives/1/kernel/metadata", "trace { };");
    put_text(*state, "archives/1/kernel/channel_0", "");
    put_text(*state, "archives/1/kernel/channel-late_1_0", "");
    put_text(*state, "archives/1/kernel/index/other_0.idx", "");
    put_text(*state, "archives/1/nothing/other_0", "");
    assert_true(ctf_folders_have_channel(*state, "channel"));
    assert_true(ctf_folders_have_channel(*state, "channel-late"));
    assert_false(ctf_folders_have_channel(*state, "chan"));
    assert_false(ctf_folders_have_channel(*state, "channel-"));
    assert_false(ctf_folders_have_channel(*state, "other"));
    assert_false(ctf_folders_have_channel(none, "channel"));
}

static void test_ctf_folders__errors_are_sentences(void **state)
{
    g_autofree char *file = g_build_filename(*state, "file", NULL),
                    *none = g_build_filename(*state, "no", NULL);
    const char *paths[] = {*state, file, none};
    const char *const words[] = {"holds no trace", "is a file", "No such file"};

    put_text(*state, "file", "");
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct ctf_trace_list list = {0};
        g_autoptr(GError) error = NULL;
        assert_false(ctf_folders_find(paths[i], &list, &error));
        assert_non_null(strstr(error->message, words[i]));
        assert_null(list.traces);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ctf_folders__chunks_of_one_trace_are_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ctf_folders__streams_have_their_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ctf_folders__channels_are_known_by_their_files, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_ctf_folders__errors_are_sentences, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
