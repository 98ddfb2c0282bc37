"""sync_late.py LIBRARY PROGRAM: a process that began without a session is recorded three times, each time for as
long as it takes to see some waits. Every session must have the process's start, its threads' names, and the
definitions of all stacks and their modules."""
import os
import subprocess
import sys
import tempfile
import time

from events_text import finish, parse

ENOUGH_WAITS = 20


def lttng(*arguments):
    return subprocess.run(["lttng", "--quiet", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode


def record_some(session, folder):
    """The events of one session, which lasts until it has enough waits."""
    trace = os.path.join(folder, session)
    if lttng("create", session, "--output=" + trace) != 0:
        print("no session daemon to record with")
        sys.exit(77)
    try:
        lttng("enable-event", "-u", "-s", session, "exectrace_*")
        lttng("add-context", "-u", "-s", session, "-t", "vpid", "-t", "vtid")
        for _ in range(100):
            lttng("start", session)
            time.sleep(0.1)  # some of the program's waits; how many is looked at below
            lttng("stop", session)
            text = subprocess.run(["babeltrace2", "--no-delta", trace], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.DEVNULL, check=False).stdout
            events = list(parse(text))
            if sum(name.startswith("exectrace_sync:wait") for name, _ in events) >= ENOUGH_WAITS:
                break
    finally:
        lttng("destroy", session)
    return events


def check(number, events, pid):
    failures = []
    events = [(name, fields) for name, fields in events if fields["vpid"] == str(pid)]
    defined = {fields["id"] for name, fields in events if name == "exectrace_stack:define"}
    used = {fields["stack"] for name, fields in events if "stack" in fields}
    names = [fields["name"] for name, fields in events if name == "exectrace_thread:name"]
    starts = [fields for name, fields in events if name == "exectrace_process:start"]
    modules = {os.path.basename(fields["path"].strip('"')) for name, fields in events
               if name == "exectrace_process:module"}
    if not used or not used <= defined:
        failures.append(f"session {number}: {len(used - defined)} of {len(used)} stacks are not defined")
    if names.count('"latecomer"') < 2:
        failures.append(f"session {number}: names of threads {names}")
    if not any(fields["reason"] == "2" for fields in starts):
        failures.append(f"session {number}: no start of the process")
    if not {"sync_late", "libc.so.6"} <= modules:
        failures.append(f"session {number}: modules {modules}")
    return failures


def main():
    library, program = sys.argv[1:]
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, LD_PRELOAD=library)
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=environment) as process:
            process.stdout.readline()
            for number in range(3):
                session = f"sync-late-{os.getpid()}-{number}"
                failures += check(number, record_some(session, folder), process.pid)
            rest = process.communicate()[0]
        if rest != "done\n" or process.returncode != 0:
            failures.append(f"the program said {rest!r} and ended with {process.returncode}")
    finish(failures, "three late sessions are complete")


main()
