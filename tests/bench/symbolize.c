/*
 * How long symbols take: looks up N addresses, spread evenly over the machine code of an object file, and
 * prints the time, how many were known, and the memory. To build and run:
 *
 *     cmake --build build --target bench_symbolize
 *     build/tests/bench_symbolize FILE N none|functions|lines
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "analyzer/symbols.h"

static double now_s(void)
{
    return (double)g_get_monotonic_time() / 1e6;
}

static struct code_segment code_of(const struct module *module)
{
    struct symbol_table *table = symbol_table_new(SYMBOLIZE_NONE, NULL);
    struct code_segment code = symbol_table_code(table, module);

    symbol_table_free(table);
    return code;
}

int main(int argc, char **argv)
{
    struct module module = {.base = UINT64_C(0x550000000000), .size = 1u << 30};
    long count = argc == 4 ? atol(argv[2]) : 0, known = 0, inlined = 0;
    enum symbolize_mode mode;
    struct symbol_table *table;
    struct code_segment code;
    struct rusage usage;
    double start;

    if (count <= 0) {
        fprintf(stderr, "usage: bench_symbolize FILE N none|functions|lines\n");
        return 2;
    }
    mode = strcmp(argv[3], "lines") == 0       ? SYMBOLIZE_LINES
           : strcmp(argv[3], "functions") == 0 ? SYMBOLIZE_FUNCTIONS
                                               : SYMBOLIZE_NONE;
    module.path = argv[1];
    code = code_of(&module);
    table = symbol_table_new(mode, NULL);
    start = now_s();
    for (long i = 0; i < count; i++) {
        struct frame frame = {.module = &module,
                              .address =
                                  code.start + (code.end - code.start) / (uint64_t)count * (uint64_t)i};
        const struct symbolized_frame *found = symbol_table_find(table, &frame);

        known += found->is_known;
        inlined += found->count > 1;
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld addresses, %ld known, %ld inside inlined calls: %.3f s, peak memory %ld MB\n", count, known,
           inlined, now_s() - start, usage.ru_maxrss / 1024);
    symbol_table_free(table);
    return 0;
}
