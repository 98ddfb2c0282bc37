# Tests of the trace model, the filters and the reports.
exectrace_unit_test(thread_state exectrace_core)
exectrace_unit_test(tables exectrace_core)
exectrace_unit_test(distribution exectrace_core)
exectrace_unit_test(filter exectrace_core)

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
