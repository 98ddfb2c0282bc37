# The I/O wrappers, kinds of descriptors, and allocation sampling of libexectrace.so.

add_library(exectrace_fd_kinds STATIC ${PROJECT_SOURCE_DIR}/tracepoints/fd_kinds.c
            ${PROJECT_SOURCE_DIR}/tracepoints/sandbox.c)
target_link_libraries(exectrace_fd_kinds PRIVATE exectrace_tool_flags)
exectrace_unit_test(fd_kinds exectrace_tool_flags exectrace_fd_kinds)

# exectrace_same_behaviour_test(NAME): tests/apps/NAME.c prints the same bare, preloaded and recorded.
function(exectrace_same_behaviour_test name)
  add_executable(${name} apps/${name}.c)
  target_link_libraries(${name} PRIVATE exectrace_flags Threads::Threads ${ARGN})
  add_test(NAME preload.${name}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                   $<TARGET_FILE:${name}>)
  set_tests_properties(preload.${name} PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endfunction()

find_package(Threads REQUIRED)
exectrace_same_behaviour_test(io_results)
exectrace_same_behaviour_test(io_signals)
exectrace_same_behaviour_test(io_cancel)
exectrace_same_behaviour_test(io_close_all)
exectrace_same_behaviour_test(io_sandbox)
exectrace_same_behaviour_test(io_few_descriptors)
exectrace_same_behaviour_test(io_files_results)
exectrace_same_behaviour_test(io_stdio_results)
exectrace_same_behaviour_test(io_wide_stdio_results)
exectrace_same_behaviour_test(io_paths_results rt)
exectrace_same_behaviour_test(io_processes_results)
exectrace_same_behaviour_test(alloc_results)
exectrace_same_behaviour_test(io_small_stacks)
# Programs of distributions are built with the checks of <stdio.h>, <unistd.h> ..., which have names of their own.
foreach(name io_results io_files_results io_stdio_results io_wide_stdio_results io_paths_results io_processes_results)
  add_executable(${name}_fortified apps/${name}.c)
  target_link_libraries(${name}_fortified PRIVATE exectrace_flags Threads::Threads rt)
  target_compile_options(${name}_fortified PRIVATE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -O2 -Wno-error)
  add_test(NAME preload.${name}_fortified
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                   $<TARGET_FILE:${name}_fortified>)
  set_tests_properties(preload.${name}_fortified PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()
add_test(NAME integration.unwrapped_functions
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/unwrapped_functions.py
                 $<TARGET_FILE:exectrace> ${PROJECT_SOURCE_DIR}/tracepoints/unwrapped.txt)
set_tests_properties(integration.unwrapped_functions PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)
add_test(NAME preload.other_allocators
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/other-allocators $<TARGET_FILE:exectrace>
                 $<TARGET_FILE:alloc_results> common)
set_tests_properties(preload.other_allocators PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)

add_library(exectrace_alloc_sampling STATIC ${PROJECT_SOURCE_DIR}/tracepoints/alloc_sampling.c
            ${PROJECT_SOURCE_DIR}/tracepoints/alloc_samples.c)
target_link_libraries(exectrace_alloc_sampling PRIVATE exectrace_tool_flags)
exectrace_unit_test(alloc_sampling exectrace_tool_flags exectrace_alloc_sampling m)

add_library(exectrace_clock STATIC ${PROJECT_SOURCE_DIR}/tracepoints/clock.c)
target_link_libraries(exectrace_clock PRIVATE exectrace_tool_flags)
exectrace_unit_test(clock exectrace_tool_flags exectrace_clock Threads::Threads)
exectrace_recorded_test(io_known io_known.py)
add_executable(io_known_fortified apps/io_known.c)
target_link_libraries(io_known_fortified PRIVATE exectrace_flags Threads::Threads)
target_compile_options(io_known_fortified PRIVATE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -O2)
add_test(NAME integration.io_known_fortified
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/io_known.py
                 ${CMAKE_CURRENT_SOURCE_DIR}/support/record-plain $<TARGET_FILE:exectrace> $<TARGET_FILE:io_known_fortified>)
set_tests_properties(integration.io_known_fortified PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)

add_executable(io_sessions apps/io_sessions.c)
target_link_libraries(io_sessions PRIVATE exectrace_flags)
add_test(NAME integration.io_sessions
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/io_sessions.py $<TARGET_FILE:exectrace>
                 $<TARGET_FILE:analyzer> $<TARGET_FILE:io_sessions>)
set_tests_properties(integration.io_sessions PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)

add_executable(left_calls apps/left_calls.c)
target_link_libraries(left_calls PRIVATE exectrace_flags Threads::Threads)
foreach(how jump thread cancel) # and exit: recorder.exit_in_handlers, which follows children
  add_test(NAME integration.left_calls.${how}
           COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/left_calls.py
                   ${CMAKE_CURRENT_SOURCE_DIR}/support/record-plain $<TARGET_FILE:exectrace> $<TARGET_FILE:left_calls> ${how})
  set_tests_properties(integration.left_calls.${how} PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()

add_executable(vfork_calls apps/vfork_calls.c)
target_link_libraries(vfork_calls PRIVATE exectrace_flags Threads::Threads)
add_test(NAME integration.vfork_calls
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/left_calls.py
                 ${CMAKE_CURRENT_SOURCE_DIR}/support/record-plain $<TARGET_FILE:exectrace> $<TARGET_FILE:vfork_calls>)
set_tests_properties(integration.vfork_calls PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)

add_executable(bench_io bench/bench_io.c)
target_link_libraries(bench_io PRIVATE exectrace_flags Threads::Threads)
target_compile_options(bench_io PRIVATE -O2)
exectrace_recorded_test(alloc_known alloc_known.py)

add_executable(io_secret apps/io_secret.c)
target_link_libraries(io_secret PRIVATE exectrace_flags rt)
add_test(NAME integration.io_secret
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/io_secret.py $<TARGET_FILE:recorder>
                 $<TARGET_FILE:analyzer> $<TARGET_FILE:viewer_export> $<TARGET_FILE:io_secret>)
set_tests_properties(integration.io_secret PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)
