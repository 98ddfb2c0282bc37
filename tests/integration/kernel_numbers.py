#!/usr/bin/python3
"""Scheduling, states and system calls of kernel traces, computed again from what the babeltrace2 command prints.

usage: kernel_numbers.py ANALYZER TRACE...

The rules are written apart from the analyzer's: a wake-up's latency runs from the first of sched_waking,
sched_wakeup and sched_wakeup_new since the thread last ran (ignored while it runs) to the sched_switch that runs
it; a thread is preempted when sched_switch takes it off runnable; a system call counts when both its ends are
there. Counts must be equal, times equal to the nanosecond, averages and deviations to their rounding.

States: from sched_process_fork, or the trace's start, to the switch away from a thread that is dead. Not known until
the first that is said of a thread, unless that is that it leaves a CPU: then it ran there since the beginning.
"""
import csv
import io
import math
import re
import shutil
import subprocess
import sys
from collections import defaultdict

LINE = re.compile(r"^\[(\d+)\.(\d{9})\] (?:(?!\S+: )(\S+) )?([\w:]+): (.*)$")
WAKEUPS = {"sched_waking", "sched_wakeup", "sched_wakeup_new"}


def number(text, key):
    match = re.search(r"(?<!\w)" + key + r" = (?:\([^)]*container = )?(-?\d+)", text)
    return int(match[1]) if match else None


class States:
    """The states of all threads, summed for each thread id: running, runnable, blocked, unknown."""

    def __init__(self):
        self.threads, self.sums, self.first = {}, defaultdict(lambda: defaultdict(int)), None

    def thread(self, tid, born=None):
        if born is not None and tid in self.threads:
            self.end(tid, born)
        if tid not in self.threads:
            self.threads[tid] = {"since": self.first if born is None else born, "state": "unknown", "parts": []}
        return self.threads[tid]

    @staticmethod
    def become(thread, state, time):
        thread["parts"].append((thread["state"], time - thread["since"]))
        thread.update(since=time, state=state)

    def end(self, tid, time):
        thread = self.threads.pop(tid)
        self.become(thread, "dead", time)
        for state, length in thread["parts"]:
            self.sums[tid]["runnable" if state in ("woken", "preempted") else state] += length

    def leave_cpu(self, time, tid, state):
        thread, is_preempted = self.thread(tid), state & 0xff == 0
        if "switched" not in thread and thread["state"] in ("unknown", "woken") and \
                all(part == "unknown" for part, _ in thread["parts"]):
            thread["since"] -= sum(length for _, length in thread.pop("parts"))
            thread.update(state="running", parts=[])
        elif thread["state"] != "running":
            thread["state"] = "unknown"
        thread["switched"] = True
        self.become(thread, "preempted" if is_preempted else "blocked", time)
        if state & (0xf0 if "exits" in thread else 0x30) and not is_preempted and not state & 3:
            self.end(tid, time)

    def get_cpu(self, time, tid):
        thread = self.thread(tid)
        if thread["state"] == "running":
            thread["state"] = "unknown"
        thread["switched"] = True
        self.become(thread, "running", time)

    def wakeup(self, time, tid):
        if self.thread(tid)["state"] not in ("running", "woken"):
            self.become(self.thread(tid), "woken", time)

    def exits(self, time, tid):
        if tid in self.threads:
            self.threads[tid]["exits"] = True
            if self.threads[tid]["state"] != "running":
                self.end(tid, time)

    def found_waiting(self, time, tid):
        thread = self.thread(tid)
        if "switched" not in thread and thread["state"] == "unknown":
            self.become(thread, "blocked", time)


class Numbers:
    def __init__(self):
        self.first = self.last = None
        self.states = States()
        self.running, self.on_cpu, self.seen = {}, {}, set()
        self.woken, self.taken_off = {}, {}
        self.latencies, self.running_ns = defaultdict(list), defaultdict(int)
        self.preemptions, self.preempted_ns = defaultdict(int), defaultdict(int)
        self.pending, self.pending_on_cpu = {}, {}
        self.calls, self.errors = defaultdict(list), defaultdict(int)

    def switch(self, time, cpu, previous, following, state):
        if previous:
            self.states.leave_cpu(time, previous, state)
            if previous in self.running:
                self.running_ns[previous] += time - self.running.pop(previous)
            elif previous not in self.seen:
                self.running_ns[previous] += time - self.first
            self.woken.pop(previous, None)
            self.taken_off.pop(previous, None)
            if state & 0xff == 0:
                self.taken_off[previous] = time
                self.preemptions[previous] += 1
            if cpu in self.pending_on_cpu and previous not in self.pending:
                self.pending[previous] = self.pending_on_cpu[cpu]
        self.pending_on_cpu.pop(cpu, None)
        if following:
            self.states.get_cpu(time, following)
            if following in self.woken:
                self.latencies[following].append(time - self.woken.pop(following))
            if following in self.taken_off:
                self.preempted_ns[following] += time - self.taken_off.pop(following)
            self.running[following] = time
        self.seen |= {previous, following}
        self.on_cpu[cpu] = following

    def wakeup(self, time, tid):
        if tid:
            self.states.wakeup(time, tid)
        if tid and tid not in self.running and tid not in self.woken:
            self.woken[tid] = time
            if tid in self.taken_off:
                self.preempted_ns[tid] += time - self.taken_off.pop(tid)

    def entry(self, time, cpu, tid, call):
        tid = self.on_cpu.get(cpu) if tid is None else tid
        if tid:
            self.pending[tid] = (call, time)
        elif tid is None:
            self.pending_on_cpu[cpu] = (call, time)

    def exit(self, time, cpu, tid, call, result):
        tid = self.on_cpu.get(cpu) if tid is None else tid
        entry = self.pending_on_cpu.pop(cpu, None) if tid is None else self.pending.pop(tid, None)
        if not entry or call not in (None, entry[0]):
            return
        self.calls[entry[0]].append(time - entry[1])
        if result is not None and -4095 <= (result - 2 ** 64 if result >= 2 ** 63 else result) < 0:
            self.errors[entry[0]] += 1

    def event(self, time, name, text):
        self.first = self.states.first = time if self.first is None else self.first
        self.last = time
        cpu = number(text, "cpu_id")
        cpu = number(text, "perf_cpu") if cpu is None else cpu
        base = name.split(":")[-1]
        tid_key = "pid" if ":" in name else "tid"
        context, payload = (text.split("}, {")[1:-1] or [""])[0], text.split("}, {")[-1]
        if base == "sched_switch":
            self.switch(time, cpu, number(payload, "prev_" + tid_key), number(payload, "next_" + tid_key),
                        number(payload, "prev_state"))
        elif base in WAKEUPS:
            self.wakeup(time, number(payload, tid_key))
        elif base == "sched_process_fork":
            self.states.thread(number(payload, "child_" + tid_key), born=time)
        elif base == "sched_process_exit":
            self.states.exits(time, number(payload, tid_key))
        elif base == "lttng_statedump_process_state" and number(payload, "tid"):
            self.states.thread(number(payload, "tid"))
            if number(payload, "status") == 5:
                self.states.found_waiting(time, number(payload, "tid"))
        elif match := re.match(r"(?:compat_)?(?:syscall_entry_|sys_)(\w+)", base):
            self.entry(time, cpu, number(context, "tid"), match[1])
        elif match := re.match(r"(?:compat_)?syscall_exit_(\w+)|exit_syscall", base):
            self.exit(time, cpu, number(context, "tid"), match[1], number(payload, "ret"))

    def end(self):
        for tid, since in self.running.items():
            self.running_ns[tid] += self.last - since
        for tid, since in self.taken_off.items():
            self.preempted_ns[tid] += self.last - since
        for tid in list(self.states.threads):
            self.states.end(tid, self.last)


def statistics(values):
    values = sorted(values)
    count, average = len(values), sum(values) / len(values)
    deviation = math.sqrt(sum((value - average) ** 2 for value in values) / (count - 1)) if count > 1 else 0
    return {"min": values[0], "avg": average, "p50": values[(count + 1) // 2 - 1],
            "p99": values[(count * 99 + 99) // 100 - 1], "max": values[-1], "stddev": deviation}


def read(trace):
    numbers = Numbers()
    run = subprocess.run(["babeltrace2", "--clock-seconds", "--no-delta", trace], capture_output=True, text=True,
                         errors="replace", timeout=300)
    for line in run.stdout.splitlines():
        if match := LINE.match(line):
            numbers.event(int(match[1]) * 10 ** 9 + int(match[2]), match[4], match[5])
    numbers.end()
    return numbers


def report(analyzer, trace, kind):
    run = subprocess.run([analyzer, trace, f"-report={kind}", "-format=csv", "-symbolize=none"], capture_output=True,
                         text=True, check=True, timeout=300)
    return list(csv.DictReader(io.StringIO(run.stdout)))


class Comparison:
    def __init__(self):
        self.failures, self.count = [], 0

    def check(self, what, found, wanted):
        self.count += 1
        if abs(found - wanted) > (0.51 if isinstance(wanted, float) else 0):
            self.failures.append(f"{what}: {found}, computed {wanted}")

    def check_statistics(self, what, row, values):
        for key, wanted in statistics(values).items():
            self.check(f"{key} of {what}", int(row[key + "_ns"]), wanted)

    def threads(self, rows, numbers):
        # A thread id may have been used again: a row for each of its threads.
        by_tid = defaultdict(list)
        for row in rows:
            by_tid[int(row["tid"])].append(row)
        for tid in set(by_tid) | set(numbers.running_ns) | set(numbers.latencies):
            latencies = numbers.latencies.get(tid, [])
            for column, wanted in (("wakeups", len(latencies)), ("running_ns", numbers.running_ns[tid]),
                                   ("preemptions", numbers.preemptions[tid]),
                                   ("preempted_ns", numbers.preempted_ns[tid])):
                self.check(f"{column} of {tid}", sum(int(row[column]) for row in by_tid[tid]), wanted)
            if latencies and len(by_tid[tid]) == 1:
                self.check_statistics(f"{tid}", by_tid[tid][0], latencies)

    def states(self, rows, sums):
        by_tid = defaultdict(list)
        for row in rows:
            by_tid[int(row["tid"])].append(row)
        for tid in set(by_tid) | set(sums):
            for state in ("running", "runnable", "blocked", "unknown"):
                self.check(f"{state} of {tid}", sum(int(row[state + "_ns"]) for row in by_tid[tid]), sums[tid][state])

    def calls(self, rows, numbers):
        by_name = {row["name"]: row for row in rows}
        self.check("kinds of calls", len(by_name), len(numbers.calls))
        for name, durations in numbers.calls.items():
            if name not in by_name:
                self.failures.append(f"no {name}")
                continue
            self.check(f"count of {name}", int(by_name[name]["count"]), len(durations))
            self.check(f"errors of {name}", int(by_name[name]["errors"]), numbers.errors[name])
            self.check(f"total of {name}", int(by_name[name]["total_ns"]), sum(durations))
            self.check_statistics(name, by_name[name], durations)


def main():
    if not shutil.which("babeltrace2"):
        print("skipped: there is no babeltrace2 command")
        sys.exit(77)
    for trace in sys.argv[2:]:
        numbers, comparison = read(trace), Comparison()
        assert numbers.running_ns or numbers.calls, f"{trace}: nothing to compare"
        comparison.threads(report(sys.argv[1], trace, "sched"), numbers)
        if numbers.running_ns:
            comparison.states(report(sys.argv[1], trace, "threads"), numbers.states.sums)
        comparison.calls(report(sys.argv[1], trace, "syscalls"), numbers)
        print(f"{trace}: {comparison.count} figures, {len(comparison.failures)} differ")
        if comparison.failures:
            sys.exit("\n".join(comparison.failures[:40]))


main()
