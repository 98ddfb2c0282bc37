/*
 * Shows a text in its command line as setproctitle does: moves its environment and writes over arguments and
 * environment as the kernel made them. Then it starts a child that sleeps, and ends as the child ends: 4.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void move_environment(void)
{
    for (char **variable = environ; *variable; variable++)
        *variable = strdup(*variable);
}

static char *end_of(char **strings, char *end)
{
    for (; *strings; strings++) {
        char *next = *strings + strlen(*strings) + 1;

        if (*strings == end)
            end = next;
    }
    return end;
}

int main(int argc, char **argv)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    char *end = end_of(environ, end_of(argv, argv[0]));
    int status;

    (void)argc;
    move_environment();
    memset(argv[0], ' ', (size_t)(end - argv[0]));
    memcpy(argv[0], "title", sizeof("title"));
    pid_t child = fork();
    if (child == 0) {
        nanosleep(&pause, NULL);
        _exit(4);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
