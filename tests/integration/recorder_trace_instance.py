"""The trace instance of a recorder: it is there while root records, and never for longer.

Arguments: BUILD.
"""

import csv
import os
import signal
import subprocess
import sys

from end_to_end_support import Programs, Scratch, fail, run, skip

INSTANCES = "/sys/kernel/tracing/instances"


def content(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def start(recorder, trace):
    """A recorder whose program has told that it runs."""
    started = subprocess.Popen([recorder, "-q", "-o", trace, "--", "sh", "-c", "echo runs; read line"], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started.stdout.readline()
    return started, os.path.join(INSTANCES, f"exectrace-{started.pid}")


def main():
    programs = Programs(sys.argv[1])
    if not os.access(INSTANCES, os.W_OK):
        skip("tracefs cannot be written here")
    with Scratch() as scratch:
        started, instance = start(programs.recorder, scratch / "whole")
        if not os.path.isdir(instance):
            started.communicate("\n")
            skip("the kernel gives no trace instance")
        if content(os.path.join(instance, "trace_clock")).find("[mono]") < 0:
            fail("the clock of the instance is not CLOCK_MONOTONIC")
        started.communicate("\n")
        if os.path.exists(instance):
            fail("the instance is there after the recording")
        events = run([os.path.join(programs.build, "tests", "dump_events"), scratch / "whole"]).stdout
        if "source=tracefs" not in events:
            fail("sched:source does not tell that tracefs was used")
        if " waker_tid=" not in events:
            fail("no wake-up was recorded")

        report = run([programs.analyzer, scratch / "whole", "-report=sched", "-format=csv"]).stdout
        if not any(int(row["wakeups"]) > 0 for row in csv.DictReader(report.splitlines())):
            fail("the report of scheduling has no wake-up")

        started, instance = start(programs.recorder, scratch / "terminated")
        started.send_signal(signal.SIGTERM)
        started.communicate()
        if os.path.exists(instance):
            fail("the instance is there after SIGTERM")

        started, instance = start(programs.recorder, scratch / "killed")
        started.kill()
        started.communicate("\n")
        try:
            if content(os.path.join(instance, "tracing_on")) != "0":
                fail("the kernel goes on tracing for a recorder that was killed")
        except FileNotFoundError:
            pass  # another recorder was here first
        run([programs.recorder, "-q", "-o", scratch / "next", "--", "true"])
        if os.path.exists(instance):
            fail("the next recorder has not removed the instance of the one that was killed")


main()
