"""What the tests of recorder share: its little programs, events of a trace, what a recorder leaves behind.

A test file has functions case_NAME(build, scratch), and ends with run_case(globals()).
"""

import glob
import os
import re
import subprocess
import sys

from end_to_end_support import TIMEOUT_S, Programs, Scratch, fail, run, skip

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


def run_case(cases):
    """Runs the case that the arguments name: CASE BUILD. cases: the globals() of the test's file."""
    name, build = sys.argv[1:3]
    with Scratch() as scratch:
        cases["case_" + name](Build(build), scratch)
