# Tests of analyzer/ctf_reader and what it is made of.
exectrace_unit_test(event_text exectrace_core)
exectrace_unit_test(event_merge exectrace_core)
exectrace_unit_test(event_batch exectrace_core)

# Prints a trace's events as the analyzer sees them.
add_executable(dump_events support/dump_events.c)
target_link_libraries(dump_events PRIVATE exectrace_reader exectrace_core)
