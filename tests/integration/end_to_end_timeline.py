"""The timeline loads into Perfetto's trace processor without an error and says the same as the profiles.

Arguments: BUILD PROGRAM QUERY_FOLDER
"""

import os
import sys

from end_to_end_support import Programs, Scratch, fail, pprof_total, run_fine, skip

# Leaves out sums of short operations, which a profile has and a timeline cannot show.
FILTER = "-min-duration=1ms"


def query(tool, timeline, sql):
    """The rows, without the header, as lists of strings."""
    lines = run_fine([tool, timeline, sql]).splitlines()
    return [line.split("\t") for line in lines[1:]]


def check(programs, tool, trace, scratch, name, options):
    timeline = scratch / name
    run_fine([programs.viewer_export, trace, "-o", timeline, FILTER, *options])
    run_fine([tool, "--strict", timeline, "--stats"])
    rows = {category: (int(count), int(total_ns)) for category, count, total_ns in query(
        tool, timeline, "select category, count(*), sum(dur) from slice group by category")}
    problems = []
    for kind in ("sync", "net", "syscall"):
        path = programs.profile(trace, kind, scratch / f"{kind}.pb.gz", [FILTER])
        expected = (round(pprof_total(path, sample="contentions")), round(pprof_total(path)))
        if rows.get(kind) != expected:
            problems.append(f"{name}: {kind}: {rows.get(kind)} (count, ns) in slices, {expected} in the profile")
    names = {row[0] for row in query(tool, timeline, "select name from thread")}
    problems += [f"{name}: no track for thread {wanted}" for wanted in ("mutex", "socket_read") if wanted not in names]
    late = query(tool, timeline, "select count(*) from slice child join slice parent on child.parent_id = parent.id "
                                 "where child.ts + child.dur > parent.ts + parent.dur")
    if late != [["0"]]:
        problems.append(f"{name}: {late[0][0]} slices end after their parents")
    flows = int(query(tool, timeline, "select count(*) from flow")[0][0])
    if flows == 0:
        problems.append(f"{name}: no arrow from a waker to a waiter")
    return problems


def main():
    build, program, query_folder = sys.argv[1:]
    tool = os.path.join(query_folder, "perfetto-query")
    if not os.path.exists(os.path.join(query_folder, "prepared")):
        skip("Perfetto's trace processor is not here (tests/support/perfetto-query prepares it)")
    programs = Programs(build)
    with Scratch() as scratch:
        trace = scratch / "trace"
        programs.record_fine(trace, [program, "5"])
        problems = check(programs, tool, trace, scratch, "timeline.json", [])
        problems += check(programs, tool, trace, scratch, "timeline.json.gz", [])
        problems += check(programs, tool, trace, scratch, "timeline.pftrace", ["-format=perfetto"])
        if problems:
            fail("\n".join(problems))


main()
