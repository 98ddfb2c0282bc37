# Tests of viewer_export/.

exectrace_unit_test(lane exectrace_timeline exectrace_symbols exectrace_core)
exectrace_unit_test(json_writer exectrace_timeline exectrace_symbols exectrace_core)
exectrace_unit_test(output exectrace_timeline exectrace_symbols exectrace_core)

# Golden: textual events in, a timeline out, compared with tests/golden/NAME.SUFFIX.
add_executable(timeline_driver golden/timeline_driver.c)
target_link_libraries(timeline_driver PRIVATE exectrace_timeline exectrace_symbols exectrace_core)

# exectrace_timeline_golden_test(NAME FORMAT SUFFIX)
function(exectrace_timeline_golden_test name format suffix)
  add_test(NAME golden.${name}.${format}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/timeline-golden $<TARGET_FILE:timeline_driver> ${format}
                   ${CMAKE_CURRENT_SOURCE_DIR}/golden/${name}_events.txt
                   ${CMAKE_CURRENT_SOURCE_DIR}/golden/${name}${suffix})
  set_tests_properties(golden.${name}.${format} PROPERTIES LABELS golden)
endfunction()
exectrace_timeline_golden_test(timeline json .json)
