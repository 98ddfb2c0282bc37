/*
 * The probes of the providers that the traced program emits: compiled exactly once, into libexectrace.so.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tracepoints/provider_process.h"
#include "tracepoints/provider_thread.h"
#include "tracepoints/provider_sync.h"
#include "tracepoints/provider_syscall.h"
#include "tracepoints/provider_alloc.h"
#include "tracepoints/provider_stack.h"
#include "tracepoints/provider_user.h"
