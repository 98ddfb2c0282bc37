/*
 * Connects to a relay daemon's control port and hangs up again. Called by main.c before anything is created.
 */
#include "recorder/relay.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RELAY_ERROR (g_quark_from_static_string("recorder-relay"))

/* LTTng's default (lttng-relayd(8)). */
#define DEFAULT_CONTROL_PORT "5342"
#define CONNECT_LIMIT_MS 5000

bool relay_parse_url(const char *url, struct relay_address *address)
{
    const char *host = strstr(url, "://");
    size_t length;

    if (!host)
        return false;

    host += strlen("://");
    const char *rest;
    if (host[0] == '[') {
        host++;
        length = strcspn(host, "]");
        rest = host[length] ? host + length + 1 : "";
    } else {
        length = strcspn(host, ":/");
        rest = host + length;
    }

    if (length == 0 || length >= sizeof(address->host))
        return false;

    memcpy(address->host, host, length);
    address->host[length] = '\0';
    size_t digits = rest[0] == ':' ? strspn(rest + 1, "0123456789") : 0;
    if (digits >= sizeof(address->control_port))
        return false;

    g_strlcpy(address->control_port, DEFAULT_CONTROL_PORT, sizeof(address->control_port));
    if (digits > 0)
        g_strlcpy(address->control_port, rest + 1, digits + 1);

    return true;
}

/* 0 or an errno. */
static int try_address(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    int cause = 0;
    socklen_t size = sizeof(cause);

    if (fd < 0)
        return errno;

    if (connect(fd, info->ai_addr, info->ai_addrlen) != 0) {
        cause = errno;
        if (cause == EINPROGRESS)
            cause = poll(&polled, 1, CONNECT_LIMIT_MS) == 1 &&
                            getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size) == 0
                        ? cause
                        : ETIMEDOUT;
    }

    close(fd);
    return cause;
}

bool relay_check(const char *url, GError **error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct relay_address address;
    struct addrinfo *found = NULL;
    int cause = EHOSTUNREACH;

    if (!relay_parse_url(url, &address)) {
        g_set_error(error, RELAY_ERROR, 0, "%s is no URL of a relay daemon; try net://HOST", url);
        return false;
    }

    int code = getaddrinfo(address.host, address.control_port, &hints, &found);
    if (code != 0) {
        g_set_error(error, RELAY_ERROR, 0, "cannot find the host of %s: %s", url, gai_strerror(code));
        return false;
    }

    for (const struct addrinfo *info = found; info && cause != 0; info = info->ai_next)
        cause = try_address(info);

    freeaddrinfo(found);
    if (cause != 0)
        g_set_error(error, RELAY_ERROR, 0, "no lttng-relayd answers at %s (%s); start it on that machine",
                    url, g_strerror(cause));

    return cause == 0;
}
