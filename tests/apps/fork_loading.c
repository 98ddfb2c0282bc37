/*
 * Forks while another thread loads and unloads a plugin all the time: in the child, the loader may be in the
 * middle of something that nobody finishes. The children only do what bare ones may. The same bare, preloaded
 * and recorded.
 *
 * Argument: the plugin.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 30

static const char *plugin;
static int is_over;
static unsigned long load_count;

static void *load_and_unload(void *unused)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);

        if (handle == NULL)
            abort();
        dlclose(handle);
        __atomic_add_fetch(&load_count, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

static int child(void)
{
    char *memory = malloc(100);

    if (memory == NULL || usleep(1) != 0)
        return 1;
    free(memory);
    return 7;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int well = 0;

    if (argc != 2)
        return 2;
    plugin = argv[1];
    if (pthread_create(&thread, NULL, load_and_unload, NULL) != 0)
        return 1;
    while (__atomic_load_n(&load_count, __ATOMIC_RELAXED) < 100)
        usleep(1000);
    for (int i = 0; i < FORKS; i++) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0)
            _exit(child());
        if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7)
            well++;
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    printf("%d of %d children ended well\n", well, FORKS);
    return well != FORKS;
}
