#!/usr/bin/python3
"""Locks, peers, memory, scheduling and profiles of recordings, computed again from what the babeltrace2 command prints.

usage: recording_numbers.py ANALYZER TRACE...

See recording_model.py for the rules. Each figure is compared without filters and with each of them; counts and times
must be equal.
"""
import collections
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import profile_samples  # noqa: E402
from recording_model import EPOLL, Op, Recording  # noqa: E402

LOCKS = {"mutex", "rwlock write", "rwlock read", "spin"}
OWNED = LOCKS | {"once"}
MAX_PAIRS = 64
RECEIVERS = {"recv", "recvfrom", "recvmsg", "read", "readv"}
SENDERS = {"send", "sendto", "sendmsg", "write", "writev", "sendfile"}


class Filter:
    """One filter, as the arguments of the analyzer and as what it does to operations."""

    def __init__(self, recording, arguments=(), low=None, high=None, keep=lambda fact: True, least=0, path=None,
                 function=None):
        self.recording, self.arguments, self.keep, self.least = recording, list(arguments), keep, least
        self.path, self.function = path, function  # only stacks with this file, this function
        self.low = -2 ** 63 if low is None else low
        self.high = 2 ** 63 if high is None else high

    def has_frame(self, *stacks):
        if self.function:
            return any(self.function in self.recording.functions(*stack) for stack in stacks)
        return not self.path or any(self.path in self.recording.frames(*stack) for stack in stacks)

    def operations(self, *whose):
        """Filtered by the waiters' stacks, or by other ones of each operation (profiles show other ones)."""
        for op in self.recording.operations:
            if not self.has_frame(*(op[name] for name in whose or ("own_stack",))):
                continue
            if not self.keep(op) or (op.longest if op.summary else op.total) < self.least:
                continue
            cut, ends = Op(op), self.low <= op.end < self.high
            if not ends and (op.summary or op.end < self.low or op.start >= self.high):
                continue
            if not op.summary:
                cut.start, cut.end = max(op.start, self.low), min(op.end, self.high)
                if (cut.start, cut.end) != (op.start, op.end):
                    cut.total = cut.longest = cut.end - cut.start
                if not ends:
                    cut.count = cut.errors = 0
                if not cut.start <= op.wake <= cut.end:
                    cut.wake = 0
            yield cut

    def heap(self):
        return [sample for sample in self.recording.heap if self.low <= sample.time < self.high and
                self.keep(sample) and self.has_frame((sample.pid, sample.stack))]


def locks(facts):
    sums = {}
    for op in facts.operations():
        if op.call:
            continue
        kind = op.kind.split()[0]
        row = sums.setdefault((op.pid, kind, op.object), dict.fromkeys(
            ("contentions", "total_ns", "max_ns", "longest_hold_ns", "owner_changes", "timeouts", "open", "idle_waits",
             "idle_ns"), 0) |
            {"threads": set(), "owner": None, "acquired": 0})
        row["contentions"] += op.count
        row["total_ns"] += op.total
        row["max_ns"] = max(row["max_ns"], op.longest)
        row["open"] += op.open
        row["timeouts"] += op.outcome == 1
        row["threads"].add(op.tid)
        row["idle_waits"] += op.count * op.idle
        row["idle_ns"] += op.total * op.idle
        # Conditions, semaphores and futexes have owners when they look like locks.
        if op.summary or not (op.kind in OWNED or op.is_lock_like):
            continue
        if op.waker and op.wake:
            held_since = row["acquired"] if op.start < row["acquired"] <= op.wake else op.start
            row["longest_hold_ns"] = max(row["longest_hold_ns"], op.wake - held_since)
            row["owner"] = op.waker
        if op.outcome == 0 and not op.open:
            row["owner_changes"] += row["owner"] != op.tid
            row["owner"], row["acquired"] = op.tid, op.end
    return {key: {column: len(value) if column == "threads" else value for column, value in row.items()
                  if column not in ("owner", "acquired")}
            for key, row in sums.items() if row["contentions"] or row["total_ns"]}


def pairs(facts):
    """Of each object: how often and how long each waiting stack waited for each releasing one."""
    sums = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for op in facts.operations():
        if not op.call:
            frames = [tuple(facts.recording.stacks.get(stack, ())) for stack in (op.own_stack, op.waker_stack)]
            row = sums[(op.pid, op.kind.split()[0], op.object)][(*frames, op.idle)]
            row[0] += op.count
            row[1] += op.total
    return {key: sorted((total, count) for count, total in rows.values())[-MAX_PAIRS:] for key, rows in sums.items()
            if len(rows) <= MAX_PAIRS}


def peer_name(op):
    return op.peer or ("[any: epoll]" if op.fd_kind == EPOLL else "[new connections]" if op.call.startswith("accept")
                       else "[name lookup]" if op.call.startswith("get") else
                       "[short calls]" if op.summary else "[unknown peer]")


def net(facts):
    sums = collections.defaultdict(lambda: dict.fromkeys(
        ("count", "errors", "total_ns", "max_ns", "received_bytes", "sent_bytes"), 0))
    for op in facts.operations():
        if op.class_ != "net":
            continue
        row = sums[(op.pid, peer_name(op))]
        row["count"] += op.count
        row["errors"] += op.errors
        row["total_ns"] += op.total
        row["max_ns"] = max(row["max_ns"], op.longest)
        if op.result > 0 and op.count:
            row["received_bytes"] += op.result * (op.call in RECEIVERS)
            row["sent_bytes"] += op.result * (op.call in SENDERS)
    return sums


def heap(facts):
    sums = collections.defaultdict(lambda: dict.fromkeys(
        ("alloc_objects", "alloc_bytes", "freed_objects", "freed_bytes", "peak_bytes"), 0))
    for sample in facts.heap():
        row, what = sums[(sample.owner,)], "freed" if sample.free else "alloc"
        row[what + "_objects"] += sample.objects
        row[what + "_bytes"] += sample.bytes
        row["peak_bytes"] = max(row["peak_bytes"], row["alloc_bytes"] - row["freed_bytes"])
    return sums


def are_wakeups_told(recording):
    """Without privilege the kernel tells of none, and the analyzer derives them from who released what."""
    return any(off.waker_tid >= 0 for switches in recording.off.values() for off in switches)


def off_cpu(facts):
    """What threads did while they were off their CPUs, as (fact, state, nanoseconds, whether it ended in the range)."""
    recording = facts.recording
    for tid, switches in recording.off.items():
        if tid in recording.tracers:
            continue
        for off in switches:
            off_ns = off.since_birth if off.reason == 2 else off.off_ns
            is_preempted = off.reason in (1, 4) or (off.reason == 0 and off.waker_tid >= 0 and
                                                    off.runnable_ns >= off_ns)
            runnable = off_ns if is_preempted or off.reason == 2 else off.runnable_ns if off.waker_tid >= 0 else 0
            is_woken = off.reason == 2 or (off.reason == 0 and off.waker_tid >= 0)
            runs = off.time - runnable
            spans = [("preempted" if is_preempted else "woken" if is_woken else "unexplained", runs, off.time)]
            spans += [("blocked", off.time - off_ns, runs)] if runs > off.time - off_ns else []
            for state, start, end in spans:
                low, high = max(start, facts.low), min(end, facts.high)
                # One without length is in the range that one which ends then is in.
                is_in = low < high or (start == end and (facts.low < end or facts.low <= recording.start) and
                                       end <= facts.high)
                if is_in and facts.keep(off):
                    yield off, state, high - low, end <= facts.high


def latencies(facts):
    """Wake-ups that the kernel told of, and preemptions, per thread."""
    sums = collections.defaultdict(lambda: dict.fromkeys(("wakeups", "preemptions", "preempted_ns", "max_ns"), 0))
    for off, state, length, ends in off_cpu(facts):
        row = sums[(off.tid,)]
        if state == "preempted":
            row["preemptions"] += ends
            row["preempted_ns"] += length
        elif state == "woken" and ends:
            row["wakeups"] += 1
            row["max_ns"] = max(row["max_ns"], length)
    return sums


def states(facts):
    sums = collections.defaultdict(lambda: dict.fromkeys(("runnable_ns", "blocked_ns"), 0))
    for off, state, length, _ in off_cpu(facts):
        sums[(off.tid,)]["blocked_ns" if state == "blocked" else "runnable_ns"] += length
    return sums


def sched_sums(facts):
    sums = collections.defaultdict(lambda: [0, 0])
    for off, state, length, ends in off_cpu(facts):
        if state in ("preempted", "woken"):
            sums[(str(off.tid), state)][0] += ends
            sums[(str(off.tid), state)][1] += length
    return sums


def run(analyzer, trace, *arguments):
    done = subprocess.run([analyzer, trace, "-symbolize=none", *arguments], capture_output=True, timeout=200)
    if done.returncode != 0 and not done.stdout:
        sys.exit(f"{trace} {arguments}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def report(analyzer, trace, kind, arguments=()):
    text = run(analyzer, trace, f"-report={kind}", "-format=csv", *arguments).decode()
    return list(csv.DictReader(io.StringIO(text)))


class Comparison:
    def __init__(self, analyzer, trace):
        self.analyzer, self.trace, self.failures, self.count = analyzer, trace, [], 0

    def equal(self, what, found, wanted):
        self.count += 1
        if found != wanted:
            self.failures.append(f"{what}: {found}, computed {wanted}")

    def table(self, kind, facts, keys, wanted):
        """A report's rows, summed by their keys, against the computed ones."""
        found, rows = {}, collections.Counter()
        for row in report(self.analyzer, self.trace, kind, facts.arguments):
            key = tuple(int(row[name], 0) if name in ("pid", "tid", "object") else row[name] for name in keys)
            rows[key] += 1
            values = found.setdefault(key, collections.Counter())
            values.update({column: int(value) for column, value in row.items() if re.fullmatch(r"-?\d+", value)})
        for key in set(found) | set(wanted):
            for column, value in wanted.get(key, {"total_ns": 0, "alloc_bytes": 0}).items():
                # A thread id that was used again has several rows; of a longest they tell no sum.
                if rows[key] > 1 and column in ("peak_bytes", "max_ns", "threads"):
                    continue
                self.equal(f"{kind} {facts.arguments} {key} {column}", found.get(key, {}).get(column, 0), value)

    def summary(self, facts):
        row = report(self.analyzer, self.trace, "summary", facts.arguments)[0]
        wanted = collections.Counter()
        for op in facts.operations():
            what = "idle" if op.idle else op.class_
            wanted.update({f"{what}_waits": op.count, f"{what}_wait_ns": op.total})
        for column in (f"{what}_{unit}" for what in ("sync", "net", "syscall", "idle")
                       for unit in ("waits", "wait_ns")):
            self.equal(f"summary {facts.arguments} {column}", int(row[column]), wanted[column])
        self.equal("events", int(row["events"]), len(facts.recording.events))

    def pairs(self, facts):
        text = run(self.analyzer, self.trace, "-report=locks", "-format=json", *facts.arguments)
        found = collections.defaultdict(list)
        for row in json.loads(text)["stacks"]:
            found[(row["pid"], row["kind"], int(row["object"], 0))].append((row["total_ns"], row["contentions"]))
        for key, wanted in pairs(facts).items():
            self.equal(f"pairs {facts.arguments} {key}", sorted(found[key]), wanted)

    def profile(self, kind, facts, labels, wanted):
        found = collections.defaultdict(collections.Counter)
        for sample_labels, values in profile_samples.samples(run(self.analyzer, self.trace, f"-pprof={kind}",
                                                                 *facts.arguments)):
            found[tuple(sample_labels.get(label, "") for label in labels)].update(dict(enumerate(values)))
        for key in set(found) | set(wanted):
            for i, value in enumerate(wanted.get(key, (0, 0))):
                # Numbers beyond 2^63 are negative ones.
                self.equal(f"-pprof={kind} {facts.arguments} {key} value {i}", (found[key][i] + 2 ** 63) % 2 ** 64
                           - 2 ** 63, value)


def profile_sums(facts, is_wanted, *whose):
    sums = collections.defaultdict(lambda: [0, 0])
    for op in facts.operations(*whose):
        if is_wanted(op):
            key = (str(op.pid), str(op.tid), op.kind, f"0x{op.object:x}" if op.object else "")
            sums[key][0] += op.count
            sums[key][1] += op.total
    return sums


def holder_sums(facts):
    operations = [op for op in facts.operations("waker_stack") if not op.call]
    used_as_lock = {op.object for op in operations if op.is_lock_like}
    sums = collections.defaultdict(lambda: [0, 0])
    for op in operations:
        if op.kind in LOCKS or (op.kind in ("cond", "semaphore", "futex") and op.object in used_as_lock):
            sums[(op.kind, f"0x{op.object:x}")][0] += op.count
            sums[(op.kind, f"0x{op.object:x}")][1] += op.total
    return sums


def heap_sums(facts):
    sums = collections.defaultdict(lambda: [0, 0, 0, 0])
    for sample in facts.heap():
        key = (str(sample.pid) if sample.pid >= 0 else "",)
        sign = -1 if sample.free else 1
        for i, value in enumerate((0 if sample.free else sample.objects, 0 if sample.free else sample.bytes,
                                   sign * sample.objects, sign * sample.bytes)):
            sums[key][i] += value
    return sums


def filters(recording, analyzer, trace):
    """Each filter by itself, and some together."""
    length = recording.end - recording.start
    low, high = recording.start + length // 4, recording.start + length * 7 // 10
    tids = collections.Counter(fact.tid for fact in recording.operations + recording.heap)
    pids = collections.Counter(fact.pid for fact in recording.operations + recording.heap)
    tid, pid = tids.most_common()[len(tids) // 3][0], pids.most_common(1)[0][0]
    names = {int(row["tid"]): row["thread"] for row in report(analyzer, trace, "threads")}
    name = names.get(tids.most_common(1)[0][0], "")
    durations = sorted(op.total for op in recording.operations if not op.summary) or [0]
    least = durations[len(durations) // 2]
    files = collections.Counter(path for op in recording.operations for path in set(recording.frames(*op.own_stack)))
    epoch = recording.epoch

    yield Filter(recording)
    yield Filter(recording, [f"-from={low - recording.start}ns"], low=low)
    yield Filter(recording, [f"-to={high + epoch}"], high=high)
    seconds = f"{(low + epoch) // 10 ** 9}.{(low + epoch) % 10 ** 9:09}"
    yield Filter(recording, [f"-from={seconds}", f"-to={high - recording.start}ns"], low=low, high=high)
    yield Filter(recording, ["-from=30%", "-to=62.5%"], low=recording.start + length * 30 // 100,
                 high=recording.start + length * 625 // 1000)
    yield Filter(recording, [f"-tid={tid}"], keep=lambda fact: fact.tid == tid)
    if pid >= 0:
        yield Filter(recording, [f"-pid={pid}"], keep=lambda fact: fact.pid == pid)
    if name:
        yield Filter(recording, [f"-thread=^{re.escape(name)}$"], keep=lambda fact: names.get(fact.tid) == name)
    yield Filter(recording, [f"-min-duration={least}ns"], least=least)
    if files:
        path = sorted(files.items(), key=lambda item: (abs(item[1] - len(recording.operations) // 2), item[0]))[0][0]
        yield Filter(recording, [f"-focus={re.escape(path)}$"], path=path)
    functions = collections.Counter(name for op in recording.operations for name in recording.functions(*op.own_stack))
    if functions and shutil.which("nm"):
        third = len(recording.operations) // 3
        name = sorted(functions.items(), key=lambda item: (abs(item[1] - third), item[0]))[0][0]
        yield Filter(recording, [f"-focus=^{name}$", "-symbolize=functions"], function=name)
    yield Filter(recording, [f"-from={low - recording.start}ns", f"-tid={tid}", f"-min-duration={least}ns"], low=low,
                 keep=lambda fact: fact.tid == tid, least=least)


def compare(analyzer, trace):
    recording, comparison = Recording(trace), Comparison(analyzer, trace)
    if not recording.operations and not recording.heap:
        sys.exit(f"{trace}: nothing to compare")
    for facts in filters(recording, analyzer, trace):
        labels = ("pid", "tid", "kind", "object")
        comparison.summary(facts)
        comparison.table("locks", facts, ("pid", "kind", "object"), locks(facts))
        comparison.pairs(facts)
        comparison.table("net", facts, ("pid", "peer"), net(facts))
        comparison.table("heap", facts, ("tid",), heap(facts))
        for kind in ("sync", "net", "syscall"):
            comparison.profile(kind, facts, labels, profile_sums(facts, lambda op, kind=kind: op.class_ == kind))
        comparison.profile("block", facts, labels, profile_sums(facts, lambda op: True))
        comparison.profile("offwake", facts, labels, profile_sums(facts, lambda op: True, "own_stack", "waker_stack"))
        comparison.profile("mutex", facts, ("kind", "object"), holder_sums(facts))
        comparison.profile("heap", facts, ("pid",), heap_sums(facts))
        if are_wakeups_told(recording):
            comparison.table("sched", facts, ("tid",), latencies(facts))
            comparison.table("threads", facts, ("tid",), states(facts))
            if not facts.path and not facts.function:  # the profile is of where the threads will go on
                comparison.profile("sched", facts, ("tid", "kind"), sched_sums(facts))
    print(f"{trace}: {comparison.count} figures, {len(comparison.failures)} differ")
    return comparison.failures


def main():
    if not shutil.which("babeltrace2"):
        print("skipped: there is no babeltrace2 command")
        sys.exit(77)
    failures = []
    for trace in sys.argv[2:]:
        failures += compare(sys.argv[1], trace)
    sys.exit("\n".join(failures[:40]) or 0)


main()
