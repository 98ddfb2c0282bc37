/*
 * Forks from a second thread, whose copy is the child's only thread and ends by return or pthread_exit: the
 * child ends with it, however early that is. The same bare, preloaded and recorded.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 20

static void *linger(void *unused)
{
    usleep(1000);
    return unused;
}

static void *work(void *unused)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        pthread_t another;

        /* The process's first thread ends before its last, whose end ends the process with status 0. */
        pthread_create(&another, NULL, linger, NULL);
        return unused;
    }
    waitpid(pid, &status, 0);
    if (status != 0)
        printf("status %x\n", (unsigned)status);
    return unused;
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, work, NULL);
        pthread_join(thread, NULL);
    }
    printf("%d rounds\n", ROUNDS);
    return 0;
}
