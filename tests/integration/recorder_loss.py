"""What is lost is said: events when buffers are small, the rest of a recording when a daemon or the disk fails.

Arguments: CASE BUILD. The cases are the functions below that begin with `case_`.
"""

import glob
import os
import re
import signal
import subprocess
import time

from end_to_end_support import SKIPPED, TIMEOUT_S, fail, run, skip
from recorder_support import expect, named, value, read_line, nobody_prefix, run_case


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


run_case(globals())
