#!/usr/bin/python3
"""What must hold for the reports and profiles of any trace.

usage: report_invariants.py ANALYZER TRACE...

 - the states of each thread add up to its lifetime, the parts of the blocked time to the whole;
 - -from/-to partition: both halves together are the whole, times and counts;
 - filters by process, thread and name partition, reports and profiles;
 - the sum over a profile's samples is the total of the report.
"""
import csv
import functools
import io
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import profile_samples  # noqa: E402

analyzer = sys.argv[1]
failures = []


@functools.cache
def report(trace, kind, *arguments):
    run = subprocess.run([analyzer, trace, f"-report={kind}", "-format=csv", "-symbolize=none", *arguments],
                         capture_output=True, text=True, timeout=120)
    if run.returncode != 0 and not run.stdout:
        sys.exit(f"{trace}: status {run.returncode}: {run.stderr}")
    return list(csv.DictReader(io.StringIO(run.stdout)))


def total(rows, column):
    return sum(int(row[column]) for row in rows)


def states(trace):
    for row in report(trace, "threads"):
        parts = sum(int(row[state + "_ns"]) for state in ("running", "runnable", "blocked", "unknown"))
        if parts != int(row["lifetime_ns"]):
            failures.append(f"{trace}: states of {row['tid']} are {parts} of {row['lifetime_ns']}")
        blocked = sum(int(row[f"blocked_{by}_ns"]) for by in ("sync", "net", "syscall", "idle", "other"))
        if blocked != int(row["blocked_ns"]):
            failures.append(f"{trace}: parts of blocked of {row['tid']} are {blocked} of {row['blocked_ns']}")


COLUMNS = {
    "threads": ["lifetime_ns", "running_ns", "runnable_ns", "blocked_ns", "unknown_ns", "preemptions"],
    "sched": ["running_ns", "wakeups", "preemptions", "preempted_ns"],
    "syscalls": ["count", "errors", "total_ns"],
    "locks": ["contentions", "total_ns", "idle_waits", "idle_ns"],
    "net": ["count", "errors", "total_ns", "idle_ns"],
    "heap": ["alloc_objects", "alloc_bytes", "freed_objects", "freed_bytes", "inuse_objects", "inuse_bytes"],
}
PROFILES = ["sync", "net", "syscall", "sched", "block", "mutex", "offwake", "heap"]


def partition(trace):
    for kind, columns in COLUMNS.items():
        whole = report(trace, kind)
        for middle in ("37.25%",):
            first, second = report(trace, kind, f"-to={middle}"), report(trace, kind, f"-from={middle}")
            for column in columns:
                parts, all_of_it = total(first, column) + total(second, column), total(whole, column)
                if parts != all_of_it:
                    failures.append(f"{trace}: {kind}.{column} at {middle}: {parts} of {all_of_it}")


def thread_filters(trace):
    """Filters of which each thread passes exactly one: by process, by name."""
    threads = report(trace, "threads")
    pids = sorted({row["pid"] for row in threads if int(row["pid"]) >= 0})
    if len(pids) > 1 and total(threads, "pid") > 0 and all(int(row["pid"]) >= 0 for row in threads):
        yield [[f"-pid={pids[0]}"], ["-pid=" + ",".join(pids[1:])]]
    names = sorted({row["thread"] for row in threads})
    if len(names) > 1:
        name = re.escape(names[len(names) // 2])
        yield [[f"-thread=^{name}$"], [f"-thread=^(?!{name}$)"]]
    tids = sorted({row["tid"] for row in threads})
    if len(tids) > 1:
        yield [["-tid=" + ",".join(tids[:len(tids) // 2])], ["-tid=" + ",".join(tids[len(tids) // 2:])]]


def threads_partition(trace):
    for filters in thread_filters(trace):
        for kind in ("threads", "syscalls", "locks"):
            whole, parts = report(trace, kind), [report(trace, kind, *arguments) for arguments in filters]
            for column in COLUMNS[kind]:
                found = sum(total(part, column) for part in parts)
                if found != total(whole, column):
                    failures.append(f"{trace}: {kind}.{column} with {filters}: {found} of {total(whole, column)}")


def profiles_partition(trace):
    """By time and by thread."""
    for kind in PROFILES:
        whole = profile(trace, kind)
        for filters in [[["-to=62.5%"], ["-from=62.5%"]], *list(thread_filters(trace))[-1:]]:
            parts = [profile(trace, kind, *arguments) for arguments in filters]
            if [sum(values) for values in zip(*parts)] != whole:
                failures.append(f"{trace}: -pprof={kind} with {filters}: {parts}, whole {whole}")


@functools.cache
def profile(trace, kind, *arguments):
    """Sums of a profile's first two values over its samples."""
    run = subprocess.run([analyzer, trace, f"-pprof={kind}", "-symbolize=none", *arguments], capture_output=True,
                         timeout=120)
    if run.returncode != 0 and not run.stdout:
        sys.exit(f"{trace}: -pprof={kind}: status {run.returncode}: {run.stderr.decode()}")
    values = [values for _, values in profile_samples.samples(run.stdout)]
    return [sum(value[i] for value in values) for i in (0, 1)]


def profiles(trace):
    threads = report(trace, "threads")
    sched = report(trace, "sched")
    wanted = {"sched": [total(sched, "wakeups") + total(sched, "preemptions"), total(threads, "runnable_ns")]}
    for kind in ("sync", "net", "syscall"):
        wanted[kind] = [total(threads, f"{kind}_waits"), total(threads, f"{kind}_wait_ns")]
    found = {kind: profile(trace, kind) for kind in wanted}
    idle = [total(threads, "idle_waits"), total(threads, "idle_wait_ns")]
    # Idle waits are in the profiles, by a label; the report of threads has them apart.
    for i, name in enumerate(("count", "time")):
        blocked = sum(found[kind][i] for kind in ("sync", "net", "syscall"))
        reported = sum(wanted[kind][i] for kind in ("sync", "net", "syscall")) + idle[i]
        if blocked != reported:
            failures.append(f"{trace}: {name} of the profiles of blocking {blocked}, reported {reported}")
    if found["sched"][1] != wanted["sched"][1]:
        failures.append(f"{trace}: sched profile {found['sched'][1]} ns, reported {wanted['sched'][1]}")
    block = profile(trace, "block")
    if block != [sum(found[kind][i] for kind in ("sync", "net", "syscall")) for i in (0, 1)]:
        failures.append(f"{trace}: block {block} is not the sum of sync, net and syscall {found}")


for path in sys.argv[2:]:
    states(path)
    profiles(path)
    partition(path)
    threads_partition(path)
    profiles_partition(path)
if failures:
    sys.exit("\n".join(failures[:40]))
