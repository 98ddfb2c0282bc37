/*
 * Reader of .eh_frame_hdr, CIEs, FDEs and call frame instructions for x86-64: see unwind_rules.h. Formats:
 * Linux Standard Base, "Exception Frames"; DWARF 4, section 6.4; x86-64 psABI for the register numbers.
 *
 * Of all registers only rsp and rbp are followed: compilers express the CFA by nothing else where a call can
 * stand. Objects are found without a lock (loaded_objects.h).
 */
#include "tracepoints/unwind_rules.h"

#include <stddef.h>
#include <string.h>

#include "tracepoints/loaded_objects.h"

#define REMEMBER_MAX 8u

enum {
    DWARF_RBP = 6,
    DWARF_RSP = 7,
    DWARF_RA = 16,
};

enum {
    CFA_ADVANCE_LOC = 0x40, /* in the two top bits */
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_LOC1 = 0x02,
    CFA_ADVANCE_LOC2 = 0x03,
    CFA_ADVANCE_LOC4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET = 0x2f,
};

enum {
    OP_DEREF = 0x06,
    OP_BREG_RBP = 0x76,
    OP_BREG_RSP = 0x77,
};

/* A reader that never leaves [at, end): past the end it gives zeros and turns bad. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool is_bad;
};

/* Where a register's value in the caller is. */
enum save_kind { SAVE_SAME, SAVE_AT_CFA, SAVE_AT_RBP, SAVE_UNDEFINED, SAVE_UNKNOWN };

struct save {
    enum save_kind kind;
    int64_t offset;
};

enum cfa_kind { CFA_BY_REGISTER, CFA_BY_DEREF_RBP, CFA_UNKNOWN };

struct frame_state {
    enum cfa_kind cfa_kind;
    uint64_t cfa_register;
    int64_t cfa_offset;
    struct save rbp;
    struct save ra;
};

/* A CIE with the FDE that covers the PC. */
struct frame_entry {
    struct cursor cie_program;
    struct cursor fde_program;
    uint64_t start; /* of the PCs covered */
    uint64_t code_align;
    int64_t data_align;
    uint8_t pointer_encoding;
    bool has_augmentation_data;
    bool is_signal_frame;
};

static uint64_t read_bytes(struct cursor *cursor, size_t count)
{
    uint64_t value = 0;

    if ((size_t)(cursor->end - cursor->at) < count) {
        cursor->is_bad = true;
        cursor->at = cursor->end;
        return 0;
    }
    memcpy(&value, cursor->at, count);
    cursor->at += count;
    return value;
}

static uint64_t read_uleb(struct cursor *cursor)
{
    uint64_t value = 0;
    uint64_t byte;
    unsigned shift = 0;

    do {
        byte = read_bytes(cursor, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    return value;
}

static int64_t read_sleb(struct cursor *cursor)
{
    uint64_t value = 0;
    uint64_t byte;
    unsigned shift = 0;

    do {
        byte = read_bytes(cursor, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (shift < 64 && (byte & 0x40) != 0)
        value |= -(UINT64_C(1) << shift);
    return (int64_t)value;
}

static void skip(struct cursor *cursor, uint64_t count)
{
    if ((uint64_t)(cursor->end - cursor->at) < count) {
        cursor->is_bad = true;
        cursor->at = cursor->end;
        return;
    }
    cursor->at += count;
}

/* An encoded pointer; absolute and PC-relative ones only (the others do not occur in FDEs). */
static uint64_t read_pointer(struct cursor *cursor, uint8_t encoding)
{
    uint64_t place = (uint64_t)(uintptr_t)cursor->at;
    uint64_t value;

    switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
        value = read_bytes(cursor, 8);
        break;
    case 0x02:
        value = read_bytes(cursor, 2);
        break;
    case 0x03:
        value = read_bytes(cursor, 4);
        break;
    case 0x0a:
        value = (uint64_t)(int64_t)(int16_t)read_bytes(cursor, 2);
        break;
    case 0x0b:
        value = (uint64_t)(int64_t)(int32_t)read_bytes(cursor, 4);
        break;
    default:
        cursor->is_bad = true;
        return 0;
    }
    if ((encoding & 0x70) == 0x10)
        value += place;
    else if ((encoding & 0x70) != 0)
        cursor->is_bad = true;
    return value;
}

/* The FDE that may cover `pc`, by the sorted table of .eh_frame_hdr; NULL without one. */
static const uint8_t *find_fde(const struct dl_find_object *object, uint64_t pc)
{
    const uint8_t *header = object->dlfo_eh_frame;
    const int32_t *table;
    uint32_t low = 0, high;
    int64_t wanted;

    /* Version 1, any pointer to .eh_frame of 4 bytes, count udata4, table of sdata4 relative to the header.
     */
    if (header == NULL || header[0] != 1 || (header[1] & 0x0f) != 0x0b || header[2] != 0x03 ||
        header[3] != 0x3b)
        return NULL;
    memcpy(&high, header + 8, sizeof(high));
    table = (const int32_t *)(const void *)(header + 12);
    wanted = (int64_t)(pc - (uint64_t)(uintptr_t)header);
    if (high == 0 || table[0] > wanted)
        return NULL;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (table[2 * (size_t)middle] <= wanted)
            low = middle;
        else
            high = middle;
    }
    return header + table[2 * (size_t)low + 1];
}

/* A cursor over the entry at `start` after its length; bad when it has the 64-bit form or leaves the object.
 */
static struct cursor open_entry(const uint8_t *start, const struct dl_find_object *object)
{
    struct cursor cursor = {.at = start, .end = object->dlfo_map_end};
    uint64_t length;

    if (start < (const uint8_t *)object->dlfo_map_start || start >= cursor.end)
        return (struct cursor){.is_bad = true};
    length = read_bytes(&cursor, 4);
    if (length >= 0xfffffff0u || (uint64_t)(cursor.end - cursor.at) < length)
        cursor.is_bad = true;
    else
        cursor.end = cursor.at + length;
    return cursor;
}

/* The augmentation string's letters, in order, describe the augmentation data. */
static void read_augmentation(struct frame_entry *entry, struct cursor *cursor, const char *letters)
{
    uint64_t size = read_uleb(cursor);
    struct cursor data = {.at = cursor->at, .end = cursor->at};

    skip(cursor, size);
    data.end = cursor->at;
    entry->has_augmentation_data = true;
    for (letters++; *letters != '\0' && !data.is_bad; letters++) {
        uint8_t encoding;

        switch (*letters) {
        case 'R':
            entry->pointer_encoding = (uint8_t)read_bytes(&data, 1);
            break;
        case 'P':
            encoding = (uint8_t)read_bytes(&data, 1);
            read_pointer(&data, encoding & 0x0f);
            break;
        case 'L':
            skip(&data, 1);
            break;
        case 'S':
            entry->is_signal_frame = true;
            break;
        default:
            break;
        }
    }
    cursor->is_bad |= data.is_bad;
}

static bool read_cie(struct frame_entry *entry, const uint8_t *start, const struct dl_find_object *object)
{
    struct cursor cursor = open_entry(start, object);
    const char *letters;
    uint64_t id, version, return_register;

    if (cursor.is_bad)
        return false;
    id = read_bytes(&cursor, 4);
    version = read_bytes(&cursor, 1);
    letters = (const char *)cursor.at;
    while (read_bytes(&cursor, 1) != 0)
        continue;
    if (cursor.is_bad || id != 0 || (version != 1 && version != 3))
        return false;
    entry->code_align = read_uleb(&cursor);
    entry->data_align = read_sleb(&cursor);
    return_register = version == 1 ? read_bytes(&cursor, 1) : read_uleb(&cursor);
    if (letters[0] == 'z')
        read_augmentation(entry, &cursor, letters);
    else if (letters[0] != '\0')
        return false;
    entry->cie_program = cursor;
    return !cursor.is_bad && return_register == DWARF_RA;
}

static bool read_fde(struct frame_entry *entry, const struct dl_find_object *object, uint64_t pc)
{
    const uint8_t *start = find_fde(object, pc);
    struct cursor cursor;
    const uint8_t *cie_place;
    uint64_t cie_distance, range;

    if (start == NULL)
        return false;
    cursor = open_entry(start, object);
    cie_place = cursor.at;
    cie_distance = read_bytes(&cursor, 4);
    if (cursor.is_bad || cie_distance == 0 || !read_cie(entry, cie_place - cie_distance, object))
        return false;
    entry->start = read_pointer(&cursor, entry->pointer_encoding);
    range = read_pointer(&cursor, entry->pointer_encoding & 0x0f);
    if (entry->has_augmentation_data)
        skip(&cursor, read_uleb(&cursor));
    entry->fde_program = cursor;
    return !cursor.is_bad && pc - entry->start < range;
}

static void set_save(struct frame_state *state, uint64_t reg, enum save_kind kind, int64_t offset)
{
    if (reg == DWARF_RBP)
        state->rbp = (struct save){.kind = kind, .offset = offset};
    else if (reg == DWARF_RA)
        state->ra = (struct save){.kind = kind, .offset = offset};
}

static void restore_save(struct frame_state *state, const struct frame_state *initial, uint64_t reg)
{
    if (reg == DWARF_RBP)
        state->rbp = initial->rbp;
    else if (reg == DWARF_RA)
        state->ra = initial->ra;
}

/*
 * The linker's expression for procedure linkage tables: rsp + 8 + ((rip & 15) >= N) * 8. N is 11 or 10,
 * or 5 and 9 with other kinds of tables.
 */
static bool read_plt_expression(struct frame_state *state, const uint8_t *bytes, uint64_t size, uint64_t pc)
{
    static const uint8_t before[] = {OP_BREG_RSP, 8, 0x80, 0, 0x3f, 0x1a};
    static const uint8_t after[] = {0x2a, 0x33, 0x24, 0x22};

    if (size != sizeof(before) + 1 + sizeof(after) || memcmp(bytes, before, sizeof(before)) != 0 ||
        memcmp(bytes + sizeof(before) + 1, after, sizeof(after)) != 0)
        return false;
    state->cfa_kind = CFA_BY_REGISTER;
    state->cfa_register = DWARF_RSP;
    state->cfa_offset = (pc & 15) >= (uint64_t)bytes[sizeof(before)] - 0x30 ? 16 : 8;
    return true;
}

static void read_cfa_expression(struct frame_state *state, struct cursor *cursor, uint64_t pc)
{
    uint64_t size = read_uleb(cursor);
    struct cursor bytes = {.at = cursor->at, .end = cursor->at};

    skip(cursor, size);
    bytes.end = cursor->at;
    state->cfa_kind = CFA_UNKNOWN;
    if (read_plt_expression(state, bytes.at, (uint64_t)(bytes.end - bytes.at), pc))
        return;
    if (read_bytes(&bytes, 1) != OP_BREG_RBP)
        return;
    state->cfa_offset = read_sleb(&bytes);
    if (read_bytes(&bytes, 1) == OP_DEREF && bytes.at == bytes.end && !bytes.is_bad)
        state->cfa_kind = CFA_BY_DEREF_RBP;
}

/* A register saved at the address that an expression gives: rbp + offset is the form compilers use. */
static void read_save_expression(struct frame_state *state, struct cursor *cursor)
{
    uint64_t reg = read_uleb(cursor);
    uint64_t size = read_uleb(cursor);
    struct cursor bytes = {.at = cursor->at, .end = cursor->at};
    int64_t offset;

    skip(cursor, size);
    bytes.end = cursor->at;
    set_save(state, reg, SAVE_UNKNOWN, 0);
    if (read_bytes(&bytes, 1) != OP_BREG_RBP)
        return;
    offset = read_sleb(&bytes);
    if (bytes.at == bytes.end && !bytes.is_bad)
        set_save(state, reg, SAVE_AT_RBP, offset);
}

/* What one program has done so far. */
struct execution {
    struct frame_state state;
    struct frame_state initial; /* after the CIE's program */
    struct frame_state remembered[REMEMBER_MAX];
    uint32_t remembered_count;
    uint64_t location;
};

/* The instructions that carry an operand in their low bits. */
static void execute_packed(struct execution *run, const struct frame_entry *entry, struct cursor *cursor,
                           uint8_t instruction)
{
    uint64_t operand = instruction & 0x3f;

    if ((instruction & 0xc0) == CFA_ADVANCE_LOC)
        run->location += operand * entry->code_align;
    else if ((instruction & 0xc0) == CFA_OFFSET)
        set_save(&run->state, operand, SAVE_AT_CFA, (int64_t)read_uleb(cursor) * entry->data_align);
    else
        restore_save(&run->state, &run->initial, operand);
}

static void set_cfa(struct frame_state *state, uint64_t reg, int64_t offset)
{
    state->cfa_kind = CFA_BY_REGISTER;
    state->cfa_register = reg;
    state->cfa_offset = offset;
}

static void execute_cfa(struct execution *run, const struct frame_entry *entry, struct cursor *cursor,
                        uint8_t instruction, uint64_t pc)
{
    struct frame_state *state = &run->state;
    uint64_t reg;

    switch (instruction) {
    case CFA_DEF_CFA:
        reg = read_uleb(cursor);
        set_cfa(state, reg, (int64_t)read_uleb(cursor));
        break;
    case CFA_DEF_CFA_SF:
        reg = read_uleb(cursor);
        set_cfa(state, reg, read_sleb(cursor) * entry->data_align);
        break;
    case CFA_DEF_CFA_REGISTER:
        set_cfa(state, read_uleb(cursor), state->cfa_offset);
        break;
    case CFA_DEF_CFA_OFFSET:
        state->cfa_offset = (int64_t)read_uleb(cursor);
        break;
    case CFA_DEF_CFA_OFFSET_SF:
        state->cfa_offset = read_sleb(cursor) * entry->data_align;
        break;
    default:
        read_cfa_expression(state, cursor, pc);
        break;
    }
}

static void execute_save(struct execution *run, const struct frame_entry *entry, struct cursor *cursor,
                         uint8_t instruction)
{
    struct frame_state *state = &run->state;
    uint64_t reg;

    if (instruction == CFA_EXPRESSION) {
        read_save_expression(state, cursor);
        return;
    }
    reg = read_uleb(cursor);
    switch (instruction) {
    case CFA_OFFSET_EXTENDED:
        set_save(state, reg, SAVE_AT_CFA, (int64_t)read_uleb(cursor) * entry->data_align);
        break;
    case CFA_OFFSET_EXTENDED_SF:
        set_save(state, reg, SAVE_AT_CFA, read_sleb(cursor) * entry->data_align);
        break;
    case CFA_GNU_NEGATIVE_OFFSET:
        set_save(state, reg, SAVE_AT_CFA, -(int64_t)read_uleb(cursor) * entry->data_align);
        break;
    case CFA_RESTORE_EXTENDED:
        restore_save(state, &run->initial, reg);
        break;
    case CFA_SAME_VALUE:
        set_save(state, reg, SAVE_SAME, 0);
        break;
    case CFA_UNDEFINED:
        set_save(state, reg, SAVE_UNDEFINED, 0);
        break;
    case CFA_VAL_EXPRESSION:
        skip(cursor, read_uleb(cursor));
        set_save(state, reg, SAVE_UNKNOWN, 0);
        break;
    default: /* CFA_REGISTER, CFA_VAL_OFFSET, CFA_VAL_OFFSET_SF: one more operand */
        read_uleb(cursor);
        set_save(state, reg, SAVE_UNKNOWN, 0);
        break;
    }
}

/* False: an instruction that we do not know. */
static bool execute_one(struct execution *run, const struct frame_entry *entry, struct cursor *cursor,
                        uint64_t pc)
{
    uint8_t instruction = (uint8_t)read_bytes(cursor, 1);

    if ((instruction & 0xc0) != 0) {
        execute_packed(run, entry, cursor, instruction);
        return true;
    }
    switch (instruction) {
    case CFA_NOP:
        break;
    case CFA_SET_LOC:
        run->location = read_pointer(cursor, entry->pointer_encoding);
        break;
    case CFA_ADVANCE_LOC1:
        run->location += read_bytes(cursor, 1) * entry->code_align;
        break;
    case CFA_ADVANCE_LOC2:
        run->location += read_bytes(cursor, 2) * entry->code_align;
        break;
    case CFA_ADVANCE_LOC4:
        run->location += read_bytes(cursor, 4) * entry->code_align;
        break;
    case CFA_GNU_ARGS_SIZE:
        read_uleb(cursor);
        break;
    case CFA_REMEMBER_STATE:
        if (run->remembered_count == REMEMBER_MAX)
            return false;
        run->remembered[run->remembered_count++] = run->state;
        break;
    case CFA_RESTORE_STATE:
        if (run->remembered_count == 0)
            return false;
        run->state = run->remembered[--run->remembered_count];
        break;
    case CFA_DEF_CFA:
    case CFA_DEF_CFA_SF:
    case CFA_DEF_CFA_REGISTER:
    case CFA_DEF_CFA_OFFSET:
    case CFA_DEF_CFA_OFFSET_SF:
    case CFA_DEF_CFA_EXPRESSION:
        execute_cfa(run, entry, cursor, instruction, pc);
        break;
    case CFA_OFFSET_EXTENDED:
    case CFA_RESTORE_EXTENDED:
    case CFA_UNDEFINED:
    case CFA_SAME_VALUE:
    case CFA_REGISTER:
    case CFA_EXPRESSION:
    case CFA_OFFSET_EXTENDED_SF:
    case CFA_VAL_OFFSET:
    case CFA_VAL_OFFSET_SF:
    case CFA_VAL_EXPRESSION:
    case CFA_GNU_NEGATIVE_OFFSET:
        execute_save(run, entry, cursor, instruction);
        break;
    default:
        return false;
    }
    return true;
}

/* Runs a program up to the row that `pc` is in. */
static bool execute(struct execution *run, const struct frame_entry *entry, struct cursor program,
                    uint64_t pc)
{
    while (program.at < program.end && run->location <= pc) {
        struct frame_state before = run->state;

        if (!execute_one(run, entry, &program, pc) || program.is_bad)
            return false;
        if (run->location > pc)
            run->state = before;
    }
    return true;
}

static struct unwind_rule rule_of(const struct frame_state *state)
{
    struct unwind_rule rule = {.step = UNWIND_STOP};

    if (state->ra.kind != SAVE_AT_CFA || state->ra.offset != -8 ||
        state->cfa_offset != (int32_t)state->cfa_offset)
        return rule;
    rule.cfa_offset = (int32_t)state->cfa_offset;
    if (state->rbp.kind == SAVE_AT_CFA || state->rbp.kind == SAVE_AT_RBP) {
        if (state->rbp.offset % 8 != 0 || state->rbp.offset / 8 != (int16_t)(state->rbp.offset / 8))
            return rule;
        rule.is_rbp_saved = true;
        rule.is_rbp_at_rbp = state->rbp.kind == SAVE_AT_RBP;
        rule.rbp_offset8 = (int16_t)(state->rbp.offset / 8);
    }
    if (state->cfa_kind == CFA_BY_DEREF_RBP)
        rule.step = UNWIND_DEREF_RBP;
    else if (state->cfa_kind == CFA_BY_REGISTER && state->cfa_register == DWARF_RSP)
        rule.step = UNWIND_RSP;
    else if (state->cfa_kind == CFA_BY_REGISTER && state->cfa_register == DWARF_RBP)
        rule.step = UNWIND_RBP;
    return rule;
}

struct unwind_rule unwind_rule_find(uint64_t pc)
{
    struct dl_find_object object;
    struct frame_entry entry = {.pointer_encoding = 0};
    struct execution run = {.state = {.cfa_kind = CFA_UNKNOWN}};

    if (!loaded_object_find(pc, &object) || !read_fde(&entry, &object, pc))
        return (struct unwind_rule){.step = UNWIND_FRAME_POINTER};
    if (entry.is_signal_frame)
        return (struct unwind_rule){.step = UNWIND_SIGNAL};
    run.location = entry.start;
    if (!execute(&run, &entry, entry.cie_program, UINT64_MAX))
        return (struct unwind_rule){.step = UNWIND_STOP};
    run.initial = run.state;
    if (!execute(&run, &entry, entry.fde_program, pc))
        return (struct unwind_rule){.step = UNWIND_STOP};
    return rule_of(&run.state);
}
