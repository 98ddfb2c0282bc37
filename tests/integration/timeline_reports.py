"""Timelines in Perfetto's trace processor say what the analyzer's own reports say, per thread and per call.

Arguments: VIEWER_EXPORT ANALYZER QUERY_FOLDER TRACE
"""

import collections
import csv
import os
import re
import sys
import tempfile

from timeline_support import MADE_UP, export, query, run, skip_without

STATES = ("running", "runnable", "blocked")

JSON_STATES = ("select thread.name, slice.name, ts, dur from slice join thread_track on track_id = thread_track.id "
               "join thread using (utid) where category = 'state' order by utid, ts")
# A state lasts until the next; the trace processor leaves the last ones open, or lets them overlap.
STATES_UNTIL_NEXT = ("select tid, state, sum(ending - ts) from (select tid, ts, state, lead(ts, 1, (select end_ts from "
                     "trace_bounds)) over (partition by utid order by ts) as ending from thread_state "
                     "join thread using (utid)) where tid != 0 group by tid, state")
# Sums of short ones say in their arguments how many they are.
CALLS = ("select category, name, count(*), sum(dur) from slice where category in ('sync', 'net', 'syscall') "
         "and extract_arg(arg_set_id, '{0}.open') is null group by category, name union all "
         "select category, name, sum(extract_arg(arg_set_id, '{0}.count')), "
         "sum(extract_arg(arg_set_id, '{0}.total_ns')) from slice where category = 'short' group by category, name")
NAMES = ("select tid, thread.name, pid from thread join process using (upid) "
         f"where tid != 0 and tid < {MADE_UP} and thread.name is not null")


def split_rows(tables):
    return [[line.split("\t") for line in table] for table in tables]


def report(analyzer, trace, kind):
    return list(csv.DictReader(run(analyzer, trace, f"-report={kind}", "-format=csv").splitlines()))


def sum_states(rows):
    """{tid: {state: ns}} of JSON's rows, and the same as far as a protobuf can say it: not blocked before the first run."""
    whole, since_run = (collections.defaultdict(collections.Counter) for _ in range(2))
    running = set()
    for thread, name, _, duration in rows:
        tid = int(re.search(r"(\d+) state$", thread).group(1))
        state = re.match(r"\w+", name).group(0)
        whole[tid][state] += int(duration)
        if state == "running":
            running.add(tid)
        if state != "blocked" or tid in running:
            since_run[tid][state] += int(duration)
    return whole, {tid: sums for tid, sums in since_run.items() if tid in running}


def compare(what, actual, expected):
    different = sorted(key for key in set(actual) | set(expected) if actual.get(key) != expected.get(key))
    return [f"{what}: {key}: {actual.get(key)} instead of {expected.get(key)}" for key in different[:5]]


def check_states(json, protobuf, threads):
    whole, since_run = sum_states(json)
    problems = []
    for state in STATES:
        problems += compare(f"all threads {state}", {0: sum(sums[state] for sums in whole.values())},
                            {0: sum(int(row[f"{state}_ns"]) for row in threads)})
        tids = collections.Counter(int(row["tid"]) for row in threads)
        expected = {int(row["tid"]): int(row[f"{state}_ns"]) for row in threads if tids[int(row["tid"])] == 1}
        actual = {tid: whole[tid][state] if tid in whole else 0 for tid in expected}
        problems += compare(f"JSON {state} per thread", actual, expected)
    words = {"Running": "running", "R": "runnable", "S": "blocked"}
    sums = collections.defaultdict(collections.Counter)
    for tid, state, duration in protobuf:
        if state in words:
            sums[int(tid)][words[state]] += int(duration)
    for state in STATES:
        problems += compare(f"protobuf {state} per thread", {tid: sums[tid][state] for tid in since_run},
                            {tid: since_run[tid][state] for tid in since_run})
    return problems


def check_names(rows, threads):
    """Those that the report names and numbers once."""
    tids = collections.Counter(row["tid"] for row in threads)
    expected = {row["tid"]: (row["thread"], row["pid"]) for row in threads
                if tids[row["tid"]] == 1 and row["thread"] and int(row["pid"]) > 0}
    actual = {tid: (name, pid) for tid, name, pid in rows}
    return compare("thread", {tid: actual[tid] for tid in expected if tid in actual},
                   {tid: expected[tid] for tid in expected if tid in actual})


def check_calls(rows, calls):
    """Waits for locks, which are no calls, are left out; futex calls are among them."""
    expected = {row["name"]: (int(row["count"]), int(row["total_ns"])) for row in calls}
    sums = collections.defaultdict(lambda: (0, 0))
    for category, name, count, duration in rows:
        name = name.removeprefix("idle: ")
        if category not in ("sync", "short") or name in expected:
            sums[name] = (sums[name][0] + int(count), sums[name][1] + int(duration))
    return compare("call", dict(sums), expected)


def main():
    viewer_export, analyzer, query_folder, trace = sys.argv[1:]
    tool = skip_without(query_folder, trace)
    threads, calls = report(analyzer, trace, "threads"), report(analyzer, trace, "syscalls")
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        json, protobuf = os.path.join(folder, "t.json"), os.path.join(folder, "t.pftrace")
        export(viewer_export, trace, "json", json)
        export(viewer_export, trace, "perfetto", protobuf)
        states, json_calls = split_rows(query(tool, json, JSON_STATES, CALLS.format("args")))
        thread_states, protobuf_calls, names = split_rows(query(tool, protobuf, STATES_UNTIL_NEXT, CALLS.format("debug"), NAMES))
        problems += check_states(states, thread_states, threads)
        problems += check_names(names, threads)
        problems += check_calls(json_calls, calls) + check_calls(protobuf_calls, calls)
    if problems:
        sys.exit("\n".join(problems))


main()
