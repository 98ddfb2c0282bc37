/*
 * symbols_of FILE COUNT: what the analyzer makes of COUNT addresses, spread evenly over the machine code of
 * an object file. Of each a line "ADDRESS" (as in the file), and for each call, innermost first,
 * "FUNCTION\tFILE\tLINE".
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "analyzer/symbols.h"

/* Where the file is loaded: executables that cannot be moved where they want to be. False: no ELF file. */
static bool find_base(const char *path, uint64_t *bias, uint64_t *base)
{
    FILE *file = fopen(path, "rb");
    Elf64_Ehdr header;
    Elf64_Phdr segment = {.p_type = PT_NULL};
    bool is_fine = file && fread(&header, sizeof header, 1, file) == 1 &&
                   fseek(file, (long)header.e_phoff, SEEK_SET) == 0;

    while (is_fine && segment.p_type != PT_LOAD)
        is_fine = fread(&segment, sizeof segment, 1, file) == 1;
    if (file)
        fclose(file);
    *bias = is_fine && header.e_type == ET_DYN ? UINT64_C(0x550000000000) : 0;
    *base = *bias + (segment.p_vaddr & ~UINT64_C(4095));
    return is_fine;
}

int main(int argc, char **argv)
{
    struct module module = {.size = 1u << 30};
    long count = argc == 3 ? atol(argv[2]) : 0;
    uint64_t bias;

    if (count <= 0 || !find_base(argv[1], &bias, &module.base)) {
        fprintf(stderr, "usage: symbols_of FILE COUNT\n");
        return 2;
    }
    module.path = argv[1];
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_LINES, NULL);
    struct code_segment code = symbol_table_code(table, &module);
    for (long i = 0; i < count; i++) {
        uint64_t offset = (code.end - code.start) / (uint64_t)count * (uint64_t)i;
        struct frame frame = {.module = &module, .address = code.start + offset};
        const struct symbolized_frame *found = symbol_table_find(table, &frame);
        printf("0x%" PRIx64 "\n", frame.address - bias);
        for (uint32_t j = 0; j < found->count; j++)
            printf("%s\t%s\t%d\n", found->lines[j].function, found->lines[j].file, found->lines[j].line);
    }
    for (guint i = 0; i < symbol_table_warnings(table)->len; i++)
        fprintf(stderr, "%s\n", (const char *)symbol_table_warnings(table)->pdata[i]);
    symbol_table_free(table);
    return 0;
}
