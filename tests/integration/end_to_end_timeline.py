"""The timeline loads into Perfetto's trace processor without an error and says the same as the profiles.

Arguments: BUILD PROGRAM QUERY_FOLDER
"""

import os
import sys

from end_to_end_support import Programs, Scratch, fail, pprof_total, run_fine, skip

# Leaves out sums of short operations, which a profile has and a timeline cannot show.
FILTER = "-min-duration=1ms"


QUERIES = [
    "select category, count(*), sum(dur) from slice group by category",
    "select name from thread",
    "select count(*) from slice child join slice parent on child.parent_id = parent.id "
    "where child.ts + child.dur > parent.ts + parent.dur",
    "select count(*) from flow",
]


def query(tool, timeline):
    """The tables of QUERIES, without their headers: rows of strings."""
    tables = run_fine([tool, timeline, *QUERIES]).rstrip("\n").split("\n\n")
    return [[line.split("\t") for line in table.split("\n")[1:]] for table in tables]


def check(programs, tool, trace, scratch, name, profiles):
    """What the timeline says otherwise than the profiles ({kind: (count, ns)}), as sentences."""
    timeline = scratch / name
    run_fine([programs.viewer_export, trace, "-o", timeline, FILTER])
    run_fine([tool, "--strict", timeline, "--stats"])
    slices, threads, late, flows = query(tool, timeline)
    sums = {category: (int(count), int(total_ns)) for category, count, total_ns in slices}
    names = {row[0] for row in threads}
    problems = [f"{name}: {kind}: {sums.get(kind)} (count, ns) in slices, {expected} in the profile"
                for kind, expected in profiles.items() if sums.get(kind) != expected]
    problems += [f"{name}: no track for thread {wanted}" for wanted in ("mutex", "socket_read") if wanted not in names]
    if late != [["0"]]:
        problems.append(f"{name}: {late[0][0]} slices end after their parents")
    if flows == [["0"]]:
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
        profiles = {}
        for kind in ("sync", "net", "syscall"):
            path = programs.profile(trace, kind, scratch / f"{kind}.pb.gz", [FILTER])
            profiles[kind] = (round(pprof_total(path, sample="contentions")), round(pprof_total(path)))
        problems = []
        for name in ("timeline.json", "timeline.json.gz", "timeline.pftrace"):
            problems += check(programs, tool, trace, scratch, name, profiles)
        if problems:
            fail("\n".join(problems))


main()
