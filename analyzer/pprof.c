/*
 * Writes a profile as gzipped profile.proto (the only user of protobuf-c). The parts of a message may come in
 * any order and in any number of pieces, so each sample, location, ... is packed and compressed by itself:
 * memory does not grow with the file. Main thread only.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "analyzer/gzip_stream.h"
#include "analyzer/profile.h"
#include "profile.pb-c.h"

/* Receivers take stacks of at most 1000 locations. */
#define MAX_LOCATIONS 1000u

/* What the file knows about one loaded object; true only when some location shows it. */
struct mapping {
    const struct module *module;
    uint64_t id;
    bool has_functions, has_filenames, has_line_numbers, has_inline_frames;
};

struct function_key {
    int64_t name, system_name, file, start_line;
};

struct pprof_writer {
    const struct trace_model *model;
    const struct profile_values *values;
    struct symbol_table *symbols;
    struct gzip_stream *out;
    ProtobufCBuffer buffer;
    GHashTable *string_ids;   /* text -> index; texts owned */
    GPtrArray *strings;       /* in order of index; borrowed from string_ids */
    GHashTable *mapping_ids;  /* struct module -> index into mappings plus 1 */
    GArray *mappings;         /* struct mapping */
    GHashTable *location_ids; /* struct frame -> id */
    GHashTable *stand_in_ids; /* name -> id of its location; names owned */
    GHashTable *function_ids; /* struct function_key -> id */
};

static guint hash_words(const uint64_t *words, size_t count)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return (guint)(hash ^ (hash >> 32));
}

static guint frame_hash(gconstpointer pointer)
{
    const struct frame *frame = pointer;
    uint64_t words[] = {(uintptr_t)frame->module, frame->address};

    return hash_words(words, G_N_ELEMENTS(words));
}

static gboolean frame_equal(gconstpointer a, gconstpointer b)
{
    const struct frame *first = a, *second = b;

    return first->module == second->module && first->address == second->address;
}

static guint function_hash(gconstpointer pointer)
{
    const struct function_key *key = pointer;
    uint64_t words[] = {(uint64_t)key->name, (uint64_t)key->system_name, (uint64_t)key->file,
                        (uint64_t)key->start_line};

    return hash_words(words, G_N_ELEMENTS(words));
}

static gboolean function_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(struct function_key)) == 0;
}

static void append_to_gzip(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
    struct pprof_writer *writer =
        (struct pprof_writer *)((char *)buffer - offsetof(struct pprof_writer, buffer));

    gzip_stream_write(writer->out, bytes, size);
}

static void emit(struct pprof_writer *writer, const Pprof__Profile *part)
{
    pprof__profile__pack_to_buffer(part, &writer->buffer);
}

static int64_t string_id(struct pprof_writer *writer, const char *text)
{
    gpointer id;
    char *copy;

    if (g_hash_table_lookup_extended(writer->string_ids, text, NULL, &id))
        return GPOINTER_TO_INT(id);

    copy = g_utf8_make_valid(text, -1);
    if (strcmp(copy, text) != 0) {
        int64_t valid_id = string_id(writer, copy);

        g_free(copy);
        return valid_id;
    }
    g_hash_table_insert(writer->string_ids, copy, GINT_TO_POINTER(writer->strings->len));
    g_ptr_array_add(writer->strings, copy);
    return (int64_t)writer->strings->len - 1;
}

static struct mapping *find_mapping(struct pprof_writer *writer, const struct module *module)
{
    guint known = GPOINTER_TO_UINT(g_hash_table_lookup(writer->mapping_ids, module));

    if (known == 0) {
        struct mapping mapping = {.module = module, .id = writer->mappings->len + 1};

        g_array_append_val(writer->mappings, mapping);
        known = writer->mappings->len;
        g_hash_table_insert(writer->mapping_ids, (gpointer)module, GUINT_TO_POINTER(known));
    }
    return &g_array_index(writer->mappings, struct mapping, known - 1);
}

static uint64_t function_id(struct pprof_writer *writer, const struct source_line *line)
{
    struct function_key key = {string_id(writer, line->function), string_id(writer, line->system_name),
                               string_id(writer, line->file), line->start_line};
    uint64_t id = GPOINTER_TO_SIZE(g_hash_table_lookup(writer->function_ids, &key));
    Pprof__Function function = PPROF__FUNCTION__INIT, *functions = &function;
    Pprof__Profile part = PPROF__PROFILE__INIT;

    if (id != 0)
        return id;

    id = g_hash_table_size(writer->function_ids) + 1;
    g_hash_table_insert(writer->function_ids, g_memdup2(&key, sizeof key), GSIZE_TO_POINTER(id));
    function.id = id;
    function.name = key.name;
    function.system_name = key.system_name;
    function.filename = key.file;
    function.start_line = key.start_line;
    part.n_function = 1;
    part.function = &functions;
    emit(writer, &part);
    return id;
}

/* Which of the has_ flags this location gives reason for. */
static void note_knowledge(struct mapping *mapping, const struct symbolized_frame *found)
{
    mapping->has_functions |= found->is_known;
    mapping->has_inline_frames |= found->count > 1;
    for (uint32_t i = 0; i < found->count; i++) {
        mapping->has_filenames |= *found->lines[i].file != '\0';
        mapping->has_line_numbers |= found->lines[i].line > 0;
    }
}

static void emit_location(struct pprof_writer *writer, uint64_t id, uint64_t mapping_id, uint64_t address,
                          const struct symbolized_frame *found)
{
    g_autofree Pprof__Line *lines = g_new(Pprof__Line, found->count);
    g_autofree Pprof__Line **line_pointers = g_new(Pprof__Line *, found->count);
    Pprof__Location location = PPROF__LOCATION__INIT, *locations = &location;
    Pprof__Profile part = PPROF__PROFILE__INIT;

    for (uint32_t i = 0; i < found->count; i++) {
        pprof__line__init(&lines[i]);
        lines[i].function_id = function_id(writer, &found->lines[i]);
        lines[i].line = found->lines[i].line;
        line_pointers[i] = &lines[i];
    }
    location.id = id;
    location.mapping_id = mapping_id;
    location.address = address;
    location.n_line = found->count;
    location.line = line_pointers;
    part.n_location = 1;
    part.location = &locations;
    emit(writer, &part);
}

/* 0: this location was not written yet; *next is then its id to be. */
static uint64_t known_location(struct pprof_writer *writer, const struct frame *key, uint64_t *next)
{
    uint64_t id = GPOINTER_TO_SIZE(g_hash_table_lookup(writer->location_ids, key));

    if (id == 0) {
        *next = g_hash_table_size(writer->location_ids) + 1;
        g_hash_table_insert(writer->location_ids, g_memdup2(key, sizeof *key), GSIZE_TO_POINTER(*next));
    }
    return id;
}

static uint64_t frame_location(struct pprof_writer *writer, const struct frame *frame)
{
    struct frame key = {frame->module, frame->address};
    uint64_t id, next, mapping_id = 0;
    const struct symbolized_frame *found;

    id = known_location(writer, &key, &next);
    if (id != 0)
        return id;

    found = symbol_table_find(writer->symbols, frame);
    if (frame->module) {
        struct mapping *mapping = find_mapping(writer, frame->module);

        note_knowledge(mapping, found);
        mapping_id = mapping->id;
    }
    emit_location(writer, next, mapping_id, MAX(frame->address, 1), found);
    return next;
}

/*
 * Stacks that are not there are shown as functions. Their locations have addresses in no mapping, different
 * ones that are the same in each profile, and not 0: receivers tell samples apart by their locations'
 * addresses.
 */
static uint64_t stand_in_location(struct pprof_writer *writer, const char *name)
{
    struct source_line line = {.function = name, .system_name = name, .file = ""};
    struct symbolized_frame found = {.count = 1, .lines = &line};
    uint64_t id = GPOINTER_TO_SIZE(g_hash_table_lookup(writer->stand_in_ids, name));
    struct frame key = {NULL, g_str_hash(name) | 1u};

    if (id != 0)
        return id;

    while (known_location(writer, &key, &id) != 0)
        key.address += 2;
    g_hash_table_insert(writer->stand_in_ids, g_strdup(name), GSIZE_TO_POINTER(id));
    emit_location(writer, id, 0, key.address, &found);
    return id;
}

static size_t add_stand_ins(struct pprof_writer *writer, const struct profile_sample_key *sample,
                            uint32_t index, uint64_t *ids)
{
    char *names[PROFILE_MAX_STAND_INS];
    uint32_t count = profile_stand_ins(sample, index, names);

    for (uint32_t i = 0; i < count; i++) {
        ids[i] = stand_in_location(writer, names[i]);
        g_free(names[i]);
    }
    return count;
}

static size_t add_stack(struct pprof_writer *writer, const struct profile_sample_key *sample, uint32_t index,
                        uint64_t *ids, size_t count)
{
    size_t stand_ins = add_stand_ins(writer, sample, index, ids + count);
    const struct stack *stack;

    if (stand_ins > 0)
        return count + stand_ins;

    stack = trace_model_stack(writer->model, index);
    if (stack->is_lost || stack->frame_count == 0) {
        ids[count++] = stand_in_location(writer, "[stack lost]");
        return count;
    }
    for (uint32_t i = 0; i < stack->frame_count && count < MAX_LOCATIONS; i++) {
        if (i > 0 && !symbol_table_is_code(writer->symbols, &stack->frames[i]))
            break;
        ids[count++] = frame_location(writer, &stack->frames[i]);
    }
    return count;
}

static void fill_label(struct pprof_writer *writer, const struct profile_label *from, Pprof__Label *to)
{
    pprof__label__init(to);
    to->key = string_id(writer, from->key);
    if (from->text) {
        to->str = string_id(writer, from->text);
    } else {
        to->num = from->number;
        to->num_unit = from->unit ? string_id(writer, from->unit) : 0;
    }
}

static void emit_sample(const struct profile_sample_key *key, const int64_t *values, void *user)
{
    struct pprof_writer *writer = user;
    uint64_t ids[MAX_LOCATIONS + 1 + PROFILE_MAX_STAND_INS];
    int64_t copies[PROFILE_MAX_VALUES];
    Pprof__Label labels[PROFILE_MAX_LABELS], *label_pointers[PROFILE_MAX_LABELS];
    Pprof__Sample sample = PPROF__SAMPLE__INIT, *samples = &sample;
    Pprof__Profile part = PPROF__PROFILE__INIT;

    sample.n_location_id = add_stack(writer, key, key->stack, ids, 0);
    if (key->outer_stack != 0 && sample.n_location_id < MAX_LOCATIONS) {
        ids[sample.n_location_id++] = stand_in_location(writer, "[woken by]");
        sample.n_location_id = add_stack(writer, key, key->outer_stack, ids, sample.n_location_id);
    }
    for (uint32_t i = 0; i < key->label_count; i++) {
        fill_label(writer, &key->labels[i], &labels[i]);
        label_pointers[i] = &labels[i];
    }
    memcpy(copies, values, sizeof copies[0] * writer->values->count);
    sample.location_id = ids;
    sample.n_value = writer->values->count;
    sample.value = copies;
    sample.n_label = key->label_count;
    sample.label = label_pointers;
    part.n_sample = 1;
    part.sample = &samples;
    emit(writer, &part);
}

static void set_value_type(struct pprof_writer *writer, const struct profile_value_type *from,
                           Pprof__ValueType *to)
{
    pprof__value_type__init(to);
    to->type = string_id(writer, from->type);
    to->unit = string_id(writer, from->unit);
}

static void emit_head(struct pprof_writer *writer, const struct profile *profile)
{
    const struct profile_values *values = writer->values;
    const GPtrArray *texts = profile_comments(profile);
    g_autofree int64_t *comments = g_new(int64_t, texts->len + 1);
    Pprof__ValueType types[PROFILE_MAX_VALUES], *type_pointers[PROFILE_MAX_VALUES], period_type;
    Pprof__Profile part = PPROF__PROFILE__INIT;

    for (uint32_t i = 0; i < values->count; i++) {
        set_value_type(writer, &values->types[i], &types[i]);
        type_pointers[i] = &types[i];
    }
    set_value_type(writer, &values->period_type, &period_type);
    for (guint i = 0; i < texts->len; i++)
        comments[i] = string_id(writer, g_ptr_array_index(texts, i));

    part.n_sample_type = values->count;
    part.sample_type = type_pointers;
    part.default_sample_type = types[values->default_index].type;
    part.period_type = &period_type;
    part.period = values->period;
    part.time_nanos = profile_start_ns(profile);
    part.duration_nanos = profile_end_ns(profile) - part.time_nanos;
    part.n_comment = texts->len;
    part.comment = comments;
    emit(writer, &part);
}

static char *build_id_text(const struct module *module)
{
    GString *text = g_string_new(NULL);

    for (uint32_t i = 0; i < module->build_id_size; i++)
        g_string_append_printf(text, "%02x", module->build_id[i]);
    return g_string_free(text, FALSE);
}

static void emit_mapping(struct pprof_writer *writer, const struct mapping *from)
{
    const struct module *module = from->module;
    g_autofree char *build_id = build_id_text(module);
    Pprof__Mapping mapping = PPROF__MAPPING__INIT, *mappings = &mapping;
    Pprof__Profile part = PPROF__PROFILE__INIT;
    struct code_segment code = symbol_table_code(writer->symbols, module);

    mapping.id = from->id;
    mapping.memory_start = code.start;
    mapping.memory_limit = code.end;
    mapping.file_offset = code.offset;
    /* Readers do not look for files whose names begin with a bracket. */
    mapping.filename = string_id(writer, module_is_anonymous(module) ? "[anonymous code]" : module->path);
    mapping.build_id = string_id(writer, build_id);
    mapping.has_functions = from->has_functions;
    mapping.has_filenames = from->has_filenames;
    mapping.has_line_numbers = from->has_line_numbers;
    mapping.has_inline_frames = from->has_inline_frames;
    part.n_mapping = 1;
    part.mapping = &mappings;
    emit(writer, &part);
}

/* The program itself, as far as one process's start was seen. */
static bool is_main_program(const struct trace_model *model, const struct module *module)
{
    for (uint32_t i = 1; i < trace_model_process_count(model); i++) {
        if (strcmp(trace_model_process(model, i)->exe, module->path) == 0)
            return true;
    }
    return false;
}

/* Readers take the first mapping for the program's. */
static void emit_mappings(struct pprof_writer *writer)
{
    const struct mapping *mappings = (const struct mapping *)writer->mappings->data;
    guint first = 0;

    while (first < writer->mappings->len && !is_main_program(writer->model, mappings[first].module))
        first++;
    if (first < writer->mappings->len)
        emit_mapping(writer, &mappings[first]);
    for (guint i = 0; i < writer->mappings->len; i++) {
        if (i != first)
            emit_mapping(writer, &mappings[i]);
    }
}

static void emit_strings(struct pprof_writer *writer)
{
    Pprof__Profile part = PPROF__PROFILE__INIT;

    part.n_string_table = writer->strings->len;
    part.string_table = (char **)writer->strings->pdata;
    emit(writer, &part);
}

static gint compare_frames(gconstpointer a, gconstpointer b)
{
    const struct frame *first = *(const struct frame *const *)a, *second = *(const struct frame *const *)b;
    uint32_t first_index = first->module ? first->module->index + 1 : 0;
    uint32_t second_index = second->module ? second->module->index + 1 : 0;

    if (first_index != second_index)
        return first_index < second_index ? -1 : 1;
    return (first->address > second->address) - (first->address < second->address);
}

struct frame_collection {
    const struct trace_model *model;
    GHashTable *stacks; /* set of indices: those seen already */
    GHashTable *frames; /* set of struct frame, owned by the model */
};

static void collect_stack(struct frame_collection *collection, uint32_t index)
{
    const struct stack *stack;

    if (index == 0 || index >= PROFILE_STACK_FIRST_SPECIAL ||
        !g_hash_table_add(collection->stacks, GUINT_TO_POINTER(index)))
        return;
    stack = trace_model_stack(collection->model, index);
    for (uint32_t i = 0; i < stack->frame_count && !stack->is_lost; i++)
        g_hash_table_add(collection->frames, (gpointer)&stack->frames[i]);
}

static void collect_frames(const struct profile_sample_key *key, const int64_t *values, void *user)
{
    (void)values;
    collect_stack(user, key->stack);
    collect_stack(user, key->outer_stack);
}

/* Looks all frames up in the order of the files, so that each file's data are walked through once. */
static void warm_symbols(const struct profile *profile, struct symbol_table *symbols)
{
    struct frame_collection collection = {
        .model = profile_model(profile),
        .stacks = g_hash_table_new(g_direct_hash, g_direct_equal),
        .frames = g_hash_table_new(frame_hash, frame_equal),
    };
    g_autofree gpointer *sorted = NULL;
    guint count;

    profile_visit(profile, collect_frames, &collection);
    sorted = g_hash_table_get_keys_as_array(collection.frames, &count);
    qsort(sorted, count, sizeof *sorted, compare_frames);
    for (guint i = 0; i < count; i++)
        symbol_table_find(symbols, sorted[i]);
    g_hash_table_destroy(collection.stacks);
    g_hash_table_destroy(collection.frames);
}

static void writer_init(struct pprof_writer *writer, const struct profile *profile,
                        struct symbol_table *symbols, int fd)
{
    *writer = (struct pprof_writer){
        .model = profile_model(profile),
        .values = profile_values(profile),
        .symbols = symbols,
        .out = gzip_stream_new(fd),
        .buffer = {.append = append_to_gzip},
        .string_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .strings = g_ptr_array_new(),
        .mapping_ids = g_hash_table_new(g_direct_hash, g_direct_equal),
        .mappings = g_array_new(FALSE, FALSE, sizeof(struct mapping)),
        .location_ids = g_hash_table_new_full(frame_hash, frame_equal, g_free, NULL),
        .stand_in_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .function_ids = g_hash_table_new_full(function_hash, function_equal, g_free, NULL),
    };
    string_id(writer, "");
}

static bool writer_finish(struct pprof_writer *writer, GError **error)
{
    g_ptr_array_free(writer->strings, TRUE);
    g_hash_table_destroy(writer->string_ids);
    g_hash_table_destroy(writer->mapping_ids);
    g_array_free(writer->mappings, TRUE);
    g_hash_table_destroy(writer->location_ids);
    g_hash_table_destroy(writer->stand_in_ids);
    g_hash_table_destroy(writer->function_ids);
    return gzip_stream_finish(writer->out, error);
}

bool pprof_write(const struct profile *profile, struct symbol_table *symbols, int fd, GError **error)
{
    struct pprof_writer writer;

    warm_symbols(profile, symbols);
    writer_init(&writer, profile, symbols, fd);
    emit_head(&writer, profile);
    profile_visit(profile, emit_sample, &writer);
    emit_mappings(&writer);
    emit_strings(&writer);
    return writer_finish(&writer, error);
}
