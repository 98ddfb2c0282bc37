"""io_sessions.py LIBRARY ANALYZER PROGRAM: calls that are summed belong to the session in which they were made, even
when their thread makes the next call in a later one."""
import csv
import io
import os
import subprocess
import sys
import tempfile
import time

from events_text import finish

# A sum of an earlier session is known by the age of its table, which is emitted after so long (call_sums.c).
TABLE_SECONDS = 0.1


def lttng(*arguments):
    return subprocess.run(["lttng", "--quiet", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode


def record(process, folder, order):
    """The trace of one session during which the program does what the letter asks for."""
    session = f"io-sessions-{os.getpid()}-{order}"
    trace = os.path.join(folder, session)
    if lttng("create", session, "--output=" + trace) != 0:
        print("no session daemon to record with")
        sys.exit(77)
    try:
        lttng("enable-event", "-u", "-s", session, "exectrace_*")
        lttng("add-context", "-u", "-s", session, "-t", "vpid", "-t", "vtid")
        lttng("track", "--userspace", "--session=" + session, f"--vpid={process.pid}")
        lttng("start", session)
        process.stdin.write(order)
        process.stdin.flush()
        if process.stdout.readline() != "done\n":
            sys.exit("the program's calls failed")
        if order == "b":
            process.communicate()
        lttng("stop", session)
    finally:
        lttng("destroy", session)
    return trace


def counts(analyzer, trace):
    text = subprocess.run([analyzer, trace, "-report=syscalls", "-format=csv"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    rows = csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#"))
    return {row["name"]: int(row["count"]) for row in rows}


def main():
    library, analyzer, program = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, LD_PRELOAD=library)) as process:
            record(process, folder, "a")
            time.sleep(TABLE_SECONDS)
            found = counts(analyzer, record(process, folder, "b"))
    failures = [] if found.get("access") == 500 else [f"access was called 500 times, not {found.get('access')}"]
    failures += ["calls of the first session are in the second one"] if "getrandom" in found else []
    finish(failures, "the sums of both sessions are apart")


main()
