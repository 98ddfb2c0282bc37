/*
 * Calls and waits of every kind from threads with the smallest stack that is allowed, with a page that can't
 * be touched below. Says where more than 12 KiB of the 16 were used. The same bare, preloaded and recorded,
 * where libexectrace.so and LTTng use the thread's stack, too.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define PAINT 0xa5
#define PAGE_BYTES 4096u
#define WELL_USED_BYTES (12u * 1024u)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore, is_held;
static int pipes[2];

static void pause_shortly(void)
{
    usleep(2000);
}

/* What another thread does meanwhile, so that the calls wait. */
static void *hold_mutex(void *unused)
{
    pthread_mutex_lock(&mutex);
    sem_post(&is_held);
    pause_shortly();
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void *hold_rwlock(void *unused)
{
    pthread_rwlock_wrlock(&rwlock);
    sem_post(&is_held);
    pause_shortly();
    pthread_rwlock_unlock(&rwlock);
    return unused;
}

static void *hold_spin(void *unused)
{
    pthread_spin_lock(&spin);
    sem_post(&is_held);
    pause_shortly();
    pthread_spin_unlock(&spin);
    return unused;
}

static void *do_once(void *unused)
{
    pthread_once(&once, pause_shortly);
    return unused;
}

static void *release(void *unused)
{
    sem_post(&is_held);
    pause_shortly();
    sem_post(&semaphore);
    pthread_barrier_wait(&barrier);
    if (write(pipes[1], "x", 1) != 1)
        return unused;
    return NULL;
}

static pthread_t meanwhile(void *(*routine)(void *))
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, routine, NULL) != 0)
        exit(1);
    if (routine != do_once)
        sem_wait(&is_held);
    return thread;
}

static void on_locks(void)
{
    pthread_t thread = meanwhile(hold_mutex);

    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    thread = meanwhile(hold_rwlock);
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    pthread_join(thread, NULL);
    thread = meanwhile(hold_spin);
    pthread_spin_lock(&spin);
    pthread_spin_unlock(&spin);
    pthread_join(thread, NULL);
    thread = meanwhile(do_once);
    pthread_once(&once, pause_shortly);
    pthread_join(thread, NULL);
}

static void on_signals_of_others(void)
{
    struct timespec until;
    char byte;
    pthread_t thread = meanwhile(release);

    sem_wait(&semaphore);
    pthread_barrier_wait(&barrier);
    if (read(pipes[0], &byte, 1) != 1)
        abort();
    pthread_join(thread, NULL);
    clock_gettime(CLOCK_REALTIME, &until);
    pthread_mutex_lock(&mutex);
    pthread_cond_timedwait(&cond, &mutex, &until);
    pthread_mutex_unlock(&mutex);
}

static void on_time(void)
{
    struct timespec shortly = {.tv_nsec = 1000000};
    uint32_t word = 0;

    poll(NULL, 0, 1);
    pselect(0, NULL, NULL, NULL, &shortly, NULL);
    thrd_sleep(&shortly, NULL);
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &shortly, NULL, 0);
}

static void on_files(void)
{
    FILE *null = fopen("/dev/null", "w");

    if (null == NULL || open("/nothing/at/all", O_RDONLY) >= 0)
        abort();
    fputs("text", null);
    fclose(null);
}

static void on_sockets(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), here = socket(AF_INET, SOCK_STREAM, 0);
    char byte = 'x';

    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        connect(here, (struct sockaddr *)&address, length) != 0)
        abort();
    int there = accept(listener, NULL, NULL);
    if (send(here, &byte, 1, 0) != 1 || recv(there, &byte, 1, 0) != 1)
        abort();
    close(here);
    close(there);
    close(listener);
}

static void on_memory(void)
{
    for (size_t i = 1; i < 50; i++)
        free(realloc(malloc(i * 20000), i * 30000));
}

static void on_processes(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(3);
    waitpid(pid, NULL, 0);
    pid = vfork();
    if (pid == 0)
        _exit(3);
    waitpid(pid, NULL, 0);
}

static void interrupted(int number)
{
    (void)number;
    on_time();
}

/* An event in the middle of a wait, on what is left of the stack. */
static void on_handlers(void)
{
    raise(SIGUSR1);
}

static const struct {
    const char *name;
    void (*routine)(void);
} kinds[] = {{"locks", on_locks},         {"signals of others", on_signals_of_others},
             {"time", on_time},           {"files", on_files},
             {"sockets", on_sockets},     {"memory", on_memory},
             {"processes", on_processes}, {"handlers", on_handlers}};

static void *run(void *routine)
{
    void (*const *call)(void) = routine;

    (*call)();
    pthread_setname_np(pthread_self(), "small");
    return NULL;
}

static size_t used_bytes(const unsigned char *stack, size_t bytes)
{
    size_t unused = 0;

    while (unused < bytes && stack[unused] == PAINT)
        unused++;
    return bytes - unused;
}

int main(void)
{
    size_t bytes = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    unsigned char *stack =
        mmap(NULL, PAGE_BYTES + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;

    if (stack == MAP_FAILED || mprotect(stack, PAGE_BYTES, PROT_NONE) != 0 || pipe(pipes) != 0)
        return 1;
    stack += PAGE_BYTES;
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_barrier_init(&barrier, NULL, 2);
    sem_init(&semaphore, 0, 0);
    sem_init(&is_held, 0, 0);
    signal(SIGUSR1, interrupted);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, bytes);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        memset(stack, PAINT, bytes);
        if (pthread_create(&thread, &attributes, run, (void *)(uintptr_t)&kinds[i].routine) != 0)
            return 1;
        pthread_join(thread, NULL);
        size_t used = used_bytes(stack, bytes);
        printf("%s%s\n", kinds[i].name, bytes - used < 16384 - WELL_USED_BYTES ? ": used well" : "");
        if (getenv("SHOW_STACK_USE") != NULL)
            printf("    %zu bytes\n", used);
    }
    return 0;
}
