"""Ctrl-C reaches the recorder and the program at once, as from a terminal; the trace is readable afterwards.

Arguments: BUILD
"""

import os
import signal
import subprocess
import sys

from end_to_end_support import TIMEOUT_S, Programs, Scratch, fail, pprof_total

LOOP = """
import signal, sys, time
def leave(*_):
    sys.exit(7)
if sys.argv[1] == "handled":
    signal.signal(signal.SIGINT, leave)
else:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
for i in range(5):
    time.sleep(0.002)
print("ready", flush=True)
while True:
    time.sleep(0.002)
"""


def interrupt(programs, trace, how):
    """The recorder's exit status as a shell would show it."""
    command = [programs.recorder, "-o", trace, "--", sys.executable, "-c", LOOP, how]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as recorder:
        if recorder.stdout.readline() != "ready\n":
            fail(f"the program did not start: {recorder.communicate()}")
        os.killpg(recorder.pid, signal.SIGINT)
        try:
            recorder.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(recorder.pid, signal.SIGKILL)
            fail("the recorder does not end after Ctrl-C")
    return 128 - recorder.returncode if recorder.returncode < 0 else recorder.returncode


def main():
    programs = Programs(sys.argv[1])
    with Scratch() as scratch:
        for how, expected in (("default", 128 + signal.SIGINT), ("handled", 7)):
            trace = scratch / how
            status = interrupt(programs, trace, how)
            if status != expected:
                fail(f"{how}: exit status {status} instead of {expected}")
            slept_ns = pprof_total(programs.profile(trace, "syscall", scratch / f"{how}.pb.gz"))
            if slept_ns < 5 * 2e6:
                fail(f"{how}: the trace has {slept_ns:.0f} ns of system calls; the program slept 5 times 2 ms at least")


main()
