"""The library in a session made with LTTng's own commands, without the recorder, gives the same profiles.

Arguments: BUILD PROGRAM
"""

import os
import subprocess
import sys

from end_to_end_support import (TIMEOUT_S, Programs, Scratch, check_function, fail, need, pprof_top, read_truth, run,
                                run_fine)


def record(programs, program, trace):
    """What the program printed, and its process id."""
    session = f"exectrace-plain-{os.getpid()}"
    run_fine(["lttng", "create", session, f"--output={trace}"])
    try:
        run_fine(["lttng", "enable-event", "-s", session, "-u", "exectrace_*"])
        run_fine(["lttng", "add-context", "-s", session, "-u", "-t", "vpid", "-t", "vtid"])
        run_fine(["lttng", "start", session])
        environment = dict(os.environ, LD_PRELOAD=programs.library)
        with subprocess.Popen([program, "5"], env=environment, stdout=subprocess.PIPE, text=True) as process:
            printed, _ = process.communicate(timeout=TIMEOUT_S)
        if process.returncode != 0:
            fail(f"the program ended with {process.returncode}")
        run_fine(["lttng", "stop", session])
    finally:
        run(["lttng", "destroy", session])
    return printed, process.pid


def main():
    build, program = sys.argv[1:]
    programs = Programs(build)
    need("lttng")
    with Scratch() as scratch:
        trace = scratch / "trace"
        printed, pid = record(programs, program, trace)
        truth = read_truth(printed)
        summary = run_fine([programs.analyzer, trace])
        problems = []
        for profile in ("sync", "net", "syscall"):
            # Root's daemon records whoever has the library loaded at the time.
            path = programs.profile(trace, profile, scratch / f"{profile}.pb.gz", [f"-pid={pid}"])
            delays, counts = pprof_top(path), pprof_top(path, sample="contentions")
            for function, row in truth.items():
                if row[0] == profile:
                    problems += check_function(function, row, delays, counts)
        if problems:
            fail("\n".join([*problems, summary]))


main()
