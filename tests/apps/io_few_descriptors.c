/*
 * A program that may have few descriptors: started again under the lower limit, it must get as many as
 * without being recorded, with the same numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rlimit few = {40, 40};
    int last = -1;
    int fd;

    if (argc == 1) {
        static char again[] = "again";
        char *const arguments[] = {argv[0], again, NULL};

        close(open("/dev/null", O_RDONLY)); /* something to record before */
        closefrom(3);
        if (setrlimit(RLIMIT_NOFILE, &few) != 0)
            return 1;
        execv("/proc/self/exe", arguments);
        return 2;
    }
    while ((fd = open("/dev/null", O_RDONLY)) >= 0) {
        if (fd != last + 1)
            printf("got %d after %d\n", fd, last);
        last = fd;
    }
    printf("last %d errno %d\n", last, errno);
    return 0;
}
