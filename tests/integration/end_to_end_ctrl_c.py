"""Ctrl-C reaches the recorder and the program at once, as from a terminal; the trace is readable afterwards.

Arguments: BUILD
"""

import os
import pty
import select
import signal
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


def read_until(terminal, wanted):
    """Reads from the terminal until `wanted` (bytes) or its end; what was read."""
    text = b""
    while wanted not in text:
        ready, _, _ = select.select([terminal], [], [], TIMEOUT_S)
        if not ready:
            fail(f"nothing comes any more after {text!r}")
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the last process on the terminal has ended
            break
        if not piece:
            break
        text += piece
    return text


def interrupt(programs, trace, how):
    """Ctrl-C on a terminal of its own; the recorder's exit status as a shell would show it."""
    command = [programs.recorder, "-o", trace, "--", sys.executable, "-c", LOOP, how]
    recorder, terminal = pty.fork()
    if recorder == 0:
        os.execv(command[0], command)
    text = read_until(terminal, b"ready")
    if b"ready" not in text:
        fail(f"the program did not start: {text!r}")
    os.write(terminal, b"\x03")
    read_until(terminal, b"no such text: until the end")
    _, status = os.waitpid(recorder, 0)
    os.close(terminal)
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


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
