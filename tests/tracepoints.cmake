# libexectrace.so: the unwinder and the other pure parts as plain code; the wrappers in recorded programs.

find_package(Threads REQUIRED)

add_library(exectrace_unwind STATIC ${PROJECT_SOURCE_DIR}/tracepoints/unwind.c
                                    ${PROJECT_SOURCE_DIR}/tracepoints/unwind_rules.c)
target_link_libraries(exectrace_unwind PRIVATE exectrace_flags)
exectrace_unit_test(unwind exectrace_flags exectrace_unwind)
target_compile_options(test_unwind PRIVATE -fexceptions -fno-optimize-sibling-calls)

# exectrace_same_behaviour_test(NAME): tests/apps/NAME.c prints the same bare, preloaded and recorded.
function(exectrace_same_behaviour_test name)
  add_executable(${name} apps/${name}.c)
  target_link_libraries(${name} PRIVATE exectrace_flags Threads::Threads ${ARGN})
  add_test(NAME preload.${name}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                   $<TARGET_FILE:${name}>)
  set_tests_properties(preload.${name} PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endfunction()

# exectrace_recorded_test(NAME CHECK): tests/apps/NAME.c is recorded with plain LTTng and CHECK compares what it
# printed with the events.
function(exectrace_recorded_test name check)
  add_executable(${name} apps/${name}.c)
  target_link_libraries(${name} PRIVATE exectrace_flags Threads::Threads ${ARGN})
  add_test(NAME integration.${name}
           COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/${check}
                   ${CMAKE_CURRENT_SOURCE_DIR}/support/record-plain $<TARGET_FILE:exectrace> $<TARGET_FILE:${name}>)
  set_tests_properties(integration.${name} PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)
endfunction()

exectrace_recorded_test(sync_known sync_known.py)

# The program must not notice.
foreach(app sync_results sync_cancel sync_signals sync_fork sync_crowd sync_edges)
  exectrace_same_behaviour_test(${app})
endforeach()
foreach(argument quick exit thread)
  add_test(NAME preload.sync_edges.${argument}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                   $<TARGET_FILE:sync_edges> ${argument})
  set_tests_properties(preload.sync_edges.${argument} PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()
