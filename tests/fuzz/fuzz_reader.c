/*
 * fuzz_reader [-n COUNT] [-s FIRST] [-o FOLDER] [-k ENDING] [-q] [-m KIB] TRACE...: reads COUNT damaged
 * copies of the traces (all their files together at most 256 KiB, or KIB) with the reader, the model and one
 * report or profile, each in a process of its own with 1 GiB of memory and 12 s of CPU time. Copy number
 * FIRST + i is always the same for the same traces.
 *
 * A copy survives when that process ends by itself, with status 0, or with status 1 and a sentence. Others
 * are kept in FOLDER/NUMBER (default: the current folder's `fuzz-failures`). Exit status: 0 all survived, 1
 * not.
 *
 * -k: copies that end so ("read", "refused", "slow", ...; "any": all) are kept there, too, for
 * other programs to read.
 *
 * -q: copies that take more than 0.3 s of CPU time (0.9 s with a sanitizer) are counted as slow and not
 * waited for (babeltrace2 goes round for ever in one of a hundred; the reader ends that after 3 s).
 *
 * With a sanitizer, leaks of babeltrace2 are told apart where their call stacks are known: copies that are
 * kept for a leak with nothing but glib in its stack are to be run again with
 * ASAN_OPTIONS=fast_unwind_on_malloc=0.
 *
 * Also a regression test: a small COUNT with the same numbers each time. As many as one likes:
 *     fuzz_reader -n 100000 -q TRACE...
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <glib.h>
#include <glib/gstdio.h>
#include "analyzer/ctf_reader.h"
#include "analyzer/event_text.h"
#include "analyzer/trace_model.h"
#include "tests/fuzz/consumers.h"
#include "tests/fuzz/mutate.h"

#define CPU_SECONDS 12
#define MEMORY_BYTES ((rlim_t)1 << 30)
#if defined(__SANITIZE_ADDRESS__)
#define QUICK_MICROSECONDS 900000
#else
#define QUICK_MICROSECONDS 300000
#endif

static bool is_quick;                     /* -q */
static gsize max_seed_bytes = 256 * 1024; /* -m */

struct seed_file {
    char *name; /* below the trace's folder */
    GByteArray *bytes;
};

struct seed {
    char *path;
    GPtrArray *files; /* of struct seed_file * */
};

struct checker {
    struct trace_model *model;
    FILE *text;
    int64_t last_ns;
};

static bool check_event(void *self, const struct event *event)
{
    struct checker *checker = self;

    if (event->type == EVENT_NONE || event->type >= EVENT_TYPE_END || event->time_ns < checker->last_ns)
        abort();
    checker->last_ns = event->time_ns;
    event_text_write(event, checker->text);
    trace_model_event(checker->model, event);
    return true;
}

/* In the child: reads one trace. Never returns. */
static void read_and_exit(const char *path, guint64 number)
{
    struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS}, core = {0, 0};
    struct checker checker = {
        .model = trace_model_new(), .text = fopen("/dev/null", "w"), .last_ns = INT64_MIN};
    /* Each worker reads the metadata for itself, which is most of the time here. */
    struct ctf_reader_options options = {.path = path, .workers = number % 4 == 0 ? 2 : 1};
    struct consumer *consumer = consumer_new(checker.model, number);
    GError *error = NULL;

    /* Its signal ends the process. */
    if (is_quick)
        setitimer(ITIMER_VIRTUAL, &(struct itimerval){.it_value = {0, QUICK_MICROSECONDS}}, NULL);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
#if !defined(__SANITIZE_ADDRESS__)
    struct rlimit memory = {MEMORY_BYTES, MEMORY_BYTES};
    setrlimit(RLIMIT_AS, &memory);
#endif
    bool is_fine = ctf_reader_run(&options, check_event, &checker, &error);
    trace_model_finish(checker.model);
    consumer_finish(consumer);
    trace_model_free(checker.model);
    fclose(checker.text);
    if (!is_fine)
        fprintf(stderr, "%s\n", error->message);
    if (is_fine != (error == NULL))
        abort();
    g_clear_error(&error);
    exit(is_fine ? 0 : 1);
}

static void add_files(struct seed *seed, const char *below)
{
    g_autofree char *folder = g_build_filename(seed->path, below, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *relative = *below ? g_build_filename(below, name, NULL) : g_strdup(name);
        g_autofree char *path = g_build_filename(seed->path, relative, NULL);
        gchar *contents;
        gsize size;
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            add_files(seed, relative);
        } else if (g_file_get_contents(path, &contents, &size, NULL)) {
            struct seed_file *file = g_new(struct seed_file, 1);
            file->name = g_steal_pointer(&relative);
            file->bytes = g_byte_array_new_take((guint8 *)contents, size);
            g_ptr_array_add(seed->files, file);
        }
    }
}

static int compare_files(const void *a, const void *b)
{
    return strcmp((*(struct seed_file *const *)a)->name, (*(struct seed_file *const *)b)->name);
}

static void seed_free(void *pointer)
{
    struct seed *seed = pointer;

    for (guint i = 0; i < seed->files->len; i++) {
        struct seed_file *file = g_ptr_array_index(seed->files, i);
        g_byte_array_unref(file->bytes);
        g_free(file->name);
        g_free(file);
    }
    g_ptr_array_unref(seed->files);
    g_free(seed->path);
    g_free(seed);
}

/* NULL: nothing there, or too large. */
static struct seed *load_seed(const char *path)
{
    struct seed *seed = g_new(struct seed, 1);
    gsize total = 0;

    seed->path = g_strdup(path);
    seed->files = g_ptr_array_new();
    add_files(seed, "");
    g_ptr_array_sort(seed->files, compare_files);
    for (guint i = 0; i < seed->files->len; i++)
        total += ((struct seed_file *)g_ptr_array_index(seed->files, i))->bytes->len;
    if (total > 0 && total <= max_seed_bytes)
        return seed;
    seed_free(seed);
    return NULL;
}

static bool is_text(const GByteArray *bytes)
{
    return bytes->len > 2 && memcmp(bytes->data, "/*", 2) == 0;
}

static const struct seed_file *file_of(const struct seed *seed, guint index)
{
    return g_ptr_array_index(seed->files, index);
}

/* A file to change: in one of four copies the metadata, since most changes to it end everything else. */
static guint choose_file(const struct seed *seed, GRand *rand)
{
    bool is_metadata_wanted = g_rand_int_range(rand, 0, 4) == 0;
    guint at = (guint)g_rand_int_range(rand, 0, (gint)seed->files->len);

    for (guint i = 0; i < seed->files->len; i++, at = (at + 1) % seed->files->len)
        if (g_str_has_suffix(file_of(seed, at)->name, "metadata") == is_metadata_wanted)
            break;
    return at;
}

/* Writes a copy of the seed with one of its files changed. */
static void write_mutant(const struct seed *seed, GRand *rand, const char *folder)
{
    guint changed = choose_file(seed, rand);

    for (guint i = 0; i < seed->files->len; i++) {
        const struct seed_file *file = file_of(seed, i);
        g_autofree char *path = g_build_filename(folder, file->name, NULL);
        g_autofree char *parent = g_path_get_dirname(path);
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, file->bytes->data, file->bytes->len);
        if (i == changed)
            mutate(bytes, rand, is_text(file->bytes));
        g_mkdir_with_parents(parent, 0777);
        FILE *out = fopen(path, "wb");
        if (!out || (bytes->len > 0 && fwrite(bytes->data, 1, bytes->len, out) != bytes->len)) {
            fprintf(stderr, "fuzz_reader: %s: %s\n", path, strerror(errno));
            exit(2);
        }
        fclose(out);
    }
}

static void remove_tree(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_unlink(path) != 0)
            remove_tree(path);
    }
    g_rmdir(folder);
}

/*
 * A sanitizer leaves the reader's guard no signals, so babeltrace2's faults show as its reports: the first
 * frame that is not the sanitizer's own says whose it is.
 */
static bool is_sanitizers_report_of_babeltrace2(const char *text)
{
    const char *frame = text ? strstr(text, "ERROR: AddressSanitizer: ") : NULL;

    while (frame && (frame = strstr(frame, "\n    #"))) {
        g_autofree char *line = g_strndup(frame + 1, strcspn(frame + 1, "\n"));
        if (!strstr(line, "__interceptor_") && !strstr(line, "__asan") && !strstr(line, "sanitizer_common"))
            return strstr(line, "libbabeltrace2") || strstr(line, "babeltrace-plugin-ctf");
        frame++;
    }
    return false;
}

/* True: the reader ended as it should. what: of the ending, for the counts. */
static bool survives(const char *folder, guint64 number, const char **what)
{
    g_autofree char *messages = g_strconcat(folder, ".stderr", NULL);
    g_autofree char *text = NULL;
    int status;
    pid_t child = fork();

    if (child == 0) {
        int out = open(messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        dup2(out, STDERR_FILENO);
        read_and_exit(folder, number);
    }
    waitpid(child, &status, 0);
    g_file_get_contents(messages, &text, NULL, NULL);
    g_unlink(messages);
    bool is_reported = is_sanitizers_report_of_babeltrace2(text);
    bool has_sentence = is_reported || (text && strstr(text, folder) && g_str_has_suffix(text, "\n"));
    bool is_slow = is_quick && WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM;
    *what = is_slow                                  ? "slow"
            : WIFSIGNALED(status)                    ? "killed by a signal"
            : WEXITSTATUS(status) == 0               ? "read"
            : WEXITSTATUS(status) != 1               ? "other exit status"
            : !has_sentence                          ? "no sentence"
            : is_reported                            ? "babeltrace2 broke down"
            : strstr(text, "babeltrace2 broke down") ? "babeltrace2 broke down"
            : strstr(text, "not get any further")    ? "babeltrace2 hung"
                                                     : "refused";
    bool is_fine = is_slow || (WIFEXITED(status) &&
                               (WEXITSTATUS(status) == 0 || (WEXITSTATUS(status) == 1 && has_sentence)));
    if (!is_fine)
        fprintf(stderr, "%s: %s (status 0x%x)\n%s", folder, *what, status, text ? text : "");
    return is_fine;
}

/* All that a copy is comes from its number. */
static GRand *seed_random(guint64 number)
{
    return g_rand_new_with_seed_array((const guint32[]){(guint32)number, (guint32)(number >> 32)}, 2);
}

static void keep(const struct seed *seed, guint64 number, const char *failures)
{
    g_autofree char *folder = g_strdup_printf("%s/%" PRIu64, failures, number);
    g_autoptr(GRand) again = seed_random(number);

    g_mkdir_with_parents(failures, 0777);
    write_mutant(seed, again, folder);
}

static unsigned run(GPtrArray *seeds, guint64 first, guint64 count, const char *failures, const char *wanted)
{
    g_autoptr(GHashTable) endings = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *base = g_dir_make_tmp("exectrace-fuzz-XXXXXX", NULL);
    unsigned failed = 0;

    for (guint64 number = first; number < first + count; number++) {
        const struct seed *seed = g_ptr_array_index(seeds, number % seeds->len);
        g_autoptr(GRand) rand = seed_random(number);
        g_autofree char *folder = g_strdup_printf("%s/%" PRIu64, base, number);
        const char *what;
        write_mutant(seed, rand, folder);
        bool is_fine = survives(folder, number / seeds->len, &what);
        if (!is_fine || (wanted && (strcmp(what, wanted) == 0 || strcmp(wanted, "any") == 0)))
            keep(seed, number, failures);
        failed += !is_fine;
        g_hash_table_insert(endings, (gpointer)what,
                            GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(endings, what)) + 1));
        remove_tree(folder);
    }
    g_rmdir(base);
    GHashTableIter iter;
    gpointer what, times;
    g_hash_table_iter_init(&iter, endings);
    while (g_hash_table_iter_next(&iter, &what, &times))
        printf("%s: %u\n", (const char *)what, GPOINTER_TO_UINT(times));
    return failed;
}

int main(int argc, char **argv)
{
    guint64 count = 1000, first = 0;
    const char *failures = "fuzz-failures", *wanted = NULL;
    g_autoptr(GPtrArray) seeds = g_ptr_array_new_with_free_func(seed_free);
    int option;

    while ((option = getopt(argc, argv, "n:s:o:k:qm:")) != -1) {
        if (option == 'n')
            count = strtoull(optarg, NULL, 10);
        else if (option == 's')
            first = strtoull(optarg, NULL, 10);
        else if (option == 'm')
            max_seed_bytes = strtoull(optarg, NULL, 10) * 1024;
        else if (option == 'q')
            is_quick = true;
        else if (option == 'k')
            wanted = optarg;
        else if (option == 'o')
            failures = optarg;
        else
            return 2;
    }
    for (int i = optind; i < argc; i++) {
        struct seed *seed = load_seed(argv[i]);
        if (seed)
            g_ptr_array_add(seeds, seed);
    }
    if (seeds->len == 0) {
        fprintf(stderr, "fuzz_reader: give at least one trace of at most %zu bytes\n", max_seed_bytes);
        return 2;
    }
    unsigned failed = run(seeds, first, count, failures, wanted);
    printf("%" PRIu64 " damaged copies of %u traces, %u not survived\n", count, seeds->len, failed);
    return failed ? 1 : 0;
}
