# Tests of viewer_export/.

exectrace_unit_test(lane exectrace_timeline exectrace_symbols exectrace_core)
exectrace_unit_test(sched_runs exectrace_timeline exectrace_symbols exectrace_core)
exectrace_unit_test(json_writer exectrace_timeline exectrace_symbols exectrace_core)
exectrace_unit_test(step_sum exectrace_timeline exectrace_symbols exectrace_core)
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
exectrace_timeline_golden_test(releases json .json)
exectrace_timeline_golden_test(stacks json .json)
exectrace_timeline_golden_test(timeline folded .folded)
exectrace_timeline_golden_test(timeline speedscope .speedscope.json)

# JSON and protobuf say the same: exectrace_timeline_agrees_test(NAME LABEL PROGRAM TRACE).
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
function(exectrace_timeline_agrees_test name label program trace)
  if(NOT SYSTEM_PYTHON3)
    return()
  endif()
  add_test(NAME timeline.agrees.${name}
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/timeline_agrees.py
                   $<TARGET_FILE:${program}> ${PERFETTO_QUERY_FOLDER} ${trace})
  set_tests_properties(timeline.agrees.${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77
                       FIXTURES_REQUIRED perfetto_query)
endfunction()
# What it says is what the analyzer says: exectrace_timeline_reports_test(NAME LABEL TRACE).
function(exectrace_timeline_reports_test name label trace)
  if(NOT SYSTEM_PYTHON3)
    return()
  endif()
  add_test(NAME timeline.reports.${name}
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/timeline_reports.py
                   $<TARGET_FILE:viewer_export> $<TARGET_FILE:analyzer> ${PERFETTO_QUERY_FOLDER} ${trace})
  set_tests_properties(timeline.reports.${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77
                       FIXTURES_REQUIRED perfetto_query)
endfunction()
foreach(name timeline releases late_followed)
  exectrace_timeline_agrees_test(${name} integration timeline_driver ${CMAKE_CURRENT_SOURCE_DIR}/golden/${name}_events.txt)
endforeach()
if(SYSTEM_PYTHON3)
  add_test(NAME timeline.strict.late_switch
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/timeline_strict.py
                   $<TARGET_FILE:timeline_driver> ${PERFETTO_QUERY_FOLDER}
                   ${CMAKE_CURRENT_SOURCE_DIR}/golden/late_switch_events.txt)
  set_tests_properties(timeline.strict.late_switch PROPERTIES LABELS integration SKIP_RETURN_CODE 77
                       FIXTURES_REQUIRED perfetto_query)
endif()
foreach(trace k-bug446190-arm k-many-threads k-tracefile-rotation perf-taskset2 m-multi-domains)
  exectrace_timeline_agrees_test(${trace} slow viewer_export ${EXECTRACE_SHARED}/traces/${trace})
  exectrace_timeline_reports_test(${trace} slow ${EXECTRACE_SHARED}/traces/${trace})
endforeach()

# LTTng's kernel tracer as recorder's source: traces of the whole machine, made of golden/model_NAME.txt.
if(SYSTEM_PYTHON3)
  foreach(name strangers alone)
    set(trace ${CMAKE_CURRENT_BINARY_DIR}/trace-${name})
    add_test(NAME timeline.strangers.${name}
             COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/timeline_strangers.py
                     $<TARGET_FILE:viewer_export> $<TARGET_FILE:analyzer> ${CMAKE_CURRENT_SOURCE_DIR}/golden
                     ${name} ${trace})
    set_tests_properties(timeline.strangers.${name} PROPERTIES LABELS golden FIXTURES_SETUP trace_${name})
    exectrace_timeline_agrees_test(${name} integration viewer_export ${trace})
    exectrace_timeline_reports_test(${name} integration ${trace})
    set_tests_properties(timeline.agrees.${name} timeline.reports.${name}
                         PROPERTIES FIXTURES_REQUIRED "perfetto_query;trace_${name}")
  endforeach()
endif()

# -open owns the one port that Perfetto's page may reach.
if(SYSTEM_PYTHON3)
  add_test(NAME timeline.open
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/timeline_open.py
                   $<TARGET_FILE:viewer_export> ${EXECTRACE_SHARED}/traces/k-tracefile-rotation)
  set_tests_properties(timeline.open PROPERTIES LABELS golden SKIP_RETURN_CODE 77 RESOURCE_LOCK port_9001 TIMEOUT 60)
endif()

if(SYSTEM_PYTHON3)
  add_test(NAME timeline.options
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/timeline_options.py
                   $<TARGET_FILE:viewer_export> ${EXECTRACE_SHARED}/traces/k-bug446190-arm)
  set_tests_properties(timeline.options PROPERTIES LABELS golden SKIP_RETURN_CODE 77 TIMEOUT 60)
endif()
