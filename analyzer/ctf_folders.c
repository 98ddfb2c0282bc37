/*
 * Finds traces in the file system. Called by ctf_reader once per reading, and by viewer_export before it, on
 * the caller's thread.
 */
#include "analyzer/ctf_folders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 16
#define MAX_TRACES 4096
#define METADATA_HEAD_BYTES (64 * 1024)

static void trace_free(void *pointer)
{
    struct ctf_trace *trace = pointer;

    g_ptr_array_unref(trace->folders);
    g_free(trace->uuid);
    g_free(trace);
}

static bool is_directory(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Adds the folders with a metadata file at or below path. */
static bool find_folders(const char *path, unsigned depth, GPtrArray *folders, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, error);
    const char *name;

    if (!dir)
        return false;

    bool has_metadata = false;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (strcmp(name, "metadata") == 0)
            has_metadata = true;
        else if (name[0] != '.' && strcmp(name, "index") != 0 && depth < MAX_DEPTH &&
                 folders->len < MAX_TRACES && is_directory(child) &&
                 !find_folders(child, depth + 1, folders, error))
            return false;
    }
    if (has_metadata)
        g_ptr_array_add(folders, g_strdup(path));
    return true;
}

static char *format_uuid(const guint8 *u)
{
    return g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
                           u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
                           u[15]);
}

/* The trace's UUID from the beginning of its metadata: packets (with the UUID in their header) or text. */
static char *find_uuid(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "metadata", NULL);
    g_autofree char *head = g_malloc(METADATA_HEAD_BYTES + 1);
    FILE *file = fopen(path, "re");

    if (!file)
        return NULL;
    size_t size = fread(head, 1, METADATA_HEAD_BYTES, file);
    fclose(file);
    head[size] = 0;

    static const guint8 magics[2][4] = {{0x57, 0x1d, 0xd1, 0x75}, {0x75, 0xd1, 0x1d, 0x57}};
    if (size >= 20 && (memcmp(head, magics[0], 4) == 0 || memcmp(head, magics[1], 4) == 0))
        return format_uuid((const guint8 *)head + 4);

    g_autoptr(GRegex) regex =
        g_regex_new("\\btrace\\s*\\{[^{}]*\\buuid\\s*=\\s*\"([0-9a-fA-F-]{36})\"", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_utf8_validate(head, -1, NULL) || !g_regex_match(regex, head, 0, &match))
        return NULL;
    g_autofree char *uuid = g_match_info_fetch(match, 1);
    return g_ascii_strdown(uuid, -1);
}

static guint64 read_number(const guint8 *bytes, unsigned size, bool is_big)
{
    guint64 value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (guint64)bytes[i] << (8 * (is_big ? size - 1 - i : i));
    return value;
}

static void add_bytes(struct ctf_trace_list *list, char *name, guint64 bytes)
{
    guint64 *sum = g_hash_table_lookup(list->stream_bytes, name);

    if (sum) {
        *sum += bytes;
        g_free(name);
    } else {
        g_hash_table_insert(list->stream_bytes, name, g_memdup2(&bytes, sizeof bytes));
    }
}

/*
 * Counts one data stream file. babeltrace2 names a stream's port "UUID | class | instance", or by its file.
 * LTTng's packets begin with magic, UUID, class (32 bit) and instance (64 bit).
 */
static void add_stream_file(struct ctf_trace_list *list, const char *path)
{
    guint8 head[32];
    struct stat status;

    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return;
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    size_t size = fread(head, 1, sizeof head, file);
    fclose(file);

    guint64 bytes = (guint64)status.st_size;
    list->total_bytes += bytes;
    list->stream_file_count++;
    add_bytes(list, g_strdup(path), bytes);
    static const guint8 little[4] = {0xc1, 0x1f, 0xfc, 0xc1};
    bool is_big = memcmp(head, "\xc1\xfc\x1f\xc1", 4) == 0;
    if (size < sizeof head || (!is_big && memcmp(head, little, 4) != 0))
        return;
    g_autofree char *uuid = format_uuid(head + 4);
    add_bytes(list,
              g_strdup_printf("%s | %" G_GUINT64_FORMAT " | %" G_GUINT64_FORMAT, uuid,
                              read_number(head + 20, 4, is_big), read_number(head + 24, 8, is_big)),
              bytes);
}

/* Packets that LTTng's index of a stream file lists: a header of four big-endian words, the last of which is
 * an entry's size. */
static guint64 count_packets(const char *folder, const char *stream_name)
{
    g_autofree char *name = g_strconcat(stream_name, ".idx", NULL);
    g_autofree char *path = g_build_filename(folder, "index", name, NULL);
    guint8 head[16];
    struct stat status;
    FILE *file = fopen(path, "re");

    if (!file)
        return 0;
    bool is_fine = fread(head, sizeof head, 1, file) == 1 && fstat(fileno(file), &status) == 0;
    fclose(file);
    guint64 entry_bytes = is_fine ? read_number(head + 12, 4, true) : 0;
    return entry_bytes ? ((guint64)status.st_size - sizeof head) / entry_bytes : 0;
}

static void add_streams(struct ctf_trace_list *list, const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (strcmp(name, "metadata") != 0 && name[0] != '.') {
            add_stream_file(list, path);
            list->total_packets += count_packets(folder, name);
        }
    }
}

static void add_trace(struct ctf_trace_list *list, char *folder)
{
    char *uuid = find_uuid(folder);

    add_streams(list, folder);
    for (guint i = 0; uuid && i < list->traces->len; i++) {
        struct ctf_trace *trace = g_ptr_array_index(list->traces, i);
        if (g_strcmp0(trace->uuid, uuid) == 0) {
            g_ptr_array_add(trace->folders, folder);
            g_free(uuid);
            return;
        }
    }
    struct ctf_trace *trace = g_new0(struct ctf_trace, 1);
    trace->folders = g_ptr_array_new_with_free_func(g_free);
    trace->uuid = uuid;
    g_ptr_array_add(trace->folders, folder);
    g_ptr_array_add(list->traces, trace);
}

static int compare_folders(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool check_path(const char *path, GError **error)
{
    struct stat status;

    if (stat(path, &status) != 0)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR,
                    "%s is a file; give the folder of a trace (the one recorder or lttng wrote)", path);
    else
        return true;
    return false;
}

/* babeltrace2 says only that it cannot open a file. Directories (LTTng's index/) are none of its streams. */
static bool check_files(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    const char *name;

    if (!dir)
        return false;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (name[0] == '.' || access(path, R_OK) == 0 || errno != EACCES)
            continue;
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES, "%s: %s", path, g_strerror(EACCES));
        return false;
    }
    return true;
}

bool ctf_folders_find(const char *path, struct ctf_trace_list *list, GError **error)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    if (!check_path(path, error))
        return false;
    bool is_fine = find_folders(path, 0, folders, error);
    for (guint i = 0; is_fine && i < folders->len; i++)
        is_fine = check_files(g_ptr_array_index(folders, i), error);
    if (!is_fine) {
        g_ptr_array_foreach(folders, (GFunc)(void (*)(void))g_free, NULL);
        return false;
    }
    if (folders->len == 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "%s holds no trace: there is no file named \"metadata\" in it or below it", path);
        return false;
    }
    g_ptr_array_sort(folders, compare_folders);
    list->traces = g_ptr_array_new_with_free_func(trace_free);
    list->stream_bytes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    list->total_bytes = list->total_packets = 0;
    list->stream_file_count = 0;
    for (guint i = 0; i < folders->len; i++)
        add_trace(list, g_ptr_array_index(folders, i));
    return true;
}

/* LTTng names a channel's files after it and their CPU: kernel-sched_0, and kernel-sched_0_1 when limited. */
static bool is_of_channel(const char *file_name, const char *channel)
{
    size_t length = strlen(channel);

    return strncmp(file_name, channel, length) == 0 && file_name[length] == '_' &&
           g_ascii_isdigit(file_name[length + 1]);
}

bool ctf_folders_have_channel(const char *path, const char *channel)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);

    if (!find_folders(path, 0, folders, NULL))
        return false;
    for (guint i = 0; i < folders->len; i++) {
        g_autoptr(GDir) dir = g_dir_open(g_ptr_array_index(folders, i), 0, NULL);
        const char *name;
        while (dir && (name = g_dir_read_name(dir))) {
            if (is_of_channel(name, channel))
                return true;
        }
    }
    return false;
}

void ctf_trace_list_clear(struct ctf_trace_list *list)
{
    g_clear_pointer(&list->traces, g_ptr_array_unref);
    g_clear_pointer(&list->stream_bytes, g_hash_table_unref);
}

guint64 ctf_trace_list_stream_bytes(const struct ctf_trace_list *list, const char *port_name)
{
    const guint64 *bytes = g_hash_table_lookup(list->stream_bytes, port_name);

    if (!bytes) {
        const char *path = strstr(port_name, " | /");
        bytes = path ? g_hash_table_lookup(list->stream_bytes, path + 3) : NULL;
    }
    return bytes ? *bytes : 0;
}
