/*
 * vfork_calls: the main thread, then another one, make calls of readv, with children of vfork between them
 * that do the same. Prints for each thread its id and how many calls it made itself: those of the children,
 * which run in its place and with its thread-local variables, are not the thread's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 50
#define CALLS_OF_A_CHILD 3

static int zero_fd;

static void read_once(void)
{
    char bytes[16];
    struct iovec part = {bytes, sizeof(bytes)};

    if (readv(zero_fd, &part, 1) != (ssize_t)sizeof(bytes))
        abort();
}

static void run_child(void)
{
    int status;
    pid_t pid = vfork();

    if (pid == 0) {
        for (int i = 0; i < CALLS_OF_A_CHILD; i++)
            read_once();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        abort();
}

static void *call_in_turn(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        read_once();
        run_child();
    }
    printf("%ld %d\n", syscall(SYS_gettid), ROUNDS);
    return NULL;
}

int main(void)
{
    pthread_t thread;

    zero_fd = open("/dev/zero", O_RDONLY);
    if (zero_fd < 0)
        return 1;
    call_in_turn(NULL);
    if (pthread_create(&thread, NULL, call_in_turn, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    return 0;
}
