/*
 * Forks from a second thread, whose copy is the child's only thread and ends by return or pthread_exit: the
 * child ends with it, however early that is. The same bare, preloaded and recorded.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 20

static void *work(void *unused)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        return unused; /* the last thread's end ends the process, with status 0 */
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
