/* Numbers and tables of reports. */
#include "analyzer/report_format.h"
#include <inttypes.h>
#include <string.h>

/* Reports have tens of thousands of cells: digits are written here and not by printf. */
static char *write_digits(char *at, uint64_t number)
{
    char digits[24];
    int count = 0;

    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/* number / 10^decimals, with that many decimals, and a unit. */
static void write_scaled(char *at, uint64_t number, unsigned decimals, const char *unit)
{
    static const uint64_t powers[] = {1, 10, 100};

    at = write_digits(at, number / powers[decimals]);
    if (decimals > 0)
        *at++ = '.';
    for (unsigned i = decimals; i > 0; i--)
        *at++ = (char)('0' + number / powers[i - 1] % 10);
    *at++ = ' ';
    strcpy(at, unit);
}

const char *format_ns(char *buffer, int64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    char *at = buffer;

    if (ns < 0)
        *at++ = '-';
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        uint64_t unit = units[i].ns;
        /* Three digits; seconds keep one decimal. */
        if (size < unit - unit / 2000)
            continue;
        unsigned decimals = size < 10 * unit - unit / 200   ? 2
                            : size < 100 * unit - unit / 20 ? 1
                            : i == 0                        ? 1
                                                            : 0;
        uint64_t step = unit / (decimals == 2 ? 100 : decimals == 1 ? 10 : 1);
        write_scaled(at, (size + step / 2) / step, decimals, units[i].name);
        return buffer;
    }
    write_scaled(at, size, 0, "ns");
    return buffer;
}

const char *format_count(char *buffer, uint64_t count)
{
    char digits[24];
    size_t length = (size_t)(write_digits(digits, count) - digits), used = 0;

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}

const char *format_bytes(char *buffer, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    if (bytes < 1024) {
        g_snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " B", bytes);
        return buffer;
    }
    for (value /= 1024; value >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
        value /= 1024;
    g_snprintf(buffer, FORMAT_SIZE, "%.1f %s", value, units[unit]);
    return buffer;
}

const char *format_percent(char *buffer, double part, double whole)
{
    g_snprintf(buffer, FORMAT_SIZE, "%.1f %%", whole > 0 ? 100 * part / whole : 0);
    return buffer;
}

void write_csv_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

void write_json_text(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else
            putc(byte, out);
    }
    putc('"', out);
}

struct cell {
    char *text; /* owned; NULL: a number */
    int64_t number;
};

struct report_table {
    const char *name;
    const struct report_column *columns;
    size_t column_count;
    GArray *cells; /* struct cell */
};

static void clear_cell(void *cell)
{
    g_free(((struct cell *)cell)->text);
}

struct report_table *report_table_new(const char *name, const struct report_column *columns, size_t count)
{
    struct report_table *table = g_new0(struct report_table, 1);

    table->name = name;
    table->columns = columns;
    table->column_count = count;
    table->cells = g_array_new(FALSE, TRUE, sizeof(struct cell));
    g_array_set_clear_func(table->cells, clear_cell);
    return table;
}

void report_table_free(struct report_table *table)
{
    if (!table)
        return;

    g_array_unref(table->cells);
    g_free(table);
}

void report_table_add_text(struct report_table *table, const char *text)
{
    struct cell cell = {.text = g_strdup(text)};

    g_array_append_val(table->cells, cell);
}

void report_table_add(struct report_table *table, int64_t number)
{
    struct cell cell = {.number = number};

    g_array_append_val(table->cells, cell);
}

size_t report_table_row_count(const struct report_table *table)
{
    return table->cells->len / table->column_count;
}

static const struct cell *cell_at(const struct report_table *table, size_t row, size_t column)
{
    return &g_array_index(table->cells, struct cell, row * table->column_count + column);
}

/* For people; the text is the cell's own, or in buffer. */
static const char *show_cell(const struct report_table *table, size_t row, size_t column, int64_t start_ns,
                             char *buffer)
{
    const struct cell *cell = cell_at(table, row, column);

    if (cell->text)
        return cell->text;
    switch (table->columns[column].type) {
    case CELL_NS:
        return format_ns(buffer, cell->number);
    case CELL_TIME:
        if (cell->number == 0)
            return "-";
        return format_ns(buffer, cell->number - start_ns);
    case CELL_COUNT:
        return format_count(buffer, (uint64_t)cell->number);
    case CELL_BYTES:
        return format_bytes(buffer, (uint64_t)cell->number);
    case CELL_OBJECT:
        g_snprintf(buffer, FORMAT_SIZE, "0x%" PRIx64, (uint64_t)cell->number);
        return buffer;
    default:
        if (cell->number < 0)
            return "-";
        *write_digits(buffer, (uint64_t)cell->number) = '\0';
        return buffer;
    }
}

/* A cell as people see it. */
struct shown_cell {
    const char *text; /* of the table, or in the pool */
    uint32_t bytes, width;
};

struct shown_table {
    const struct report_table *table;
    struct shown_cell *cells; /* titles, then rows */
    uint32_t *widths;         /* of columns */
    char *pool, *pool_at;     /* texts of numbers */
    size_t line_bytes;        /* at least what a row takes */
};

/* Characters, not bytes. */
static struct shown_cell show_text(const char *text)
{
    struct shown_cell cell = {.text = text};

    for (; text[cell.bytes]; cell.bytes++)
        cell.width += ((unsigned char)text[cell.bytes] & 0xc0) != 0x80;
    return cell;
}

static void show_column(struct shown_table *shown, size_t column, size_t rows, int64_t start_ns)
{
    struct shown_cell *cell = &shown->cells[column];
    uint32_t bytes;

    *cell = show_text(shown->table->columns[column].title);
    shown->widths[column] = cell->width;
    bytes = cell->bytes;
    for (size_t row = 0; row < rows; row++) {
        cell += shown->table->column_count;
        *cell = show_text(show_cell(shown->table, row, column, start_ns, shown->pool_at));
        if (cell->text == shown->pool_at)
            shown->pool_at += cell->bytes + 1;
        shown->widths[column] = MAX(shown->widths[column], cell->width);
        bytes = MAX(bytes, cell->bytes);
    }
    shown->line_bytes += (size_t)bytes + shown->widths[column] + 2;
}

/* Text stands left, numbers right; nothing is padded after the last column. */
static void write_row(const struct shown_table *shown, size_t row, size_t last_column, char *line, FILE *out)
{
    const struct report_column *columns = shown->table->columns;
    const struct shown_cell *cells = &shown->cells[row * shown->table->column_count];
    char *at = line;

    for (size_t column = 0; column <= last_column; column++) {
        size_t padding = shown->widths[column] - cells[column].width;
        bool is_left = columns[column].type == CELL_TEXT;
        if (!columns[column].title)
            continue;
        for (size_t i = is_left ? 0 : padding; i > 0; i--)
            *at++ = ' ';
        memcpy(at, cells[column].text, cells[column].bytes);
        at += cells[column].bytes;
        for (size_t i = column == last_column ? 0 : 2 + (is_left ? padding : 0); i > 0; i--)
            *at++ = ' ';
    }
    *at++ = '\n';
    fwrite(line, 1, (size_t)(at - line), out);
}

void report_table_write_text(const struct report_table *table, size_t max_rows, int64_t start_ns, FILE *out)
{
    size_t rows = report_table_row_count(table), columns = table->column_count, last = 0;
    size_t count = max_rows > 0 ? MIN(rows, max_rows) : rows;
    g_autofree struct shown_cell *cells = g_new(struct shown_cell, (count + 1) * columns);
    g_autofree uint32_t *widths = g_new0(uint32_t, columns);
    /* Most of it is never touched. */
    g_autofree char *pool = g_malloc((count * columns + 1) * FORMAT_SIZE);
    struct shown_table shown = {table, cells, widths, pool, pool, 1};

    for (size_t column = 0; column < columns; column++) {
        if (!table->columns[column].title)
            continue;
        last = column;
        show_column(&shown, column, count, start_ns);
    }
    g_autofree char *line = g_malloc(shown.line_bytes);
    for (size_t row = 0; row <= count; row++)
        write_row(&shown, row, last, line, out);
    if (rows > count)
        fprintf(out, "... and %zu more\n", rows - count);
}

static void write_number(FILE *out, const struct cell *cell, enum cell_type type)
{
    if (type == CELL_OBJECT)
        fprintf(out, "0x%" PRIx64, (uint64_t)cell->number);
    else
        fprintf(out, "%" PRId64, cell->number);
}

void report_table_write_csv(const struct report_table *table, FILE *out)
{
    size_t rows = report_table_row_count(table);

    for (size_t row = 0; row <= rows; row++) {
        bool is_first = true;
        for (size_t column = 0; column < table->column_count; column++) {
            const struct report_column *about = &table->columns[column];
            if (!about->key)
                continue;
            if (!is_first)
                putc(',', out);
            is_first = false;
            const struct cell *cell = row > 0 ? cell_at(table, row - 1, column) : NULL;
            if (!cell || cell->text)
                write_csv_text(out, cell ? cell->text : about->key);
            else
                write_number(out, cell, about->type);
        }
        putc('\n', out);
    }
}

void report_table_write_json(const struct report_table *table, FILE *out)
{
    size_t rows = report_table_row_count(table);

    fputc('[', out);
    for (size_t row = 0; row < rows; row++) {
        bool is_first = true;
        fputs(row == 0 ? "\n    {" : ",\n    {", out);
        for (size_t column = 0; column < table->column_count; column++) {
            const struct report_column *about = &table->columns[column];
            const struct cell *cell = cell_at(table, row, column);
            if (!about->key)
                continue;
            fprintf(out, "%s\"%s\": ", is_first ? "" : ", ", about->key);
            is_first = false;
            if (cell->text) {
                write_json_text(out, cell->text);
            } else {
                const char *quote = about->type == CELL_OBJECT ? "\"" : "";
                fputs(quote, out);
                write_number(out, cell, about->type);
                fputs(quote, out);
            }
        }
        putc('}', out);
    }
    fputs(rows > 0 ? "\n  ]" : "]", out);
}

void report_json_begin(const char *name, FILE *out)
{
    fprintf(out, "{\n  \"report\": \"%s\",\n  \"version\": %d", name, REPORT_VERSION);
}

void report_json_end(FILE *out)
{
    fputs("\n}\n", out);
}

void report_table_write(const struct report_table *table, enum report_format format, int64_t start_ns,
                        FILE *out)
{
    switch (format) {
    case REPORT_TEXT:
        report_table_write_text(table, 0, start_ns, out);
        break;
    case REPORT_CSV:
        report_table_write_csv(table, out);
        break;
    case REPORT_JSON:
        report_json_begin(table->name, out);
        fprintf(out, ",\n  \"%s\": ", table->name);
        report_table_write_json(table, out);
        report_json_end(out);
        break;
    }
}
