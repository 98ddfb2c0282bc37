"""The library in a session made with LTTng's own commands, without the recorder, gives the same profiles.

Arguments: BUILD PROGRAM
"""

import os
import subprocess
import sys

from end_to_end_support import (TIMEOUT_S, Programs, Scratch, check_function, fail, must_agree, need, pprof_top,
                                read_truth, run, run_fine)


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

        def check(number):
            trace = scratch / f"trace{number}"
            printed, pid = record(programs, program, trace)
            problems = []
            for profile in ("sync", "net", "syscall"):
                # Root's daemon records whoever has the library loaded at the time.
                path = programs.profile(trace, profile, scratch / f"{profile}{number}.pb.gz", [f"-pid={pid}"])
                delays, counts = pprof_top(path), pprof_top(path, sample="contentions")
                for function, row in read_truth(printed).items():
                    if row[0] == profile:
                        problems += check_function(function, row, delays, counts)
            return problems and [*problems, run_fine([programs.analyzer, trace])]

        must_agree(check)


main()
