/*
 * Fork while other threads hold and wait for locks, with atfork handlers that take them; vfork and
 * posix_spawn; _exit in children; fork from a second thread; threads in the child. The same bare, preloaded
 * and recorded.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int must_end;

static void prepare(void)
{
    pthread_mutex_lock(&mutex);
}

static void release(void)
{
    pthread_mutex_unlock(&mutex);
}

static void *contend(void *unused)
{
    while (!__atomic_load_n(&must_end, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&mutex);
        free(malloc(100));
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void *lock_once(void *unused)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return unused;
}

/* The child has one thread, whose locks work, and which may start others and fork again. */
static void run_child(void)
{
    pthread_t thread;
    int status = 0;
    pid_t pid;

    lock_once(NULL);
    pthread_create(&thread, NULL, lock_once, NULL);
    pthread_join(thread, NULL);
    pid = fork();
    if (pid == 0)
        _exit(3);
    waitpid(pid, &status, 0);
    _exit(WEXITSTATUS(status) + 1);
}

static void *fork_children(void *unused)
{
    for (int i = 0; i < 10; i++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0)
            run_child();
        waitpid(pid, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 4)
            printf("child %d ended with %x\n", i, (unsigned)status);
    }
    return unused;
}

static void run_true(const char *name, pid_t pid)
{
    int status = -1;

    if (pid > 0)
        waitpid(pid, &status, 0);
    printf("%s: status %d\n", name, status);
}

int main(void)
{
    static char *const arguments[] = {(char *)"true", NULL};
    pthread_t contenders[2], forker;
    pid_t pid;

    pthread_atfork(prepare, release, release);
    for (int i = 0; i < 2; i++)
        pthread_create(&contenders[i], NULL, contend, NULL);
    fork_children(NULL);
    pthread_create(&forker, NULL, fork_children, NULL);
    pthread_join(forker, NULL);
    must_end = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(contenders[i], NULL);
    pid = _Fork();
    if (pid == 0)
        run_child();
    run_true("_Fork", pid);
    pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        run_child();
    run_true("system call", pid);
    pid = vfork();
    if (pid == 0) {
        close(9);
        execve("/bin/true", arguments, environ);
        _exit(9);
    }
    run_true("vfork", pid);
    pid = vfork();
    if (pid == 0) {
        execve("/no/such/program", arguments, environ);
        _exit(0);
    }
    run_true("vfork without exec", pid);
    pid = -1;
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) != 0)
        printf("posix_spawn failed\n");
    run_true("posix_spawn", pid);
    printf("system: %d\n", system("exit 7") >> 8);
    pid = fork();
    if (pid == 0) {
        execvp("true", arguments);
        _exit(1);
    }
    run_true("execvp", pid);
    printf("done\n");
    return 0;
}
