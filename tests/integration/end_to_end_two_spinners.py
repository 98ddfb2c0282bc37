"""Two threads compute on one CPU; their run-queue latency must be what the kernel counted.

Arguments: BUILD PROGRAM
"""

import sys

from end_to_end_support import Programs, Scratch, differs, fail, pprof_top, pprof_total

TOLERANCE = 0.02


def main():
    build, program = sys.argv[1:]
    programs = Programs(build)
    with Scratch() as scratch:
        trace = scratch / "trace"
        printed = programs.record_fine(trace, [program])
        path = programs.profile(trace, "sched", scratch / "sched.pb.gz")
        problems = []
        for line in printed.splitlines():
            name, _, run_delay_ns = line.split()
            measured = pprof_total(path, f"-tagfocus=thread=^{name}$")
            if differs(measured, int(run_delay_ns), TOLERANCE):
                problems.append(f"thread {name}: {measured:.0f} ns instead of {run_delay_ns}")
        if not any("compute" in function for function in pprof_top(path)):
            problems.append("the latency is not charged to compute()")
        if problems:
            fail("\n".join(problems))


main()
