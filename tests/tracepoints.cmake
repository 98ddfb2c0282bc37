# libexectrace.so: the unwinder and the other pure parts as plain code; the wrappers in recorded programs.

find_package(Threads REQUIRED)

add_library(exectrace_unwind STATIC ${PROJECT_SOURCE_DIR}/tracepoints/loaded_objects.c
                                    ${PROJECT_SOURCE_DIR}/tracepoints/unwind.c
                                    ${PROJECT_SOURCE_DIR}/tracepoints/unwind_rules.c)
target_link_libraries(exectrace_unwind PRIVATE exectrace_flags)
exectrace_unit_test(unwind exectrace_flags exectrace_unwind)
add_library(exectrace_tables STATIC ${PROJECT_SOURCE_DIR}/tracepoints/waiters.c
                                    ${PROJECT_SOURCE_DIR}/tracepoints/settings.c)
target_link_libraries(exectrace_tables PRIVATE exectrace_tool_flags PkgConfig::LTTNG_UST)
exectrace_unit_test(waiters exectrace_tool_flags exectrace_tables)
exectrace_unit_test(tracepoint_settings exectrace_tool_flags exectrace_tables)

# The same logic under many threads: plainly, and under ThreadSanitizer, which cannot be mixed with the others.
set(exectrace_wait_sources)
foreach(name clock loaded_objects settings stacks sync_sums unwind unwind_rules waiters waits)
  list(APPEND exectrace_wait_sources ${PROJECT_SOURCE_DIR}/tracepoints/${name}.c)
endforeach()
function(exectrace_waits_threads_test name)
  add_executable(test_${name} unit/test_waits_threads.c ${exectrace_wait_sources})
  target_link_libraries(test_${name} PRIVATE exectrace_flags PkgConfig::LTTNG_UST PkgConfig::CMOCKA Threads::Threads)
  target_compile_options(test_${name} PRIVATE ${ARGN})
  target_link_options(test_${name} PRIVATE ${ARGN})
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 60)
endfunction()
exectrace_waits_threads_test(waits_threads)
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=thread)
check_c_source_compiles("int main(void) { return 0; }" EXECTRACE_HAS_THREAD_SANITIZER)
unset(CMAKE_REQUIRED_FLAGS)
if(EXECTRACE_HAS_THREAD_SANITIZER)
  exectrace_waits_threads_test(waits_threads_sanitized -fsanitize=thread $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
endif()

# Waits that name who released them tell what waits and wakes tell.
foreach(report threads.csv locks.json sched.text syscalls.text)
  string(REGEX REPLACE "\\..*" "" name ${report})
  string(REGEX REPLACE ".*\\." "" format ${report})
  add_test(NAME golden.report.woken.${report}
           COMMAND /usr/bin/python3 reports_run.py $<TARGET_FILE:analyzer> model_woken.txt reports/contention.${report}
                   -report=${name} -format=${format}
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/golden)
  set_tests_properties(golden.report.woken.${report} PROPERTIES LABELS golden)
endforeach()
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
exectrace_recorded_test(sync_open sync_open.py)

add_executable(sync_deadlock apps/sync_deadlock.c)
target_link_libraries(sync_deadlock PRIVATE exectrace_flags Threads::Threads)
add_test(NAME integration.deadlock
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/deadlock.py $<TARGET_FILE:recorder>
                 $<TARGET_FILE:analyzer> $<TARGET_FILE:sync_deadlock>)
set_tests_properties(integration.deadlock PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)

# Also with unmapped memory between the segments, as ld.lld leaves it: a program at a fixed address, a
# position-independent one, and a library, which is loaded by a relative name.
foreach(name sync_shared sync_shared_gap sync_shared_pie_gap sync_shared_library)
  add_executable(${name} apps/sync_shared.c)
  target_link_libraries(${name} PRIVATE exectrace_flags Threads::Threads)
  add_test(NAME integration.${name}
           COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/sync_shared.py $<TARGET_FILE:recorder>
                   $<TARGET_FILE:analyzer> $<TARGET_FILE:${name}>
           WORKING_DIRECTORY $<TARGET_FILE_DIR:${name}>)
  set_tests_properties(integration.${name} PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()
target_link_options(sync_shared_gap PRIVATE -no-pie LINKER:-Ttext=0x900000)
target_compile_options(sync_shared_gap PRIVATE -fno-pie)
target_link_options(sync_shared_pie_gap PRIVATE -pie LINKER:-Ttext=0x500000)
target_compile_options(sync_shared_pie_gap PRIVATE -fpie)
add_library(sync_shared_code SHARED apps/sync_shared.c)
target_link_libraries(sync_shared_code PRIVATE exectrace_flags Threads::Threads)
target_compile_definitions(sync_shared_code PRIVATE SYNC_SHARED_LIBRARY)
target_link_options(sync_shared_code PRIVATE LINKER:-Ttext=0x500000)
target_compile_definitions(sync_shared_library PRIVATE SYNC_SHARED_PROGRAM)
target_link_libraries(sync_shared_library PRIVATE sync_shared_code)
set_target_properties(sync_shared_library PROPERTIES BUILD_RPATH .)

add_executable(sync_every_wait apps/sync_every_wait.c)
target_link_libraries(sync_every_wait PRIVATE exectrace_flags Threads::Threads)
add_test(NAME integration.sync_every_wait
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/sync_every_wait.py $<TARGET_FILE:recorder>
                 $<TARGET_FILE:analyzer> $<TARGET_FILE:sync_every_wait>)
# It compares times.
set_tests_properties(integration.sync_every_wait PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 120 RUN_SERIAL ON)

add_executable(sync_late apps/sync_late.c)
target_link_libraries(sync_late PRIVATE exectrace_flags Threads::Threads)
add_test(NAME integration.sync_late
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/sync_late.py $<TARGET_FILE:exectrace>
                 $<TARGET_FILE:sync_late>)
set_tests_properties(integration.sync_late PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 120)

add_executable(sync_loader apps/sync_loader.c)
target_link_libraries(sync_loader PRIVATE exectrace_flags Threads::Threads)
set_target_properties(sync_loader PROPERTIES ENABLE_EXPORTS ON)
add_library(sync_loader_plugin MODULE apps/sync_loader_plugin.c)
target_link_libraries(sync_loader_plugin PRIVATE exectrace_flags)
add_test(NAME preload.sync_loader
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                 $<TARGET_FILE:sync_loader> $<TARGET_FILE:sync_loader_plugin>)
set_tests_properties(preload.sync_loader PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)

add_executable(fork_loading apps/fork_loading.c)
target_link_libraries(fork_loading PRIVATE exectrace_flags Threads::Threads)
add_library(fork_loading_plugin MODULE apps/fork_loading_plugin.c)
target_link_libraries(fork_loading_plugin PRIVATE exectrace_flags)
add_test(NAME preload.fork_loading
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                 $<TARGET_FILE:fork_loading> $<TARGET_FILE:fork_loading_plugin>)
set_tests_properties(preload.fork_loading PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 120)

include(CheckLanguage)
check_language(CXX)
set(annotated_cxx_program)
if(CMAKE_CXX_COMPILER)
  enable_language(CXX)
  add_executable(annotated_cxx apps/annotated_cxx.cpp)
  target_include_directories(annotated_cxx PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(annotated_cxx PRIVATE -Wall -Wextra)
  set(annotated_cxx_program $<TARGET_FILE:annotated_cxx>)
  add_executable(sync_exceptions apps/sync_exceptions.cpp)
  set_target_properties(sync_exceptions PROPERTIES CXX_STANDARD 20)
  target_link_libraries(sync_exceptions PRIVATE Threads::Threads)
  add_test(NAME preload.sync_exceptions
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                   $<TARGET_FILE:sync_exceptions>)
  set_tests_properties(preload.sync_exceptions PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endif()
# Waits of other languages' libraries. They compare times, so they are alone.
function(exectrace_language_waits_test language)
  add_test(NAME integration.${language}_waits
           COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/language_waits.py $<TARGET_FILE:recorder>
                   $<TARGET_FILE:analyzer> ${ARGN})
  set_tests_properties(integration.${language}_waits PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 120
                       RUN_SERIAL ON)
endfunction()
if(CMAKE_CXX_COMPILER AND "cxx_std_20" IN_LIST CMAKE_CXX_COMPILE_FEATURES)
  add_executable(cxx20_waits apps/cxx20_waits.cpp)
  set_target_properties(cxx20_waits PROPERTIES CXX_STANDARD 20)
  target_compile_options(cxx20_waits PRIVATE -Wall -Wextra -O1 -g)
  target_link_libraries(cxx20_waits PRIVATE Threads::Threads)
  exectrace_language_waits_test(cxx20 $<TARGET_FILE:cxx20_waits>)
endif()
find_program(RUSTC rustc)
exectrace_language_waits_test(rust ${CMAKE_CURRENT_SOURCE_DIR}/apps/rust_waits.rs ${RUSTC})

add_executable(annotated apps/annotated.c)
target_link_libraries(annotated PRIVATE exectrace_flags Threads::Threads)
add_test(NAME integration.annotations
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/annotations.py
                 ${CMAKE_CURRENT_SOURCE_DIR}/support/record-plain $<TARGET_FILE:exectrace> $<TARGET_FILE:annotated>
                 ${annotated_cxx_program})
set_tests_properties(integration.annotations PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)

# The program must not notice.
foreach(app sync_results sync_cancel sync_signals sync_fork sync_fork_thread sync_crowd sync_edges sync_small_stacks)
  exectrace_same_behaviour_test(${app})
endforeach()
add_library(sync_edges_library SHARED apps/sync_edges_library.c)
target_link_libraries(sync_edges_library PRIVATE exectrace_flags Threads::Threads)
target_link_libraries(sync_edges PRIVATE sync_edges_library)
foreach(argument quick exit thread)
  add_test(NAME preload.sync_edges.${argument}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/same-behaviour $<TARGET_FILE:exectrace>
                   $<TARGET_FILE:sync_edges> ${argument})
  set_tests_properties(preload.sync_edges.${argument} PROPERTIES LABELS preload SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()

add_executable(secure_execution apps/secure_execution.c)
target_link_libraries(secure_execution PRIVATE exectrace_flags -Wl,--no-as-needed exectrace)
add_test(NAME integration.secure_execution
         COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/secure_execution.py
                 $<TARGET_FILE:secure_execution>)
set_tests_properties(integration.secure_execution PROPERTIES LABELS integration SKIP_RETURN_CODE 77 TIMEOUT 60)

# Measured by tests/bench.
add_executable(bench_waits bench/bench_waits.c)
target_link_libraries(bench_waits PRIVATE exectrace_flags Threads::Threads)
target_compile_options(bench_waits PRIVATE -O2)
