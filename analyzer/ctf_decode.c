/*
 * Decoding plans: see ctf_decode.h. Called by ctf_graph on the worker's thread, once per event.
 */
#include "analyzer/ctf_decode.h"

#include <string.h>
#include <glib.h>

enum step_source {
    SOURCE_UNSIGNED,
    SOURCE_SIGNED,
    SOURCE_BOOL,
    SOURCE_SINGLE,
    SOURCE_DOUBLE,
    SOURCE_TEXT,
    SOURCE_ARRAY
};

/* What most fields are goes through few instructions, the rest through decode_step. */
enum step_path {
    PATH_GENERAL,
    PATH_UNSIGNED_32,
    PATH_UNSIGNED_64,
    PATH_SIGNED_32,
    PATH_SIGNED_64,
};

struct ctf_step {
    uint16_t member; /* index in its structure */
    uint16_t offset, size_offset;
    uint8_t path;           /* enum step_path */
    uint8_t source;         /* enum step_source */
    uint8_t kind;           /* enum decoder_kind */
    bool is_signed_element; /* of an array */
};

/*
 * Contexts that say who and where. Later ones win: a kernel trace may have both kinds of ids, and those of
 * the root namespace are the ones that its scheduling events use.
 */
static const struct decoder_field context_fields[] = {
    {"vpid", DECODER_I32, offsetof(struct event, pid), 0},
    {"vtid", DECODER_I32, offsetof(struct event, tid), 0},
    {"pid", DECODER_I32, offsetof(struct event, pid), 0},
    {"tid", DECODER_I32, offsetof(struct event, tid), 0},
    {"procname", DECODER_TEXT, offsetof(struct event, procname), 0},
    {"callstack_kernel", DECODER_PCS, offsetof(struct event, callstack), 0},
    {"callstack_user", DECODER_PCS, offsetof(struct event, callstack), 0},
    {0},
};

static bool find_source(const bt_field_class *field_class, enum decoder_kind kind, struct ctf_step *step)
{
    bt_field_class_type type = bt_field_class_get_type(field_class);
    bool wants_number = kind != DECODER_TEXT && kind != DECODER_PCS && kind != DECODER_BYTES;

    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
        step->source = SOURCE_UNSIGNED;
    else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
        step->source = SOURCE_SIGNED;
    else if (type == BT_FIELD_CLASS_TYPE_BOOL)
        step->source = SOURCE_BOOL;
    else if (type == BT_FIELD_CLASS_TYPE_SINGLE_PRECISION_REAL)
        step->source = SOURCE_SINGLE;
    else if (type == BT_FIELD_CLASS_TYPE_DOUBLE_PRECISION_REAL)
        step->source = SOURCE_DOUBLE;
    else if (type == BT_FIELD_CLASS_TYPE_STRING && kind == DECODER_TEXT)
        return step->source = SOURCE_TEXT, true;
    else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_ARRAY) && !wants_number &&
             kind != DECODER_TEXT) {
        const bt_field_class *element = bt_field_class_array_borrow_element_field_class_const(field_class);
        bt_field_class_type element_type = bt_field_class_get_type(element);
        step->source = SOURCE_ARRAY;
        step->is_signed_element = bt_field_class_type_is(element_type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER);
        return step->is_signed_element ||
               bt_field_class_type_is(element_type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER);
    } else
        return false;
    return wants_number;
}

static enum step_path find_path(const struct ctf_step *step)
{
    bool is_32 = step->kind == DECODER_U32 || step->kind == DECODER_I32;
    bool is_64 = step->kind == DECODER_U64 || step->kind == DECODER_I64;

    if (step->source == SOURCE_UNSIGNED && (is_32 || is_64))
        return is_32 ? PATH_UNSIGNED_32 : PATH_UNSIGNED_64;
    if (step->source == SOURCE_SIGNED && (is_32 || is_64))
        return is_32 ? PATH_SIGNED_32 : PATH_SIGNED_64;
    return PATH_GENERAL;
}

/* Adds a step for a member of the structure if it is the field. */
static bool add_step(GArray *steps, const bt_field_class *structure, uint64_t index,
                     const struct decoder_field *field, int *time_member)
{
    const bt_field_class_structure_member *member =
        bt_field_class_structure_borrow_member_by_index_const(structure, index);
    const bt_field_class *field_class = bt_field_class_structure_member_borrow_field_class_const(member);
    const char *name = bt_field_class_structure_member_get_name(member);
    struct ctf_step step = {.member = (uint16_t)index,
                            .kind = (uint8_t)field->kind,
                            .offset = field->offset,
                            .size_offset = field->size_offset};

    if (strcmp(name + strspn(name, "_"), field->name) != 0 || !find_source(field_class, field->kind, &step))
        return false;
    if (field->kind == DECODER_TIME) {
        *time_member = step.source == SOURCE_UNSIGNED ? (int)index : -1;
        return false;
    }
    step.path = (uint8_t)find_path(&step);
    g_array_append_val(steps, step);
    return true;
}

/* Adds the steps for the fields that the structure has, in the order of the fields. Returns how many. */
static unsigned add_steps(GArray *steps, const bt_field_class *structure, const struct decoder_field *fields,
                          int *time_member)
{
    unsigned count = 0;

    if (!structure || bt_field_class_get_type(structure) != BT_FIELD_CLASS_TYPE_STRUCTURE)
        return 0;

    uint64_t members = MIN(bt_field_class_structure_get_member_count(structure), UINT16_MAX);
    for (const struct decoder_field *field = fields; field->name; field++)
        for (uint64_t i = 0; i < members; i++)
            count += add_step(steps, structure, i, field, time_member);
    return count;
}

/* An event that is worth nothing without its thread is none of ours when the trace does not say the thread.
 */
static void check_thread(struct ctf_plan *plan, const GArray *steps)
{
    bool has_thread = false;

    for (guint i = 0; i < steps->len; i++)
        has_thread |= g_array_index(steps, struct ctf_step, i).offset == offsetof(struct event, tid);
    if (has_thread || plan->decoder->thread == THREAD_ANY)
        return;

    plan->is_thread_missing = plan->decoder->thread == THREAD_REQUIRED;
    plan->decoder = &event_decoder_other;
    plan->payload_count = 0;
}

/* What can be known about the events before they are decoded. */
static void find_needed_fields(struct ctf_plan *plan, const struct ctf_step *steps)
{
    unsigned context_count = plan->common_count + plan->specific_count;

    for (unsigned i = 0; i < context_count + plan->payload_count; i++) {
        plan->has_context |= steps[i].offset == offsetof(struct event, pid) ||
                             steps[i].offset == offsetof(struct event, callstack);
        if (i >= context_count && plan->decoder->type == EVENT_CALL && steps[i].source == SOURCE_UNSIGNED &&
            steps[i].offset == offsetof(struct event, call.number))
            plan->number_member = steps[i].member;
    }
}

struct ctf_plan *ctf_plan_new(const bt_event_class *event_class)
{
    struct ctf_plan *plan = g_new0(struct ctf_plan, 1);
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct ctf_step));
    const bt_stream_class *stream_class = bt_event_class_borrow_stream_class_const(event_class);
    const char *name = bt_event_class_get_name(event_class);
    int no_time;

    plan->event_class = event_class;
    plan->time_member = plan->number_member = -1;
    plan->decoder = event_decoder_find(name ? name : "", &plan->call_name);
    plan->common_count =
        add_steps(steps, bt_stream_class_borrow_event_common_context_field_class_const(stream_class),
                  context_fields, &no_time);
    plan->specific_count =
        add_steps(steps, bt_event_class_borrow_specific_context_field_class_const(event_class),
                  context_fields, &no_time);
    plan->payload_count = add_steps(steps, bt_event_class_borrow_payload_field_class_const(event_class),
                                    plan->decoder->fields, &plan->time_member);
    check_thread(plan, steps);
    find_needed_fields(plan, (const struct ctf_step *)(const void *)steps->data);
    plan->steps = (struct ctf_step *)(void *)g_array_free(steps, FALSE);
    return plan;
}

void ctf_plan_free(struct ctf_plan *plan)
{
    if (!plan)
        return;

    g_free(plan->steps);
    g_free(plan);
}

static uint64_t payload_number(const bt_event *event, int member)
{
    return bt_field_integer_unsigned_get_value(bt_field_structure_borrow_member_field_by_index_const(
        bt_event_borrow_payload_field_const(event), (uint64_t)member));
}

uint64_t ctf_plan_time(const struct ctf_plan *plan, const bt_event *event)
{
    return payload_number(event, plan->time_member);
}

uint64_t ctf_plan_call_number(const struct ctf_plan *plan, const bt_event *event)
{
    return payload_number(event, plan->number_member);
}

static uint64_t element_value(const struct ctf_step *step, const bt_field *array, uint64_t index)
{
    const bt_field *element = bt_field_array_borrow_element_field_by_index_const(array, index);

    return step->is_signed_element ? (uint64_t)bt_field_integer_signed_get_value(element)
                                   : bt_field_integer_unsigned_get_value(element);
}

/* Call stacks of the kernel tracer may end with -1. */
static uint32_t length_without_mark(const uint64_t *pcs, uint32_t count)
{
    while (count && pcs[count - 1] == UINT64_MAX)
        count--;
    return count;
}

/* An event may have a kernel's and a user's part of its call stack, in any order: the kernel's is the inner
 * one. */
static struct event_pcs join_pcs(struct event_pcs known, struct event_pcs more, struct event_batch *batch)
{
    bool is_kernel_last = more.count > 0 && more.pcs[0] >= EVENT_FIRST_KERNEL_PC;
    const struct event_pcs *inner = is_kernel_last ? &more : &known, *outer = is_kernel_last ? &known : &more;
    uint64_t *pcs = event_batch_alloc(batch, ((size_t)inner->count + outer->count) * sizeof *pcs);

    memcpy(pcs, inner->pcs, inner->count * sizeof *pcs);
    memcpy(pcs + inner->count, outer->pcs, outer->count * sizeof *pcs);
    return (struct event_pcs){.pcs = pcs, .count = inner->count + outer->count};
}

static void decode_array(const struct ctf_step *step, const bt_field *array, struct event *event,
                         struct event_batch *batch)
{
    uint64_t length = bt_field_array_get_length(array);

    if (step->kind == DECODER_PCS) {
        struct event_pcs *pcs = (struct event_pcs *)((char *)event + step->offset);
        length = MIN(length, CTF_MAX_PCS);
        uint64_t *copy = event_batch_alloc(batch, length * sizeof *copy);
        for (uint64_t i = 0; i < length; i++)
            copy[i] = element_value(step, array, i);
        struct event_pcs known = *pcs;
        pcs->pcs = copy;
        pcs->count = length_without_mark(copy, (uint32_t)length);
        if (step->offset == offsetof(struct event, callstack) && known.count > 0)
            *pcs = join_pcs(known, *pcs, batch);
    } else {
        length = MIN(length, CTF_MAX_BYTES);
        uint8_t *copy = event_batch_alloc(batch, length);
        for (uint64_t i = 0; i < length; i++)
            copy[i] = (uint8_t)element_value(step, array, i);
        *(const uint8_t **)((char *)event + step->offset) = copy;
        *(uint32_t *)((char *)event + step->size_offset) = (uint32_t)length;
    }
}

static void store_number(const struct ctf_step *step, uint64_t value, double real, struct event *event)
{
    void *at = (char *)event + step->offset;

    switch ((enum decoder_kind)step->kind) {
    case DECODER_U16:
        *(uint16_t *)at = (uint16_t)value;
        break;
    case DECODER_U32:
    case DECODER_I32:
        *(uint32_t *)at = (uint32_t)value;
        break;
    case DECODER_U64:
    case DECODER_I64:
        *(uint64_t *)at = value;
        break;
    case DECODER_BOOL:
        *(bool *)at = value != 0;
        break;
    case DECODER_DOUBLE:
        *(double *)at = real;
        break;
    default:
        g_assert_not_reached();
    }
}

/* Real numbers go into integer members only within their range. */
static uint64_t truncate_real(double real)
{
    return real > -9.2e18 && real < 9.2e18 ? (uint64_t)(int64_t)real : 0;
}

static void decode_step(const struct ctf_step *step, const bt_field *field, struct event *event,
                        struct event_batch *batch)
{
    uint64_t value;
    double real;

    switch ((enum step_source)step->source) {
    case SOURCE_UNSIGNED:
        value = bt_field_integer_unsigned_get_value(field);
        store_number(step, value, (double)value, event);
        break;
    case SOURCE_SIGNED:
        value = (uint64_t)bt_field_integer_signed_get_value(field);
        store_number(step, value, (double)(int64_t)value, event);
        break;
    case SOURCE_BOOL:
        value = bt_field_bool_get_value(field) ? 1 : 0;
        store_number(step, value, (double)value, event);
        break;
    case SOURCE_SINGLE:
    case SOURCE_DOUBLE:
        real = step->source == SOURCE_SINGLE ? (double)bt_field_real_single_precision_get_value(field)
                                             : bt_field_real_double_precision_get_value(field);
        store_number(step, truncate_real(real), real, event);
        break;
    case SOURCE_TEXT:
        /* the value of an empty text is what an earlier event left there (babeltrace2 2.0.4); its length is
         * right */
        *(const char **)((char *)event + step->offset) =
            event_batch_copy_text(batch, bt_field_string_get_value(field),
                                  MIN(bt_field_string_get_length(field), CTF_MAX_TEXT_BYTES));
        break;
    case SOURCE_ARRAY:
        decode_array(step, field, event, batch);
        break;
    }
}

static const struct ctf_step *decode_structure(const struct ctf_step *step, unsigned count,
                                               const bt_field *structure, struct event *event,
                                               struct event_batch *batch)
{
    const struct ctf_step *end = step + count;

    for (; structure && step < end; step++) {
        const bt_field *field =
            bt_field_structure_borrow_member_field_by_index_const(structure, step->member);
        void *at = (char *)event + step->offset;
        switch ((enum step_path)step->path) {
        case PATH_UNSIGNED_32:
            *(uint32_t *)at = (uint32_t)bt_field_integer_unsigned_get_value(field);
            break;
        case PATH_UNSIGNED_64:
            *(uint64_t *)at = bt_field_integer_unsigned_get_value(field);
            break;
        case PATH_SIGNED_32:
            *(int32_t *)at = (int32_t)bt_field_integer_signed_get_value(field);
            break;
        case PATH_SIGNED_64:
            *(int64_t *)at = bt_field_integer_signed_get_value(field);
            break;
        case PATH_GENERAL:
            decode_step(step, field, event, batch);
            break;
        }
    }
    return end;
}

void ctf_plan_decode(const struct ctf_plan *plan, const bt_event *from, struct event *event,
                     struct event_batch *batch)
{
    const struct ctf_step *step = plan->steps;

    event->type = plan->decoder->type;
    if (plan->common_count)
        step = decode_structure(step, plan->common_count, bt_event_borrow_common_context_field_const(from),
                                event, batch);
    if (plan->specific_count)
        step = decode_structure(step, plan->specific_count,
                                bt_event_borrow_specific_context_field_const(from), event, batch);
    int32_t tid = event->tid;
    /* The kernel's call stacks begin with the exact PC. */
    event->callstack.leaf_is_exact = event->callstack.count > 0;
    if (plan->decoder->prepare)
        plan->decoder->prepare(event);
    if (plan->payload_count)
        decode_structure(step, plan->payload_count, bt_event_borrow_payload_field_const(from), event, batch);
    if (plan->call_name)
        event->kernel_syscall.name = plan->call_name;
    if (plan->decoder->finish)
        plan->decoder->finish(event);
    /* The event is about another thread than the one it is from. */
    if (event->tid != tid)
        event->procname = NULL;
}
