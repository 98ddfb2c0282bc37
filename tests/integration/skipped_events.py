#!/usr/bin/python3
"""A profile or report of the events that it needs is that of all events, byte for byte.

usage: skipped_events.py ANALYZER TRACE...

From a trace the analyzer reads what the result hangs on; as text (-report=events, then -events=FILE) it gets all.
"""
import gzip
import pathlib
import subprocess
import sys
import tempfile

PROFILES = ["sync", "net", "syscall", "sched", "block", "mutex", "offwake", "heap"]
REPORTS = ["threads", "locks", "sched", "syscalls", "net", "heap", "loss"]
FILTERS = [[], ["-from=20%", "-to=70%"]]

analyzer, *traces = sys.argv[1:]
analyzer = str(pathlib.Path(analyzer).resolve())
failures, compared = [], 0


def run(arguments):
    done = subprocess.run([analyzer, *arguments], capture_output=True, timeout=120)
    output = gzip.decompress(done.stdout) if done.stdout.startswith(b"\x1f\x8b") else done.stdout
    # the same but for the name of what was read
    return done.returncode, output, b"\n".join(line for line in done.stderr.splitlines() if b"error" not in line)


def compare(trace, text, arguments):
    global compared
    needed = run([trace, *arguments])
    everything = run([f"-events={text}", *arguments])
    compared += 1
    if needed != everything:
        failures.append(f"{trace} {' '.join(arguments)}")


with tempfile.TemporaryDirectory(prefix="exectrace-test-") as scratch:
    text = pathlib.Path(scratch) / "events.txt"
    for trace in traces:
        with open(text, "wb") as out:
            subprocess.run([analyzer, trace, "-report=events"], stdout=out, check=True, timeout=120)
        for limits in FILTERS:
            for profile in PROFILES:
                compare(trace, text, [f"-pprof={profile}", "-symbolize=none", *limits])
            for report in REPORTS:
                compare(trace, text, [f"-report={report}", "-format=csv", "-symbolize=none", *limits])

for failure in failures:
    print(f"differs: {failure}")
print(f"{compared} results compared, {len(failures)} differ")
sys.exit(1 if failures or compared == 0 else 0)
