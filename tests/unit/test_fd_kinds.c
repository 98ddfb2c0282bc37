/* fd_kinds: what each descriptor is, remembered until it is forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tracepoints/fd_kinds.h"

static void expect_kind(int fd, enum exectrace_fd_kind kind)
{
    assert_true(fd >= 0);
    fd_kinds_forget(fd);
    assert_int_equal(fd_kinds_get(fd), kind);
    assert_int_equal(fd_kinds_get(fd), kind);
    close(fd);
}

static void test_fd_kinds__each_kind_recognised(void **state)
{
    int pipes[2];

    (void)state;
    expect_kind(open("/proc/self/exe", O_RDONLY), EXECTRACE_FD_FILE);
    expect_kind(open("/", O_RDONLY | O_DIRECTORY), EXECTRACE_FD_FILE);
    expect_kind(socket(AF_UNIX, SOCK_STREAM, 0), EXECTRACE_FD_SOCKET);
    expect_kind(open("/dev/null", O_RDWR), EXECTRACE_FD_OTHER);
    expect_kind(posix_openpt(O_RDWR | O_NOCTTY), EXECTRACE_FD_TERMINAL);
    expect_kind(eventfd(0, 0), EXECTRACE_FD_EVENTFD);
    expect_kind(timerfd_create(CLOCK_MONOTONIC, 0), EXECTRACE_FD_TIMERFD);
    expect_kind(epoll_create1(0), EXECTRACE_FD_EPOLL);
    expect_kind(inotify_init(), EXECTRACE_FD_OTHER);
    assert_int_equal(pipe(pipes), 0);
    expect_kind(pipes[0], EXECTRACE_FD_PIPE);
    expect_kind(pipes[1], EXECTRACE_FD_PIPE);
}

static void test_fd_kinds__pty_slave_is_a_terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    (void)state;
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    expect_kind(open(ptsname(master), O_RDWR | O_NOCTTY), EXECTRACE_FD_TERMINAL);
    close(master);
}

static void test_fd_kinds__closed_fd_is_unknown_and_not_remembered(void **state)
{
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    close(pipes[0]);
    fd_kinds_forget(pipes[0]);
    assert_int_equal(fd_kinds_get(pipes[0]), EXECTRACE_FD_UNKNOWN);
    assert_int_equal(dup2(pipes[1], pipes[0]), pipes[0]);
    assert_int_equal(fd_kinds_get(pipes[0]), EXECTRACE_FD_PIPE);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_fd_kinds__remembered_until_forgotten(void **state)
{
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    fd_kinds_set(pipes[0], EXECTRACE_FD_SOCKET);
    assert_int_equal(fd_kinds_get(pipes[0]), EXECTRACE_FD_SOCKET);
    fd_kinds_forget(pipes[0]);
    assert_int_equal(fd_kinds_get(pipes[0]), EXECTRACE_FD_PIPE);

    fd_kinds_set(pipes[0], EXECTRACE_FD_SOCKET);
    fd_kinds_set(pipes[1], EXECTRACE_FD_SOCKET);
    fd_kinds_forget_others((unsigned)pipes[1], ~0U);
    assert_int_equal(fd_kinds_get(pipes[0]), EXECTRACE_FD_SOCKET);
    assert_int_equal(fd_kinds_get(pipes[1]), EXECTRACE_FD_PIPE);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_fd_kinds__tracers_are_found_and_kept(void **state)
{
    (void)state;
    fd_kinds_set_tracers(20);
    fd_kinds_set_tracers(25);
    fd_kinds_set(21, EXECTRACE_FD_PIPE);
    assert_true(fd_kinds_is_tracers(20));
    assert_false(fd_kinds_is_tracers(21));
    assert_int_equal(fd_kinds_next_tracers(0, ~0U), 20);
    assert_int_equal(fd_kinds_next_tracers(21, ~0U), 25);
    assert_int_equal(fd_kinds_next_tracers(21, 24), -1);
    assert_int_equal(fd_kinds_next_tracers(26, ~0U), -1);
    fd_kinds_forget_others(0, ~0U);
    assert_true(fd_kinds_is_tracers(20));
    fd_kinds_forget(20);
    assert_false(fd_kinds_is_tracers(20));
    fd_kinds_set(25, EXECTRACE_FD_SOCKET);
    assert_int_equal(fd_kinds_next_tracers(0, ~0U), -1);
    fd_kinds_forget(25);
}

static void test_fd_kinds__peer_is_taken_once_per_session_and_life(void **state)
{
    (void)state;
    fd_kinds_set(7, EXECTRACE_FD_SOCKET);
    assert_true(fd_kinds_take_peer(7, 1));
    assert_false(fd_kinds_take_peer(7, 1));
    assert_true(fd_kinds_take_peer(7, 2));
    assert_false(fd_kinds_take_peer(7, 2));
    fd_kinds_set(7, EXECTRACE_FD_SOCKET);
    assert_true(fd_kinds_take_peer(7, 2));
    assert_int_equal(fd_kinds_get(7), EXECTRACE_FD_SOCKET);
    fd_kinds_forget(7);
}

static void test_fd_kinds__numbers_beyond_the_table(void **state)
{
    (void)state;
    assert_int_equal(fd_kinds_get(-1), EXECTRACE_FD_NONE);
    fd_kinds_set(-1, EXECTRACE_FD_PIPE);
    fd_kinds_set(FD_KINDS_CACHED, EXECTRACE_FD_PIPE);
    assert_int_equal(fd_kinds_get(FD_KINDS_CACHED), EXECTRACE_FD_UNKNOWN);
    assert_false(fd_kinds_take_peer(FD_KINDS_CACHED, 1));
    fd_kinds_set(FD_KINDS_CACHED - 1, EXECTRACE_FD_PIPE);
    assert_int_equal(fd_kinds_get(FD_KINDS_CACHED - 1), EXECTRACE_FD_PIPE);
    fd_kinds_forget_others(FD_KINDS_CACHED - 1, FD_KINDS_CACHED + 5);
    assert_int_equal(fd_kinds_get(FD_KINDS_CACHED - 1), EXECTRACE_FD_UNKNOWN);
}

static void test_fd_kinds__errno_is_left_alone(void **state)
{
    (void)state;
    errno = EXDEV;
    fd_kinds_get(FD_KINDS_CACHED - 1);
    assert_int_equal(errno, EXDEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fd_kinds__each_kind_recognised),
        cmocka_unit_test(test_fd_kinds__pty_slave_is_a_terminal),
        cmocka_unit_test(test_fd_kinds__closed_fd_is_unknown_and_not_remembered),
        cmocka_unit_test(test_fd_kinds__remembered_until_forgotten),
        cmocka_unit_test(test_fd_kinds__tracers_are_found_and_kept),
        cmocka_unit_test(test_fd_kinds__peer_is_taken_once_per_session_and_life),
        cmocka_unit_test(test_fd_kinds__numbers_beyond_the_table),
        cmocka_unit_test(test_fd_kinds__errno_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
