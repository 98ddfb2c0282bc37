# libexectrace.so: the unwinder and the other pure parts as plain code; the wrappers in recorded programs.

find_package(Threads REQUIRED)

add_library(exectrace_unwind STATIC ${PROJECT_SOURCE_DIR}/tracepoints/unwind.c
                                    ${PROJECT_SOURCE_DIR}/tracepoints/unwind_rules.c)
target_link_libraries(exectrace_unwind PRIVATE exectrace_flags)
exectrace_unit_test(unwind exectrace_flags exectrace_unwind)
target_compile_options(test_unwind PRIVATE -fexceptions -fno-optimize-sibling-calls)
