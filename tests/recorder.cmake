# recorder: its parts alone, and the whole program with little programs of its own.

find_package(Threads REQUIRED)

exectrace_unit_test(options exectrace_recorder)
exectrace_unit_test(sched_pairing exectrace_recorder)
exectrace_unit_test(program_check exectrace_recorder)
exectrace_unit_test(open_operations exectrace_recorder)
exectrace_unit_test(folders exectrace_recorder)
exectrace_unit_test(perf_ring exectrace_recorder)
exectrace_unit_test(trace_page exectrace_recorder)
exectrace_unit_test(relay exectrace_recorder)
exectrace_unit_test(metrics exectrace_recorder)
exectrace_unit_test(introductions exectrace_recorder)
exectrace_unit_test(sched_tracepoints exectrace_recorder)
exectrace_unit_test(daemon_watch exectrace_recorder)
exectrace_unit_test(tick_samples exectrace_recorder)
exectrace_unit_test(kernel_tracer exectrace_recorder)
set(wrapped_lttng create_handle destroy_handle enable_channel enable_event list_channels
                  channel_get_discarded_event_count)
list(TRANSFORM wrapped_lttng PREPEND "LINKER:--wrap=lttng_")
target_link_options(test_kernel_tracer PRIVATE ${wrapped_lttng})
exectrace_unit_test(silent_cpus exectrace_recorder)
target_link_options(test_silent_cpus PRIVATE
  LINKER:--wrap=perf_events_add_switches LINKER:--wrap=perf_events_switch)

# Programs that recorder must refuse.
add_executable(recorder_static apps/recorder_nothing.c)
target_link_options(recorder_static PRIVATE -static)
add_executable(recorder_sanitized apps/recorder_nothing.c)
# A sanitizer's runtime that is a library wants to be the first one; clang's, linked statically, does not mind.
set(shared_sanitizer -fsanitize=address $<$<C_COMPILER_ID:Clang>:-shared-libasan>)
target_compile_options(recorder_sanitized PRIVATE ${shared_sanitizer})
target_link_options(recorder_sanitized PRIVATE ${shared_sanitizer})
target_compile_definitions(test_program_check PRIVATE
  STATIC_PROGRAM="$<TARGET_FILE:recorder_static>"
  GO_PROGRAM="$<TARGET_FILE:recorder_go_note>"
  SANITIZED_PROGRAM="$<TARGET_FILE:recorder_sanitized>")
add_executable(recorder_go_note apps/recorder_nothing.c)
target_compile_definitions(recorder_go_note PRIVATE WITH_GO_NOTE)
add_dependencies(test_program_check recorder_static recorder_sanitized recorder_go_note)

# The whole program, with little programs of its own.
foreach(name recorder_signals recorder_switches recorder_stuck recorder_worker
             recorder_daemon recorder_title recorder_no_perf)
  add_executable(${name} apps/${name}.c)
  target_link_libraries(${name} PRIVATE exectrace_flags Threads::Threads)
endforeach()

find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SYSTEM_PYTHON3 python3)
# exectrace_recorder_tests(FILE CASE...): tests/integration/FILE.py CASE.
function(exectrace_recorder_tests file)
  if(NOT SYSTEM_PYTHON3)
    return()
  endif()
  foreach(case ${ARGN})
    add_test(NAME recorder.${case}
             COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/${file}.py ${case}
                     ${PROJECT_BINARY_DIR})
    set_tests_properties(recorder.${case} PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 300)
  endforeach()
endfunction()
exectrace_recorder_tests(recorder_behaviour
  exit_status streams descriptors_and_mask named_output
  signals_are_passed_on group_signal_arrives_once terminal_signal_arrives_once interrupted_start
  every_switch no_perf open_operations open_after_fork children exit_in_handlers two_at_once
  killed_recorder ordinary_user title long_tmpdir private_root_daemon refusals_leave_nothing no_daemon_program)
exectrace_recorder_tests(recorder_late_and_long
  snapshot_on_signal snapshot_names snapshot_at_end wait_children
  attach attach_snapshot attach_children attach_refusals rotated relay)
exectrace_recorder_tests(recorder_kernel_tracer kernel_tracer kernel_tracer_children)
exectrace_recorder_tests(recorder_loss loss killed_daemons full_disk)

if(SYSTEM_PYTHON3)
  add_test(NAME recorder.trace_instance
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/recorder_trace_instance.py
                   ${PROJECT_BINARY_DIR})
  set_tests_properties(recorder.trace_instance PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 300)
  # They count all of LTTng's daemons of a user before and after, and other tests start some.
  set_tests_properties(recorder.ordinary_user recorder.private_root_daemon PROPERTIES RUN_SERIAL ON)
endif()
