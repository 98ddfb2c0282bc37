#!/usr/bin/python3
"""Small made-up kernel traces whose results other projects' tests publish: the same come out of the reports.

usage: published_examples.py ANALYZER

From the unit tests of Trace Compass (CPU usage per thread and range; statuses of threads; latencies from wake-up
to switch) and of lttng-analyses (CPU usage per thread; latencies of system calls). The events are theirs, written
down in the analyzer's own form.
"""
import csv
import io
import os
import subprocess
import sys
import tempfile

analyzer = sys.argv[1]
SECOND = 10 ** 9
EPOCH = 1700000000 * SECOND
failures = []


def switch(time_ns, cpu, previous, following, state=0):
    return f"{EPOCH + time_ns} - {previous} {cpu} kernel_switch prev_tid={previous} next_tid={following} " \
           f"prev_state={state} prev_comm=proc{previous} next_comm=proc{following}"


def report(events, kind, *arguments):
    with tempfile.TemporaryDirectory(prefix="exectrace-test-") as folder:
        path = os.path.join(folder, "events.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(events) + "\n")
        text = subprocess.run([analyzer, f"-events={path}", f"-report={kind}", "-format=csv", *arguments],
                              capture_output=True, text=True, check=True, timeout=60).stdout
    return list(csv.DictReader(io.StringIO(text)))


def check(what, found, wanted):
    if found != wanted:
        failures.append(f"{what}: {found}, published is {wanted}")


def times(events, column, *arguments):
    """The column of each thread, in seconds, where it is not zero."""
    rows = {int(row["tid"]): int(row[column]) / SECOND for row in report(events, "threads", *arguments)}
    return {tid: value for tid, value in rows.items() if value != 0}


def trace_compass_cpu_usage():
    switches = ((1, 0, 1, 2), (2, 1, 3, 4), (5, 1, 4, 3), (10, 1, 3, 4), (15, 1, 4, 1), (20, 1, 1, 4), (20, 0, 2, 3),
                (25, 0, 3, 2))
    events = [switch(time * SECOND, *who) for time, *who in switches]
    for first, last, wanted in ((None, None, {1: 5, 2: 19, 3: 11, 4: 13}), (22, 25, {3: 3, 4: 3}),
                                (1, 4, {2: 3, 3: 1, 4: 2}), (4, 13, {2: 9, 3: 5, 4: 4})):
        limits = [f"-from={EPOCH + first * SECOND}", f"-to={EPOCH + last * SECOND}"] if first is not None else []
        check(f"CPU usage from {first} to {last}", times(events, "running_ns", *limits), wanted)


def trace_compass_statuses():
    """A thread that another forks waits for a CPU until it gets one; so does one that is taken off its CPU."""
    events = [switch(12 * SECOND, 1, 30, 11), switch(20 * SECOND, 1, 11, 20),
              f"{EPOCH + 25 * SECOND} 20 21 1 sched_start parent_pid=20 parent_tid=20 name=proc20",
              switch(30 * SECOND, 1, 20, 21), switch(50 * SECOND, 1, 21, 30), switch(60 * SECOND, 1, 30, 21),
              switch(70 * SECOND, 1, 21, 20)]
    check("running", times(events, "running_ns"), {11: 8, 20: 10, 21: 30, 30: 10})
    check("waiting for a CPU", times(events, "runnable_ns", "-tid=20,30"), {20: 40, 30: 48})
    check("waiting for a CPU again", times(events, "runnable_ns", "-tid=21", f"-from={EPOCH + 30 * SECOND}"), {21: 10})


def trace_compass_latencies():
    """From wake-up to switch, after a preemption too; that of a thread that runs counts there, but not here."""
    def wakeup(time_ns, tid):
        return f"{EPOCH + time_ns} - {tid} 0 sched_wakeup waker_tid=-1"

    events = [wakeup(0, 2), switch(1, 0, 1, 2), switch(2, 1, 3, 4), wakeup(3, 3), wakeup(3, 2), switch(5, 1, 4, 3),
              wakeup(6, 4), wakeup(10, 1), switch(10, 1, 3, 4), switch(15, 1, 4, 1), switch(20, 1, 1, 4),
              switch(20, 0, 2, 3), switch(25, 0, 3, 2), wakeup(30, 1)]
    found = {int(row["tid"]): (int(row["wakeups"]), int(row["max_ns"])) for row in report(events, "sched")}
    check("latencies", found, {1: (1, 5), 2: (1, 1), 3: (1, 2), 4: (1, 4)})


def lttng_analyses_cputop():
    """One thread runs all the time, two run and sleep by turns of 100 ms."""
    events, turn = [switch(1 * SECOND, 5, 0, 42)], SECOND // 10
    for cpu, tid, first, last in ((0, 30664, 11, 50), (1, 30665, 51, 100)):
        for time in range(first, last, 2):
            events += [switch(time * turn, cpu, 0, tid), switch((time + 1) * turn, cpu, tid, 0)]
    events.append(switch(11 * SECOND, 5, 42, 0))
    usage = {tid: running * 100 / 10 for tid, running in times(events, "running_ns").items()}
    check("CPU usage in per cent", usage, {42: 100, 30665: 25, 30664: 20})


def lttng_analyses_latencies():
    """System calls without thread ids: they are of the thread on their CPU."""
    events = [switch(1002, 0, 0, 99), f"{EPOCH + 1004} - - 0 kernel_syscall_entry name=write fd=4",
              f"{EPOCH + 1005} - - 0 kernel_syscall_exit name=write result=10", switch(1006, 0, 99, 100),
              f"{EPOCH + 1008} - - 0 kernel_syscall_entry name=read fd=3",
              f"{EPOCH + 1009} - - 0 kernel_syscall_exit name=read result=100", switch(1010, 0, 100, 101),
              f"{EPOCH + 1012} - - 0 kernel_syscall_entry name=read fd=3",
              f"{EPOCH + 1013} - - 0 kernel_syscall_exit name=read result=42",
              f"{EPOCH + 1023} - - 0 kernel_syscall_entry name=open",
              f"{EPOCH + 1024} - - 0 kernel_syscall_exit name=open result=42"]
    for tid, wanted in ((99, {"write": (1, 1)}), (100, {"read": (1, 1)}), (101, {"read": (1, 1), "open": (1, 1)})):
        found = {row["name"]: (int(row["count"]), int(row["max_ns"])) for row in
                 report(events, "syscalls", f"-tid={tid}")}
        check(f"calls of {tid}", found, wanted)


for example in (trace_compass_cpu_usage, trace_compass_statuses, trace_compass_latencies, lttng_analyses_cputop,
                lttng_analyses_latencies):
    example()
print("\n".join(failures) or "as published")
sys.exit(bool(failures))
