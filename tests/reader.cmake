# Tests of analyzer/ctf_reader and what it is made of.
exectrace_unit_test(event_text exectrace_core)
