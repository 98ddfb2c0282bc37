/*
 * Events as text and back. Pure: no babeltrace2, no trace. Used by the golden tests and by `analyzer
 * -report=events`; single-threaded.
 *
 * One event a line:
 *
 *     TIME PID TID CPU TYPE [KEY=VALUE]...
 *
 *  - TIME nanoseconds since the Unix epoch; PID, TID, CPU numbers, or `-` when not known.
 *  - TYPE is the name of the enum event_type in lower case without EVENT_ (wait, kernel_switch, ...).
 *  - KEY is the name of the field in struct event (its last part); the keys of a type stand in
 *    event_fields.c. Every type also takes host=, stack= (a wire number) and callstack= (a list of PCs, with
 *    leaf_is_exact=).
 *  - A key that is left out is 0, and -1 for the fields whose "not known" is -1 (fd, tids, pids, CPUs).
 *    The writer leaves out what has that value, save for fields of an enum whose 0 has a name.
 *  - Numbers are decimal, or hexadecimal with 0x. Fields of an enum take its names too
 *    (kind=mutex, outcome=timed_out, fd_kind=socket, reason=preempted); the writer writes names.
 *  - Lists of PCs are numbers with commas between: pcs=0x401000,0x402010. Bytes are pairs of hexadecimal
 *    digits: build_id=0a1b2c.
 *  - Strings stand in double quotes with \" \\ \n \t and \xHH; without quotes when they have no blank, quote
 *    or backslash. A string that is left out is NULL.
 *  - Empty lines and lines that begin with # are passed over.
 *
 * Example:
 *     1700000000000001000 100 101 - wait kind=mutex outcome=acquired object=0x7f00 duration_ns=900 stack=3
 */
#include "analyzer/event_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "analyzer/event_fields.h"

const char *event_type_name(uint32_t type)
{
    return type < EVENT_TYPE_END ? event_fields_type_name(type) : "unknown";
}

static void write_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", out);
        else if (*c == '\t')
            fputs("\\t", out);
        else if (*c < 0x20 || *c == 0x7f)
            fprintf(out, "\\x%02x", *c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

static void write_pcs(const char *key, const struct event_pcs *pcs, FILE *out)
{
    fprintf(out, " %s=", key);
    for (uint32_t i = 0; i < pcs->count; i++)
        fprintf(out, "%s0x%" PRIx64, i ? "," : "", pcs->pcs[i]);
}

static void write_u32(const struct event_field *field, uint32_t value, FILE *out)
{
    for (uint32_t i = 0; field->names && field->names[i]; i++) {
        if (i == value && field->names[i][0]) {
            fprintf(out, " %s=%s", field->key, field->names[i]);
            return;
        }
    }
    if (value)
        fprintf(out, " %s=%" PRIu32, field->key, value);
}

static void write_bytes(const char *key, const uint8_t *bytes, uint32_t size, FILE *out)
{
    if (size == 0)
        return;

    fprintf(out, " %s=", key);
    for (uint32_t i = 0; i < size; i++)
        fprintf(out, "%02x", bytes[i]);
}

/* Numbers up to 64 bits; 0 (or -1, see FIELD_I32_UNKNOWN) is left out. */
static void write_number(const struct event_field *field, const void *at, FILE *out)
{
    switch (field->kind) {
    case FIELD_U16:
        write_u32(field, *(const uint16_t *)at, out);
        break;
    case FIELD_U32:
        write_u32(field, *(const uint32_t *)at, out);
        break;
    case FIELD_U64:
        if (*(const uint64_t *)at)
            fprintf(out, " %s=%" PRIu64, field->key, *(const uint64_t *)at);
        break;
    case FIELD_HEX64:
        if (*(const uint64_t *)at)
            fprintf(out, " %s=0x%" PRIx64, field->key, *(const uint64_t *)at);
        break;
    case FIELD_I32:
    case FIELD_I32_UNKNOWN:
        if (*(const int32_t *)at != (field->kind == FIELD_I32 ? 0 : -1))
            fprintf(out, " %s=%" PRIi32, field->key, *(const int32_t *)at);
        break;
    case FIELD_I64:
        if (*(const int64_t *)at)
            fprintf(out, " %s=%" PRIi64, field->key, *(const int64_t *)at);
        break;
    case FIELD_BOOL:
        if (*(const bool *)at)
            fprintf(out, " %s=1", field->key);
        break;
    case FIELD_DOUBLE: {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        if (*(const double *)at != 0)
            fprintf(out, " %s=%s", field->key, g_ascii_dtostr(text, sizeof text, *(const double *)at));
        break;
    }
    default:
        g_assert_not_reached();
    }
}

static void write_field(const struct event_field *field, const struct event *event, FILE *out)
{
    const void *at = (const char *)event + field->offset;

    if (field->kind == FIELD_STRING) {
        const char *text = *(const char *const *)at;
        if (text) {
            fprintf(out, " %s=", field->key);
            write_string(text, out);
        }
    } else if (field->kind == FIELD_PCS) {
        if (((const struct event_pcs *)at)->count)
            write_pcs(field->key, at, out);
    } else if (field->kind == FIELD_BYTES) {
        write_bytes(field->key, *(const uint8_t *const *)at,
                    *(const uint32_t *)((const char *)event + field->size_offset), out);
    } else {
        write_number(field, at, out);
    }
}

static void write_id(int32_t id, FILE *out)
{
    if (id == -1)
        fputs(" -", out);
    else
        fprintf(out, " %" PRIi32, id);
}

void event_text_write(const struct event *event, FILE *out)
{
    g_assert(event->type < EVENT_TYPE_END);
    fprintf(out, "%" PRIi64, event->time_ns);
    write_id(event->pid, out);
    write_id(event->tid, out);
    write_id(event->cpu, out);
    fprintf(out, " %s", event_fields_type_name(event->type));
    for (const struct event_field *field = event_fields_of(event->type); field->kind; field++)
        write_field(field, event, out);
    for (const struct event_field *field = event_fields_common(); field->kind; field++)
        write_field(field, event, out);
    fputc('\n', out);
}

/* Where the reader is in its line. Values are decoded in place: what they point to is in the line. */
struct line {
    char *at;
    uint64_t *pcs; /* room for as many PCs as a line of this length can hold */
    size_t pcs_used;
};

/* The next word, ended with a NUL in the line; NULL at the end of the line. */
static char *take_word(struct line *line)
{
    line->at += strspn(line->at, " \t");
    if (*line->at == 0)
        return NULL;

    char *word = line->at;
    line->at += strcspn(line->at, " \t");
    if (*line->at)
        *line->at++ = 0;
    return word;
}

static bool parse_i64(const char *text, int64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 0);
    return errno == 0 && *text && *end == 0;
}

static bool parse_u64(const char *text, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno == 0 && *text && *text != '-' && *end == 0;
}

static bool parse_id(const char *text, int32_t *id)
{
    int64_t value;

    *id = -1;
    if (text && strcmp(text, "-") == 0)
        return true;
    if (!text || !parse_i64(text, &value) || value < INT32_MIN || value > INT32_MAX)
        return false;

    *id = (int32_t)value;
    return true;
}

static bool parse_enum(const struct event_field *field, const char *text, uint64_t *value)
{
    for (uint32_t i = 0; field->names && field->names[i]; i++) {
        if (field->names[i][0] && strcmp(field->names[i], text) == 0) {
            *value = i;
            return true;
        }
    }
    return parse_u64(text, value);
}

static bool parse_pcs(struct line *line, char *text, struct event_pcs *pcs)
{
    pcs->pcs = line->pcs + line->pcs_used;
    pcs->count = 0;
    for (char *rest = text; rest;) {
        char *comma = strchr(rest, ',');
        if (comma)
            *comma++ = 0;
        if (!parse_u64(rest, &line->pcs[line->pcs_used++]))
            return false;
        pcs->count++;
        rest = comma;
    }
    return true;
}

/* Pairs of hexadecimal digits, decoded over the text itself. */
static bool parse_bytes(char *text, uint32_t *size)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i += 2) {
        int high = g_ascii_xdigit_value(text[i]);
        int low = g_ascii_xdigit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        text[i / 2] = (char)(high << 4 | low);
    }
    *size = (uint32_t)(length / 2);
    return true;
}

static bool parse_number(const struct event_field *field, const char *text, void *at)
{
    uint64_t u = 0;
    int64_t i = 0;
    char *end;

    switch (field->kind) {
    case FIELD_U16:
        return parse_u64(text, &u) && u <= UINT16_MAX && (*(uint16_t *)at = (uint16_t)u, true);
    case FIELD_U32:
        return parse_enum(field, text, &u) && u <= UINT32_MAX && (*(uint32_t *)at = (uint32_t)u, true);
    case FIELD_U64:
    case FIELD_HEX64:
        return parse_u64(text, at);
    case FIELD_I32:
    case FIELD_I32_UNKNOWN:
        return parse_i64(text, &i) && i >= INT32_MIN && i <= INT32_MAX && (*(int32_t *)at = (int32_t)i, true);
    case FIELD_I64:
        return parse_i64(text, at);
    case FIELD_BOOL:
        return parse_u64(text, &u) && u <= 1 && (*(bool *)at = u, true);
    case FIELD_DOUBLE:
        *(double *)at = g_ascii_strtod(text, &end);
        return *text && *end == 0;
    default:
        g_assert_not_reached();
    }
}

static bool parse_value(struct line *line, const struct event_field *field, char *text, struct event *event)
{
    void *at = (char *)event + field->offset;

    switch (field->kind) {
    case FIELD_STRING:
        *(const char **)at = text;
        return true;
    case FIELD_PCS:
        return parse_pcs(line, text, at);
    case FIELD_BYTES:
        *(const uint8_t **)at = (const uint8_t *)text;
        return parse_bytes(text, (uint32_t *)((char *)event + field->size_offset));
    default:
        return parse_number(field, text, at);
    }
}

/* The value of a key, unquoted in place. NULL: the quotes or escapes are wrong. */
static char *take_value(struct line *line)
{
    if (*line->at != '"')
        return *line->at == 0 || *line->at == ' ' ? NULL : take_word(line);

    char *value = ++line->at, *to = value;
    while (*line->at && *line->at != '"') {
        char c = *line->at++;
        if (c == '\\') {
            c = *line->at;
            if (c == 'x' && g_ascii_isxdigit(line->at[1]) && g_ascii_isxdigit(line->at[2])) {
                c = (char)(g_ascii_xdigit_value(line->at[1]) << 4 | g_ascii_xdigit_value(line->at[2]));
                line->at += 2;
            } else if (c == 'n' || c == 't') {
                c = c == 'n' ? '\n' : '\t';
            } else if (c != '"' && c != '\\') {
                return NULL;
            }
            line->at++;
        }
        *to++ = c;
    }
    if (*line->at != '"')
        return NULL;

    line->at++;
    *to = 0;
    return value;
}

static const struct event_field *find_field(uint32_t type, const char *key)
{
    for (const struct event_field *field = event_fields_of(type); field->kind; field++)
        if (strcmp(field->key, key) == 0)
            return field;
    for (const struct event_field *field = event_fields_common(); field->kind; field++)
        if (strcmp(field->key, key) == 0)
            return field;
    return NULL;
}

static bool parse_keys(struct line *line, struct event *event, GError **error)
{
    while (*(line->at += strspn(line->at, " \t"))) {
        char *key = line->at;
        line->at += strcspn(line->at, "= \t");
        if (*line->at != '=') {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "\"%s\" has no value", key);
            return false;
        }
        *line->at++ = 0;
        const struct event_field *field = find_field(event->type, key);
        if (!field) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s has no key \"%s\"",
                        event_type_name(event->type), key);
            return false;
        }
        char *value = take_value(line);
        if (!value || !parse_value(line, field, value, event)) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "the value of \"%s\" is not valid", key);
            return false;
        }
    }
    return true;
}

static uint32_t find_type(const char *name)
{
    for (uint32_t type = EVENT_NONE + 1; type < EVENT_TYPE_END; type++)
        if (strcmp(event_fields_type_name(type), name) == 0)
            return type;
    return EVENT_NONE;
}

static bool parse_event(struct line *line, struct event *event, GError **error)
{
    char *time = take_word(line);
    bool is_fine = parse_i64(time, &event->time_ns) && parse_id(take_word(line), &event->pid) &&
                   parse_id(take_word(line), &event->tid) && parse_id(take_word(line), &event->cpu);
    char *type = is_fine ? take_word(line) : NULL;

    if (!type) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                            "an event begins with TIME PID TID CPU TYPE");
        return false;
    }
    event->type = find_type(type);
    if (event->type == EVENT_NONE) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "\"%s\" is no type of event", type);
        return false;
    }
    for (const struct event_field *field = event_fields_of(event->type); field->kind; field++)
        if (field->kind == FIELD_I32_UNKNOWN)
            *(int32_t *)((char *)event + field->offset) = -1;
    return parse_keys(line, event, error);
}

bool event_text_read(FILE *in, event_sink sink, void *self, GError **error)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool is_fine = true;

    for (unsigned number = 1; is_fine && (length = getline(&text, &capacity, in)) >= 0; number++) {
        text[strcspn(text, "\n")] = 0;
        struct line line = {.at = text + strspn(text, " \t")};
        if (*line.at == 0 || *line.at == '#')
            continue;
        struct event event = {0};
        line.pcs = g_new(uint64_t, (size_t)length / 2 + 2);
        is_fine = parse_event(&line, &event, error);
        bool is_wanted = is_fine && sink(self, &event);
        g_free(line.pcs);
        if (!is_fine)
            g_prefix_error(error, "line %u: ", number);
        else if (!is_wanted)
            break;
    }
    free(text);
    return is_fine;
}
