/*
 * What a program may count on when main() begins: errno, the signal mask and dispositions, the first free
 * descriptors, one thread, no pending signal, the rounding mode. Prints it; the same bare, preloaded and
 * recorded.
 */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    int errno_at_start = errno;
    sigset_t blocked, pending;
    struct rlimit files;

    printf("errno %d\n", errno_at_start);
    printf("rounding %d\n", fegetround());
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    for (int number = 1; number < SIGRTMIN; number++) {
        struct sigaction action;

        if (sigaction(number, NULL, &action) != 0)
            continue;
        printf("signal %d: %s%s%s\n", number, sigismember(&blocked, number) ? "blocked " : "",
               sigismember(&pending, number) ? "pending " : "",
               action.sa_handler == SIG_DFL   ? "default"
               : action.sa_handler == SIG_IGN ? "ignored"
                                              : "handled");
    }
    getrlimit(RLIMIT_NOFILE, &files);
    printf("files %ju of %ju\n", (uintmax_t)files.rlim_cur, (uintmax_t)files.rlim_max);
    for (int i = 0; i < 3; i++)
        printf("descriptor %d\n", open("/dev/null", O_RDONLY));
    printf("mask %o\n", (unsigned)umask(0));
    return 0;
}
