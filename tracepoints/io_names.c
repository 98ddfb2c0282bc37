/*
 * Wrappers of looking up hosts, users, groups and services, of the resolver and of the system's log: made
 * from the tables in real_names.h. Called by the traced program on any thread.
 */
#include "tracepoints/calls.h"

#include <stdarg.h>

IO_NAME_CALLS(WRAP_CALL, )
IO_NSS_CALLS(WRAP_CALL, )
IO_RESOLVER_CALLS(WRAP_CALL, )

WRAP_ALIAS(__res_query, res_query)
WRAP_ALIAS(__res_search, res_search)
WRAP_ALIAS(__res_querydomain, res_querydomain)
WRAP_ALIAS(__res_send, res_send)
WRAP_ALIAS(__res_nquery, res_nquery)
WRAP_ALIAS(__res_nsearch, res_nsearch)
WRAP_ALIAS(__res_nquerydomain, res_nquerydomain)
WRAP_ALIAS(__res_nsend, res_nsend)

/* level: of the checks of a fortified program; -1: none. */
static void write_log(int priority, int level, const char *format, va_list values, const void *site)
{
    struct call call CALL_IN_FRAME = {.is_open = false};
    bool is_begun = TRACING(exectrace_syscall, call) && !guard_is_raised() &&
                    call_begin(&call, EXECTRACE_CALL_SYSLOG, target_none(), site);

    if (level < 0)
        real.vsyslog(priority, format, values);
    else
        real.__vsyslog_chk(priority, level, format, values);
    if (is_begun)
        call_end(&call, 0);
}

EXECTRACE_EXPORT void vsyslog(int priority, const char *format, va_list values)
{
    write_log(priority, -1, format, values, SITE);
}

EXECTRACE_EXPORT void __vsyslog_chk(int priority, int level, const char *format, va_list values);
void __vsyslog_chk(int priority, int level, const char *format, va_list values)
{
    write_log(priority, level, format, values, SITE);
}

EXECTRACE_EXPORT void syslog(int priority, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_log(priority, -1, format, values, SITE);
    va_end(values);
}

EXECTRACE_EXPORT void __syslog_chk(int priority, int level, const char *format, ...);
void __syslog_chk(int priority, int level, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_log(priority, level, format, values, SITE);
    va_end(values);
}
