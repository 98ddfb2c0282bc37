/* Found by index or by hash, so that writing one is one copy. Called by chrome_json.c, main thread. */
#include "viewer_export/json_texts.h"

#include <string.h>
#include "viewer_export/json_writer.h"
#include "viewer_export/labels.h"

struct track_text {
    char text[2][JSON_TRACK_BYTES + 1]; /* the comma may be left out */
    uint8_t length[2];
};

struct thread_text {
    const char *name; /* the model's; another pointer when the thread was renamed */
    uint32_t length;
    char *text;
};

/* Of a slice; what: the category, or the state behind the categories. */
#define NAME_TEXTS_SHIFT 10
#define NAME_TEXT_BYTES 144u
enum { WHAT_STATE = SLICE_RELEASE + 1 };
struct name_text {
    struct operation_label label; /* of a state: see state_label() */
    uint32_t what, length;        /* length 0: free */
    char text[NAME_TEXT_BYTES + JSON_PADDING];
};

struct json_texts {
    const struct trace_model *model;
    GArray *tracks;          /* struct track_text by track */
    GArray *threads;         /* struct thread_text by the model's thread */
    struct name_text *names; /* by hash */
    struct output *scratch;  /* where a text is made, and stays if the table has no room */
};

struct json_texts *json_texts_new(const struct trace_model *model)
{
    struct json_texts *texts = g_new0(struct json_texts, 1);
    texts->model = model;
    texts->tracks = g_array_new(FALSE, TRUE, sizeof(struct track_text));
    texts->threads = g_array_new(FALSE, TRUE, sizeof(struct thread_text));
    texts->names = g_new0(struct name_text, 1u << NAME_TEXTS_SHIFT);
    texts->scratch = output_open_nowhere();
    return texts;
}

void json_texts_free(struct json_texts *texts)
{
    if (!texts)
        return;
    for (guint i = 0; i < texts->threads->len; i++)
        g_free(g_array_index(texts->threads, struct thread_text, i).text);
    g_array_unref(texts->threads);
    g_array_unref(texts->tracks);
    g_free(texts->names);
    output_discard(texts->scratch);
    g_free(texts);
}

struct json_piece json_texts_track(struct json_texts *texts, const struct track *track, bool is_state)
{
    if (texts->tracks->len <= track->index)
        g_array_set_size(texts->tracks, MAX(track->index + 1, texts->tracks->len * 2));
    struct track_text *text = &g_array_index(texts->tracks, struct track_text, track->index);
    if (text->length[0] == 0) {
        const uint32_t tids[] = {track->tid, track->state_tid};
        for (size_t i = 0; i < G_N_ELEMENTS(tids); i++)
            text->length[i] =
                (uint8_t)g_snprintf(text->text[i], sizeof(text->text[i]),
                                    ",\n{\"ph\":\"X\",\"pid\":%u,\"tid\":%u,\"ts\":", track->pid, tids[i]);
    }
    return (struct json_piece){text->text[is_state], text->length[is_state]};
}

struct json_piece json_texts_thread(struct json_texts *texts, uint32_t index)
{
    const struct thread *thread = trace_model_thread(texts->model, index);
    if (texts->threads->len <= index)
        g_array_set_size(texts->threads, MAX(index + 1, texts->threads->len * 2));
    struct thread_text *known = &g_array_index(texts->threads, struct thread_text, index);
    if (!known->text || known->name != thread->name) {
        char text[LABEL_BYTES];
        thread_label_write(thread, text);
        texts->scratch->used_bytes = 0;
        json_string(texts->scratch, text);
        g_free(known->text);
        known->name = thread->name;
        known->length = (uint32_t)texts->scratch->used_bytes;
        known->text = g_malloc(known->length + JSON_PADDING);
        memcpy(known->text, texts->scratch->buffer, known->length);
    }
    return (struct json_piece){known->text, known->length};
}

/* Its place in the table; whether it stands there is to be seen. */
static struct name_text *find_name(struct json_texts *texts, uint32_t what,
                                   const struct operation_label *label)
{
    uint64_t hash =
        (uint64_t)(uintptr_t)label->word ^ (uint64_t)what << 50 ^ label->object >> 3 ^ label->object << 40;
    return &texts->names[hash * UINT64_C(0x9e3779b97f4a7c15) >> (64 - NAME_TEXTS_SHIFT)];
}

static bool is_name_of(const struct name_text *name, uint32_t what, const struct operation_label *label)
{
    return name->length != 0 && name->what == what && name->label.word == label->word &&
           name->label.object == label->object && name->label.has_object == label->has_object &&
           name->label.object_is_tid == label->object_is_tid && name->label.is_idle == label->is_idle;
}

/* What stands in scratch, now also in the table if it fits. */
static struct json_piece keep_name(struct json_texts *texts, struct name_text *name, uint32_t what,
                                   const struct operation_label *label)
{
    const struct json_piece made = {(const char *)texts->scratch->buffer, texts->scratch->used_bytes};
    if (made.length <= NAME_TEXT_BYTES) {
        *name = (struct name_text){.label = *label, .what = what, .length = (uint32_t)made.length};
        memcpy(name->text, made.text, made.length);
    }
    return made;
}

static void write_category_and_name(struct output *output, const char *category, const char *name)
{
    json_text(output, ",\"cat\":\"");
    output_write(output, category, strlen(category));
    json_text(output, "\",\"name\":");
    json_string(output, name);
}

static void make_operation(struct output *output, enum slice_category category,
                           const struct operation_label *label)
{
    static const char *const categories[] = {
        [SLICE_SYNC] = "sync",   [SLICE_NET] = "net",         [SLICE_SYSCALL] = "syscall",
        [SLICE_SHORT] = "short", [SLICE_RELEASE] = "release",
    };
    char name[LABEL_BYTES];
    if (category == SLICE_RELEASE)
        release_label_write(label, name);
    else
        operation_label_write(label, name);
    write_category_and_name(output, categories[category], name);
    if (label->is_idle && category != SLICE_RELEASE && category != SLICE_SHORT)
        json_text(output, ",\"cname\":\"grey\"");
}

struct json_piece json_texts_operation(struct json_texts *texts, enum slice_category category,
                                       const struct operation_label *label)
{
    struct name_text *name = find_name(texts, category, label);
    if (is_name_of(name, category, label))
        return (struct json_piece){name->text, name->length};

    texts->scratch->used_bytes = 0;
    make_operation(texts->scratch, category, label);
    return keep_name(texts, name, category, label);
}

/* All that a state's name says, in the form of a label: the CPU, whether preempted, or the reason. */
static struct operation_label state_label(const struct export_state *state)
{
    const struct state_interval *interval = state->interval;
    if (interval->state == THREAD_BLOCKED)
        return state->reason;
    if (interval->state == THREAD_RUNNING)
        return (struct operation_label){.object = (uint32_t)interval->cpu};
    return (struct operation_label){.has_object = interval->is_preempted};
}

struct json_piece json_texts_state(struct json_texts *texts, const struct export_state *state)
{
    static const char *const colours[] = {
        [THREAD_UNKNOWN] = "white",
        [THREAD_RUNNING] = "good",
        [THREAD_RUNNABLE] = "bad",
        [THREAD_BLOCKED] = "grey",
    };
    enum thread_state kind = state->interval->state;
    const struct operation_label label = state_label(state);
    uint32_t what = WHAT_STATE + (uint32_t)kind;
    struct name_text *name = find_name(texts, what, &label);
    if (is_name_of(name, what, &label))
        return (struct json_piece){name->text, name->length};

    char text[LABEL_BYTES];
    state_label_write(state, text);
    texts->scratch->used_bytes = 0;
    write_category_and_name(texts->scratch, "state", text);
    json_text(texts->scratch, ",\"cname\":");
    json_plain_string(texts->scratch, colours[kind]);
    return keep_name(texts, name, what, &label);
}
