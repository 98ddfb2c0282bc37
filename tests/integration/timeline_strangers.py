"""Timelines of recordings by LTTng's kernel tracer show the program, as reports do, and not the whole machine.

Arguments: VIEWER_EXPORT ANALYZER GOLDEN_FOLDER EVENTS TRACE: golden/model_EVENTS.txt is made the trace that a
recorder would have left, as TRACE, which then makes the report golden/reports/EVENTS.threads.text.
"""

import csv
import gzip
import json
import os
import shlex
import shutil
import struct
import sys

from made_trace import OFFSET, Trace
from timeline_support import run


def short_text(name):
    return f"integer {{ size = 8; align = 8; signed = false; encoding = UTF8; }} _{name}[16];"


WAKEUP_FIELDS = short_text("comm") + " int32_t _tid; int32_t _prio; int32_t _target_cpu;"
KERNEL_EVENTS = [
    ("sched_switch", short_text("prev_comm") + " int32_t _prev_tid; int32_t _prev_prio; int64_t _prev_state; "
     + short_text("next_comm") + " int32_t _next_tid; int32_t _next_prio;"),
    ("sched_waking", WAKEUP_FIELDS),
    ("sched_wakeup_new", WAKEUP_FIELDS),
    ("sched_process_fork", "int32_t _parent_tid; int32_t _parent_pid; " + short_text("child_comm")
     + " int32_t _child_tid; int32_t _child_pid;"),
    ("sched_process_exec", "string _filename; int32_t _tid; int32_t _old_tid;"),
]
USER_EVENTS = [
    ("exectrace_sched:source", "uint64_t _time; uint8_t _source; string _description;"),
    ("exectrace_process:start", "uint32_t _contract; uint8_t _reason; int32_t _ppid; string _exe; string _name;"),
]
SOURCES = {"kernel_tracer": 3, "kernel_tracer_alone": 5}
# A thread of the tracer in the program: its name is told when it has already run.
TRACER_THREAD = """
1700000000000041500 100 103 2 sched_start parent_pid=100 parent_tid=100 name=program
1700000000000042000 - 103 2 kernel_switch prev_tid=0 next_tid=103 prev_state=0 prev_comm=swapper/2 next_comm=program
1700000000000046000 - 103 2 kernel_switch prev_tid=103 next_tid=0 prev_state=0 prev_comm=program next_comm=swapper/2
1700000000000047000 - 103 2 kernel_switch prev_tid=0 next_tid=103 prev_state=0 prev_comm=swapper/2 next_comm=program
1700000000000052000 - 103 2 kernel_switch prev_tid=103 next_tid=0 prev_state=256 prev_comm=program-ust next_comm=swapper/2
1700000000000062000 - 103 2 kernel_switch prev_tid=0 next_tid=103 prev_state=0 prev_comm=swapper/2 next_comm=program-ust
1700000000000072000 - 103 2 kernel_switch prev_tid=103 next_tid=0 prev_state=1 prev_comm=program-ust next_comm=swapper/2
"""


def text(value):
    return value.encode() + b"\0"


def kernel_event(kind, tid, fields):
    """(number in KERNEL_EVENTS, payload)"""
    if kind == "kernel_switch":
        return 0, struct.pack("<16siiq16sii", fields["prev_comm"].encode(), int(fields["prev_tid"]), 20,
                              int(fields["prev_state"]), fields["next_comm"].encode(), int(fields["next_tid"]), 20)
    if kind == "sched_wakeup":
        return 2 if "is_new" in fields else 1, struct.pack("<16siii", b"", tid, 20, 0)
    if kind == "sched_name":
        return 4, text("/usr/bin/" + fields["name"]) + struct.pack("<ii", tid, tid)
    return None


def make_trace(folder, lines):
    kernel = Trace(f"{folder}/kernel", KERNEL_EVENTS, context="")
    user = Trace(f"{folder}/ust", USER_EVENTS)
    packets = {}
    for line in lines:
        time, pid, tid, cpu, kind, *words = shlex.split(line, comments=True) or [None] * 5
        if time is None:
            continue
        time, fields = int(time) - OFFSET, dict(word.split("=", 1) for word in words)
        pid, tid, cpu = (-1 if number == "-" else int(number) for number in (pid, tid, cpu))
        if kind == "sched_source":
            payload = struct.pack("<iiQB", 50, 50, time, SOURCES[fields["source"]]) + text(fields["description"])
            packets.setdefault((user, cpu), []).append((0, time, payload))
        elif kind == "process_start":
            payload = struct.pack("<iiIBi", pid, tid, 1, 0, 50) + text(fields["exe"]) + text(fields["name"])
            packets.setdefault((user, cpu), []).append((1, time, payload))
        elif kind == "sched_start":
            payload = struct.pack("<ii16sii", int(fields["parent_tid"]), int(fields["parent_pid"]),
                                  fields["name"].encode(), tid, pid)
            packets.setdefault((kernel, cpu), []).append((3, time, payload))
        else:
            number, payload = kernel_event(kind, tid, fields)
            packets.setdefault((kernel, cpu), []).append((number, time, payload))
    for (trace, cpu), events in packets.items():
        events.sort(key=lambda event: event[1])
        name = f"kernel-sched_{cpu}" if trace is kernel else f"sched_{cpu}"
        trace.packet(name, cpu, 0, events[0][1], events[-1][1], events, cpu=cpu)


def thread_states(timeline):
    """{tid: {state: ns}} of a timeline in JSON, and the ids of its processes."""
    events = timeline["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in events if event.get("name") == "thread_name"}
    states, pids = {}, set()
    for event in events:
        if event.get("cat") != "state":
            continue
        pids.add(event["pid"])
        sums = states.setdefault(names[event["tid"]].split()[-2], {})
        state = event["name"].split()[0].rstrip(":")
        sums[state] = sums.get(state, 0) + round(event["dur"] * 1000)
    return states, pids


def check(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} instead of {expected!r}")


def main():
    viewer_export, analyzer, golden, name, folder = sys.argv[1:]
    shutil.rmtree(folder, ignore_errors=True)
    with open(f"{golden}/model_{name}.txt", encoding="utf-8") as events:
        make_trace(folder, events.readlines() + TRACER_THREAD.splitlines())
    with open(f"{golden}/reports/{name}.threads.text", encoding="utf-8") as report:
        check("report", run(analyzer, folder, "-report=threads"), report.read())
    rows = list(csv.DictReader(run(analyzer, folder, "-report=threads", "-format=csv").splitlines()))
    expected = {row["tid"]: {state: int(row[f"{state}_ns"]) for state in ("running", "runnable", "blocked")
                             if row[f"{state}_ns"] != "0"} for row in rows}
    wanted = expected, {int(row["pid"]) for row in rows}
    check("timeline in a pipe", thread_states(json.loads(run(viewer_export, folder, "-format=json", "-o", "-"))), wanted)
    for option in ("-split=1MB", "-max-size=1MB"):
        path = os.path.join(folder, "timeline.json.gz")
        run(viewer_export, folder, option, "-o", path)
        with gzip.open(path) as timeline:
            check(f"timeline with {option}", thread_states(json.load(timeline)), wanted)
    one = thread_states(json.loads(run(viewer_export, folder, "-format=json", "-tid=101,60", "-o", "-")))[0]
    check("timeline of one thread", one, {"101": expected["101"]})


main()
