"""recorder behaves like strace or perf record: what the program, the shell and the machine see of it.

Arguments: CASE BUILD. The cases are the functions below that begin with `case_`.
"""

import glob
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
import time

from end_to_end_support import SKIPPED, TIMEOUT_S, Programs, Scratch, fail, need, run, skip

NOBODY = 65534


class Build(Programs):
    """The build folder, with the little programs of these tests."""

    def app(self, name):
        return os.path.join(self.build, "tests", name)

    def events(self, trace):
        """The trace as lines of event text, see analyzer/event_text.h: lists of words."""
        done = run([os.path.join(self.build, "tests", "dump_events"), trace])
        if done.returncode != 0:
            fail(f"the trace {trace} cannot be read: {done.stderr}")
        return [line.split() for line in done.stdout.splitlines()]

    def start(self, trace, command, options=(), **popen_options):
        """Starts recorder and leaves it running."""
        popen_options.setdefault("stdin", subprocess.PIPE)
        return subprocess.Popen([self.recorder, *options, "-o", trace, "--", *command], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **popen_options)


def expect(what, measured, expected):
    if measured != expected:
        fail(f"{what}: {measured!r} instead of {expected!r}")


def named(events, name):
    return [event for event in events if event[4] == name]


def value(event, key):
    """The value of key=value in an event."""
    for word in event:
        if word.startswith(key + "="):
            return word[len(key) + 1:]
    return None


def leftovers():
    """What recorders leave while they run: directories, locks, processes of LTTng that are children of nobody."""
    return set(glob.glob("/tmp/exectrace-[0-9]*") + glob.glob("/dev/shm/exectrace-[0-9]*") +
               glob.glob("/run/exectrace-recorder.lock"))


def leftovers_of(pid):
    return [path for path in leftovers() if f"exectrace-{pid}-" in path]


# Exit status and streams. ------------------------------------------------------------------------------------------


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


# Signals. ----------------------------------------------------------------------------------------------------------


def read_line(process, expected):
    line = process.stdout.readline()
    if line != expected:
        process.kill()
        fail(f"the program says {line!r} instead of {expected!r}: {process.communicate()}")


def finish(process):
    """Ends a program that waits for the end of its standard input; what it said meanwhile."""
    process.stdin.close()
    process.stdin = None
    try:
        output, errors = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        fail("recorder does not end")
    if errors:
        fail(f"recorder says {errors!r}")
    return output


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


# What is in the trace. ---------------------------------------------------------------------------------------------


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


# Flight recorder, and what a program leaves behind. ----------------------------------------------------------------


def check_snapshot(build, trace, program):
    """A snapshot stands alone: its stacks, threads and process are known. Its events."""
    events = build.events(trace)
    defined = {(event[1], value(event, "stack")) for event in named(events, "stack")}
    used = {(event[1], value(event, "stack")) for event in events
            if event[4] != "stack" and value(event, "stack") not in (None, "0")}
    if not used or used - defined:
        fail(f"{trace}: {len(used - defined)} of {len(used)} stacks are not defined")
    summary = run([build.analyzer, trace])
    if summary.returncode != 0 or program not in summary.stdout.split("\n", maxsplit=1)[0]:
        fail(f"{trace}: the summary does not name {program}: {summary}")
    if "[stack lost]" in summary.stdout:
        fail(f"{trace}: {summary.stdout}")
    return events


def snapshot_said(process):
    line = process.stderr.readline()
    match = re.fullmatch(r"recorder: snapshot written to (/\S+)\n", line)
    if not match:
        process.kill()
        fail(f"no snapshot, but {line!r}")
    return match[1]


def case_snapshot_on_signal(build, scratch):
    """SIGUSR2 writes what the buffers hold, any number of times; the program gets nothing of it."""
    process = build.start(scratch / "trace", [build.app("recorder_worker")], ["--snapshot"])
    read_line(process, "ready\n")
    if os.listdir(scratch / "trace"):
        fail("something is written before a snapshot was asked for")
    folders = []
    for number in (1, 2):
        process.send_signal(signal.SIGUSR2)
        folder = snapshot_said(process)
        folders.append(folder)
        if not os.path.basename(folder).startswith(f"snapshot-{number}-signal-"):
            fail(f"a strange name: {folder}")
        events = check_snapshot(build, folder, "recorder_worker")
        opened = [value(event, "fd_kind") for event in named(events, "open")]
        if "pipe" not in opened:
            fail(f"the read that is in flight is not there: {opened}")
        names = {value(event, "name") for event in named(events, "sched_name") + named(events, "thread_name")}
        if '"worker"' not in names:
            fail(f"threads have no names: {names}")
    process.stdin.close()
    process.stdin = None
    _, errors = process.communicate(timeout=TIMEOUT_S)
    expect("what recorder says at the end", errors, "")
    expect("status", process.returncode, 0)
    expect("snapshots", sorted(os.listdir(scratch / "trace")), sorted(map(os.path.basename, folders)))
    expect("leftovers", leftovers_of(process.pid), [])


def case_snapshot_names(build, scratch):
    """The names of process and threads are in a snapshot although all that was said at their start is overwritten."""
    process = build.start(scratch / "trace", [build.app("recorder_worker")],
                          ["--snapshot", "--no-sched", "--buffer-size=64K", "--wait-threshold=0", "--syscall-threshold=0"])
    read_line(process, "ready\n")
    while True:  # until the buffers have gone round
        process.send_signal(signal.SIGUSR2)
        events = build.events(snapshot_said(process))  # less than a second: not every stack is defined in it
        starts = named(events, "process_start")
        if starts and all(value(event, "reason") == "session" for event in starts):
            break
        time.sleep(0.2)
    names = {value(event, "name") for event in named(events, "thread_name")}
    if '"worker"' not in names:
        fail(f"threads have no names: {names}")
    process.stdin.close()
    process.stdin = None
    process.communicate(timeout=TIMEOUT_S)
    expect("status", process.returncode, 0)


def case_snapshot_at_end(build, scratch):
    """A crash, a failure, and with =end any end is written; buffers that were overwritten many times are read."""
    cases = [
        ("--snapshot", ["sh", "-c", "sleep 0.01; kill -SEGV $$"], -signal.SIGSEGV, "snapshot-1-sigsegv-"),
        ("--snapshot", ["sh", "-c", "sleep 0.01; exit 3"], 3, "snapshot-1-exit3-"),
        ("--snapshot", ["sh", "-c", "exit 0"], 0, None),
        ("--snapshot=signal", ["sh", "-c", "exit 3"], 3, None),
        ("--snapshot=end", ["sh", "-c", "sleep 0.01; exit 0"], 0, "snapshot-1-end-"),
    ]
    for i, (option, command, status, prefix) in enumerate(cases):
        done = build.record(scratch / str(i), command, [option])
        expect(f"{option} {command}: status", done.returncode, status)
        folders = os.listdir(scratch / str(i)) if os.path.exists(scratch / str(i)) else []
        if [folder for folder in folders if not prefix or not folder.startswith(prefix)] or bool(folders) != bool(prefix):
            fail(f"{option} {command} leaves {folders}")
        if folders:
            check_snapshot(build, scratch / str(i), "sh")
        expect("lines said", done.stderr.count("\n"), 1)
    done = build.record(scratch / "burst", [build.app("recorder_worker"), "burst"],
                        ["--snapshot=end", "--buffer-size=64K", "--syscall-threshold=0"])
    expect("status", done.returncode, 0)
    events = check_snapshot(build, scratch / "burst", "recorder_worker")
    calls = len(named(events, "call"))
    if not 100 < calls < 100000:
        fail(f"{calls} of 300000 calls are there: the buffers were not overwritten, or are empty")
    done = build.record(scratch / "killed", [build.app("recorder_stuck"), "kill"], ["--snapshot"])
    expect("status", done.returncode, -signal.SIGKILL)
    kinds = sorted(value(event, "kind") or "call" for event in named(build.events(scratch / "killed"), "open"))
    expect("what was in flight", len(kinds), 2)


def open_fifo(path, process):
    """Opens the FIFO for writing when somebody reads it; fails when recorder ends before that."""
    while True:
        try:
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "w", encoding="ascii")
        except OSError:
            if process.poll() is not None:
                fail(f"recorder has ended before the daemon came: {process.communicate()}")
            time.sleep(0.01)  # until the daemon comes


def case_wait_children(build, scratch):
    """A daemon that has closed all descriptors is recorded, with its name, until it ends; or until Ctrl-C."""
    fifo = scratch / "fifo"
    os.mkfifo(fifo)
    process = build.start(scratch / "trace", [build.app("recorder_daemon"), fifo],
                          ["--wait-children", "--syscall-threshold=0"])
    with open_fifo(fifo, process) as file:
        file.write("x")
        if process.poll() is not None:
            fail(f"recorder has ended before the daemon: {process.communicate()}")
    output, errors = process.communicate(timeout=TIMEOUT_S)
    expect("what was said", (output, errors), ("", ""))
    expect("status", process.returncode, 5)
    events = build.events(scratch / "trace")
    names = {value(event, "name") for event in named(events, "sched_name") + named(events, "thread_name")}
    if '"daemon"' not in names:
        fail(f"the daemon has no name: {names}")
    # A read that did not have to wait is in a summary.
    reads = [event for event in named(events, "call") + named(events, "call_summary")
             if value(event, "fd_kind") == "pipe"]
    if not reads:
        fail("the daemon's calls are not there")
    process = build.start(scratch / "stopped", [build.app("recorder_daemon"), fifo],
                          ["--wait-children", "--syscall-threshold=0"])
    with open_fifo(fifo, process) as file:
        file.write("x")
        file.flush()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=TIMEOUT_S)
    expect("status after SIGINT", (process.returncode, errors), (5, ""))
    if not build.events(scratch / "stopped"):
        fail("the trace of a recording that was stopped is empty")


# Later, and elsewhere. ---------------------------------------------------------------------------------------------


def may_read_memory():
    """Whether recorder may look into another process of the same user."""
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            return os.geteuid() == 0 or file.read().strip() == "0"
    except OSError:
        return True


def start_loaded_worker(build, scratch):
    """recorder_worker, started with the library by itself; it runs until its standard input ends."""
    environment = dict(os.environ, LD_PRELOAD=build.library)
    if os.geteuid() != 0:
        environment["LTTNG_HOME"] = scratch.path
    program = subprocess.Popen([build.app("recorder_worker")], env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    read_line(program, "ready\n")
    return program


def case_attach(build, scratch):
    """A process that was started with the library is recorded later, twice, and runs on."""
    program = start_loaded_worker(build, scratch)
    for name in ("first", "second"):
        done = run([build.recorder, f"--attach={program.pid}", "--duration=500ms", "-o", scratch / name])
        expect(f"{name}: status and messages", (done.returncode, done.stderr), (0, ""))
        events = build.events(scratch / name)
        waits = [event for event in named(events, "wait") if value(event, "kind") == "mutex"]
        if not waits:
            fail(f"{name}: no wait for the mutex was recorded")
        stacks = {value(event, "stack") for event in named(events, "stack")}
        expect(f"{name}: stacks without definition",
               [event for event in waits if value(event, "stack") not in stacks], [])
        expect(f"{name}: processes", {event[1] for event in events} - {"-"}, {str(program.pid)})
        # One worker always sleeps with the mutex in its hands.
        if may_read_memory() and not named(events, "open"):
            fail(f"{name}: nothing was going on when the recording ended")
        if '"worker"' not in [value(event, "name") for event in named(events, "sched_name")]:
            fail(f"{name}: the thread's name is not there")
    stopped = subprocess.Popen([build.recorder, f"--attach={program.pid}", "-o", scratch / "third"],
                               stderr=subprocess.PIPE, text=True)
    program.stdin.close()
    expect("status of the program", program.wait(timeout=TIMEOUT_S), 0)
    try:
        stopped.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        stopped.kill()
        fail("recorder does not end with the process it is attached to")


def case_attach_snapshot(build, scratch):
    """The flight recorder of a process that runs already."""
    program = start_loaded_worker(build, scratch)
    process = subprocess.Popen([build.recorder, f"--attach={program.pid}", "--snapshot", "-o", scratch / "trace"],
                               stderr=subprocess.PIPE, text=True)
    while not os.path.exists(scratch / "trace"):  # then recorder has taken charge of its signals
        if process.poll() is not None:
            fail(f"recorder has ended: {process.communicate()}")
        time.sleep(0.01)
    process.send_signal(signal.SIGUSR2)
    events = check_snapshot(build, snapshot_said(process), "recorder_worker")
    if may_read_memory() and not named(events, "open"):  # of the workers: the read began before the recording
        fail("no operation is in flight in the snapshot")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    expect("what recorder says at the end", (process.returncode, errors), (0, ""))
    program.stdin.close()
    expect("status of the program", program.wait(timeout=TIMEOUT_S), 0)


def case_attach_children(build, scratch):
    """Children of a process that is attached to: those it has, and those it starts."""
    environment = dict(os.environ, LD_PRELOAD=build.library)
    if os.geteuid() != 0:
        environment["LTTNG_HOME"] = scratch.path
    program = subprocess.Popen(["sh", "-c", 'echo waiting; read line; "$0"; exit 0', build.app("recorder_worker")],
                               env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    read_line(program, "waiting\n")
    process = subprocess.Popen([build.recorder, f"--attach={program.pid}", "--snapshot", "-o", scratch / "trace"],
                               stderr=subprocess.PIPE, text=True)
    while not os.path.exists(scratch / "trace"):
        if process.poll() is not None:
            fail(f"recorder has ended: {process.communicate()}")
        time.sleep(0.01)
    process.send_signal(signal.SIGUSR2)
    events = build.events(snapshot_said(process))
    if "none" in [value(event, "source") for event in named(events, "sched_source")]:
        process.kill()
        program.kill()
        skip("the kernel forbids perf_event_open here, so nobody tells of new processes")
    program.stdin.write("go\n")
    program.stdin.flush()
    read_line(program, "ready\n")

    def children_that_wait(trace):
        return {event[1] for event in named(build.events(trace), "wait")} - {str(program.pid)}

    for _ in range(100):  # until the kernel has told of it
        process.send_signal(signal.SIGUSR2)
        new = children_that_wait(snapshot_said(process))
        if new:
            break
        time.sleep(0.1)
    expect("children recorded", len(new), 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT_S)
    for follow, pids in (("all", new), ("none", set())):
        done = run([build.recorder, f"--attach={program.pid}", f"--follow={follow}", "--duration=500ms",
                    "-o", scratch / follow])
        expect(f"--follow={follow}: status", (done.returncode, done.stderr), (0, ""))
        expect(f"--follow={follow}: children that were there", children_that_wait(scratch / follow), pids)
    program.stdin.close()
    expect("status of the program", program.wait(timeout=TIMEOUT_S), 0)


def lttng(*arguments):
    return run(["lttng", "--quiet", *arguments]).returncode


def names_in_chunk(build, folder, pid):
    events = [event for event in build.events(folder) if event[1] == str(pid)]
    return {value(event, "name") for event in named(events, "thread_name") + named(events, "process_start")}


def case_rotated(build, scratch):
    """A plain LTTng session that is rotated: later chunks alone know the names of process and threads."""
    need("lttng")
    session = f"recorder-rotated-{os.getpid()}"
    if lttng("create", session, f"--output={scratch / 'trace'}") != 0:
        skip("no session daemon to record with")
    program = subprocess.Popen([build.app("recorder_worker")], env=dict(os.environ, LD_PRELOAD=build.library),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for words in (["track", "-u", "--vpid", str(program.pid)], ["enable-event", "-u", "exectrace_*"],
                      ["add-context", "-u", "-t", "vpid", "-t", "vtid"]):
            expect(f"lttng {words}", lttng(*words, "-s", session), 0)
        expect("lttng start", lttng("start", session), 0)
        found = False
        for _ in range(40):
            time.sleep(0.5)  # chunks of some length; how many are needed is looked at
            lttng("rotate", session)
            chunks = sorted(glob.glob(os.path.join(scratch.path, "trace", "archives", "*")))
            found = any('"worker"' in names_in_chunk(build, chunk, program.pid) for chunk in chunks[1:])
            if found:
                break
    finally:
        lttng("destroy", session)
        program.stdin.close()
        program.wait(timeout=TIMEOUT_S)
    expect("names in later chunks", found, True)


def case_attach_refusals(build, scratch):
    plain = subprocess.Popen(["sleep", "1000"])
    try:
        done = run([build.recorder, f"--attach={plain.pid}", "-o", scratch / "trace"])
    finally:
        plain.kill()
        plain.wait()
    expect("status", done.returncode, 125)
    if "LD_PRELOAD" not in done.stderr or done.stderr.count("\n") != 1:
        fail(f"not one sentence that says what to do: {done.stderr!r}")
    done = run([build.recorder, f"--attach={plain.pid}", "-o", scratch / "trace"])
    if done.returncode != 125 or "no process" not in done.stderr:
        fail(f"a process that is gone: {done}")
    expect("trace directory", os.path.exists(scratch / "trace"), False)


def free_ports(count):
    """Ports of the loopback interface that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def case_relay(build, scratch):
    """The trace goes to lttng-relayd; when none answers, one sentence says so."""
    relayd = need("lttng-relayd")
    control, data, live = free_ports(3)
    url = f"--url=net://127.0.0.1:{control}:{data}"
    done = run([build.recorder, url, "--", "true"])
    if done.returncode != 125 or "relayd" not in done.stderr or done.stderr.count("\n") != 1:
        fail(f"no relay daemon: {done}")
    folder = scratch / "relayed"
    os.mkdir(folder)
    daemon = subprocess.Popen([relayd, "-o", folder, "-C", f"tcp://127.0.0.1:{control}", "-D", f"tcp://127.0.0.1:{data}",
                               "-L", f"tcp://127.0.0.1:{live}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=dict(os.environ, HOME=scratch.path, LTTNG_HOME=scratch.path))
    try:
        while socket.socket().connect_ex(("127.0.0.1", control)) != 0:
            if daemon.poll() is not None:
                skip("lttng-relayd does not start")
        done = run([build.recorder, url, "--", "sh", "-c", "sleep 0.01; exit 3"])
    finally:
        daemon.terminate()
        daemon.wait()
    expect("status", done.returncode, 3)
    calls = [event for event in named(build.events(folder), "call") if value(event, "number") in ("35", "230")]
    expect("sleeps recorded", len(calls), 1)


def case_loss(build, scratch):
    """Events that are lost are counted, with the option that avoids it; the same number stands in the trace."""
    done = build.record(scratch / "small", [build.app("recorder_worker"), "burst"],
                        ["--buffer-size=64K", "--wait-threshold=0", "--syscall-threshold=0"])
    expect("status", done.returncode, 0)
    match = re.search(r"(\d+) events of the program were lost.*--buffer-size", done.stderr)
    if not match:
        fail(f"nothing was lost, or nothing was said: {done.stderr!r}")
    lost = sum(int(value(event, "count")) for event in named(build.events(scratch / "small"), "lost"))
    expect("lost events in the trace", lost, int(match[1]))
    done = build.record(scratch / "large", [build.app("recorder_worker"), "burst"],
                        ["--buffer-size=16M", "--wait-threshold=0", "--syscall-threshold=0"])
    expect("what is said with large buffers", (done.returncode, done.stderr), (0, ""))


# Nothing is left behind. -------------------------------------------------------------------------------------------


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


def nobody_prefix(build, scratch):
    """What a command begins with that an ordinary user without a home runs, and a folder of his; skips when that user
    cannot reach the build."""
    folder = scratch / "nobody"
    os.mkdir(folder)
    os.chown(folder, NOBODY, NOBODY)
    os.chmod(scratch.path, 0o755)
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if run([*prefix, "test", "-x", build.recorder]).returncode != 0:
        skip("another user cannot reach the build folder")
    return ["env", "-i", "PATH=" + os.environ["PATH"], "HOME=/nonexistent", *prefix], folder


def record_as_nobody(build, scratch, command, environment=None):
    """recorder as an ordinary user without a home."""
    prefix, folder = nobody_prefix(build, scratch)
    variables = [f"{name}={text}" for name, text in (environment or {}).items()]
    done = run([*prefix, "env", *variables, build.recorder, "-o", os.path.join(folder, "trace"), "--", *command], cwd="/")
    return done, os.path.join(folder, "trace")


def child_named(parent, name):
    """The process of that name that `parent` has started."""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                pid, comm, rest = re.fullmatch(r"(\d+) \((.*)\) \S (.*)\n", file.read(), re.DOTALL).groups()
        except OSError:
            continue
        if comm.startswith(name) and int(rest.split()[0]) == parent:
            return int(pid)
    return fail(f"no {name} has the parent {parent}")


def await_written(trace):
    """Waits until a running recording has written descriptions and events."""
    deadline = time.monotonic() + TIMEOUT_S
    while not all(any(os.path.getsize(path) > 0 for path in glob.glob(f"{trace}/ust/*/*/*/{name}", recursive=True))
                  for name in ("metadata", "exectrace_*")):
        if time.monotonic() > deadline:
            fail("nothing is written while the program runs")
        time.sleep(0.02)


def case_killed_daemons(build, scratch):
    """When a daemon of LTTng's is killed, recorder says so at once; the program runs on, the trace is readable."""
    if os.geteuid() == 0:
        prefix, folder = nobody_prefix(build, scratch)
    else:  # where there is no daemon that others might need
        prefix, folder = ["env", "LTTNG_HOME=" + scratch.path], scratch.path
    for victim in ("consumer", "session"):
        trace = os.path.join(folder, victim)
        process = subprocess.Popen([*prefix, build.recorder, "-o", trace, "--", "sh", "-c", "echo ready; read line; echo end"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
        read_line(process, "ready\n")
        await_written(trace)
        daemon = child_named(process.pid, "lttng-sessiond")
        os.kill(child_named(daemon, "lttng-consumerd") if victim == "consumer" else daemon, signal.SIGKILL)
        said = process.stderr.readline()
        if f"recorder: LTTng's {victim} daemon ended" not in said:
            fail(f"recorder says {said!r}")
        process.stdin.write("\n")
        process.stdin.flush()
        output, errors = process.communicate(timeout=TIMEOUT_S)
        expect("what comes after that", (output, errors, process.returncode), ("end\n", "", 125))
        if not named(build.events(trace), "process_start"):
            fail(f"the trace {trace} has no events of its program")


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


def case_full_disk(build, scratch):
    """A disk that is full at the start is refused; one that fills up while recording costs the end of the trace."""
    if os.geteuid() != 0 or run(["unshare", "-m", "true"]).returncode != 0:
        skip("needs root, to mount a small file system")
    folder = scratch / "small"
    os.mkdir(folder)
    script = f"""
mount -t tmpfs none /run || exit 77
mount -t tmpfs -o size=6m none "{folder}" || exit 77
"{build.recorder}" -o "{folder}/trace" -- sh -c 'until test -s "{folder}"/trace/ust/uid/0/64-bit/metadata; do
sleep 0.05; done; cat /dev/zero > "{folder}/filler" 2> /dev/null; sleep 0.01; exit 4'
echo "status $?"
"{build.app('dump_events')}" "{folder}/trace" | grep -c . > /dev/null && echo readable
"{build.recorder}" -o "{folder}/second" -- true
echo "status $?"
rm -r "{folder}/filler" "{folder}/trace"
"{build.recorder}" --snapshot=end --syscall-threshold=0 -o "{folder}/snapshots" -- "{build.app('recorder_worker')}" burst
echo "status $?"
ls "{folder}"
"""
    done = run(["unshare", "-m", "sh", "-c", script])
    if done.returncode == SKIPPED:
        skip("cannot mount a file system")
    expect("what was said", done.stdout.split("\n"), ["status 4", "readable", "status 125", "status 0", ""])
    sentences = done.stderr.splitlines()
    if "full" not in sentences[0] or "free" not in sentences[1] or "snapshot" not in sentences[2]:
        fail(f"not one sentence each: {sentences}")
    if [sentence for sentence in sentences[3:] if "full" not in sentence]:
        fail(f"more than is needed is said: {sentences}")


def main():
    name, build = sys.argv[1:3]
    with Scratch() as scratch:
        globals()["case_" + name](Build(build), scratch)


main()
