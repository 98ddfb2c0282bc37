/*
 * Wrappers of sending, receiving and connecting: made from the table in real_io.h. Called by the traced
 * program on any thread, also from signal handlers.
 */
#include "tracepoints/calls.h"

IO_SOCKET_CALLS(WRAP_CALL, )

WRAP_ALIAS(__send, send)
WRAP_ALIAS(__connect, connect)
