/*
 * Prints what reaches it: a line "signal N" for each SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
 * until standard input ends; then it exits with status 9. "ready" says that it listens.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

int main(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    struct signalfd_siginfo received;
    sigset_t set;

    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);

    struct pollfd polled[] = {{.fd = signalfd(-1, &set, SFD_CLOEXEC), .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN}};
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(polled, 2, -1) < 0)
            return 1;
        if (polled[0].revents &&
            read(polled[0].fd, &received, sizeof(received)) == (ssize_t)sizeof(received)) {
            printf("signal %u\n", received.ssi_signo);
            fflush(stdout);
        } else if (polled[1].revents) {
            return 9;
        }
    }
}
