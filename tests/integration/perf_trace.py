#!/usr/bin/python3
"""What `perf record` saw of a program, converted to CTF: its system calls and its scheduling.

usage: perf_trace.py ANALYZER       (skipped where perf may not record tracepoints or cannot convert)

The program reads and writes a known number of times; perf counts its switches itself.
"""
import csv
import io
import pathlib
import re
import subprocess
import sys
import tempfile

analyzer = sys.argv[1]
COPIES = 200
EVENTS = ["-e", "sched:sched_switch", "-e", "sched:sched_waking", "-e", "raw_syscalls:sys_enter", "-e",
          "raw_syscalls:sys_exit"]


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def report(trace, kind, *filters):
    text = subprocess.run([analyzer, trace, f"-report={kind}", "-format=csv", *filters], capture_output=True,
                          text=True, check=True).stdout
    return list(csv.DictReader(io.StringIO(text)))


def record(folder):
    data, trace = folder / "perf.data", folder / "trace"
    try:
        # -a: of one program alone perf does not see when it gets a CPU back.
        run = subprocess.run(["perf", "record", "-q", "-a", *EVENTS, "-o", data, "--", "dd", "if=/dev/zero",
                              "of=/dev/null", "bs=1", f"count={COPIES}"], capture_output=True, text=True)
        if run.returncode != 0:
            skip("perf may not record tracepoints here")
        # --all: with perf's own records, those of earlier things at the time 0.
        subprocess.run(["perf", "data", "convert", "--all", "-i", data, "--to-ctf", trace], capture_output=True)
        script = subprocess.run(["perf", "script", "-i", data], capture_output=True, text=True, errors="replace").stdout
    except FileNotFoundError:
        skip("perf is not here")
    if not (trace / "metadata").exists():
        skip("this perf cannot write CTF")
    return trace, script


with tempfile.TemporaryDirectory(prefix="exectrace-test-") as scratch:
    trace, script = record(pathlib.Path(scratch))
    failures = []
    calls = {row["name"]: int(row["count"]) for row in report(trace, "syscalls", "-thread=^dd$")}
    for number, name in ((0, "read"), (1, "write")):
        wanted = len(re.findall(rf"\n *dd +\d+ .*raw_syscalls:sys_exit: NR {number} = ", script))
        if wanted < COPIES or calls.get(name) != wanted:
            failures.append(f"{name}: {calls.get(name)} calls, perf script shows {wanted}")
    tid = re.search(r"\n *dd +(\d+) ", script)[1]
    preempted = len(re.findall(rf"sched:sched_switch: (?:\S+:{tid} \[\d+\] |.*prev_pid={tid} .*prev_state=)R", script))
    dd = report(trace, "sched", f"-tid={tid}")
    if [int(row["preemptions"]) for row in dd] != [preempted]:
        failures.append(f"preemptions of dd: {dd}, perf script shows {preempted}")
    duration_ns = int(report(trace, "summary")[0]["duration_ns"])
    if duration_ns > 60e9:
        failures.append(f"the trace lasts {duration_ns} ns")
    print("\n".join(failures) or
          f"{calls['read']} reads, {calls['write']} writes, {preempted} preemptions, as perf has them")
    sys.exit(bool(failures))
