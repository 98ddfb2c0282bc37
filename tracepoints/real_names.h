/*
 * The table of wrapped functions that look up names, which may ask a server; the form of an entry is
 * explained in real_io.h.
 */
#ifndef EXECTRACE_REAL_NAMES_H
#define EXECTRACE_REAL_NAMES_H

#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <shadow.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <syslog.h>

/* <resolv.h> is not included: its macros are named like members of other structures. */
struct __res_state;

/* io_names.c: hosts. */
#define IO_NAME_CALLS(F, X)                                                                                  \
    F(X, int, getaddrinfo, NULL,                                                                             \
      (const char *restrict host, const char *restrict service, const struct addrinfo *restrict hints,       \
       struct addrinfo **restrict found),                                                                    \
      (host, service, hints, found), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_VALUE)                \
    F(X, int, getnameinfo, NULL,                                                                             \
      (const struct sockaddr *restrict address, socklen_t length, char *restrict host, socklen_t host_room,  \
       char *restrict service, socklen_t service_room, int flags),                                           \
      (address, length, host, host_room, service, service_room, flags), EXECTRACE_CALL_GETNAMEINFO,          \
      target_none(), RESULT_VALUE)                                                                           \
    F(X, struct hostent *, gethostbyname, NULL, (const char *host), (host), EXECTRACE_CALL_GETADDRINFO,      \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, gethostbyname_r, NULL,                                                                         \
      (const char *restrict host, struct hostent *restrict entry, char *restrict buffer, size_t room,        \
       struct hostent **restrict found, int *restrict error),                                                \
      (host, entry, buffer, room, found, error), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_CODE)     \
    F(X, struct hostent *, gethostbyname2, NULL, (const char *host, int family), (host, family),             \
      EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_FOUND)                                               \
    F(X, int, gethostbyname2_r, NULL,                                                                        \
      (const char *restrict host, int family, struct hostent *restrict entry, char *restrict buffer,         \
       size_t room, struct hostent **restrict found, int *restrict error),                                   \
      (host, family, entry, buffer, room, found, error), EXECTRACE_CALL_GETADDRINFO, target_none(),          \
      RESULT_CODE)                                                                                           \
    F(X, struct hostent *, gethostbyaddr, NULL, (const void *address, socklen_t length, int family),         \
      (address, length, family), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_FOUND)                    \
    F(X, int, gethostbyaddr_r, NULL,                                                                         \
      (const void *restrict address, socklen_t length, int family, struct hostent *restrict entry,           \
       char *restrict buffer, size_t room, struct hostent **restrict found, int *restrict error),            \
      (address, length, family, entry, buffer, room, found, error), EXECTRACE_CALL_GETADDRINFO,              \
      target_none(), RESULT_CODE)                                                                            \
    F(X, int, getaddrinfo_a, NULL, (int mode, struct gaicb **list, int count, struct sigevent *notice),      \
      (mode, list, count, notice), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_VALUE)                  \
    F(X, long, gethostid, NULL, (void), (), EXECTRACE_CALL_GETADDRINFO, target_none(), RESULT_VALUE)

/* io_names.c: users, groups and services. */
#define IO_NSS_CALLS(F, X)                                                                                   \
    F(X, struct passwd *, getpwnam, NULL, (const char *name), (name), EXECTRACE_CALL_NSS_LOOKUP,             \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, getpwnam_r, NULL,                                                                              \
      (const char *restrict name, struct passwd *restrict entry, char *restrict buffer, size_t room,         \
       struct passwd **restrict found),                                                                      \
      (name, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)             \
    F(X, struct passwd *, getpwuid, NULL, (uid_t user), (user), EXECTRACE_CALL_NSS_LOOKUP, target_none(),    \
      RESULT_FOUND)                                                                                          \
    F(X, int, getpwuid_r, NULL,                                                                              \
      (uid_t user, struct passwd *restrict entry, char *restrict buffer, size_t room,                        \
       struct passwd **restrict found),                                                                      \
      (user, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)             \
    F(X, struct group *, getgrnam, NULL, (const char *name), (name), EXECTRACE_CALL_NSS_LOOKUP,              \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, getgrnam_r, NULL,                                                                              \
      (const char *restrict name, struct group *restrict entry, char *restrict buffer, size_t room,          \
       struct group **restrict found),                                                                       \
      (name, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)             \
    F(X, struct group *, getgrgid, NULL, (gid_t group), (group), EXECTRACE_CALL_NSS_LOOKUP, target_none(),   \
      RESULT_FOUND)                                                                                          \
    F(X, int, getgrgid_r, NULL,                                                                              \
      (gid_t group, struct group *restrict entry, char *restrict buffer, size_t room,                        \
       struct group **restrict found),                                                                       \
      (group, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)            \
    F(X, int, getgrouplist, NULL, (const char *user, gid_t group, gid_t *groups, int *count),                \
      (user, group, groups, count), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_VALUE)                  \
    F(X, int, initgroups, NULL, (const char *user, gid_t group), (user, group), EXECTRACE_CALL_NSS_LOOKUP,   \
      target_none(), RESULT_ERRNO)                                                                           \
    F(X, struct servent *, getservbyname, NULL, (const char *name, const char *protocol), (name, protocol),  \
      EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_FOUND)                                                \
    F(X, int, getservbyname_r, NULL,                                                                         \
      (const char *name, const char *protocol, struct servent *restrict entry, char *restrict buffer,        \
       size_t room, struct servent **restrict found),                                                        \
      (name, protocol, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)   \
    F(X, struct servent *, getservbyport, NULL, (int port, const char *protocol), (port, protocol),          \
      EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_FOUND)                                                \
    F(X, int, getservbyport_r, NULL,                                                                         \
      (int port, const char *protocol, struct servent *restrict entry, char *restrict buffer, size_t room,   \
       struct servent **restrict found),                                                                     \
      (port, protocol, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)   \
    F(X, struct protoent *, getprotobyname, NULL, (const char *name), (name), EXECTRACE_CALL_NSS_LOOKUP,     \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, getprotobyname_r, NULL,                                                                        \
      (const char *name, struct protoent *restrict entry, char *restrict buffer, size_t room,                \
       struct protoent **restrict found),                                                                    \
      (name, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)             \
    F(X, struct protoent *, getprotobynumber, NULL, (int number), (number), EXECTRACE_CALL_NSS_LOOKUP,       \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, getprotobynumber_r, NULL,                                                                      \
      (int number, struct protoent *restrict entry, char *restrict buffer, size_t room,                      \
       struct protoent **restrict found),                                                                    \
      (number, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)           \
    F(X, struct spwd *, getspnam, NULL, (const char *name), (name), EXECTRACE_CALL_NSS_LOOKUP,               \
      target_none(), RESULT_FOUND)                                                                           \
    F(X, int, getspnam_r, NULL,                                                                              \
      (const char *name, struct spwd *entry, char *buffer, size_t room, struct spwd **found),                \
      (name, entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)             \
    F(X, struct passwd *, getpwent, NULL, (void), (), EXECTRACE_CALL_NSS_LOOKUP, target_none(),              \
      RESULT_ENTRY)                                                                                          \
    F(X, int, getpwent_r, NULL,                                                                              \
      (struct passwd *restrict entry, char *restrict buffer, size_t room, struct passwd **restrict found),   \
      (entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)                   \
    F(X, struct group *, getgrent, NULL, (void), (), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_ENTRY) \
    F(X, int, getgrent_r, NULL,                                                                              \
      (struct group *restrict entry, char *restrict buffer, size_t room, struct group **restrict found),     \
      (entry, buffer, room, found), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)                   \
    F(X, struct netent *, getnetbyname, NULL, (const char *name), (name), EXECTRACE_CALL_NSS_LOOKUP,         \
      target_none(), RESULT_ENTRY)                                                                           \
    F(X, int, getnetbyname_r, NULL,                                                                          \
      (const char *restrict name, struct netent *restrict entry, char *restrict buffer, size_t room,         \
       struct netent **restrict found, int *restrict error),                                                 \
      (name, entry, buffer, room, found, error), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE)      \
    F(X, struct netent *, getnetbyaddr, NULL, (uint32_t net, int type), (net, type),                         \
      EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_FOUND)                                                \
    F(X, int, getnetbyaddr_r, NULL,                                                                          \
      (uint32_t net, int type, struct netent *restrict entry, char *restrict buffer, size_t room,            \
       struct netent **restrict found, int *restrict error),                                                 \
      (net, type, entry, buffer, room, found, error), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_CODE) \
    F(X, int, setnetgrent, NULL, (const char *group), (group), EXECTRACE_CALL_NSS_LOOKUP, target_none(),     \
      RESULT_VALUE)                                                                                          \
    F(X, int, innetgr, NULL, (const char *group, const char *host, const char *user, const char *domain),    \
      (group, host, user, domain), EXECTRACE_CALL_NSS_LOOKUP, target_none(), RESULT_VALUE)

/* io_names.c: the resolver. */
#define IO_RESOLVER_CALLS(F, X)                                                                              \
    F(X, int, res_query, NULL, (const char *name, int group, int type, unsigned char *answer, int room),     \
      (name, group, type, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)              \
    F(X, int, res_search, NULL, (const char *name, int group, int type, unsigned char *answer, int room),    \
      (name, group, type, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)              \
    F(X, int, res_querydomain, NULL,                                                                         \
      (const char *name, const char *domain, int group, int type, unsigned char *answer, int room),          \
      (name, domain, group, type, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)      \
    F(X, int, res_send, NULL, (const unsigned char *query, int length, unsigned char *answer, int room),     \
      (query, length, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)                  \
    F(X, int, res_nquery, NULL,                                                                              \
      (struct __res_state * state, const char *name, int group, int type, unsigned char *answer, int room),  \
      (state, name, group, type, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)       \
    F(X, int, res_nsearch, NULL,                                                                             \
      (struct __res_state * state, const char *name, int group, int type, unsigned char *answer, int room),  \
      (state, name, group, type, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)       \
    F(X, int, res_nquerydomain, NULL,                                                                        \
      (struct __res_state * state, const char *name, const char *domain, int group, int type,                \
       unsigned char *answer, int room),                                                                     \
      (state, name, domain, group, type, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(),             \
      RESULT_VALUE)                                                                                          \
    F(X, int, res_nsend, NULL,                                                                               \
      (struct __res_state * state, const unsigned char *query, int length, unsigned char *answer, int room), \
      (state, query, length, answer, room), EXECTRACE_CALL_RES_QUERY, target_none(), RESULT_VALUE)

/* io_names.c: the system's log, which a daemon reads at its own pace. By hand. X as in real_sync.h. */
#define REAL_SYSLOG_LIST(X)                                                                                  \
    X(void, vsyslog, NULL, (int priority, const char *format, va_list values), (priority, format, values))   \
    X(void, __vsyslog_chk, NULL, (int priority, int level, const char *format, va_list values),              \
      (priority, level, format, values))

#define REAL_NAMES_LIST(X)                                                                                   \
    IO_NAME_CALLS(REAL_IO_ENTRY, X)                                                                          \
    IO_NSS_CALLS(REAL_IO_ENTRY, X)                                                                           \
    IO_RESOLVER_CALLS(REAL_IO_ENTRY, X)                                                                      \
    REAL_SYSLOG_LIST(X)

#endif
