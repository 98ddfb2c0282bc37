"""LTTng's kernel tracer as the source of scheduling: `recorder --lttng-kernel`.

Where LTTng cannot trace the kernel: one sentence, nothing is left, and the test is skipped.
"""

import csv
import os

from end_to_end_support import fail, run, skip
from recorder_support import expect, named, run_case, value

# The kernel counts from the fork on and until the last line is printed; recording begins at exec.
COUNT_MARGIN = 12
# Bits of a task's state, see sched_switch.
SLEEPING = 3


def record(build, trace, command, options=()):
    """Records; skips where LTTng has no kernel tracer for us."""
    done = run([build.recorder, "--lttng-kernel", *options, "-o", trace, "--", *command])
    if done.returncode == 125 and "kernel tracer cannot be used" in done.stderr:
        # LTTng's library may say something of its own first.
        sentences = [line for line in done.stderr.splitlines() if line.startswith("recorder: ")]
        if len(sentences) != 1 or os.path.exists(trace):
            fail(f"the refusal is not one sentence, or left something: {done.stderr!r}")
        skip(sentences[0])
    return done


def report(build, trace, name):
    done = run([build.analyzer, trace, f"-report={name}", "-format=csv"])
    expect("status of the analyzer", done.returncode, 0)
    return list(csv.DictReader(done.stdout.splitlines()))


def case_kernel_tracer(build, scratch):
    """Every sleep and every preemption of each thread, as the kernel itself counts; and of nobody else."""
    done = record(build, scratch / "trace", [build.app("recorder_switches")])
    expect("status", done.returncode, 0)
    events = build.events(scratch / "trace")
    expect("source", value(named(events, "sched_source")[0], "source"), "kernel_tracer")
    wakeups = {row["tid"]: int(row["wakeups"]) for row in report(build, scratch / "trace", "sched")}
    for line in done.stdout.splitlines():
        tid, voluntary, involuntary = line.split()
        states = [int(value(event, "prev_state") or 0) for event in named(events, "kernel_switch")
                  if value(event, "prev_tid") == tid]
        sleeps = sum(state & SLEEPING != 0 for state in states)
        for what, recorded, counted in (("sleeps", sleeps, voluntary),
                                        ("preemptions", len(states) - sleeps, involuntary)):
            if abs(recorded - int(counted)) > COUNT_MARGIN:
                fail(f"thread {tid}: {recorded} {what}, the kernel counted {counted}")
        # Its first wake-up is its birth; who is woken while going to sleep has not waited for a CPU.
        if not 0 < wakeups[tid] <= sleeps + 1:
            fail(f"thread {tid}: {wakeups[tid]} wake-ups from {sleeps} sleeps")
    threads = report(build, scratch / "trace", "threads")
    if len({row["pid"] for row in threads}) != 1:
        fail(f"other processes are in the report: {threads}")
    if not any(row["thread"] == "sleeper" for row in threads):
        fail(f"the thread's name is not there: {threads}")


def case_kernel_tracer_children(build, scratch):
    """Children belong to the program, unless they are not followed; in a snapshot, too."""
    command = ["sh", "-c", "sleep 0.05; true"]
    names = {}
    for name, options in (("all", []), ("none", ["--follow=none"]), ("snapshot", ["--snapshot=end"])):
        done = record(build, scratch / name, command, options)
        expect("status", done.returncode, 0)
        trace = scratch / name
        if name == "snapshot":
            trace = os.path.join(trace, os.listdir(trace)[0])
        names[name] = sorted(row["thread"] for row in report(build, trace, "threads"))
    expect("threads", names["all"], ["sh", "sleep"])
    expect("threads without children", names["none"], ["sh"])
    expect("threads of the snapshot", names["snapshot"], ["sh", "sleep"])


run_case(globals())
