/*
 * Becomes a daemon the old way: forks twice, leaves its session, closes all descriptors. The first process
 * ends with status 5 at once; the daemon, whose thread is named "daemon", reads the FIFO that its argument
 * names and ends when the other side closes it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define FD_COUNT 4096

static void run_daemon(const char *path)
{
    char byte;

    for (int fd = 0; fd < FD_COUNT; fd++)
        close(fd);
    prctl(PR_SET_NAME, "daemon");
    int fifo = open(path, O_RDONLY);
    while (read(fifo, &byte, 1) > 0)
        continue;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid > 0)
        return 5;
    setsid();
    pid = fork();
    if (pid == 0)
        run_daemon(argv[1]);
    _exit(0);
}
