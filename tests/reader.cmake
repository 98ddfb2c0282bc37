# Tests of analyzer/ctf_reader and what it is made of.
exectrace_unit_test(event_text exectrace_core)
exectrace_unit_test(event_merge exectrace_core)
exectrace_unit_test(event_batch exectrace_core)
exectrace_unit_test(ctf_folders exectrace_core)
exectrace_unit_test(event_decoders exectrace_core)
target_compile_definitions(test_event_decoders PRIVATE EXECTRACE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

# Prints a trace's events as the analyzer sees them.
add_executable(dump_events support/dump_events.c)
target_link_libraries(dump_events PRIVATE exectrace_reader exectrace_core)

# exectrace_reader_test(NAME SCRIPT LABELS TRACE...): a script of tests/integration with dump_events and
# folders of EXECTRACE_SHARED/traces.
function(exectrace_reader_test name script labels)
  set(traces "")
  foreach(trace ${ARGN})
    list(APPEND traces "${EXECTRACE_SHARED}/traces/${trace}")
  endforeach()
  if(IS_DIRECTORY "${EXECTRACE_SHARED}/traces")
    add_test(NAME integration.reader.${name}
             COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/${script}"
                     "$<TARGET_FILE:dump_events>" ${traces})
    set_tests_properties(integration.reader.${name} PROPERTIES LABELS "${labels}" SKIP_RETURN_CODE 77
                         ENVIRONMENT "EXECTRACE_SANITIZE=${EXECTRACE_SANITIZE}")
  endif()
endfunction()

exectrace_reader_test(fields reader_matches_babeltrace2.py integration
  k-bug446190-arm k-tracefile-rotation u-debuginfo-test-app4 perf-taskset2 m-multi-domains m-perfview-80cpu)
exectrace_reader_test(fields-large reader_matches_babeltrace2.py slow u-libc-memory k-many-threads)
exectrace_reader_test(odd-traces reader_odd_traces.py integration odd/babeltrace)

add_test(NAME integration.reader.made-traces
         COMMAND /usr/bin/python3 -B "${CMAKE_CURRENT_SOURCE_DIR}/integration/reader_made_traces.py"
                 "$<TARGET_FILE:dump_events>")
set_tests_properties(integration.reader.made-traces PROPERTIES LABELS integration)

# What a profile or report does not need is not decoded: made and recorded traces, and real ones of every tracer.
set(SKIPPED_SEED "${CMAKE_CURRENT_BINARY_DIR}/skipped-seed")
add_test(NAME reader.skipped.seed COMMAND make_trace "${SKIPPED_SEED}" 20000 2)
set_tests_properties(reader.skipped.seed PROPERTIES FIXTURES_SETUP skipped_seed LABELS integration)
function(exectrace_skipped_events_test name label)
  add_test(NAME ${label}.reader.skipped-events.${name}
           COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/skipped_events.py"
                   "$<TARGET_FILE:analyzer>" ${ARGN})
  set_tests_properties(${label}.reader.skipped-events.${name} PROPERTIES LABELS ${label} FIXTURES_REQUIRED skipped_seed)
endfunction()
exectrace_skipped_events_test(made integration "${SKIPPED_SEED}")
foreach(trace perf-taskset2 m-multi-domains k-bug446190-arm u-libc-memory)
  if(IS_DIRECTORY "${EXECTRACE_SHARED}/traces/${trace}")
    exectrace_skipped_events_test(${trace} slow "${EXECTRACE_SHARED}/traces/${trace}")
  endif()
endforeach()
add_test(NAME integration.reader.skipped-events.recorded
         COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/integration/report_recording.py"
                 "$<TARGET_FILE:recorder>" "$<TARGET_FILE:analyzer>"
                 "${CMAKE_CURRENT_SOURCE_DIR}/integration/skipped_events.py"
                 "$<TARGET_FILE_DIR:test_event_batch>/e2e_known_waits")
set_tests_properties(integration.reader.skipped-events.recorded PROPERTIES LABELS integration)

# Damaged traces: a few hundred copies as a test; fuzz_reader -n for as many as one likes. The seeds are a made
# trace and, where they are at hand, small real ones.
add_executable(make_trace bench/make_trace.c)
target_link_libraries(make_trace PRIVATE exectrace_flags)
set(FUZZ_SEED "${CMAKE_CURRENT_BINARY_DIR}/fuzz-seed")
add_test(NAME fuzz.seed COMMAND make_trace "${FUZZ_SEED}" 300 2 1 16384)
set_tests_properties(fuzz.seed PROPERTIES FIXTURES_SETUP fuzz_seed LABELS fuzz)
add_executable(fuzz_reader fuzz/fuzz_reader.c fuzz/consumers.c fuzz/mutate.c)
target_link_libraries(fuzz_reader PRIVATE exectrace_reader exectrace_report exectrace_pprof exectrace_symbols
  exectrace_core)
file(GLOB fuzz_seeds "${EXECTRACE_SHARED}/traces/odd/babeltrace/succeed/*"
                     "${EXECTRACE_SHARED}/traces/odd/babeltrace/packet-seq-num/*"
                     "${EXECTRACE_SHARED}/traces/u-*" "${EXECTRACE_SHARED}/traces/perf-*")
add_test(NAME fuzz.reader COMMAND fuzz_reader -n 300 "${FUZZ_SEED}" ${fuzz_seeds})
set_tests_properties(fuzz.reader PROPERTIES LABELS fuzz FIXTURES_REQUIRED fuzz_seed)
