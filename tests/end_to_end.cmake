# End-to-end tests: real programs are recorded, and what was found is read back with other people's tools.

# The interpreter of the system, not one of a version manager's shims: those are shell scripts.
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SYSTEM_PYTHON3 python3)

# exectrace_end_to_end_app(NAME [LIBRARY...]): tests/apps/NAME.c, built as users build their programs.
function(exectrace_end_to_end_app name)
  add_executable(${name} apps/${name}.c)
  target_link_libraries(${name} PRIVATE exectrace_flags Threads::Threads ${ARGN})
  target_compile_options(${name} PRIVATE -O2 -g)
endfunction()

# exectrace_end_to_end_test(NAME LABELS ARGUMENT...): tests/integration/end_to_end_NAME.py BUILD ARGUMENT...
function(exectrace_end_to_end_test name labels)
  if(NOT SYSTEM_PYTHON3)
    return()
  endif()
  add_test(NAME end_to_end.${name}
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/end_to_end_${name}.py
                   ${PROJECT_BINARY_DIR} ${ARGN})
  set_tests_properties(end_to_end.${name} PROPERTIES LABELS "${labels}" SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

find_package(Threads REQUIRED)

exectrace_end_to_end_app(e2e_known_waits)
exectrace_end_to_end_test(known_waits integration $<TARGET_FILE:e2e_known_waits>
                          ${CMAKE_CURRENT_SOURCE_DIR}/apps/e2e_known_waits.c)
# Its figures are those of a machine that does nothing else meanwhile.
set_tests_properties(end_to_end.known_waits PROPERTIES RUN_SERIAL ON)

exectrace_end_to_end_app(e2e_two_spinners)
exectrace_end_to_end_test(two_spinners integration $<TARGET_FILE:e2e_two_spinners>)
set_tests_properties(end_to_end.two_spinners PROPERTIES RUN_SERIAL ON)

exectrace_end_to_end_test(plain_lttng integration $<TARGET_FILE:e2e_known_waits>)
set_tests_properties(end_to_end.plain_lttng PROPERTIES RUN_SERIAL ON)
exectrace_end_to_end_test(sources integration)
set_tests_properties(end_to_end.sources PROPERTIES RUN_SERIAL ON)
exectrace_end_to_end_test(ctrl_c integration)
exectrace_end_to_end_test(mistakes integration)
exectrace_end_to_end_test(timeline integration $<TARGET_FILE:e2e_known_waits> ${PERFETTO_QUERY_FOLDER})
set_tests_properties(end_to_end.timeline PROPERTIES FIXTURES_REQUIRED perfetto_query)

# Real programs, bare and recorded: exectrace_real_program_test(NAME [PROGRAM]).
function(exectrace_real_program_test name)
  if(NOT SYSTEM_PYTHON3)
    return()
  endif()
  add_test(NAME end_to_end.${name}
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/end_to_end_real_programs.py
                   ${PROJECT_BINARY_DIR} ${name} ${ARGN})
  set_tests_properties(end_to_end.${name} PROPERTIES LABELS slow SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

foreach(program redis memcached python sqlite3 ripgrep fd)
  exectrace_real_program_test(${program})
endforeach()

include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
  enable_language(CXX)
  add_executable(e2e_cxx_threads apps/e2e_cxx_threads.cpp)
  set_target_properties(e2e_cxx_threads PROPERTIES CXX_STANDARD 20)
  target_compile_options(e2e_cxx_threads PRIVATE -O2 -g -Wall -Wextra)
  target_link_libraries(e2e_cxx_threads PRIVATE Threads::Threads)
  exectrace_real_program_test(cxx $<TARGET_FILE:e2e_cxx_threads>)
endif()

exectrace_end_to_end_app(fresh_start m)
exectrace_end_to_end_app(timer_thread)
foreach(program fresh_start timer_thread)
  add_test(NAME preload.${program} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour
                                           $<TARGET_FILE:exectrace> $<TARGET_FILE:${program}>)
  set_tests_properties(preload.${program} PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()

exectrace_end_to_end_test(installed integration ${CMAKE_COMMAND})

# exectrace_other_tests(NAME ARGUMENT...): see tests/integration/end_to_end_other_tests.py.
function(exectrace_other_tests name)
  if(NOT SYSTEM_PYTHON3)
    return()
  endif()
  add_test(NAME end_to_end.${name}
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/end_to_end_other_tests.py
                   ${PROJECT_BINARY_DIR} ${ARGN})
  set_tests_properties(end_to_end.${name} PROPERTIES LABELS slow SKIP_RETURN_CODE 77 TIMEOUT 600)
endfunction()

exectrace_other_tests(python_own_tests python test_thread test_threading test_queue test_select test_mmap)
# All of test_multiprocessing_fork takes minutes, recorded or not.
exectrace_other_tests(python_process_tests python
  test_subprocess:ProcessTestCase test_subprocess:POSIXProcessTestCase
  test_subprocess:BaseTestCase,RunFuncTestCase,Win32ProcessTestCase,MiscTests,ProcessTestCaseNoPoll,CommandsWithSpaces,ContextManagerTests
  test_multiprocessing_fork:WithProcessesTestQueue,WithProcessesTestLock,WithProcessesTestCondition,WithProcessesTestBarrier,WithProcessesTestProcess)
exectrace_other_tests(stress_ng stress futex pthread pipe sock malloc)

# What every file must be like.
add_test(NAME unit.format COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/check-format ${PROJECT_SOURCE_DIR})
set_tests_properties(unit.format PROPERTIES LABELS unit SKIP_RETURN_CODE 77)
foreach(program recorder analyzer viewer_export)
  add_test(NAME unit.man.${program}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/check-man ${PROJECT_SOURCE_DIR}/${program}/${program}.1
                   $<TARGET_FILE:${program}>)
  set_tests_properties(unit.man.${program} PROPERTIES LABELS unit SKIP_RETURN_CODE 77)
endforeach()

# The programs that tests/bench/run measures; no tests.
foreach(program bench_fork bench_locks bench_loops bench_latency bench_memcached_load)
  add_executable(${program} bench/${program}.c)
  target_link_libraries(${program} PRIVATE exectrace_flags Threads::Threads)
  target_compile_options(${program} PRIVATE -O2 -g)
endforeach()
if(CMAKE_CXX_COMPILER)
  add_executable(bench_pool bench/bench_pool.cpp)
  set_target_properties(bench_pool PROPERTIES CXX_STANDARD 20)
  target_compile_options(bench_pool PRIVATE -O2 -g -Wall -Wextra)
  target_link_libraries(bench_pool PRIVATE Threads::Threads)
endif()
