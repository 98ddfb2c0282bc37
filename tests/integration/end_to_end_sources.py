"""Sessions of LTTng's own commands in every layout: all of it is in the reports of the top folder.

Arguments: BUILD

Per-process buffers, several users, rotated chunks, snapshots, and a session without contexts: the command that the
analyzer's sentence names makes one that can be read.
"""

import csv
import io
import os
import re
import shlex
import sys

from end_to_end_support import Programs, Scratch, fail, need, run, run_fine

SLEEPS = 3


class Session:
    """A session of LTTng, started when its commands are done; stopped and destroyed at the end."""

    def __init__(self, trace, *commands, create=()):
        self.name, self.trace = f"exectrace-sources-{os.getpid()}", trace
        run_fine(["lttng", "create", self.name, *create, f"--output={trace}"])
        for command in commands:
            self.do(*command)

    def __enter__(self):
        self.do("start")
        return self

    def __exit__(self, kind, value, traceback):
        run(["lttng", "stop", self.name])
        run(["lttng", "destroy", self.name])

    def do(self, command, *arguments):
        takes_option = command in ("enable-channel", "enable-event", "add-context", "snapshot")
        if command == "snapshot":
            return run_fine(["lttng", command, *arguments, "-s", self.name])
        return run_fine(["lttng", command, *(["-s", self.name] if takes_option else [self.name]), *arguments])


def sleeper(programs, *as_user):
    """Runs a program that sleeps; its process id."""
    code = f"import os, time; [time.sleep(0.002) for _ in range({SLEEPS})]; print(os.getpid())"
    return int(run_fine([*as_user, "env", f"LD_PRELOAD={programs.library}", "EXECTRACE_SYSCALL_THRESHOLD_NS=1000000",
                         "/usr/bin/python3", "-c", code]))


def sleeps(programs, trace, pids):
    """How many sleeps the report has of each process."""
    counts = {}
    for pid in pids:
        text = run_fine([programs.analyzer, trace, "-report=syscalls", "-format=csv", f"-pid={pid}"])
        rows = {row["name"]: int(row["count"]) for row in csv.DictReader(io.StringIO(text))}
        counts[pid] = rows.get("clock_nanosleep", 0) + rows.get("nanosleep", 0)
    return counts


def expect_all(programs, trace, pids, what):
    counts = sleeps(programs, trace, pids)
    if counts != {pid: SLEEPS for pid in pids}:
        fail(f"{what}: {counts} sleeps of each process, each made {SLEEPS}")


EVENTS = ("enable-event", "-u", "exectrace_*")
CONTEXTS = ("add-context", "-u", "-t", "vpid", "-t", "vtid")


def per_process(programs, trace):
    with Session(trace, ("enable-channel", "-u", "--buffers-pid", "own"), (*EVENTS, "-c", "own"), CONTEXTS):
        pids = [sleeper(programs) for _ in range(2)]
    expect_all(programs, trace, pids, "per-process buffers")


def several_users(programs, trace):
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if os.geteuid() != 0 or run([*nobody, "test", "-r", programs.library]).returncode != 0:
        return
    with Session(trace, EVENTS, CONTEXTS):
        pids = [sleeper(programs), sleeper(programs, *nobody)]
    expect_all(programs, trace, pids, "several users")


def rotated(programs, trace):
    with Session(trace, EVENTS, CONTEXTS) as session:
        pids = []
        for _ in range(3):
            pids.append(sleeper(programs))
            session.do("rotate")
        pids.append(sleeper(programs))
    chunks = os.listdir(os.path.join(trace, "archives"))
    if len(chunks) < 3:
        fail(f"rotated into {chunks}")
    expect_all(programs, trace, pids, "rotated chunks")


def snapshots(programs, trace):
    with Session(trace, EVENTS, CONTEXTS, create=["--snapshot"]) as session:
        pids = [sleeper(programs)]
        session.do("snapshot", "record", "--name=first")
    expect_all(programs, trace, pids, "a snapshot")


def sentence(programs, trace):
    """The analyzer's one sentence for a trace that it cannot use, and the command in it."""
    done = run([programs.analyzer, trace])
    command = re.findall(r"`lttng ([^`]*)`", done.stderr)
    if done.returncode != 1 or done.stderr.count("\n") != 1 or not command:
        fail(f"without contexts: status {done.returncode}, {done.stderr!r}")
    return shlex.split(command[0])


def without_contexts(programs, trace):
    with Session(trace + "-without", EVENTS):
        sleeper(programs)
    with Session(trace, EVENTS, sentence(programs, trace + "-without")):
        pids = [sleeper(programs)]
    expect_all(programs, trace, pids, "the contexts that the sentence names")


def main():
    programs = Programs(sys.argv[1])
    need("lttng")
    with Scratch() as scratch:
        for case in (per_process, several_users, rotated, snapshots, without_contexts):
            case(programs, scratch / case.__name__)
            print(f"{case.__name__}: fine")


main()
