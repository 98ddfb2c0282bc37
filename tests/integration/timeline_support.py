"""What the comparisons of timelines share: when they are skipped, how programs are run, Perfetto's trace processor."""

import os
import subprocess
import sys

SKIP = 77
MADE_UP = 10000000  # from here on, numbers of processes and threads in formats that need one where the trace has none


def skip_without(query_folder, trace):
    """The trace processor's command; ends the test when that or the trace is not here."""
    if not os.path.exists(os.path.join(query_folder, "prepared")):
        print("skipped: Perfetto's trace processor is not here")
        sys.exit(SKIP)
    if not os.path.exists(trace):
        print(f"skipped: there is no {trace}")
        sys.exit(SKIP)
    return os.path.join(query_folder, "perfetto-query")


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def export(program, trace, name, timeline):
    """A trace by viewer_export, or textual events by timeline_driver. name: the format's."""
    if os.path.isdir(trace):
        run(program, trace, f"-format={name}", "-o", timeline)
        return
    with open(trace, encoding="utf-8") as events:
        subprocess.run([program, name, timeline], stdin=events, check=True)


def query(tool, timeline, *queries):
    """The rows of each query, without their header; strict about import errors."""
    answer = run(tool, "--strict", timeline, *queries)
    return [table.splitlines()[1:] for table in answer.split("\n\n")]
