"""The sums over the samples of profiles are the totals of the reports, whatever the trace, and filters partition.

profile_sums.py ANALYZER SOURCE...: each source is a file of event text or a folder with a trace.
"""
import csv
import functools
import io
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import profile_samples  # noqa: E402

analyzer = sys.argv[1]
failures = []


def run(source, *arguments):
    argument = source if os.path.isdir(source) else "-events=" + source
    return subprocess.run([analyzer, argument, *arguments], check=True, capture_output=True).stdout


@functools.lru_cache(maxsize=None)
def samples(source, kind, *arguments):
    """For each sample its labels and [count, nanoseconds]."""
    return list(profile_samples.samples(run(source, "-pprof=" + kind, "-symbolize=none", *arguments)))


def profile_sums(source, kind, *arguments, only=lambda labels: True):
    """[count, nanoseconds] over the samples with such labels."""
    sums = [0, 0]
    for labels, values in samples(source, kind, *arguments):
        if only(labels):
            sums = plus(sums, values)
    return sums


def report_sums(source, kind, *columns):
    rows = list(csv.DictReader(io.StringIO(run(source, "-report=" + kind, "-format=csv").decode())))
    return [sum(int(row[name]) for row in rows for name in group) for group in columns]


def expect_equal(source, what, left, right):
    if left != right:
        failures.append(f"{source}: {what}: {left} and {right}")


def plus(first, second):
    return [a + b for a, b in zip(first, second)]


def check(source):
    sums = {kind: profile_sums(source, kind) for kind in ("sync", "net", "syscall", "sched", "block", "offwake")}
    three = plus(plus(sums["sync"], sums["net"]), sums["syscall"])
    expect_equal(source, "block and its parts", sums["block"], three)
    expect_equal(source, "offwake and block", sums["offwake"], sums["block"])
    # A call counts in the report when both its ends are in the trace.
    expect_equal(source, "calls and -report=syscalls",
                 profile_sums(source, "block", only=lambda labels: "syscall" in labels and "open" not in labels),
                 report_sums(source, "syscalls", ["count"], ["total_ns"]))
    # The kernel's futex calls are waits too, but tell of no lock.
    expect_equal(source, "sync and -report=locks",
                 profile_sums(source, "sync", only=lambda labels: "syscall" not in labels),
                 report_sums(source, "locks", ["contentions"], ["total_ns"]))
    # A wake-up counts in the report when the thread got its CPU inside of the trace.
    woken = profile_sums(source, "sched", only=lambda labels: labels["kind"] == "woken" and "open" not in labels)
    preempted = profile_sums(source, "sched", only=lambda labels: labels["kind"] == "preempted")
    expect_equal(source, "sched and -report=sched", woken[:1] + preempted,
                 report_sums(source, "sched", ["wakeups"], ["preemptions"], ["preempted_ns"]))
    for kind in ("block", "sched"):
        whole = sums[kind]
        parts = plus(profile_sums(source, kind, "-to=40%"), profile_sums(source, kind, "-from=40%"))
        expect_equal(source, kind + " in two parts and whole", parts, whole)
    print(f"{source}: sync {sums['sync']} net {sums['net']} syscall {sums['syscall']} sched {sums['sched']}")


existing = [source for source in sys.argv[2:] if os.path.exists(source)]
for name in existing:
    check(name)
print("\n".join(failures))
sys.exit(1 if failures else 0 if existing else 77)
