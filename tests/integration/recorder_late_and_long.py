"""Recordings that begin late, last long or go elsewhere: snapshots, daemons, processes that run already, rotation, relays.

Arguments: CASE BUILD. The cases are the functions below that begin with `case_`.
"""

import glob
import os
import signal
import socket
import subprocess
import time

from end_to_end_support import TIMEOUT_S, fail, need, run, skip
from recorder_support import (
    expect, named, value, leftovers_of, read_line, check_snapshot, snapshot_said, run_case)


# Flight recorder, and what a program leaves behind. ------------------------------------------------------------------


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


# Processes that run already. -----------------------------------------------------------------------------------------


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


# Rotated, and elsewhere. ---------------------------------------------------------------------------------------------


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


run_case(globals())
