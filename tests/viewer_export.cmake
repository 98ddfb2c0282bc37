# Tests of viewer_export/.

add_executable(timeline_driver golden/timeline_driver.c)
target_link_libraries(timeline_driver PRIVATE exectrace_timeline exectrace_symbols exectrace_core)
