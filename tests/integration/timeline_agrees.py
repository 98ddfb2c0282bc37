"""A trace as Chrome JSON and as Perfetto protobuf says the same in Perfetto's trace processor, without errors.

Arguments: VIEWER_EXPORT QUERY_FOLDER TRACE, or TIMELINE_DRIVER QUERY_FOLDER EVENTS.txt
"""

import os
import sys
import tempfile

from timeline_support import MADE_UP, export, query, skip_without

# A release is a point: of 1 ns in JSON, drawn once for several waiters there.
SLICES = ("select category, name, case category when 'release' then count(distinct ts) else count(*) end, "
          "sum(case category when 'release' then 0 else dur end) from slice "
          "where category not in ('state', 'cpu') group by category, name order by category, name")
LATE = ("select count(*) from slice child join slice parent on child.parent_id = parent.id "
        "where child.ts + child.dur > parent.ts + parent.dur")
FLOWS = ("select one.name, other.name, count(*) from flow join slice one on slice_out = one.id "
         "join slice other on slice_in = other.id group by 1, 2 order by 1, 2")
# Not their names: to JSON's Perfetto adds the unit. JSON has six decimals of a value.
COUNTERS = ("select count(*), round(sum(value), 2), sum(c.ts) from counter c join counter_track t on c.track_id = t.id "
            "group by t.name order by t.name")
# JSON has made-up threads for tracks that are no threads.
THREADS = ("select distinct tid, thread.name, process.name from thread join process using (upid) "
           f"where tid < {MADE_UP} and thread.name is not null order by tid, thread.name")
RUNNING = {
    "json": "select count(*), sum(dur) from slice where category = 'cpu'",
    "pftrace": "select count(*), sum(dur) from sched where utid != 0",
}
RUNNING_STATES = {
    "json": "select sum(dur) from slice where category = 'state' and name glob 'running*'",
    # Who runs until the end has no duration there.
    "pftrace": "select sum(case dur when -1 then (select end_ts from trace_bounds) - ts else dur end) "
               "from thread_state where state = 'Running'",
}


def tables(tool, timeline, kind):
    return query(tool, timeline, SLICES, FLOWS, COUNTERS, THREADS, RUNNING[kind], RUNNING_STATES[kind], LATE)


def main():
    program, query_folder, trace = sys.argv[1:]
    tool = skip_without(query_folder, trace)
    with tempfile.TemporaryDirectory() as folder:
        answers = {}
        for kind, name in (("json", "json"), ("pftrace", "perfetto")):
            timeline = os.path.join(folder, f"timeline.{kind}")
            export(program, trace, name, timeline)
            answers[kind] = tables(tool, timeline, kind)
        names = ("slices", "flows", "counters", "threads", "running on CPUs", "running", "late children")
        problems = []
        for name, json, pftrace in zip(names, answers["json"], answers["pftrace"]):
            if json != pftrace:
                different = sorted(set(json) ^ set(pftrace))[:10]
                problems.append(f"{name} differ: {different}")
        if answers["json"][-1] != ["0"]:
            problems.append(f"{answers['json'][-1][0]} slices end after their parent")
        if not any(answers["json"][:-1]):
            problems.append("the timelines are empty")
        if problems:
            sys.exit("\n".join(problems))


main()
