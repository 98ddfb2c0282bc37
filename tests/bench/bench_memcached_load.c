/*
 * Load for a memcached server on the loopback interface: bench_memcached_load PORT REQUESTS.
 * Four threads with eight connections each; on every connection one set and one get are under way at a time.
 * Prints the requests answered per second. Started by tests/bench/run.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define CONNECTIONS 8
#define VALUE_BYTES 100

static struct sockaddr_in server;
static unsigned long rounds; /* per connection: one set and one get */

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_connection(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        fail("connect");
    return fd;
}

static void send_round(int fd, unsigned long number)
{
    char text[VALUE_BYTES + 128], value[VALUE_BYTES + 1];
    int size;

    memset(value, 'v', VALUE_BYTES);
    value[VALUE_BYTES] = '\0';
    size = snprintf(text, sizeof text, "set k%lu 0 0 %d\r\n%s\r\nget k%lu\r\n", number % 1000, VALUE_BYTES,
                    value, number % 1000);
    if (write(fd, text, (size_t)size) != size)
        fail("write");
}

static void await_round(int fd)
{
    char text[4096];
    size_t size = 0;

    do {
        ssize_t got = read(fd, text + size, sizeof text - size);

        if (got <= 0)
            fail("read");
        size += (size_t)got;
    } while (size < 5 || memcmp(text + size - 5, "END\r\n", 5) != 0);
}

static void *run_client(void *unused)
{
    int fds[CONNECTIONS];

    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = open_connection();
    for (unsigned long round = 0; round < rounds; round++) {
        for (int i = 0; i < CONNECTIONS; i++)
            send_round(fds[i], round * CONNECTIONS + (unsigned long)i);
        for (int i = 0; i < CONNECTIONS; i++)
            await_round(fds[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    struct timespec start, end;
    double seconds;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_memcached_load PORT REQUESTS\n");
        return 2;
    }
    server = (struct sockaddr_in){.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    rounds = strtoul(argv[2], NULL, 10) / (THREADS * CONNECTIONS * 2) + 1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run_client, NULL) != 0)
            fail("pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%.0f\n", (double)(rounds * THREADS * CONNECTIONS * 2) / seconds);
    return 0;
}
