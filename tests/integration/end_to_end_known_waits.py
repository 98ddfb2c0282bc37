"""A program whose waits are known is recorded; its profiles must say what the program measured.

Arguments: BUILD PROGRAM SOURCE
"""

import sys

from end_to_end_support import (Programs, Scratch, check_function, must_agree, pprof, pprof_top, pprof_total, read_truth,
                                run_fine)

def check_profile(name, path, truth, source):
    expected = {function: row for function, row in truth.items() if row[0] == name}
    delays, counts = pprof_top(path), pprof_top(path, sample="contentions")
    problems = []
    for function, row in expected.items():
        problems += check_function(function, row, delays, counts)
    for kind in {row[1] for row in expected.values()}:
        functions = [function for function, row in expected.items() if row[1] == kind]
        # The program prints no spaces.
        focused = pprof_top(path, "-tagfocus=kind=^" + kind.replace("_", ".") + "$")
        for function in functions:
            if focused.get(function, (0,))[0] != delays.get(function, (0,))[0]:
                problems.append(f"{function}: -tagfocus=kind={kind} does not find its waits")
        for function, row in expected.items():
            if function not in functions and function in focused:
                problems.append(f"{function}: -tagfocus=kind={kind} finds it though its kind is {row[1]}")

    difference = pprof_total(path, f"-diff_base={path}")
    if difference != 0:
        problems.append(f"{name}: -diff_base against itself leaves {difference} ns")
    function = next(iter(expected))
    if function not in pprof("-traces", path) or function not in pprof("-tree", path):
        problems.append(f"{name}: -traces or -tree does not show {function}")
    listing = pprof(f"-list=^{function}$", f"-source_path={source.rsplit('/', 1)[0]}", path)
    if source.rsplit("/", 1)[1] not in listing or "ROUTINE" not in listing:
        problems.append(f"{name}: -list={function} does not show its source:\n{listing}")
    return problems


def check_events(trace, truth):
    """babeltrace2 reads the trace without a word of complaint and finds the waits."""
    text = run_fine(["babeltrace2", trace])
    problems = []
    waits = text.count(" exectrace_sync:wait")
    expected = sum(row[2] for row in truth.values() if row[0] == "sync")
    if waits < expected:
        problems.append(f"babeltrace2 shows {waits} exectrace_sync:wait* events; at least {expected} were made")
    return problems


def main():
    build, program, source = sys.argv[1:]
    programs = Programs(build)
    with Scratch() as scratch:

        def check(number):
            trace = scratch / f"trace{number}"
            truth = read_truth(programs.record_fine(trace, [program]))
            problems = check_events(trace, truth)
            for name in ("sync", "net", "syscall"):
                path = programs.profile(trace, name, scratch / f"{name}{number}.pb.gz")
                problems += check_profile(name, path, truth, source)
            return problems

        must_agree(check)


main()
