# Tests of analyzer/ctf_reader and what it is made of.
exectrace_unit_test(event_text exectrace_core)

add_executable(dump_events support/dump_events.c)
target_link_libraries(dump_events PRIVATE exectrace_reader exectrace_core)
