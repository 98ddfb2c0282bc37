# The I/O wrappers, kinds of descriptors, and allocation sampling of libexectrace.so.

add_library(exectrace_fd_kinds STATIC ${PROJECT_SOURCE_DIR}/tracepoints/fd_kinds.c)
target_link_libraries(exectrace_fd_kinds PRIVATE exectrace_tool_flags)
exectrace_unit_test(fd_kinds exectrace_tool_flags exectrace_fd_kinds)
