/*
 * A web server for one file and one fetch. Called by main, after the timeline is written; one connection at a
 * time, on the main thread.
 */
#include "viewer_export/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_REQUEST_BYTES 16384
#define TIMEOUT_S 30

struct request {
    char text[MAX_REQUEST_BYTES + 1];
};

static bool set_error(GError **error, const char *what)
{
    int number = errno;
    if (number == EADDRINUSE)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "port %d is in use: end the other program that serves a trace there, then try again",
                    SERVE_PORT);
    else
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number), "cannot %s: %s", what,
                    g_strerror(number));
    return false;
}

static int listen_locally(GError **error)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) {
        set_error(error, "make a socket");
        return -1;
    }

    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(SERVE_PORT),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 8) != 0) {
        set_error(error, "listen on 127.0.0.1");
        close(listener);
        return -1;
    }
    return listener;
}

/* Up to the empty line. False: it did not come, or is too long. */
static bool read_request(int connection, struct request *request)
{
    size_t used = 0;
    while (used < MAX_REQUEST_BYTES) {
        ssize_t count = recv(connection, request->text + used, MAX_REQUEST_BYTES - used, 0);
        if (count <= 0)
            return false;
        used += (size_t)count;
        request->text[used] = '\0';
        if (strstr(request->text, "\r\n\r\n"))
            return true;
    }
    return false;
}

/* The value of a header, or NULL. Free with g_free(). */
static char *header_value(const struct request *request, const char *name)
{
    for (const char *line = strstr(request->text, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += strlen("\r\n");
        size_t length = strlen(name);
        if (g_ascii_strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1;
        return g_strstrip(g_strndup(value, strcspn(value, "\r\n")));
    }
    return NULL;
}

static bool send_all(int connection, const char *text, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(connection, text, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        count -= (size_t)sent;
    }
    return true;
}

static bool send_head(int connection, const char *status, off_t length)
{
    g_autofree char *head = g_strdup_printf("HTTP/1.1 %s\r\n"
                                            "Access-Control-Allow-Origin: " SERVE_ORIGIN "\r\n"
                                            "Access-Control-Allow-Methods: GET, HEAD\r\n"
                                            "Access-Control-Allow-Private-Network: true\r\n"
                                            "Cache-Control: no-cache\r\n"
                                            "Content-Type: application/octet-stream\r\n"
                                            "Content-Length: %" G_GINT64_FORMAT "\r\n"
                                            "Connection: close\r\n\r\n",
                                            status, (gint64)length);
    return send_all(connection, head, strlen(head));
}

static bool send_file(int connection, int fd, off_t length)
{
    off_t offset = 0;
    while (offset < length) {
        ssize_t sent = sendfile(connection, fd, &offset, (size_t)MIN(length - offset, 1 << 20));
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
    }
    return true;
}

/* A page of another site, or one that another name for 127.0.0.1 led here. */
static bool is_stranger(const struct request *request)
{
    g_autofree char *origin = header_value(request, "Origin");
    if (origin && strcmp(origin, SERVE_ORIGIN) != 0)
        return true;
    g_autofree char *host = header_value(request, "Host");
    g_autofree char *expected = g_strdup_printf("127.0.0.1:%d", SERVE_PORT);
    return !host || strcmp(host, expected) != 0;
}

/* True: the file was fetched, all of it. */
static bool answer(int connection, int fd, const char *name)
{
    struct request *request = g_new(struct request, 1);
    bool is_fetched = false;
    if (read_request(connection, request)) {
        g_autofree char *wanted = g_strdup_printf("GET /%s HTTP/1.", name);
        g_autofree char *asked = g_strdup_printf("HEAD /%s HTTP/1.", name);
        struct stat status;
        if (is_stranger(request))
            send_head(connection, "403 Forbidden", 0);
        else if (g_str_has_prefix(request->text, "OPTIONS "))
            send_head(connection, "204 No Content", 0);
        else if (fstat(fd, &status) == 0 && g_str_has_prefix(request->text, asked))
            send_head(connection, "200 OK", status.st_size);
        else if (fstat(fd, &status) != 0 || !g_str_has_prefix(request->text, wanted))
            send_head(connection, "404 Not Found", 0);
        else
            is_fetched =
                send_head(connection, "200 OK", status.st_size) && send_file(connection, fd, status.st_size);
    }
    g_free(request);
    return is_fetched;
}

bool serve_once(int fd, const char *name, GError **error)
{
    int listener = listen_locally(error);
    if (listener < 0)
        return false;

    printf(SERVE_ORIGIN "/#!/?url=http://127.0.0.1:%d/%s&referrer=open_trace_in_ui\n", SERVE_PORT, name);
    fflush(stdout);
    bool is_fetched = false;
    while (!is_fetched) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (connection < 0) {
            set_error(error, "accept a connection");
            break;
        }
        const struct timeval timeout = {.tv_sec = TIMEOUT_S};
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
        is_fetched = answer(connection, fd, name);
        if (is_fetched)
            shutdown(connection, SHUT_WR);
        close(connection);
    }
    close(listener);
    return is_fetched;
}
