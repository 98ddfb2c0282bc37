/* Names of system calls, and what their names alone say about them. */
#ifndef ANALYZER_CALL_NAMES_H
#define ANALYZER_CALL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* number: x86-64 number or enum exectrace_call_number. Never NULL; static. */
const char *call_name(uint32_t number);
/* Waits for the network whatever its descriptor is (recv, accept, epoll_wait, getaddrinfo...). */
bool call_name_is_net(const char *name);

#endif
