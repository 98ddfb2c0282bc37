"""recorder behaves like strace or perf record: what the program, the shell and the machine see of it.

Arguments: CASE BUILD. The cases are the functions below that begin with `case_`.
"""

import glob
import os
import pty
import signal
import subprocess
import termios
import time

from end_to_end_support import SKIPPED, TIMEOUT_S, fail, run, skip
from recorder_support import (
    NOBODY, expect, named, value, leftovers, leftovers_of, read_line, finish, record_as_nobody, run_case)


# Exit status and streams. --------------------------------------------------------------------------------------------


def case_exit_status(build, scratch):
    for i, status in enumerate((0, 3, 255)):
        done = build.record(scratch / f"status{i}", ["sh", "-c", f"exit {status}"])
        expect(f"status of a program that ends with {status}", done.returncode, status)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
        done = build.record(scratch / f"signal{number}", ["sh", "-c", f"kill -{int(number)} $$"])
        expect(f"status of a program that dies of signal {number}", done.returncode, -number)


def case_streams(build, scratch):
    """Standard streams are the program's; recorder adds nothing on standard output, no argument is changed."""
    words = ["a b", "", "-o", "--", "*", "ä\\n"]
    script = 'cat; for i; do printf "[%s]" "$i"; done; echo err >&2'
    bare = run(["sh", "-c", script, "sh", *words], input="in", stdin=None)
    done = run([build.recorder, "-o", scratch / "trace", "--", "sh", "-c", script, "sh", *words], input="in", stdin=None)
    expect("standard output", done.stdout, bare.stdout)
    expect("standard error", done.stderr, bare.stderr)


def case_descriptors_and_mask(build, scratch):
    """The program finds the same low descriptors, signal mask, dispositions, process group and directory as bare."""
    script = ("ls -l /proc/self/fd | awk '$9 < 100 {print $9}' | sort -n | tr '\\n' ' '; "
              "grep -E 'SigBlk|SigIgn' /proc/self/status; pwd; umask; ulimit -a")
    bare = run(["sh", "-c", script])
    done = build.record(scratch / "trace", ["sh", "-c", script])
    expect("what the program sees", done.stdout, bare.stdout)


def case_named_output(build, scratch):
    """Without -o: a new directory whose name is said; script files without #! run as execvp runs them."""
    script = scratch / "script"
    with open(script, "w", encoding="ascii") as file:
        file.write("echo from the script\nexit 5\n")
    os.chmod(script, 0o755)
    done = run([build.recorder, script], cwd=scratch.path)
    expect("status", done.returncode, 5)
    expect("output", done.stdout, "from the script\n")
    traces = glob.glob(os.path.join(scratch.path, "exectrace-script-*"))
    expect("number of new directories", len(traces), 1)
    if traces[0] not in done.stderr:
        fail(f"the name of the trace is not said: {done.stderr!r}")
    expect("mode of the trace", os.stat(traces[0]).st_mode & 0o7777, 0o700)
    quiet = run([build.recorder, "-q", "-o", scratch / "quiet", "true"])
    expect("what -q prints", quiet.stderr, "")


# Signals. ------------------------------------------------------------------------------------------------------------


def case_signals_are_passed_on(build, scratch):
    process = build.start(scratch / "trace", [build.app("recorder_signals")])
    read_line(process, "ready\n")
    for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        process.send_signal(number)
        read_line(process, f"signal {int(number)}\n")
    expect("further signals", finish(process), "")
    expect("status", process.returncode, 9)
    if not build.events(scratch / "trace"):
        fail("the trace is empty")


def case_group_signal_arrives_once(build, scratch):
    """A signal to the process group, as from timeout(1) or a shell, reaches the program directly: once."""
    process = build.start(scratch / "trace", [build.app("recorder_signals")], start_new_session=True)
    read_line(process, "ready\n")
    os.killpg(process.pid, signal.SIGINT)
    read_line(process, f"signal {int(signal.SIGINT)}\n")
    process.send_signal(signal.SIGUSR1)  # comes after everything that recorder made of the first one
    read_line(process, f"signal {int(signal.SIGUSR1)}\n")
    expect("further signals", finish(process), "")
    expect("status", process.returncode, 9)


def case_terminal_signal_arrives_once(build, scratch):
    """Ctrl-C on a terminal reaches the program once, and the terminal stays the program's."""
    controller, terminal = pty.openpty()
    settings = termios.tcgetattr(terminal)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, settings)

    def take_terminal():
        os.setsid()
        termios.tcsetwinsize(terminal, (24, 80))
        import fcntl
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    process = build.start(scratch / "trace", [build.app("recorder_signals")], preexec_fn=take_terminal, stdin=terminal)
    os.close(terminal)
    read_line(process, "ready\n")
    os.write(controller, b"\x03")
    read_line(process, f"signal {int(signal.SIGINT)}\n")
    process.send_signal(signal.SIGUSR1)
    read_line(process, f"signal {int(signal.SIGUSR1)}\n")
    os.write(controller, b"\x04")  # end of file
    output, errors = process.communicate(timeout=TIMEOUT_S)
    os.close(controller)
    expect("further signals", output, "")
    expect("what recorder says", errors, "")
    expect("status", process.returncode, 9)


def case_interrupted_start(build, scratch):
    """A signal at any moment of the start ends recorder in order: nothing is left, no daemon, no process."""
    for delay_ms in range(0, 200, 20):
        trace = scratch / f"trace{delay_ms}"
        process = build.start(trace, ["sleep", "1000"])
        try:
            process.wait(timeout=delay_ms / 1000)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            fail(f"recorder does not end after SIGTERM at {delay_ms} ms")
        expect(f"status after SIGTERM at {delay_ms} ms", process.returncode, -signal.SIGTERM)
        expect("leftovers", leftovers_of(process.pid), [])


# What is in the trace. -----------------------------------------------------------------------------------------------


def case_every_switch(build, scratch):
    """As many switches as the kernel itself counts, for each thread; names too."""
    done = build.record(scratch / "trace", [build.app("recorder_switches")])
    expect("status", done.returncode, 0)
    events = build.events(scratch / "trace")
    sources = named(events, "sched_source")
    if not sources or value(sources[0], "source") == "none":
        skip("the kernel forbids perf_event_open here")
    for line in done.stdout.splitlines():
        tid, voluntary, involuntary = line.split()
        switches = [event for event in named(events, "off_cpu") if event[2] == tid]
        blocked = sum(value(event, "reason") == "blocked" for event in switches)
        preempted = sum(value(event, "reason") == "preempted" for event in switches)
        # The kernel counts from the fork on and until the last line is printed; recording begins at exec.
        if not int(voluntary) - 12 <= blocked <= int(voluntary) + 12:
            fail(f"thread {tid}: {blocked} sleeps recorded, {voluntary} counted by the kernel")
        if not int(involuntary) - 12 <= preempted <= int(involuntary) + 12:
            fail(f"thread {tid}: {preempted} preemptions recorded, {involuntary} counted by the kernel")
    names = [value(event, "name") for event in named(events, "sched_name")]
    if '"sleeper"' not in names:
        fail(f"the thread's name is not there: {names}")


def case_no_perf(build, scratch):
    """Where perf_event_open is forbidden: one sentence, and everything else is recorded."""
    done = run([build.app("recorder_no_perf"), build.recorder, "-o", scratch / "trace", "sh", "-c", "sleep 0.01; exit 3"])
    if done.returncode == SKIPPED:
        skip("no seccomp filters here")
    expect("status", done.returncode, 3)
    if "perf_event_paranoid" not in done.stderr or done.stderr.count("\n") != 1:
        fail(f"not one sentence that says what to do: {done.stderr!r}")
    events = build.events(scratch / "trace")
    expect("source of scheduling", [value(event, "source") for event in named(events, "sched_source")], ["none"])
    calls = [event for event in named(events, "call") if value(event, "number") in ("35", "230")]
    expect("sleeps recorded", len(calls), 1)


def case_open_operations(build, scratch):
    """What the threads of a program that was killed, or crashed, were waiting for."""
    for how, status in (("kill", -signal.SIGKILL), ("abort", -signal.SIGABRT), ("exit", 0)):
        trace = scratch / how
        done = build.record(trace, [build.app("recorder_stuck"), how])
        expect(f"{how}: status", done.returncode, status)
        mutex_tid, pipe_tid = done.stdout.split()
        found = {event[2]: event for event in named(build.events(trace), "open")}
        expect(f"{how}: threads with open operations", sorted(found), sorted((mutex_tid, pipe_tid)))
        expect(f"{how}: kind of wait", value(found[mutex_tid], "kind"), "mutex")
        expect(f"{how}: what is read", value(found[pipe_tid], "fd_kind"), "pipe")
        summary = run([os.path.join(build.build, "analyzer", "analyzer"), trace]).stdout
        expect(f"{how}: the summary names the place of the read", "read_pipe" in summary, True)


def is_asleep(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0] == "S"


def case_open_after_fork(build, scratch):
    """Children, recorded or not, leave alone what is told of their parent's threads."""
    for follow in ("all", "none"):
        trace = scratch / follow
        process = build.start(trace, ["sh", "-c", "(exit 0); echo $$; read line"], [f"--follow={follow}"])
        pid = process.stdout.readline().strip()
        while not is_asleep(pid):  # in the read, which is all that is left
            time.sleep(0.01)
        os.kill(int(pid), signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_S)
        found = [(event[2], value(event, "fd_kind")) for event in named(build.events(trace), "open")]
        expect(f"--follow={follow}: open operations", found, [(pid, "pipe")])


def case_children(build, scratch):
    """--follow=all records children, also those of vfork and exec, from their first event on; none leaves them out."""
    command = ["sh", "-c", "sleep 0.01; sh -c 'sleep 0.01; true'; sleep 0.01"]
    for follow, sleeps in (("all", 3), ("none", 0)):
        trace = scratch / follow
        done = build.record(trace, command, [f"--follow={follow}"])
        expect("status", done.returncode, 0)
        events = build.events(trace)
        starts = [value(event, "exe") for event in named(events, "process_start")]
        expect(f"--follow={follow}: sleep programs", sum("sleep" in exe for exe in starts), sleeps)
        slept = [event for event in named(events, "call") if value(event, "number") in ("35", "230")]
        expect(f"--follow={follow}: sleeps", len(slept), sleeps)
        pids = {event[1] for event in events if event[1] != "-"}
        expect(f"--follow={follow}: processes", len(pids) > 1, follow == "all")


def case_exit_in_handlers(build, scratch):
    """Processes end that exit in a signal handler, also when that has interrupted an event."""
    done = build.record(scratch / "trace", [build.app("left_calls"), "exit"], ["--syscall-threshold=0", "--buffer-size=16M"])
    expect("status", (done.returncode, len(done.stdout.splitlines())), (0, 2))


def case_two_at_once(build, scratch):
    """Two recorders at the same time keep their programs apart and leave nothing behind."""
    one = build.start(scratch / "one", ["sh", "-c", "read line; sleep 0.01; exit 1"])
    two = build.start(scratch / "two", [build.app("recorder_signals")])
    read_line(two, "ready\n")
    one.stdin.write("go\n")
    finish(one)
    finish(two)
    expect("status of the first", one.returncode, 1)
    expect("status of the second", two.returncode, 9)
    programs = {}
    for trace in ("one", "two"):
        events = build.events(scratch / trace)
        programs[trace] = {os.path.basename(value(event, "exe").strip('"')) for event in named(events, "process_start")}
    if "recorder_signals" in programs["one"] or "sleep" not in programs["one"]:
        fail(f"the first trace has {programs['one']}")
    expect("programs in the second trace", programs["two"], {"recorder_signals"})
    expect("leftovers", leftovers_of(one.pid) + leftovers_of(two.pid), [])


# Users and daemons; nothing is left behind. --------------------------------------------------------------------------


def case_killed_recorder(build, scratch):
    """After SIGKILL of a recorder the program runs on; the next recorder tidies up."""
    process = build.start(scratch / "first", [build.app("recorder_signals")], start_new_session=True)
    read_line(process, "ready\n")
    if not leftovers_of(process.pid):
        fail("the test does not see what recorder makes while it runs")
    process.kill()
    process.wait()
    process.stdin.close()  # this ends the program
    expect("what the program said at the end", process.stdout.read(), "")
    build.record(scratch / "second", ["true"])
    expect("leftovers of the killed one", leftovers_of(process.pid), [])
    sessions = run(["lttng", "--no-sessiond", "list"]).stdout
    if f"exectrace-recorder-{process.pid}-" in sessions:
        fail(f"its session is still there: {sessions}")
    if not build.events(scratch / "first"):
        fail("what it recorded cannot be read")


def lttng_processes(uid):
    """Ids of LTTng's daemons that run as that user."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8") as file:
                name = file.read()
            if name.startswith("lttng-") and os.stat(path).st_uid == uid:
                found.append(path)
        except OSError:
            pass
    return sorted(found)


def case_ordinary_user(build, scratch):
    """An ordinary user records with a session daemon of his own, of which nothing is left."""
    if os.geteuid() == 0:
        before = lttng_processes(NOBODY)
        done, trace = record_as_nobody(build, scratch, ["sh", "-c", "sleep 0.01; exit 6"])
        uid = NOBODY
    else:
        uid = os.geteuid()
        before = lttng_processes(uid)
        trace = scratch / "trace"
        done = build.record(trace, ["sh", "-c", "sleep 0.01; exit 6"])
    expect("what recorder says", done.stderr, "")
    expect("status", done.returncode, 6)
    expect("daemons afterwards", lttng_processes(uid), before)
    calls = [event for event in named(build.events(trace), "call") if value(event, "number") in ("35", "230")]
    expect("sleeps recorded", len(calls), 1)
    owned = [path for path in leftovers() if os.stat(path).st_uid == uid and uid == NOBODY]
    expect("leftovers", owned, [])


def case_title(build, scratch):
    """Children of a program that has written over its environment (setproctitle) find their session daemon."""
    if os.geteuid() == 0:
        done, trace = record_as_nobody(build, scratch, [build.app("recorder_title")])
    else:
        trace = scratch / "trace"
        done = build.record(trace, [build.app("recorder_title")])
    expect("status", (done.returncode, done.stderr), (4, ""))
    calls = [event for event in named(build.events(trace), "call") if value(event, "number") in ("35", "230")]
    expect("sleeps of the child", len(calls), 1)


def case_long_tmpdir(build, scratch):
    """A TMPDIR too long for socket names is not used for them."""
    deep = scratch / ("d" * 90)
    os.mkdir(deep)
    os.chmod(deep, 0o1777)
    if os.geteuid() == 0:
        done, _ = record_as_nobody(build, scratch, ["true"], {"TMPDIR": deep})
    else:
        done = build.record(scratch / "trace", ["true"], env=dict(os.environ, TMPDIR=deep))
    expect("status", (done.returncode, done.stderr), (0, ""))


def case_private_root_daemon(build, scratch):
    """Root without a session daemon: recorders share the one that the first of them starts; the last one stops it."""
    if os.geteuid() != 0:
        skip("only root's recorders share a daemon")
    if run(["unshare", "-m", "true"]).returncode != 0:
        skip("no mount namespaces here")
    script = f"""
mount -t tmpfs none /run || exit 77
"{build.recorder}" -o "{scratch / 'long'}" -- sh -c 'echo ready; read line' < "$1" > "$2" &
exec 3> "$1"
read line < "$2"
"{build.recorder}" -o "{scratch / 'short'}" -- true || exit 1
ls /run/lttng/client-lttng-sessiond > /dev/null || exit 2
exec 3>&-
wait $! || true
ls -A /run
"""
    for name in ("in", "out"):
        os.mkfifo(scratch / name)
    before = lttng_processes(0)
    done = run(["unshare", "-m", "sh", "-c", script, "sh", scratch / "in", scratch / "out"])
    if done.returncode == SKIPPED:
        skip("cannot mount a file system of its own")
    expect("status", (done.returncode, done.stderr), (0, ""))
    expect("what is left in /run", done.stdout, "")
    after = [path for path in lttng_processes(0) if path not in before]
    expect("daemons afterwards", after, [])
    for trace in ("long", "short"):
        if not named(build.events(scratch / trace), "process_start"):
            fail(f"the trace {trace} has no events of its program")


def case_refusals_leave_nothing(build, scratch):
    """What cannot be recorded is refused in one sentence, before anything is made."""
    setuid = "/usr/bin/passwd"
    cases = [
        ([build.app("recorder_static")], 125, "statically linked"),
        ([build.app("recorder_sanitized")], 125, "asan"),
        (["no-such-program"], 127, "not found"),
        ([scratch.path], 126, "directory"),
    ]
    if os.geteuid() != 0 and os.path.exists(setuid):
        cases.append(([setuid], 125, "setuid"))
    for command, status, words in cases:
        process = build.start(scratch / "trace", command)
        _, errors = process.communicate(timeout=TIMEOUT_S)
        expect(f"status for {command}", process.returncode, status)
        if words not in errors or errors.count("\n") != 1 or not errors.startswith("recorder: "):
            fail(f"{command}: {errors!r} is not one sentence with {words!r}")
        if os.path.exists(scratch / "trace"):
            fail(f"{command}: the trace's directory was made")
        expect("leftovers", leftovers_of(process.pid), [])


def case_no_daemon_program(build, scratch):
    """Without lttng-sessiond: one sentence."""
    if os.geteuid() == 0:
        if run(["unshare", "-m", "true"]).returncode != 0:
            skip("no mount namespaces here")
        script = ('mount -t tmpfs none /run && for f in /usr/bin/lttng-sessiond /usr/local/bin/lttng-sessiond; do '
                  'test ! -e $f || mount --bind /dev/null $f || exit 77; done; exec "$@"')
        done = run(["unshare", "-m", "sh", "-c", script, "sh", build.recorder, "-o", scratch / "trace", "true"])
    else:
        skip("needs a machine without it, or root")
    if done.returncode == SKIPPED:
        skip("cannot hide the program")
    expect("status", done.returncode, 125)
    if "lttng-sessiond" not in done.stderr or done.stderr.count("\n") != 1:
        fail(f"{done.stderr!r} is not one sentence about lttng-sessiond")
    if os.path.exists(scratch / "trace"):
        fail("the trace's directory is left")


run_case(globals())
