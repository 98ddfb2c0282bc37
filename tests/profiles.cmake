# Tests of profiles, symbols and pprof files.

# Shared objects with known functions and lines, in the variants that object files come in.
set(symbols_source ${CMAKE_CURRENT_SOURCE_DIR}/apps/symbols)
set(symbols_folder ${CMAKE_CURRENT_BINARY_DIR}/symbols)
file(MAKE_DIRECTORY ${symbols_folder}/.debug ${symbols_folder}/root/opt)
find_program(OBJCOPY_EXECUTABLE objcopy REQUIRED)
set(symbols_c_flags -O2 -g -shared -fPIC -Wl,--build-id)

function(symbols_fixture output)
  add_custom_command(OUTPUT ${symbols_folder}/${output} WORKING_DIRECTORY ${symbols_folder} VERBATIM ${ARGN})
  set_property(GLOBAL APPEND PROPERTY symbols_fixtures ${symbols_folder}/${output})
endfunction()

symbols_fixture(fixture.so
  COMMAND ${CMAKE_C_COMPILER} ${symbols_c_flags} -DFIXTURE_CHANGE=1 -o fixture.so ${symbols_source}/fixture.c
  DEPENDS ${symbols_source}/fixture.c)
symbols_fixture(changed.so
  COMMAND ${CMAKE_C_COMPILER} ${symbols_c_flags} -DFIXTURE_CHANGE=2 -o changed.so ${symbols_source}/fixture.c
  DEPENDS ${symbols_source}/fixture.c)
symbols_fixture(stripped.so
  COMMAND ${OBJCOPY_EXECUTABLE} --strip-all fixture.so stripped.so
  DEPENDS ${symbols_folder}/fixture.so)
symbols_fixture(linked.so
  COMMAND ${OBJCOPY_EXECUTABLE} --only-keep-debug fixture.so .debug/linked.debug
  COMMAND ${OBJCOPY_EXECUTABLE} --strip-all --add-gnu-debuglink=.debug/linked.debug fixture.so linked.so
  DEPENDS ${symbols_folder}/fixture.so)
# The same code with its DWARF in other forms.
foreach(form IN ITEMS dwarf4:-gdwarf-4 split:-gsplit-dwarf types:-fdebug-types-section compressed:-gz)
  string(REPLACE ":" ";" form ${form})
  list(POP_FRONT form form_name form_flag)
  symbols_fixture(${form_name}.so
    COMMAND ${CMAKE_C_COMPILER} ${symbols_c_flags} ${form_flag} -DFIXTURE_CHANGE=1 -o ${form_name}.so
            ${symbols_source}/fixture.c
    DEPENDS ${symbols_source}/fixture.c)
endforeach()
symbols_fixture(root/opt/moved.so
  COMMAND ${CMAKE_COMMAND} -E copy fixture.so root/opt/moved.so
  DEPENDS ${symbols_folder}/fixture.so)
find_program(XZ_EXECUTABLE xz)
if(XZ_EXECUTABLE)
  symbols_fixture(mini.so
    COMMAND ${OBJCOPY_EXECUTABLE} --strip-debug --keep-symbol=hidden_function fixture.so mini.debug
    COMMAND ${XZ_EXECUTABLE} --force --keep mini.debug
    COMMAND ${OBJCOPY_EXECUTABLE} --strip-all --add-section .gnu_debugdata=mini.debug.xz fixture.so mini.so
    DEPENDS ${symbols_folder}/fixture.so)
endif()
find_program(CXX_EXECUTABLE NAMES g++ c++)
if(CXX_EXECUTABLE)
  symbols_fixture(cxx.so
    COMMAND ${CXX_EXECUTABLE} ${symbols_c_flags} -o cxx.so ${symbols_source}/fixture.cpp
    DEPENDS ${symbols_source}/fixture.cpp)
endif()
find_program(RUSTC_EXECUTABLE rustc)
if(RUSTC_EXECUTABLE)
  symbols_fixture(rust.so
    COMMAND ${RUSTC_EXECUTABLE} --crate-type cdylib --crate-name fixture -O -g -C panic=abort
            -C link-arg=-Wl,--unresolved-symbols=ignore-all -o rust.so ${symbols_source}/fixture.rs
    DEPENDS ${symbols_source}/fixture.rs)
endif()
get_property(symbols_fixtures GLOBAL PROPERTY symbols_fixtures)
add_custom_target(symbols_fixtures DEPENDS ${symbols_fixtures})

exectrace_unit_test(demangle exectrace_symbols exectrace_core)
exectrace_unit_test(symbols exectrace_symbols exectrace_core)
add_dependencies(test_symbols symbols_fixtures)
target_compile_definitions(test_symbols PRIVATE FIXTURES="${symbols_folder}")
target_link_libraries(test_symbols PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(test_symbols PROPERTIES ENABLE_EXPORTS ON)

exectrace_unit_test(profile exectrace_core)
exectrace_unit_test(gzip_stream exectrace_pprof exectrace_symbols exectrace_core)
exectrace_unit_test(pprof exectrace_pprof exectrace_symbols exectrace_core)
target_include_directories(test_pprof PRIVATE ${PROJECT_BINARY_DIR}/analyzer)

# What go's own pprof makes of our files.
add_executable(pprof_driver golden/pprof_driver.c)
target_link_libraries(pprof_driver PRIVATE exectrace_pprof exectrace_symbols exectrace_core)
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SYSTEM_PYTHON3 python3)
add_dependencies(pprof_driver symbols_fixtures)
if(SYSTEM_PYTHON3)
  add_test(NAME golden.pprof_tools
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/golden/pprof_tools.py
                   $<TARGET_FILE:pprof_driver> ${symbols_folder})
  set_tests_properties(golden.pprof_tools PROPERTIES LABELS golden SKIP_RETURN_CODE 77)
endif()

# Names of evenly spread addresses, against those of binutils and LLVM.
add_executable(symbols_of support/symbols_of.c)
target_link_libraries(symbols_of PRIVATE exectrace_symbols exectrace_core)

if(SYSTEM_PYTHON3)
  add_test(NAME integration.symbols_agree
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/symbols_agree.py
                   $<TARGET_FILE:symbols_of> 1000 $<TARGET_FILE:analyzer> $<TARGET_FILE:exectrace>
                   $<TARGET_FILE_DIR:symbols_of>/e2e_cxx_threads)
  set_tests_properties(integration.symbols_agree PROPERTIES LABELS integration SKIP_RETURN_CODE 77)
endif()

# Measured by hand, see the head of the file.
add_executable(bench_symbolize EXCLUDE_FROM_ALL bench/symbolize.c)
target_link_libraries(bench_symbolize PRIVATE exectrace_symbols exectrace_core)

# The sums of profiles against the reports, on made events and on real kernel traces.
if(SYSTEM_PYTHON3)
  add_test(NAME golden.profile_sums
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/golden/profile_sums.py $<TARGET_FILE:analyzer>
                   ${CMAKE_CURRENT_SOURCE_DIR}/golden/profile_events.txt
                   ${CMAKE_CURRENT_SOURCE_DIR}/golden/profile_events_kernel.txt
                   ${CMAKE_CURRENT_SOURCE_DIR}/golden/timeline_events.txt)
  add_test(NAME golden.profile_sums_of_real_traces
           COMMAND ${SYSTEM_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/golden/profile_sums.py $<TARGET_FILE:analyzer>
                   ${EXECTRACE_SHARED}/traces/k-bug446190-arm)
  set_tests_properties(golden.profile_sums golden.profile_sums_of_real_traces
                       PROPERTIES LABELS golden SKIP_RETURN_CODE 77)
endif()
