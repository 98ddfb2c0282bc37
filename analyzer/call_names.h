/* Names of system calls, and what their names alone say about them. Looking traits up is slow: keep them. */
#ifndef ANALYZER_CALL_NAMES_H
#define ANALYZER_CALL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* number: x86-64 number or enum exectrace_call_number. Never NULL; static. */
const char *call_name(uint32_t number);
/* What the name of a call says about it. */
struct call_traits {
    bool is_net;        /* waits for the network whatever its descriptor is: recv, accept, epoll_wait... */
    bool is_event_loop; /* idle by its nature: epoll_wait, accept, sigwait... (idle.h) */
    bool is_habit;      /* idle where it is the thread's habit: poll, nanosleep... (idle.h) */
    bool is_sleep;
    bool is_futex;
    bool is_close;
    bool is_socket_user;  /* its descriptor can only be a socket */
    uint8_t made_fd_kind; /* what its result is a descriptor of; 0: none, or not known */
};

struct call_traits call_traits_find(const char *name);

#endif
