/*
 * Passes a secret through calls of all families: data that is written, sent, queued, read and received, names
 * of files, hosts and users, attributes, arguments and the environment of a child. Data of two kinds of
 * characters. Prints how many calls it made and how many of them failed for another reason than a name that
 * does not exist. The one thing that may be found in a recording is what it says by exectrace_log().
 *
 * Argument: the secret. Works in the current directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mqueue.h>
#include <netdb.h>
#include <pwd.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <syslog.h>
#include <unistd.h>
#include <wchar.h>

#include "tracepoints/exectrace.h"

#define SECRET_LIMIT 64u

static char *secret;
static wchar_t wide[SECRET_LIMIT];
static char buffer[4096];
static size_t length;
static int call_count, failure_count;

static void count(long result, const char *call)
{
    int error = errno;

    call_count++;
    if (result >= 0 || error == ENOENT)
        return;
    failure_count++;
    fprintf(stderr, "%s: %s\n", call, strerror(error));
}

#define CALL(expression) count((long)(expression), #expression)
/* Of calls whose result is a pointer, or that may fail. */
#define CALL_ANY(expression)                                                                                 \
    do {                                                                                                     \
        (void)!(expression);                                                                                 \
        call_count++;                                                                                        \
    } while (0)

static struct iovec vector_of(void *bytes, size_t bytes_count)
{
    return (struct iovec){.iov_base = bytes, .iov_len = bytes_count};
}

static void files(void)
{
    int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
    int copy = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct iovec out = vector_of(secret, length), in = vector_of(buffer, length);

    CALL(write(fd, secret, length));
    CALL(pwrite(fd, secret, length, 0));
    CALL(writev(fd, &out, 1));
    CALL(pwritev(fd, &out, 1, 0));
    CALL(pwritev2(fd, &out, 1, 0, 0));
    CALL(dprintf(fd, "%s", secret));
    CALL(pread(fd, buffer, length, 0));
    CALL(preadv(fd, &in, 1, 0));
    CALL(preadv2(fd, &in, 1, 0, 0));
    CALL(lseek(fd, 0, SEEK_SET));
    CALL(read(fd, buffer, length));
    CALL(readv(fd, &in, 1));
    CALL(sendfile(copy, fd, &(off_t){0}, length));
    CALL(copy_file_range(fd, &(off64_t){0}, copy, NULL, length, 0));
    CALL_ANY(fsetxattr(fd, "user.secret", secret, length, 0));
    CALL_ANY(fgetxattr(fd, "user.secret", buffer, sizeof buffer));
    CALL(fsync(fd));
    close(copy);
    close(fd);
}

static void print(FILE *file, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    CALL(vfprintf(file, format, arguments));
    va_end(arguments);
}

static void streams(void)
{
    FILE *file = fopen("stream", "w+");
    char *line = NULL;
    size_t line_size = 0;

    setvbuf(file, NULL, _IONBF, 0);
    CALL(fputs(secret, file));
    CALL(fwrite(secret, 1, length, file));
    CALL(fprintf(file, "%s\n", secret));
    print(file, "%s\n", secret);
    for (size_t i = 0; i < length; i++)
        CALL(putc(secret[i], file));
    CALL(putc('\n', file));
    rewind(file);
    CALL(getline(&line, &line_size, file));
    CALL_ANY(fgets(buffer, sizeof buffer, file) != NULL);
    CALL(fscanf(file, "%100s", buffer));
    CALL(fread(buffer, 1, length, file));
    free(line);
    fclose(file);

    file = fopen("wide", "w+");
    setvbuf(file, NULL, _IONBF, 0);
    CALL(fputws(wide, file));
    CALL(fwprintf(file, L"%ls\n", wide));
    rewind(file);
    CALL_ANY(fgetws((wchar_t *)(void *)buffer, 100, file) != NULL);
    fclose(file);
}

static void channels(void)
{
    int pair[2], pipes[2], more[2];
    struct iovec out = vector_of(secret, length), in = vector_of(buffer, length);
    struct msghdr message = {.msg_iov = &out, .msg_iovlen = 1}, taken = {.msg_iov = &in, .msg_iovlen = 1};
    struct mmsghdr messages = {.msg_hdr = message}, several = {.msg_hdr = taken};

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || pipe(pipes) != 0 || pipe(more) != 0)
        exit(1);
    CALL(send(pair[0], secret, length, 0));
    CALL(sendto(pair[0], secret, length, 0, NULL, 0));
    CALL(sendmsg(pair[0], &message, 0));
    CALL(sendmmsg(pair[0], &messages, 1, 0));
    CALL(recv(pair[1], buffer, length, 0));
    CALL(recvfrom(pair[1], buffer, length, 0, NULL, NULL));
    CALL(recvmsg(pair[1], &taken, 0));
    CALL(recvmmsg(pair[1], &several, 1, 0, NULL));
    CALL(vmsplice(pipes[1], &out, 1, 0));
    CALL(tee(pipes[0], more[1], length, 0));
    CALL(splice(pipes[0], NULL, pair[0], NULL, length, 0));
}

static void queues(void)
{
    struct {
        long type;
        char text[SECRET_LIMIT];
    } message = {.type = 1};
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = SECRET_LIMIT};
    mqd_t queue = mq_open("/exectrace-secret", O_RDWR | O_CREAT, 0600, &attributes);
    int system_v = msgget(IPC_PRIVATE, 0600);

    memcpy(message.text, secret, length);
    if (system_v >= 0) {
        CALL(msgsnd(system_v, &message, length, 0));
        CALL(msgrcv(system_v, &message, sizeof message.text, 0, 0));
        msgctl(system_v, IPC_RMID, NULL);
    }
    if (queue != (mqd_t)-1) {
        CALL(mq_send(queue, secret, length, 0));
        CALL(mq_receive(queue, buffer, sizeof buffer, NULL));
        mq_close(queue);
        mq_unlink("/exectrace-secret");
    }
}

static void names(void)
{
    struct stat status;
    struct addrinfo *found = NULL;
    char name[SECRET_LIMIT + 8];

    snprintf(name, sizeof name, "%s.new", secret);
    CALL(open(secret, O_WRONLY | O_CREAT, 0600));
    CALL(stat(secret, &status));
    CALL(access(secret, R_OK));
    CALL(rename(secret, name));
    CALL(symlink(secret, "link"));
    CALL(readlink("link", buffer, sizeof buffer));
    CALL(unlink(name));
    CALL(mkdir(secret, 0700));
    CALL(chdir(secret));
    CALL(chdir(".."));
    CALL(rmdir(secret));
    CALL(shm_unlink(secret));
    CALL_ANY(opendir(secret) != NULL);
    CALL_ANY(fopen(secret, "r") != NULL);
    CALL_ANY(realpath(secret, buffer) != NULL);
    CALL_ANY(getpwnam(secret) != NULL);
    CALL_ANY(getgrnam(secret) != NULL);
    CALL_ANY(getservbyname(secret, "tcp") != NULL);
    CALL_ANY(getaddrinfo(secret, NULL, &(struct addrinfo){.ai_flags = AI_NUMERICHOST}, &found));
    CALL_ANY(mkstemp(strcpy(name, "s-XXXXXX")));
}

/* The secret is an argument, in the environment, in what a shell runs, and on its way through pipes. */
static void children(void)
{
    char *arguments[] = {"true", secret, NULL};
    char variable[SECRET_LIMIT + 8], command[SECRET_LIMIT + 32];
    char *environment[] = {variable, NULL};
    FILE *pipe;
    pid_t pid;

    snprintf(variable, sizeof variable, "SECRET=%s", secret);
    snprintf(command, sizeof command, "cat >/dev/null; : %s", secret);
    CALL(posix_spawnp(&pid, "true", NULL, NULL, arguments, environment));
    CALL(waitpid(pid, NULL, 0));
    CALL(system(strchr(command, ':')));
    pipe = popen(command, "w");
    CALL(fputs(secret, pipe));
    CALL(pclose(pipe));
}

int main(int argc, char **argv)
{
    if (argc != 2 || strlen(argv[1]) >= SECRET_LIMIT)
        return 2;
    secret = argv[1];
    length = strlen(secret);
    mbstowcs(wide, secret, SECRET_LIMIT - 1);
    openlog("exectrace-test", LOG_NDELAY, LOG_USER);
    syslog(LOG_DEBUG, "%s", secret);
    files();
    streams();
    channels();
    queues();
    names();
    children();
    exectrace_log(0, "said", "this may be found");
    printf("%d calls, %d failed\n", call_count, failure_count);
    return failure_count != 0;
}
