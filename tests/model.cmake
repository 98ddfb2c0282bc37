# Tests of the trace model, the filters and the reports.
exectrace_unit_test(thread_state exectrace_core)
exectrace_unit_test(tables exectrace_core)
exectrace_unit_test(distribution exectrace_core)
exectrace_unit_test(filter exectrace_core)
exectrace_unit_test(idle exectrace_core)
exectrace_unit_test(model_needs exectrace_core)

# exectrace_report_golden_test(EVENTS NAME ARGUMENT...): golden/model_EVENTS.txt through the analyzer, against
# golden/reports/EVENTS.NAME.
function(exectrace_report_golden_test events name)
  add_test(NAME golden.report.${events}.${name}
           COMMAND /usr/bin/python3 reports_run.py "$<TARGET_FILE:analyzer>" model_${events}.txt
                   reports/${events}.${name} ${ARGN}
           WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/golden")
  set_tests_properties(golden.report.${events}.${name} PROPERTIES LABELS golden)
endfunction()

foreach(report summary threads locks sched syscalls net heap loss)
  exectrace_report_golden_test(contention ${report}.text -report=${report})
  exectrace_report_golden_test(contention ${report}.csv -report=${report} -format=csv)
  exectrace_report_golden_test(contention ${report}.json -report=${report} -format=json)
endforeach()
foreach(events kernel mixed stock)
  foreach(report summary threads locks sched syscalls heap)
    exectrace_report_golden_test(${events} ${report}.text -report=${report})
  endforeach()
endforeach()
exectrace_report_golden_test(states sched.csv -report=sched -format=csv)
# A preemption that goes on at the end of the range counts in the next one.
exectrace_report_golden_test(states to.csv -report=sched -format=csv -to=1500ns)
exectrace_report_golden_test(states from.csv -report=sched -format=csv -from=1500ns)
exectrace_report_golden_test(twice sched.csv -report=sched -format=csv)
exectrace_report_golden_test(parked locks.text -report=locks)
exectrace_report_golden_test(contention filtered.text -report=threads -from=25% -to=65% -thread=worker)
foreach(report syscalls locks heap)
  exectrace_report_golden_test(late ${report}.csv -report=${report} -format=csv -focus=/opt/late)
endforeach()
exectrace_report_golden_test(interrupts sched.text -report=sched)
exectrace_report_golden_test(unswitched summary.text -report=summary)
exectrace_report_golden_test(strangers threads.text -report=threads)
exectrace_report_golden_test(strangers sched.text -report=sched)
exectrace_report_golden_test(strangers late.text -report=threads -from=95us)
exectrace_report_golden_test(alone threads.text -report=threads)
exectrace_report_golden_test(crowd locks.csv -report=locks -format=csv)
exectrace_report_golden_test(places locks.text -report=locks)
exectrace_report_golden_test(places locks.json -report=locks -format=json)
exectrace_report_golden_test(release locks.csv -report=locks -format=csv)
exectrace_report_golden_test(open locks.csv -report=locks -format=csv)
exectrace_report_golden_test(open syscalls.csv -report=syscalls -format=csv)
exectrace_report_golden_test(link threads.csv -report=threads -format=csv)
exectrace_report_golden_test(namesakes threads.csv -report=threads -format=csv)
exectrace_report_golden_test(renamed thread.csv -report=sched -format=csv -thread=late)
exectrace_report_golden_test(renamed pid.csv -report=sched -format=csv -pid=7)
exectrace_report_golden_test(procname threads.csv -report=threads -format=csv)
exectrace_report_golden_test(procname thread.csv -report=threads -format=csv "-thread=crew|pump|reader")
exectrace_report_golden_test(contention long.text -report=locks -min-duration=2ms)
exectrace_report_golden_test(contention focused.text -report=syscalls -focus=server)
exectrace_report_golden_test(deadlock summary.text -report=summary)
exectrace_report_golden_test(deadlock locks.text -report=locks)

# Figures that other tools published for real traces.
foreach(case arm_calls arm_latencies arm_cpu many_threads rotated_files libc_memory losses perf_trace)
  if(IS_DIRECTORY "${EXECTRACE_SHARED}/traces")
    add_test(NAME slow.published.${case}
             COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/published_figures.py"
                     "$<TARGET_FILE:analyzer>" "${EXECTRACE_SHARED}/traces" ${case})
    set_tests_properties(slow.published.${case} PROPERTIES LABELS slow)
  endif()
endforeach()

add_test(NAME golden.published_examples
         COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/published_examples.py"
                 "$<TARGET_FILE:analyzer>")
set_tests_properties(golden.published_examples PROPERTIES LABELS golden)

# The same figures computed again, by other rules.
foreach(trace k-bug446190-arm k-many-threads k-tracefile-rotation perf-taskset2)
  if(IS_DIRECTORY "${EXECTRACE_SHARED}/traces")
    add_test(NAME slow.kernel_numbers.${trace}
             COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/kernel_numbers.py"
                     "$<TARGET_FILE:analyzer>" "${EXECTRACE_SHARED}/traces/${trace}")
    set_tests_properties(slow.kernel_numbers.${trace} PROPERTIES LABELS slow SKIP_RETURN_CODE 77)
  endif()
endforeach()

# What must hold for any trace.
function(exectrace_invariants_test trace label)
  if(IS_DIRECTORY "${EXECTRACE_SHARED}/traces")
    add_test(NAME ${label}.invariants.${trace}
             COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/report_invariants.py"
                     "$<TARGET_FILE:analyzer>" "${EXECTRACE_SHARED}/traces/${trace}")
    set_tests_properties(${label}.invariants.${trace} PROPERTIES LABELS ${label})
  endif()
endfunction()

exectrace_invariants_test(perf-taskset2 slow)
exectrace_invariants_test(m-multi-domains slow)
exectrace_invariants_test(k-tracefile-rotation slow)
exectrace_invariants_test(k-bug446190-arm slow)
exectrace_invariants_test(u-libc-memory slow)
exectrace_invariants_test(k-many-threads slow)

# The same on recordings of our own.
function(exectrace_recording_invariants_test name)
  add_test(NAME integration.invariants.${name}
           COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/report_recording.py"
                   "$<TARGET_FILE:recorder>" "$<TARGET_FILE:analyzer>"
                   "${CMAKE_CURRENT_SOURCE_DIR}/integration/report_invariants.py" ${ARGN})
  set_tests_properties(integration.invariants.${name} PROPERTIES LABELS integration)
endfunction()

exectrace_recording_invariants_test(known_waits "$<TARGET_FILE_DIR:test_filter>/e2e_known_waits")
exectrace_recording_invariants_test(cxx_threads "$<TARGET_FILE_DIR:test_filter>/e2e_cxx_threads")

# Figures of recordings computed again, by other rules.
function(exectrace_recording_numbers_test name)
  add_test(NAME integration.recording_numbers.${name}
           COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/report_recording.py"
                   "$<TARGET_FILE:recorder>" "$<TARGET_FILE:analyzer>"
                   "${CMAKE_CURRENT_SOURCE_DIR}/integration/recording_numbers.py" ${ARGN})
  set_tests_properties(integration.recording_numbers.${name} PROPERTIES LABELS integration SKIP_RETURN_CODE 77)
endfunction()

set(recorded_programs io_known sync_shared alloc_known e2e_cxx_threads)
if(TARGET cxx20_waits)
  list(APPEND recorded_programs cxx20_waits)
endif()
foreach(program IN LISTS recorded_programs)
  exectrace_recording_numbers_test(${program} "$<TARGET_FILE_DIR:test_filter>/${program}")
endforeach()

# What perf recorded.
add_test(NAME integration.perf_trace
         COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/perf_trace.py" "$<TARGET_FILE:analyzer>")
set_tests_properties(integration.perf_trace PROPERTIES LABELS integration SKIP_RETURN_CODE 77)

# Events that no tracer would make, and what tracers make with wrong values.
add_executable(fuzz_events fuzz/fuzz_events.c fuzz/consumers.c)
target_link_libraries(fuzz_events PRIVATE exectrace_report exectrace_pprof exectrace_symbols exectrace_core)
file(GLOB fuzz_event_files "${CMAKE_CURRENT_SOURCE_DIR}/golden/model_*.txt"
                           "${CMAKE_CURRENT_SOURCE_DIR}/golden/*_events*.txt")
add_test(NAME fuzz.events COMMAND fuzz_events -n 1500 ${fuzz_event_files})
set_tests_properties(fuzz.events PROPERTIES LABELS fuzz)
add_executable(fuzz_model fuzz/fuzz_model.c)
target_link_libraries(fuzz_model PRIVATE exectrace_core)
foreach(seed 1 2 3)
  add_test(NAME fuzz.model.${seed} COMMAND fuzz_model ${seed} 60000)
  set_tests_properties(fuzz.model.${seed} PROPERTIES LABELS fuzz)
endforeach()
