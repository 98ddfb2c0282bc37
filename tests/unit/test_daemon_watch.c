/* recorder/daemon_watch.c: the consumer daemon is the child of the session daemon whose sockets are in the
 * folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/daemon_watch.h"

/* A shell that has the name and the arguments of the folder's consumer daemon, and waits. */
static pid_t start_consumer(const char *folder)
{
    g_autofree char *program = g_build_filename(folder, "lttng-consumerd", NULL);
    g_autofree char *sockets = g_build_filename(folder, "ustconsumerd64", "command", NULL);
    int ready[2];

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(symlink("/bin/sh", program), 0);

    pid_t pid = fork();
    if (pid == 0) {
        dup2(ready[1], STDOUT_FILENO);
        execl(program, program, "-c", "echo; kill -STOP $$", sockets, NULL);
        _exit(127);
    }

    char line;
    close(ready[1]);
    assert_int_equal(read(ready[0], &line, 1), 1);
    close(ready[0]);
    return pid;
}

/* Whether the consumer daemon, which this process has started, is found when the session daemon is said to be
 * pid. */
static bool is_found(pid_t session_daemon)
{
    g_autofree char *folder = g_dir_make_tmp("exectrace-test-XXXXXX", NULL);
    g_autofree char *pid_file = g_build_filename(folder, "lttng-sessiond.pid", NULL);
    g_autofree char *program = g_build_filename(folder, "lttng-consumerd", NULL);
    g_autofree char *text = g_strdup_printf("%d\n", (int)session_daemon);

    assert_true(g_file_set_contents(pid_file, text, -1, NULL));

    pid_t consumer = start_consumer(folder);
    struct daemon_watch *watch = daemon_watch_new(folder);
    struct pollfd ended = {.fd = daemon_watch_fd(watch, WATCHED_CONSUMER_DAEMON), .events = POLLIN};
    bool is_found = ended.fd >= 0;

    if (is_found)
        assert_int_equal(poll(&ended, 1, 0), 0);

    kill(consumer, SIGKILL);
    assert_int_equal(waitpid(consumer, NULL, 0), consumer);
    if (is_found)
        assert_int_equal(poll(&ended, 1, 10000), 1);

    daemon_watch_free(watch);
    g_unlink(program);
    g_unlink(pid_file);
    g_rmdir(folder);
    return is_found;
}

static void test_daemon_watch__child_of_the_session_daemon_is_watched(void **state)
{
    (void)state;
    assert_true(is_found(getpid()));
}

static void test_daemon_watch__same_paths_of_another_container_are_not(void **state)
{
    (void)state;
    assert_false(is_found(getppid()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemon_watch__child_of_the_session_daemon_is_watched),
        cmocka_unit_test(test_daemon_watch__same_paths_of_another_container_are_not),
    };

    return cmocka_run_group_tests_name("daemon_watch", tests, NULL, NULL);
}
