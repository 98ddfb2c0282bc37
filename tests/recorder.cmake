# recorder: its parts alone, and the whole program with little programs of its own.

find_package(Threads REQUIRED)

exectrace_unit_test(options exectrace_recorder)
exectrace_unit_test(sched_pairing exectrace_recorder)
exectrace_unit_test(program_check exectrace_recorder)
exectrace_unit_test(open_operations exectrace_recorder)
exectrace_unit_test(folders exectrace_recorder)

# Programs that recorder must refuse.
add_executable(recorder_static apps/recorder_nothing.c)
target_link_options(recorder_static PRIVATE -static)
add_executable(recorder_sanitized apps/recorder_nothing.c)
target_compile_options(recorder_sanitized PRIVATE -fsanitize=address)
target_link_options(recorder_sanitized PRIVATE -fsanitize=address)
target_compile_definitions(test_program_check PRIVATE
  STATIC_PROGRAM="$<TARGET_FILE:recorder_static>"
  SANITIZED_PROGRAM="$<$<C_COMPILER_ID:GNU>:$<TARGET_FILE:recorder_sanitized>>")
add_dependencies(test_program_check recorder_static recorder_sanitized)
